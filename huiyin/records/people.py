"""Tables of people and of how they work: users, sessions, tokens, saved searches, the organisation directory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from huiyin.records.base import Base, key, utcnow

ROLES = {
    "analyst": "值班员",
    "spokesperson": "发言人",
    "reviewer": "审核员",
    "leader": "领导",
    "admin": "管理员",
}


class User(Base):
    """An account. The password is an argon2id hash; `must_change` after a one-time password."""

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(key(), primary_key=True)
    display: Mapped[str] = mapped_column(default="")
    role: Mapped[str] = mapped_column(key(16))
    unit: Mapped[str] = mapped_column(default="")
    password: Mapped[str]
    must_change: Mapped[bool] = mapped_column(default=True)
    totp: Mapped[str] = mapped_column(default="")  # sealed secret of the second factor; "" where it is off
    totp_step: Mapped[int] = mapped_column(default=0)  # last time step whose code was taken: no code twice
    recovery: Mapped[list[Any]] = mapped_column(default=list)  # SHA-256 of recovery codes that are left
    subject: Mapped[str] = mapped_column(
        key(), default="", index=True
    )  # hash of issuer and sub at the sign-in service
    enabled: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    last_login: Mapped[datetime | None] = mapped_column(default=None)
    made: Mapped[datetime] = mapped_column(default=utcnow)


class LoginSession(Base):
    """A signed-in browser. `id` is the SHA-256 of the cookie's secret: the table alone lets nobody in."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(key(), primary_key=True)
    user: Mapped[str] = mapped_column(key(), index=True)
    csrf: Mapped[str] = mapped_column(key())
    made: Mapped[datetime] = mapped_column(default=utcnow)
    seen: Mapped[datetime] = mapped_column(default=utcnow)
    expires: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Token(Base):
    """An API token: SHA-256 of the secret, scopes, owner."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(key(), primary_key=True)
    name: Mapped[str]
    user: Mapped[str] = mapped_column(key(), index=True)
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    made: Mapped[datetime] = mapped_column(default=utcnow)
    used: Mapped[datetime | None] = mapped_column(default=None)
    revoked: Mapped[bool] = mapped_column(default=False)


class SavedSearch(Base):
    __tablename__ = "saved_searches"

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(key(), index=True)
    name: Mapped[str]
    query: Mapped[str] = mapped_column(default="")
    alert: Mapped[bool] = mapped_column(default=False)
    made: Mapped[datetime] = mapped_column(default=utcnow)


class Organisation(Base):
    """A department of the directory: what it answers for, where, and whom to call."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(key(128), unique=True)
    level: Mapped[str] = mapped_column(key(16), default="")  # city | district | superior | vertical
    place: Mapped[str] = mapped_column(default="")
    topics: Mapped[list[Any]] = mapped_column(default=list)
    contact: Mapped[str] = mapped_column(default="")
    sample: Mapped[bool] = mapped_column(default=False)


class Preference(Base):
    """Small facts of this installation: sample loaded, first-run steps done, banner dismissed."""

    __tablename__ = "preferences"

    name: Mapped[str] = mapped_column(key(), primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=utcnow)


class IdempotencyKey(Base):
    """An acknowledged push: the same key again gets the same answer and stores nothing."""

    __tablename__ = "idempotency_keys"

    id: Mapped[str] = mapped_column(key(128), primary_key=True)
    answer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=utcnow)

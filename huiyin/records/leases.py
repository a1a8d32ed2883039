"""Leases: who does what only one may do, until when, and with which token (see huiyin/queue/lease.py)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from huiyin.records.base import Base, key, utcnow


class Lease(Base):
    """`token` goes up with every new holder and never down: what an old holder still tries to write shows by it."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(
        key(128), primary_key=True
    )  # schedule | group | crawl:<source> | worker:<holder>
    holder: Mapped[str] = mapped_column(key(128), default="")
    token: Mapped[int] = mapped_column(default=1)
    until: Mapped[datetime]
    since: Mapped[datetime] = mapped_column(default=utcnow)
    about: Mapped[str] = mapped_column(default="")  # for people: the parts that a worker takes

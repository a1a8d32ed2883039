"""Accounts: add, list, reset. Used by `huiyin user`, the first start and the system page."""

from __future__ import annotations

import re

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dashboard.auth import hash_password, one_time_password
from huiyin.errors import NotFound, UsageError
from huiyin.records import ROLES, LoginSession, User
from huiyin.records.audit import append


def add(session: Session, name: str, role: str, *, by: str, display: str = "", unit: str = "") -> str:
    """Make an account and return its one-time password. Raises UsageError for a bad name, role or a name in use."""
    if role not in ROLES:
        raise UsageError(f"role {role!r} is not one of {', '.join(ROLES)}")
    if not re.fullmatch(r"[\w.@-]{2,64}", name):
        raise UsageError(f"user name {name!r}: 2 to 64 letters, digits, '.', '@', '_' or '-'")
    if session.get(User, name):
        raise UsageError(f"there is a user {name!r} already; `huiyin user reset {name}` gives a new password")
    password = one_time_password()
    session.add(
        User(name=name, role=role, display=display or name, unit=unit, password=hash_password(password))
    )
    append(session, by, "add-user", f"user:{name}", {"role": role})
    return password


def reset(session: Session, name: str, *, by: str) -> str:
    """A new one-time password; ends the account's sessions and its lock-out. Raises NotFound."""
    user = session.get(User, name)
    if user is None:
        raise NotFound(f"no user {name!r}; `huiyin user list` shows who there is")
    password = one_time_password()
    user.password, user.must_change, user.failures, user.locked_until = hash_password(password), True, 0, None
    user.totp, user.totp_step, user.recovery, user.subject = "", 0, [], ""
    session.execute(delete(LoginSession).where(LoginSession.user == name))
    append(session, by, "reset-user", f"user:{name}")
    return password


def first_user(session: Session) -> str:
    """Make `admin` where there is nobody yet, and return its one-time password; empty where somebody is there."""
    if session.scalar(select(func.count()).select_from(User)):
        return ""
    return add(session, "admin", "admin", by="huiyin up", display="管理员")

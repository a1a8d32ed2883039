"""Sessions: the cookie, its row, its ends; the token that forms carry. A session's secret is kept by the browser only."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any

from flask import Response, g, request
from sqlalchemy import delete
from sqlalchemy.orm import Session

from dashboard.keys import app_key
from dashboard.services import read, services, write
from huiyin.records import LoginSession, User, utcnow
from huiyin.records.audit import append
from huiyin.settings import Settings

COOKIE = "huiyin"
PENDING = timedelta(minutes=10)
"""How long a person may take between password and code."""
SEEN_EVERY = timedelta(minutes=5)
QUIET = frozenset({"live.events"})
"""An open event stream is not a person at work: it does not keep the session from idling out."""


def cookie_name() -> str:
    """Over HTTPS the name binds the cookie to this host: no other host below the same domain can plant one."""
    return f"__Host-{COOKIE}" if services().settings.secure_cookies else COOKIE


def start_session(
    session: Session,
    user: User,
    *,
    settings: Settings | None = None,
    pending: bool = False,
    via: str = "password",
    agent: str = "",
    renewed: bool = False,
) -> str:
    """A new session; returns the cookie's secret, of which the record keeps only the hash.

    `pending`: the password was right, the code of the second factor is still to come; such a session is nobody's yet.
    `renewed`: it takes the place of one that was there.
    """
    secret, now = secrets.token_urlsafe(32), utcnow()
    life = PENDING if pending else timedelta(hours=(settings or Settings()).session_hours)
    session.execute(delete(LoginSession).where(LoginSession.expires < now))
    session.add(
        LoginSession(
            id=digest(secret), user=user.name, csrf=secrets.token_urlsafe(24), expires=now + life,
            data={"pending": pending, "via": via, "agent": agent[:80]},
        )
    )  # fmt: skip
    if not pending and not renewed:
        append(session, user.name, "sign-in", f"user:{user.name}", {"via": via})
    return secret


def set_cookie(response: Response, secret: str) -> None:
    parts = services().settings
    response.set_cookie(
        cookie_name(), secret, max_age=parts.session_hours * 3600, httponly=True, samesite="Lax", secure=parts.secure_cookies,
    )  # fmt: skip


def delete_cookie(response: Response) -> None:
    secure = services().settings.secure_cookies
    response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=secure)


def end_session() -> None:
    """Forget the present session on the server."""
    if g.get("login"):
        with write() as session:
            session.execute(delete(LoginSession).where(LoginSession.id == g.login.id))


def end_others(session: Session, user: str, keep: str = "") -> int:
    """End all sessions of a person but the one whose id is `keep`; how many there were."""
    gone = session.execute(delete(LoginSession).where(LoginSession.user == user, LoginSession.id != keep))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def identify() -> None:
    """Set g.login, and g.user (signed in) or g.pending (password given, code to come); None where there is nobody."""
    g.login = g.user = g.pending = None
    secret = request.cookies.get(cookie_name(), "")
    if not secret or len(secret) > 100:
        return
    login = read().get(LoginSession, digest(secret))
    now = utcnow()
    idle = timedelta(minutes=services().settings.session_idle_minutes)
    if login is None or login.expires < now or login.seen < now - idle:
        return
    user = read().get(User, login.user)
    if user is None or not user.enabled:
        return
    g.login = login
    if login.data.get("pending"):
        g.pending = user
        return
    g.user = user
    if login.seen < now - min(SEEN_EVERY, idle / 2) and request.endpoint not in QUIET:
        with write() as session:
            fresh = session.get(LoginSession, login.id)
            if fresh is not None:
                fresh.seen = now


def note(session: Session, **values: Any) -> None:
    """Keep small facts in the present session's row; None removes one."""
    row = session.get_one(LoginSession, g.login.id)
    row.data = {key: value for key, value in {**row.data, **values}.items() if value is not None}


def csrf_token() -> str:
    """The token that every form and htmx request of this session carries."""
    if g.get("login"):
        token: str = g.login.csrf
        return token
    # Before sign-in there is no session: the token is bound to a random cookie instead (double submit).
    if "pre" not in g:
        g.pre = request.cookies.get(pre_cookie(), "")[:100] or secrets.token_urlsafe(24)
    return hmac.new(app_key(services().settings.home_path), g.pre.encode(), "sha256").hexdigest()


def pre_cookie() -> str:
    return f"{cookie_name()}_pre"

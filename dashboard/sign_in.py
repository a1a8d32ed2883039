"""The steps of signing in, whatever the first factor was: limits by address, the code, the session that begins."""

from __future__ import annotations

from flask import Response, g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete
from sqlalchemy.orm import Session

from dashboard import auth, second_factor, sessions
from dashboard.limits import Limiter
from dashboard.services import services, write
from huiyin.errors import Forbidden, TooMany, UsageError
from huiyin.records import LoginSession, User

TRIES, TRIES_SECONDS = 30, 300.0
"""Failed sign-ins an address in so many seconds; a whole office may share one address."""


def spend_try() -> None:
    """Count a try of this address. Raises TooMany."""
    wait = _limiter().take(request.remote_addr or "")
    if wait > 0:
        raise TooMany(wait)


def _limiter() -> Limiter:
    made: Limiter = services().cache.setdefault("sign-in-limiter", Limiter(TRIES, TRIES_SECONDS))
    return made


def begin(session: Session, user: User, *, via: str) -> tuple[str, bool]:
    """The first factor was right: (secret of the new session, whether the code is still to come). Ends the browser's old session."""
    if g.get("login"):
        session.execute(delete(LoginSession).where(LoginSession.id == g.login.id))
    pending = bool(user.totp)
    if not pending:
        auth.note_success(user)
    _limiter().give(request.remote_addr or "")
    secret = sessions.start_session(
        session, user, settings=services().settings, pending=pending, via=via, agent=agent()
    )
    return secret, pending


def agent() -> str:
    """What a person knows a browser by: its name and its system, no more."""
    text = request.headers.get("User-Agent", "")
    names = (
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Windows", "Windows"),
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    )
    name = next((word for mark, word in names if mark in text), "其他浏览器")
    system = next((word for mark, word in systems if mark in text), "")
    return " · ".join(filter(None, (name, system)))


def take_code(given: str) -> tuple[str, bool]:
    """(secret of the session, or "" where the code was wrong; whether the sign-in is over and begins anew with the password)."""
    spend_try()
    parts = services().settings
    with write() as session:
        user = session.get_one(User, g.pending.name)
        right = not auth.is_locked(user) and second_factor.accept(session, user, given, parts.home_path)
        if not right:
            auth.count_failure(session, user)
            over = auth.is_locked(user)
            if over:
                session.execute(delete(LoginSession).where(LoginSession.id == g.login.id))
            return "", over
        session.execute(delete(LoginSession).where(LoginSession.id == g.login.id))
        auth.note_success(user)
        _limiter().give(request.remote_addr or "")
        via = str(g.login.data.get("via", "password"))
        return sessions.start_session(session, user, settings=parts, via=via, agent=agent()), False


def confirm_password(given: str) -> None:
    """The signed-in person shows the password again before what matters. Raises UsageError, and ends the session at the fifth failure."""
    spend_try()
    with write() as session:
        right = auth.check_password(session, g.user.name, given) is not None
        user = session.get_one(User, g.user.name)
        if right:
            user.failures = 0
        locked = auth.is_locked(user)
        if locked:
            session.execute(delete(LoginSession).where(LoginSession.id == g.login.id))
    if locked:
        raise Forbidden("密码错误次数过多，账号已锁定 15 分钟，本次登录已结束。")
    if not right:
        raise UsageError("现在的密码不对。")
    _limiter().give(request.remote_addr or "")


def renew(session: Session, user: User) -> str:
    """What a person may do has changed: all sessions end, this browser goes on in a new one, whose secret is returned."""
    via = str(g.login.data.get("via", "password"))
    sessions.end_others(session, user.name)
    return sessions.start_session(
        session, user, settings=services().settings, via=via, agent=agent(), renewed=True
    )


def with_cookie(answer: ResponseReturnValue, secret: str) -> Response:
    """The answer with the new session's cookie."""
    response = make_response(answer)
    sessions.set_cookie(response, secret)
    return response


def leave() -> Response:
    """To the sign-in page, the cookie forgotten."""
    response = make_response(redirect(url_for("login.form")))
    sessions.delete_cookie(response)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def go_on(secret: str, where: str) -> Response:
    return with_cookie(redirect(where), secret)


def to_code(secret: str, target: str) -> Response:
    """To the second step."""
    return go_on(secret, url_for("login.code", next=target or None))

"""Who is there and what they may do: sign-in, sessions, CSRF, roles, security headers. All of it in this one place."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete
from sqlalchemy.orm import Session

from dashboard.services import close_reading, read, services, write
from huiyin.errors import Forbidden, UsageError
from huiyin.records import ROLES, LoginSession, User, utcnow
from huiyin.records.audit import append

COOKIE = "huiyin"
SESSION_LIFE = timedelta(hours=12)
IDLE = timedelta(hours=2)
LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=15)
PASSWORD_LENGTH = 10

PUBLIC = frozenset({"public"})
EVERYONE = frozenset(ROLES)
View = TypeVar("View", bound=Callable[..., Any])
_hasher = PasswordHasher()
# Verifying against this costs as much as against a real hash, so that a reply's time does not tell whether a name exists.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


def allow(*roles: str) -> Callable[[View], View]:
    """Declare who may use a view: role names; no name means everyone who is signed in. `admin` is never implied."""

    def mark(view: View) -> View:
        view.roles = frozenset(roles) or EVERYONE  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Declare that a view needs no sign-in."""
    view.roles = PUBLIC  # type: ignore[attr-defined]
    return view


def hash_password(password: str) -> str:
    """argon2id hash. Raises UsageError for a password shorter than PASSWORD_LENGTH."""
    if len(password) < PASSWORD_LENGTH:
        raise UsageError(f"密码至少 {PASSWORD_LENGTH} 个字符。")
    return _hasher.hash(password)


def one_time_password() -> str:
    """A random password that can be read aloud: four groups without look-alikes (80 bits)."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def check_password(session: Session, name: str, password: str) -> User | None:
    """The user, where name and password are right and the account is not locked; counts failures and locks."""
    user = session.get(User, name)
    now = utcnow()
    locked = user is not None and user.locked_until is not None and user.locked_until > now
    try:
        _hasher.verify(user.password if user and user.enabled and not locked else _NOBODY, password)
        right = user is not None and user.enabled and not locked
    except (VerificationError, InvalidHashError):
        right = False
    if user is None:
        return None
    if right:
        user.failures, user.locked_until, user.last_login = 0, None, now
        return user
    if not locked:
        user.failures += 1
        if user.failures >= LOCK_AFTER:
            user.failures, user.locked_until = 0, now + LOCK_FOR
            append(session, user.name, "lock", f"user:{user.name}")
    return None


def start_session(session: Session, user: User) -> str:
    """A new session; returns the cookie's secret, of which the record keeps only the hash."""
    secret = secrets.token_urlsafe(32)
    now = utcnow()
    session.execute(delete(LoginSession).where(LoginSession.expires < now))
    session.add(
        LoginSession(
            id=_digest(secret), user=user.name, csrf=secrets.token_urlsafe(24), expires=now + SESSION_LIFE
        )
    )
    append(session, user.name, "sign-in", f"user:{user.name}")
    return secret


def set_cookie(response: Response, secret: str) -> None:
    response.set_cookie(
        COOKIE, secret, max_age=int(SESSION_LIFE.total_seconds()), httponly=True, samesite="Lax",
        secure=services().settings.secure_cookies,
    )  # fmt: skip


def end_session() -> None:
    """Forget the present session on the server."""
    if g.get("login"):
        with write() as session:
            session.execute(delete(LoginSession).where(LoginSession.id == g.login.id))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _identify() -> None:
    g.login = g.user = None
    secret = request.cookies.get(COOKIE, "")
    if not secret or len(secret) > 100:
        return
    login = read().get(LoginSession, _digest(secret))
    now = utcnow()
    if login is None or login.expires < now or login.seen < now - IDLE:
        return
    user = read().get(User, login.user)
    if user is None or not user.enabled:
        return
    g.login, g.user = login, user
    # An open event stream is not a person at work: it does not keep the session from idling out.
    if login.seen < now - timedelta(minutes=5) and request.endpoint != "live.events":
        with write() as session:
            fresh = session.get(LoginSession, login.id)
            if fresh is not None:
                fresh.seen = now


def csrf_token() -> str:
    """The token that every form and htmx request of this session carries."""
    if g.get("login"):
        token: str = g.login.csrf
        return token
    # Before sign-in there is no session: the token is bound to a random cookie instead (double submit).
    if "pre" not in g:
        g.pre = request.cookies.get("huiyin_pre", "") or secrets.token_urlsafe(24)
    return hmac.new(_app_secret(), g.pre.encode(), "sha256").hexdigest()


def _app_secret() -> bytes:
    """Key of this installation, made at the first need, readable by its owner only."""
    file = services().settings.home_path / "secrets" / "app.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = file.with_suffix(f".{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        temporary.write_bytes(secrets.token_bytes(32))
        try:
            # link() does not replace: two processes that start together agree on the first key.
            file.hardlink_to(temporary)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return file.read_bytes()


def _guard() -> ResponseReturnValue | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    _identify()
    view = services_view(request.endpoint)
    roles: frozenset[str] = getattr(view, "roles", frozenset())
    if getattr(view, "own_auth", False):  # the API's token check, see dashboard/api
        return None
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        given = request.form.get("csrf", "") or request.headers.get("X-CSRF-Token", "")
        if not hmac.compare_digest(given.encode(), csrf_token().encode()):
            raise Forbidden("页面已过期，内容未提交；请返回上一页刷新后再试。")
    if roles is PUBLIC or roles == PUBLIC:
        return None
    if g.user is None:
        return redirect(
            url_for("login.form", next=request.full_path.rstrip("?") if request.method == "GET" else None)
        )
    if g.user.must_change and request.endpoint not in ("login.password", "login.change", "login.sign_out"):
        return redirect(url_for("login.password"))
    if g.user.role not in roles:
        raise Forbidden(f"“{ROLES[g.user.role]}”角色不能进行此操作；如确有需要，请联系管理员。")
    return None


def services_view(endpoint: str) -> Any:
    from flask import current_app

    return current_app.view_functions[endpoint]


def may(endpoint: str) -> bool:
    """Whether the present user may use an endpoint; templates hide what they may not."""
    return g.get("user") is not None and g.user.role in getattr(services_view(endpoint), "roles", ())


def refuse_undeclared(app: Flask) -> None:
    """Fail at the start where a view does not say who may use it: forgetting must not mean allowing."""
    missing = [
        name
        for name, view in app.view_functions.items()
        if name != "static" and not getattr(view, "roles", None)
    ]
    if missing:
        raise RuntimeError(
            f"these views do not declare who may use them (dashboard.auth.allow): {', '.join(missing)}"
        )


def _headers(response: Response) -> Response:
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if "pre" in g and not g.get("login"):
        response.set_cookie(
            "huiyin_pre", g.pre, httponly=True, samesite="Lax", secure=services().settings.secure_cookies
        )
    return response


def install(app: Flask) -> None:
    app.before_request(_guard)
    app.after_request(_headers)
    app.teardown_request(lambda _error: close_reading())
    app.jinja_env.globals.update(csrf_token=csrf_token, may=may, ROLES=ROLES)

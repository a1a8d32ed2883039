"""Who may do what: roles, passwords, the one guard before every request, security headers. Sessions: dashboard/sessions.py."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.sansio.utils import host_is_trusted

from dashboard import second_factor, sessions
from dashboard.services import close_reading, services
from dashboard.sessions import COOKIE, csrf_token, end_session, set_cookie, start_session
from huiyin.errors import Forbidden, UsageError
from huiyin.records import ROLES, User, utcnow
from huiyin.records.audit import append
from huiyin.settings import Settings

__all__ = [
    "COOKIE", "LOCK_AFTER", "PUBLIC", "allow", "check_password", "end_session", "hash_password", "may", "public", "set_cookie", "start_session",
]  # fmt: skip

LOCK_AFTER = 5
LOCK_FOR = timedelta(minutes=15)
BODY_LIMIT = 2_000_000
"""Largest request body in bytes, but for uploads of people who are signed in, and the API's, which set their own."""
PASSWORD_LENGTH = 10
MOST_PASSWORD = 200
"""Longest password in characters: argon2 reads all of it, and nobody types more."""
BEFORE_PASSWORD = frozenset({"login.password", "login.change", "login.sign_out"})
BEFORE_FACTOR = BEFORE_PASSWORD | {
    "profile.second_factor", "profile.begin_second_factor", "profile.confirm_second_factor", "profile.show",
}  # fmt: skip
"""What a signed-in person may use before a one-time password is changed, before a second factor that the role needs is enrolled."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")

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


def bare(view: View) -> View:
    """Declare that a view is for machines that watch over us: no session, no check of the host name, any reader."""
    view.bare = True  # type: ignore[attr-defined]
    return public(view)


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
    known = user is not None and user.enabled and not is_locked(user)
    try:
        _hasher.verify(user.password if user is not None and known else _NOBODY, password[:MOST_PASSWORD])
        right = known
    except (VerificationError, InvalidHashError):
        right = False
    if user is None:
        return None
    if right:
        if _hasher.check_needs_rehash(user.password):
            user.password = _hasher.hash(password)
        return user
    count_failure(session, user)
    return None


def is_locked(user: User) -> bool:
    return user.locked_until is not None and user.locked_until > utcnow()


def count_failure(session: Session, user: User) -> None:
    """A wrong password or code. The fifth in a row locks the account for a while; sessions that live go on."""
    if is_locked(user):
        return
    user.failures += 1
    if user.failures >= LOCK_AFTER:
        user.failures, user.locked_until = 0, utcnow() + LOCK_FOR
        append(session, user.name, "lock", f"user:{user.name}")


def note_success(user: User) -> None:
    """All factors were right."""
    user.failures, user.locked_until, user.last_login = 0, None, utcnow()


def _guard() -> ResponseReturnValue | None:
    if request.endpoint and getattr(services_view(request.endpoint), "bare", False):
        return None
    refuse_unknown_host()
    if request.endpoint is None or request.endpoint == "static":
        return None
    sessions.identify()
    if g.user is None or request.mimetype != "multipart/form-data":
        # Only people who are signed in upload; werkzeug does not bound other forms, and reads them whole.
        request.max_content_length = min(BODY_LIMIT, services().settings.upload_limit)
    view = services_view(request.endpoint)
    roles: frozenset[str] = getattr(view, "roles", frozenset())
    if getattr(view, "own_auth", False):  # the API's token check, see dashboard/api
        return None
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        given = request.form.get("csrf", "") or request.headers.get("X-CSRF-Token", "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), csrf_token().encode()):
            raise Forbidden("页面已过期，内容未提交；请返回上一页刷新后再试。")
    if roles == PUBLIC:
        return None
    if g.user is None:
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("login.code" if g.pending else "login.form", next=wanted))
    first = _to_do_first()
    if first is not None:
        return first
    if g.user.role not in roles:
        raise Forbidden(f"“{ROLES[g.user.role]}”角色不能进行此操作；如确有需要，请联系管理员。")
    return None


def _to_do_first() -> ResponseReturnValue | None:
    """Where a person is sent before anything else: to change a one-time password, to enrol a second factor that the role needs."""
    if g.user.must_change:
        return None if request.endpoint in BEFORE_PASSWORD else redirect(url_for("login.password"))
    if not g.user.totp and second_factor.demanded(g.user, services().settings):
        return None if request.endpoint in BEFORE_FACTOR else redirect(url_for("profile.second_factor"))
    return None


def refuse_unknown_host() -> None:
    """End a request for a name that is not ours: a foreign name that resolves to us (DNS rebinding), a forged Host header."""
    trusted = hosts(services().settings)
    if trusted and not host_is_trusted(request.headers.get("Host", ""), trusted):
        raise UsageError("请求的主机名不在允许之列；管理员可在设置 hosts 中填写浏览器使用的主机名。")


def hosts(settings: Settings) -> list[str]:
    """Names under which we may be asked; none: any."""
    named = [name.strip() for name in settings.hosts.split(",") if name.strip()]
    return named or (list(LOOPBACK) if settings.host in LOOPBACK else [])


def services_view(endpoint: str) -> Any:
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


POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"


def _headers(response: Response) -> Response:
    settings = services().settings
    for name, value in (
        ("Content-Security-Policy", POLICY), ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ):  # fmt: skip
        response.headers.setdefault(name, value)
    if settings.secure_cookies:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    if "pre" in g and not g.get("login"):
        response.set_cookie(
            sessions.pre_cookie(), g.pre, httponly=True, samesite="Lax", secure=settings.secure_cookies
        )
    return response


def install(app: Flask) -> None:
    """Put the guard before every request. Raises UsageError for a role in the settings that is none."""
    settings: Settings = app.extensions["huiyin"].settings
    for role in filter(
        None,
        (part.strip() for part in f"{settings.second_factor_roles},{settings.oidc_create_role}".split(",")),
    ):
        if role not in ROLES:
            raise UsageError(
                f"second_factor_roles or oidc_create_role names {role!r}; choose from {', '.join(ROLES)}"
            )
    from dashboard import oidc

    oidc.check(settings)
    app.before_request(_guard)
    app.after_request(_headers)
    app.teardown_request(lambda _error: close_reading())
    app.jinja_env.globals.update(csrf_token=csrf_token, may=may, ROLES=ROLES)

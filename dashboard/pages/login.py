"""Sign-in, its second step, sign-out, first password."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import auth, oidc, sign_in
from dashboard.services import services, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import User
from huiyin.records.audit import append

bp = Blueprint("login", __name__)


def safe_next(target: str | None) -> str:
    """A path of ours to go on to; anything that could lead to another site becomes the start page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return url_for("home.index")
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else url_for("home.index")


def _form(problem: str = "", name: str = "", next: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template(
        "login/form.html", next=next, name=name, problem=problem, service=oidc.offered(services().settings)
    )
    return page, status


@bp.get("/login")
@auth.public
def form() -> ResponseReturnValue:
    return _form(next=request.args.get("next", ""))


@bp.post("/login", endpoint="sign_in")
@auth.public
def check_name() -> ResponseReturnValue:
    target = request.form.get("next", "")
    sign_in.spend_try()
    name, password = request.form.get("name", "").strip()[:64], request.form.get("password", "")
    with write() as session:
        user = auth.check_password(session, name, password)
        secret, pending = sign_in.begin(session, user, via="password") if user else ("", False)
    if not secret:
        problem = f"用户名或密码不对。连续 {auth.LOCK_AFTER} 次错误将锁定 15 分钟。"
        return _form(problem, name, target, 401)
    return sign_in.to_code(secret, target) if pending else sign_in.go_on(secret, safe_next(target))


@bp.get("/login/code")
@auth.public
def code() -> ResponseReturnValue:
    if g.pending is None:
        return redirect(url_for("login.form"))
    return render_template("login/code.html", next=request.args.get("next", ""), problem="")


@bp.post("/login/code")
@auth.public
def check_code() -> ResponseReturnValue:
    """The second step: a code of the authenticator, or a recovery code."""
    target = request.form.get("next", "")
    if g.pending is None:
        return redirect(url_for("login.form"))
    secret, over = sign_in.take_code(request.form.get("code", ""))
    if secret:
        return sign_in.go_on(secret, safe_next(target))
    if over:
        g.login = g.pending = None
        return _form("验证码错误次数过多，账号已锁定 15 分钟；请稍后从头登录。", next=target, status=401)
    problem = "验证码不对、已过期，或已经用过；请等验证器显示下一组数字后再试。"
    return render_template("login/code.html", next=target, problem=problem), 401


@bp.get("/login/service")
@auth.public
def service() -> ResponseReturnValue:
    """Go to the office's own sign-in service (OpenID Connect), where one is set."""
    settings = services().settings
    if not oidc.offered(settings):
        raise NotFound("没有设置统一身份认证。")
    sign_in.spend_try()
    address, kept = oidc.begin(url_for("login.back", _external=True), request.args.get("next", ""))
    response = make_response(redirect(address))
    response.set_cookie(
        oidc.COOKIE, kept, max_age=int(oidc.LIFE.total_seconds()), httponly=True, samesite="Lax", secure=settings.secure_cookies, path="/login",
    )  # fmt: skip
    return response


@bp.get("/login/back")
@auth.public
def back() -> ResponseReturnValue:
    """The service sends people back to here."""
    settings = services().settings
    if not oidc.offered(settings):
        raise NotFound("没有设置统一身份认证。")
    claims, target = oidc.finish(
        request.cookies.get(oidc.COOKIE, ""), request.args.get("state", ""), request.args.get("code", "")[:2000], url_for("login.back", _external=True),
    )  # fmt: skip
    with write() as session:
        user = oidc.person(session, claims, settings)
        secret, pending = sign_in.begin(session, user, via="oidc")
    response = sign_in.to_code(secret, target) if pending else sign_in.go_on(secret, safe_next(target))
    response.delete_cookie(oidc.COOKIE, path="/login")
    return response


@bp.post("/logout")
@auth.allow()
def sign_out() -> ResponseReturnValue:
    auth.end_session()
    return sign_in.leave()


@bp.get("/password")
@auth.allow()
def password() -> ResponseReturnValue:
    return render_template("login/password.html", problem="")


@bp.post("/password")
@auth.allow()
def change() -> ResponseReturnValue:
    """A new password; asks for the present one unless that was a one-time password. Ends the person's other sessions."""
    first, again = request.form.get("first", ""), request.form.get("again", "")
    try:
        if first != again:
            raise UsageError("两次输入的密码不一致。")
        hashed = auth.hash_password(first)
        if not g.user.must_change:
            sign_in.confirm_password(request.form.get("present", ""))
    except UsageError as error:
        return render_template("login/password.html", problem=str(error)), 400
    with write() as session:
        user = session.get_one(User, g.user.name)
        user.password, user.must_change = hashed, False
        append(session, user.name, "change-password", f"user:{user.name}")
        secret = sign_in.renew(session, user)
    return sign_in.go_on(secret, url_for("home.index"))

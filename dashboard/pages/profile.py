"""我的账号: password, second factor, where I am signed in; log out everywhere."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dashboard import auth, second_factor, sessions, sign_in
from dashboard.keys import seal, unseal
from dashboard.services import read, services, write
from huiyin.errors import Conflict, Forbidden, UsageError
from huiyin.records import LoginSession, User, utcnow
from huiyin.records.audit import append

bp = Blueprint("profile", __name__)


@bp.get("/profile")
@auth.allow()
def show() -> ResponseReturnValue:
    mine = (
        select(LoginSession)
        .where(LoginSession.user == g.user.name, LoginSession.expires > utcnow())
        .order_by(LoginSession.seen.desc())
    )
    signed_in = [row for row in read().scalars(mine) if not row.data.get("pending")]
    return render_template(
        "profile/show.html",
        rows=signed_in,
        login=g.login,
        demanded=second_factor.demanded(g.user, services().settings),
    )


@bp.post("/profile/sessions/end")
@auth.allow()
def end_sessions() -> ResponseReturnValue:
    """Log out everywhere: all sessions of the person end, this one among them unless it is to stay."""
    stay = request.form.get("stay") == "1"
    with write() as session:
        count = sessions.end_others(session, g.user.name, g.login.id if stay else "")
        append(session, g.user.name, "end-sessions", f"user:{g.user.name}", {"count": count})
    if stay:
        return redirect(url_for("profile.show", _anchor="sessions"))
    return sign_in.leave()


@bp.get("/profile/second-factor", endpoint="second_factor")
@auth.allow()
def second_factor_page() -> ResponseReturnValue:
    return _page()


@bp.post("/profile/second-factor")
@auth.allow()
def begin_second_factor() -> ResponseReturnValue:
    """The password again; then a fresh secret, kept in the session until a code shows that the authenticator has it."""
    if g.user.totp:
        raise Conflict("两步验证已经开启；如需更换手机，请先关闭再重新开启。")
    try:
        sign_in.confirm_password(request.form.get("present", ""))
    except UsageError as error:
        return _page(problem=str(error), status=400)
    secret = second_factor.new_secret()
    with write() as session:
        sessions.note(session, enrol=seal(services().settings.home_path, secret))
    return _page(secret=secret)


@bp.post("/profile/second-factor/confirm")
@auth.allow()
def confirm_second_factor() -> ResponseReturnValue:
    sealed = str(g.login.data.get("enrol", ""))
    if not sealed or g.user.totp:
        raise Conflict("请先输入密码，再扫描二维码。")
    home = services().settings.home_path
    secret = unseal(home, sealed)
    code = "".join(request.form.get("code", "").split())[:10]
    step = second_factor.step_of(secret, code, 0)
    if step is None:
        sign_in.spend_try()
        return _page(
            secret=secret,
            problem="验证码不对。请确认手机时间准确，再输入验证器当前显示的 6 位数字。",
            status=400,
        )
    with write() as session:
        user = session.get_one(User, g.user.name)
        codes = second_factor.enrol(session, user, secret, step, home)
        fresh = sign_in.renew(session, user)
    return sign_in.with_cookie(render_template("profile/recovery.html", codes=codes), fresh)


@bp.post("/profile/second-factor/off")
@auth.allow()
def leave_second_factor() -> ResponseReturnValue:
    """Off again: password and a code; not where the role demands it."""
    if second_factor.demanded(g.user, services().settings):
        raise Forbidden("您的角色必须使用两步验证，不能关闭；更换手机请联系管理员重置。")
    try:
        sign_in.confirm_password(request.form.get("present", ""))
        _confirm_code(request.form.get("code", ""))
    except UsageError as error:
        return _page(problem=str(error), status=400)
    with write() as session:
        user = session.get_one(User, g.user.name)
        second_factor.leave(session, user, by=user.name)
        fresh = sign_in.renew(session, user)
    return sign_in.go_on(fresh, url_for("profile.show"))


def _confirm_code(given: str) -> None:
    with write() as session:
        user = session.get_one(User, g.user.name)
        right = bool(user.totp) and second_factor.accept(session, user, given, services().settings.home_path)
        if not right:
            auth.count_failure(session, user)
    if not right:
        raise UsageError("验证码不对、已过期，或已经用过。")


def _page(secret: str = "", problem: str = "", status: int = 200) -> ResponseReturnValue:
    settings = services().settings
    picture = second_factor.picture(second_factor.address(secret, g.user.name, settings)) if secret else ""
    page = render_template(
        "profile/second_factor.html", secret=secret, picture=picture, problem=problem, demanded=second_factor.demanded(g.user, settings),
    )  # fmt: skip
    return page, status

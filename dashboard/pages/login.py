"""Sign-in, sign-out, first password."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import auth
from dashboard.services import write
from huiyin.errors import UsageError
from huiyin.records import User
from huiyin.records.audit import append

bp = Blueprint("login", __name__)


def safe_next(target: str | None) -> str:
    """A path of ours to go on to; anything that could lead to another site becomes the start page."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return url_for("home.index")
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else url_for("home.index")


@bp.get("/login")
@auth.public
def form() -> ResponseReturnValue:
    return render_template("login/form.html", next=request.args.get("next", ""), name="", problem="")


@bp.post("/login")
@auth.public
def sign_in() -> ResponseReturnValue:
    name, password = request.form.get("name", "").strip()[:64], request.form.get("password", "")[:200]
    with write() as session:
        user = auth.check_password(session, name, password)
        secret = auth.start_session(session, user) if user else ""
    if not secret:
        problem = f"用户名或密码不对。连续 {auth.LOCK_AFTER} 次错误将锁定 15 分钟。"
        return render_template(
            "login/form.html", next=request.form.get("next", ""), name=name, problem=problem
        ), 401
    response = make_response(redirect(safe_next(request.form.get("next"))))
    auth.set_cookie(response, secret)
    return response


@bp.post("/logout")
@auth.allow()
def sign_out() -> ResponseReturnValue:
    auth.end_session()
    response = make_response(redirect(url_for("login.form")))
    response.delete_cookie(auth.COOKIE)
    return response


@bp.get("/password")
@auth.allow()
def password() -> ResponseReturnValue:
    return render_template("login/password.html", problem="")


@bp.post("/password")
@auth.allow()
def change() -> ResponseReturnValue:
    first, again = request.form.get("first", "")[:200], request.form.get("again", "")[:200]
    try:
        if first != again:
            raise UsageError("两次输入的密码不一致。")
        hashed = auth.hash_password(first)
    except UsageError as error:
        return render_template("login/password.html", problem=str(error)), 400
    with write() as session:
        user = session.get_one(User, g.user.name)
        user.password, user.must_change = hashed, False
        append(session, user.name, "change-password", f"user:{user.name}")
    return redirect(url_for("home.index"))

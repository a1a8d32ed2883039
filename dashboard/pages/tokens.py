"""接口令牌: make and revoke the API's tokens, register a source that pushes. A secret is shown once."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from crawler import switch
from dashboard import auth, forms
from dashboard.api import _tokens
from dashboard.api._contract import RATE, RATE_SECONDS
from dashboard.services import close_reading, read, services, write
from huiyin.errors import UsageError
from huiyin.records import Source, Token, User

bp = Blueprint("tokens", __name__)
bp.nav = [(92, "tokens.index", "接口令牌", "")]  # type: ignore[attr-defined]


def _page(made: tuple[str, str] | None = None, status: int = 200) -> ResponseReturnValue:
    session = read()
    tokens = list(session.scalars(select(Token).order_by(Token.revoked, Token.made.desc()).limit(200)))
    people = list(session.scalars(select(User).where(User.enabled).order_by(User.name)))
    sources = list(session.scalars(select(Source).where(Source.kind == "push").order_by(Source.name)))
    page = render_template(
        "tokens/index.html", tokens=tokens, people=people, sources=sources, scopes=_tokens.SCOPES, made=made, rate=RATE, seconds=int(RATE_SECONDS),
    )  # fmt: skip
    return page, status


@bp.get("/tokens")
@auth.allow("admin")
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/tokens")
@auth.allow("admin")
def make() -> ResponseReturnValue:
    """Make a token; its secret stands on the answering page and nowhere else."""
    name = forms.line("name", 200)
    with write() as session:
        secret = _tokens.make(
            session,
            name,
            request.form.getlist("scope"),
            user=forms.line("user", 64) or g.user.name,
            by=g.user.name,
        )
    return _page((name, secret))


@bp.post("/tokens/revoke")
@auth.allow("admin")
def revoke() -> ResponseReturnValue:
    with write() as session:
        _tokens.revoke(session, request.form.get("token", "")[:64], by=g.user.name)
    return redirect(url_for("tokens.index"))


@bp.post("/tokens/source")
@auth.allow("admin")
def source() -> ResponseReturnValue:
    """Register a system that pushes, with the basis on which it may; it is switched on at once, by name."""
    name, title, basis = forms.line("source", 60), forms.line("title", 80), forms.line("legal_basis", 300)
    if not name.startswith("push-") or not title or not basis:
        raise UsageError("请填写以 push- 开头的来源代号、名称和采集依据。")
    close_reading()
    declared = {"title": title, "kind": "push", "document": "message", "legal_basis": basis}
    switch.add(services().record, name, declared, by=g.user.name)
    switch.enable(services().record, name, by=g.user.name)
    return redirect(url_for("tokens.index", _anchor="sources"))

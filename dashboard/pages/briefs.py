"""简报: what should the leader know? Made from frozen figures, edited by a hand, signed, kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dashboard import auth
from dashboard.services import read, services, write
from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import Brief, utcnow
from huiyin.records.audit import append
from response_kits.briefs import MIME, make, render
from response_kits.briefs.render import LEVEL
from response_kits.briefs.view import view

bp = Blueprint("briefs", __name__, template_folder="../../response_kits/briefs/templates")
bp.nav = [(50, "briefs.index", "简报", "简报")]  # type: ignore[attr-defined]

WEEKS = 6


def _get(number: int) -> Brief:
    brief = read().get(Brief, number)
    if brief is None:
        raise NotFound("没有这期简报。")
    return brief


@bp.get("/briefs")
@auth.allow()
def index() -> ResponseReturnValue:
    made = list(read().scalars(select(Brief).order_by(Brief.period.desc(), Brief.version.desc()).limit(100)))
    now = utcnow().astimezone(services().settings.zone)
    weeks = [(now - timedelta(days=7 * back)).strftime("%G-W%V") for back in range(WEEKS)]
    return render_template("briefs/index.html", briefs=made, weeks=weeks)


@bp.post("/briefs")
@auth.allow("analyst", "spokesperson", "admin")
def create() -> ResponseReturnValue:
    with write() as session:
        brief = make(
            session, services().settings, request.form.get("week", "")[:10], by=g.user.name, now=utcnow()
        )
        number = brief.id
    return redirect(url_for("briefs.show", number=number))


@bp.get("/briefs/<int:number>")
@auth.allow()
def show(number: int) -> ResponseReturnValue:
    brief = _get(number)
    return render_template(
        "briefs/show.html", row=brief, brief=view(brief.model, services().settings), LEVEL=LEVEL
    )


@bp.post("/briefs/<int:number>/edit")
@auth.allow("analyst", "spokesperson", "admin")
def edit(number: int) -> ResponseReturnValue:
    """An editor's hand on the words: lead, risks, suggestions. Figures stay as they were counted."""
    with write() as session:
        brief = session.get(Brief, number)
        if brief is None:
            raise NotFound("没有这期简报。")
        if brief.state != "draft":
            raise Conflict("这期简报已经签发，不能修改；请重新生成一个新版本。")
        if request.form.get("at") != brief.at.isoformat():
            raise Conflict(
                "您打开页面之后，这期简报已被修改。您的修改没有保存；请复制您的文字，刷新页面后再改。"
            )
        model: dict[str, Any] = dict(brief.model)
        model["lead"] = request.form.get("lead", "").strip()[:4000]
        for name in ("risks", "suggestions"):
            model[name] = [
                line.strip()[:500] for line in request.form.get(name, "").splitlines() if line.strip()
            ][:30]
        model["edited_by"] = g.user.name
        brief.model, brief.by, brief.at = model, g.user.name, utcnow()
        append(session, g.user.name, "edit-brief", f"brief:{number}")
    return redirect(url_for("briefs.show", number=number))


@bp.post("/briefs/<int:number>/sign")
@auth.allow("leader", "reviewer")
def sign(number: int) -> ResponseReturnValue:
    with write() as session:
        brief = session.get(Brief, number)
        if brief is None:
            raise NotFound("没有这期简报。")
        if brief.state != "draft":
            raise Conflict("这期简报已经签发。")
        if brief.by == g.user.name:
            raise Conflict("不能签发自己编辑的简报，请由另一位同事签发。")
        brief.state, brief.signed_by = "signed", g.user.name
        append(
            session,
            g.user.name,
            "sign-brief",
            f"brief:{number}",
            {"period": brief.period, "version": brief.version},
        )
    return redirect(url_for("briefs.show", number=number))


@bp.get("/briefs/<int:number>/download.<form>")
@auth.allow()
def download(number: int, form: str) -> ResponseReturnValue:
    if form not in MIME:
        raise UsageError("格式只能是 html、docx 或 pdf。")
    brief = _get(number)
    content = render(brief.model, services().settings, form)
    name = f"huiyin-{brief.kind}-{brief.period}-v{brief.version}.{form}"
    return Response(
        content, mimetype=MIME[form], headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )

"""简报: what should the leader know? Made from frozen figures, edited by a hand, signed, kept, sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select

from dashboard import auth, forms
from dashboard.pages.draft_view import names
from dashboard.services import read, services, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import Brief, Issue, utcnow
from response_kits import briefs
from response_kits.briefs import MIME, kind, kinds, post
from response_kits.briefs.render import GRADE, data_picture, render, view

bp = Blueprint("briefs", __name__, template_folder="../../response_kits/briefs/templates")
bp.nav = [(50, "briefs.index", "简报", "简报")]  # type: ignore[attr-defined]

PERIODS = 8
LIMIT = 200
EDITORS = ("analyst", "spokesperson", "admin")
STATES = {"draft": "草稿", "signed": "已签发"}
DELIVERY = {"sending": "已交出，未确认", "sent": "已送达邮件服务器", "failed": "未送达"}


@bp.app_context_processor
def words() -> dict[str, Any]:
    return {"brief_kinds": {name: one.NAME for name, one in kinds().items()}, "brief_states": STATES}


def _get(number: int) -> Brief:
    brief = read().get(Brief, number)
    if brief is None:
        raise NotFound("没有这期简报。")
    return brief


@bp.get("/briefs")
@auth.allow()
def index() -> ResponseReturnValue:
    """The archive: every version of every brief, filtered by kind, state and the year of its period."""
    made = list(read().scalars(_chosen().order_by(Brief.at.desc(), Brief.id.desc()).limit(LIMIT)))
    years = sorted({brief.model["since"][:4] for brief in made} | {_now().strftime("%Y")}, reverse=True)
    return render_template(
        "briefs/index.html", briefs=made, periods=periods(), years=years, people=names(read())
    )


def _chosen() -> Select[Brief]:
    wanted = select(Brief)
    if request.args.get("kind") in kinds():
        wanted = wanted.where(Brief.kind == request.args["kind"])
    if request.args.get("state") in STATES:
        wanted = wanted.where(Brief.state == request.args["state"])
    if request.args.get("year", "").isdecimal() and len(request.args["year"]) == 4:
        wanted = wanted.where(Brief.period.startswith(request.args["year"]))
    return wanted


def _now() -> Any:
    return utcnow().astimezone(services().settings.zone)


def periods() -> dict[str, list[str]]:
    """Kind → periods that may be made, the newest first."""
    now = _now()
    return {
        "weekly": [(now - timedelta(days=7 * back)).strftime("%G-W%V") for back in range(PERIODS)],
        "daily": [(now - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(PERIODS)],
        "yearly": [str(now.year - back) for back in range(2)],
    }


@bp.post("/briefs")
@auth.allow(*EDITORS)
def create() -> ResponseReturnValue:
    """Make one. `kind` is weekly where it is not given; `period`, or `issue` for a special report."""
    name = request.form.get("kind", "weekly")
    key = forms.line("issue", 64) if name == "special" else forms.line("period", 16) or forms.line("week", 16)
    if not key:
        raise UsageError("请选择时段；专报请从事件页生成。")
    now = utcnow()
    try:
        model = briefs.draw(read(), services().settings, key, now=now, kind_name=name)
    except UsageError as error:
        raise UsageError(f"“{key}”不能生成简报：时段不存在或还没有开始。") from error
    with write() as session:
        number = briefs.keep(session, model, by=g.user.name, now=now).id
    return redirect(url_for("briefs.show", number=number))


@bp.get("/briefs/<int:number>")
@auth.allow()
def show(number: int) -> ResponseReturnValue:
    brief, session = _get(number), read()
    sent = post.deliveries(session, number) if brief.state == "signed" else []
    return render_template(
        "briefs/show.html", row=brief, brief=view(brief.model, services().settings), GRADE=GRADE, picture=data_picture, links=True,
        fields=_fields(brief), strange=briefs.foreign_figures(brief), people=names(session), deliveries=sent, delivery_words=DELIVERY,
        unaltered=brief.state != "signed" or briefs.unaltered(session, brief), versions=_versions(brief),
    )  # fmt: skip


def _fields(brief: Brief) -> list[tuple[str, str, str, bool]]:
    """(field, label, present words, one a line) of everything that an editor may write."""
    model = brief.model
    found = [
        (field, label, "\n".join(model.get(field) or ()) if lines else str(model.get(field, "")), lines)
        for field, (label, lines) in kind(brief.kind).FIELDS.items()
    ]
    if "issue" in model:
        found.append(("summary", "主要内容", model["issue"]["summary"], False))
    found += [
        (f"summary:{event['id']}", f"事件概要：{event['title']}", event["summary"], False)
        for event in model.get("key_events", ())
    ]
    return found


def _versions(brief: Brief) -> list[Brief]:
    same = select(Brief).where(
        Brief.kind == brief.kind, Brief.period == brief.period, Brief.subject == brief.subject
    )
    return list(read().scalars(same.order_by(Brief.version)))


@bp.get("/briefs/glance")
@auth.allow()
def glance() -> ResponseReturnValue:
    """领导速览: the newest brief of each kind in a few screens of a phone; what waits for a signature first."""
    session = read()
    waiting = list(
        session.scalars(select(Brief).where(Brief.state == "draft").order_by(Brief.at.desc()).limit(5))
    )
    newest: list[Brief] = []
    for name in ("daily", "weekly", "special"):
        wanted = (
            select(Brief)
            .where(Brief.kind == name, Brief.state == "signed")
            .order_by(Brief.signed_at.desc())
            .limit(1)
        )
        newest += session.scalars(wanted)
    return render_template("briefs/glance.html", waiting=waiting, briefs=newest, GRADE=GRADE)


@bp.post("/briefs/<int:number>/edit")
@auth.allow(*EDITORS)
def edit(number: int) -> ResponseReturnValue:
    """An editor's hand on the words. Figures stay as they were counted."""
    written: dict[str, Any] = {}
    for field, _, _, lines in _fields(_get(number)):
        if field in request.form:
            text = forms.text(field, 8000).strip()
            written[field] = (
                [line.strip()[:500] for line in text.splitlines() if line.strip()][:30] if lines else text
            )
    with write() as session:
        briefs.edit(session, number, written, seen=request.form.get("at", ""), by=g.user.name, now=utcnow())
    return redirect(url_for("briefs.show", number=number))


@bp.post("/briefs/<int:number>/sign")
@auth.allow("leader", "reviewer")
def sign(number: int) -> ResponseReturnValue:
    with write() as session:
        seen = request.form.get("at", "")
        briefs.sign(session, number, services().settings, seen=seen, by=g.user.name, now=utcnow())
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


@bp.get("/briefs/delivery")
@auth.allow("admin", "spokesperson")
def delivery() -> ResponseReturnValue:
    """Who gets which brief by e-mail, and when."""
    return render_template(
        "briefs/delivery.html", plan=post.plan(read()), mail=bool(services().settings.smtp_url)
    )


@bp.post("/briefs/delivery")
@auth.allow("admin")
def save_delivery() -> ResponseReturnValue:
    """Rows of the form are numbered: address-0, name-0, kinds-0 …; a row without an address is left out."""
    rows = [
        (
            forms.line(f"address-{row}", 320),
            forms.line(f"name-{row}", 40),
            request.form.getlist(f"kinds-{row}"),
        )
        for row in range(post.MOST)
        if request.form.get(f"address-{row}", "").strip()
    ]
    with write() as session:
        post.save(session, rows, forms.line("at", 8), request.form.getlist("format"), g.user.name, utcnow())
    return redirect(url_for("briefs.delivery"))


@bp.post("/briefs/<int:number>/deliveries/<int:row>/again")
@auth.allow("admin", "spokesperson")
def again(number: int, row: int) -> ResponseReturnValue:
    with write() as session:
        post.again(session, number, row, g.user.name)
    return redirect(url_for("briefs.show", number=number))


@bp.get("/issues/<issue_id>/briefs")
@auth.allow()
def of_issue(issue_id: str) -> ResponseReturnValue:
    """The special reports on an issue, and the button that makes one."""
    issue = read().get(Issue, issue_id[:64])
    if issue is None:
        raise NotFound("没有这个事件；它可能已随示例数据移除。")
    made = list(read().scalars(select(Brief).where(Brief.subject == issue.id).order_by(Brief.version.desc())))
    return render_template("briefs/of_issue.html", issue=issue, briefs=made, people=names(read()))

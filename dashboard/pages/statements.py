"""发布记录: what we said, with its figures and promises; correction and withdrawal; promises kept."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select

from dashboard import auth, forms
from dashboard.services import read, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import Draft, Issue, Promise, Statement, utcnow
from response_kits import recall, statements

bp = Blueprint("statements", __name__)
bp.nav = [(55, "statements.index", "发布记录", "")]  # type: ignore[attr-defined]

PAGE = 30


@bp.get("/statements")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    page = max(1, min(int(request.args["page"]), 10_000)) if request.args.get("page", "").isdecimal() else 1
    wanted = select(Statement)
    if request.args.get("state") in statements.STATES:
        wanted = wanted.where(Statement.state == request.args["state"])
    if part := request.args.get("q", "").strip()[:60]:
        wanted = wanted.where(
            or_(
                Statement.title.contains(part, autoescape=True),
                Statement.text.contains(part, autoescape=True),
            )
        )
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = list(
        session.scalars(
            wanted.order_by(Statement.published.desc(), Statement.id.desc())
            .limit(PAGE)
            .offset((page - 1) * PAGE)
        )
    )
    open_promises = session.execute(
        select(Promise, Statement).join(Statement, Statement.id == Promise.statement_id)
        .where(Promise.kept.is_(None), Statement.state == "standing").order_by(Promise.due.is_(None), Promise.due).limit(30)
    ).all()  # fmt: skip
    return render_template(
        "statements/index.html", rows=rows, total=total, page=page, pages=max(1, -(-total // PAGE)), states=statements.STATES, promises=open_promises
    )  # fmt: skip


@bp.get("/statements/<int:number>")
@auth.allow()
def show(number: int) -> ResponseReturnValue:
    session = read()
    row = session.get(Statement, number)
    if row is None:
        raise NotFound("没有这条发布记录；它可能已随示例数据移除。")
    conflicts = (
        [
            c
            for c in statements.conflicts(session, row.issue_id)
            if number in (c.left_statement, c.right_statement)
        ]
        if row.issue_id
        else []
    )
    return render_template(
        "statements/show.html", row=row, states=statements.STATES, conflicts=conflicts,
        promises=list(session.scalars(select(Promise).where(Promise.statement_id == number).order_by(Promise.id))),
        issue=session.get(Issue, row.issue_id) if row.issue_id else None, draft=session.get(Draft, row.draft_id) if row.draft_id else None,
        tasks=recall.of_statement(session, number),
        others=[other for other in statements.of_issue(session, row.issue_id) if other.id != number] if row.issue_id else [],
    )  # fmt: skip


@bp.post("/statements/<int:number>/correct")
@auth.allow("spokesperson", "leader")
def correct(number: int) -> ResponseReturnValue:
    """Mark as corrected, or (leaders) as withdrawn, with the reason."""
    after, why = request.form.get("state", ""), forms.text("reason", 2000).strip()
    if after == "withdrawn" and g.user.role != "leader":
        raise UsageError("撤回已发布的内容由领导决定；发言人可标为“已更正”。")
    with write() as session:
        recall.correct(session, number, after, g.user.name, why, utcnow())
    return redirect(url_for("statements.show", number=number))


@bp.post("/statements/<int:number>/promises/<int:promise>")
@auth.allow("analyst", "spokesperson", "leader")
def kept(number: int, promise: int) -> ResponseReturnValue:
    """A promise was kept; by what."""
    note = forms.line("note", 500)
    if not note:
        raise UsageError("请写明以什么方式兑现，便于查证。")
    with write() as session:
        row = session.get(Promise, promise)
        if row is None or row.statement_id != number:
            raise NotFound("这条发布记录没有该承诺。")
        statements.kept(session, promise, g.user.name, note, utcnow())
    return redirect(url_for("statements.show", number=number, _anchor="promises"))


@bp.post("/statements/<int:number>/recall/<int:task>")
@auth.allow("analyst", "spokesperson", "leader")
def recalled(number: int, task: int) -> ResponseReturnValue:
    """A place that used a text which no longer stands was put right; how."""
    with write() as session:
        recall.done(session, number, task, g.user.name, forms.line("note", 500), utcnow())
    return redirect(url_for("statements.show", number=number, _anchor="recall"))


@bp.post("/statements")
@auth.allow("analyst", "spokesperson", "leader")
def record() -> ResponseReturnValue:
    """Keep a text that we published elsewhere or that a superior body published: its figures count in the checks for conflicts."""
    title, body, text = forms.line("title", 300), forms.line("body", 120), forms.text("text", 30_000).strip()
    at, url, issue_id = forms.moment("published"), forms.line("url", 1000), forms.line("issue", 64)
    if not (title and body and text and at):
        raise UsageError("标题、发布单位、发布时间和全文都要填写。")
    if at > utcnow():
        raise UsageError("发布时间晚于现在。")
    if url and not url.startswith(("http://", "https://")):
        raise UsageError("发布网址须以 http:// 或 https:// 开头。")
    with write() as session:
        if issue_id and session.get(Issue, issue_id) is None:
            raise NotFound("没有这个事件。")
        made = statements.keep(
            session,
            title=title,
            text=text,
            body=body,
            issue_id=issue_id,
            url=url,
            published=at,
            by=g.user.name,
        )
        number = made.id
    return redirect(url_for("statements.show", number=number))

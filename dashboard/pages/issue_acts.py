"""Acts on an issue: state, note, 接报 time, responsible unit, merge, split, move, clocks. Each leaves a line in the log and in the audit chain."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from dashboard import auth, forms
from dashboard.filters import moment
from dashboard.pages.issue import opened, target_of
from dashboard.services import services, write
from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import ISSUE_STATES, Clock, Issue, IssueDocument, IssueEvent, utcnow
from huiyin.records.audit import append
from response_kits import clocks

bp = Blueprint("issue_acts", __name__)

WORKERS = ("analyst", "spokesperson", "admin")
DECIDERS = ("analyst", "spokesperson", "leader", "admin")
ENDED = ("closed", "not_ours", "false_alarm")
BATCH = 500


def present(session: Session, issue_id: str) -> Issue:
    """The issue to act on. Raises Conflict where it was merged away meanwhile."""
    issue = opened(session, issue_id)
    if issue.merged_into:
        raise Conflict(
            f"该事件已并入“{target_of(session, issue).title}”，本次操作没有执行；请在合并后的事件上操作。"
        )
    return issue


def note(session: Session, issue: Issue, kind: str, text: str, **data: object) -> None:
    session.add(IssueEvent(issue_id=issue.id, by=g.user.name, kind=kind, text=text, data=data))
    append(session, g.user.name, f"issue-{kind}", f"issue:{issue.id}", {"text": text[:500], **data})


def back(issue_id: str, tab: str = "log") -> ResponseReturnValue:
    return redirect(url_for("issue.index", issue_id=issue_id, tab=tab))


@bp.post("/issues/<issue_id>/state")
@auth.allow(*DECIDERS)
def state(issue_id: str) -> ResponseReturnValue:
    """Change the state; an end needs a written conclusion."""
    after, why = request.form.get("state", ""), forms.text("conclusion", 5000).strip()
    if after not in ISSUE_STATES:
        raise UsageError("请选择一个状态。")
    with write() as session:
        issue = present(session, issue_id)
        if after in ENDED and not why:
            raise UsageError(f"改为“{ISSUE_STATES[after]}”须写明结论；状态没有改变。")
        if after == issue.state:
            raise UsageError(f"该事件已经是“{ISSUE_STATES[after]}”。")
        before, issue.state = issue.state, after
        if after in ENDED:
            issue.conclusion = why
        words = f"{ISSUE_STATES[before]} → {ISSUE_STATES[after]}" + (f"：{why}" if why else "")
        note(session, issue, "state", words, before=before, after=after)
    return back(issue_id)


@bp.post("/issues/<issue_id>/note")
@auth.allow()
def add_note(issue_id: str) -> ResponseReturnValue:
    words = forms.text("text", 5000).strip()
    if not words:
        raise UsageError("请填写记录的内容。")
    with write() as session:
        note(session, present(session, issue_id), "note", words)
    return back(issue_id)


@bp.post("/issues/<issue_id>/reported")
@auth.allow(*WORKERS)
def reported(issue_id: str) -> ResponseReturnValue:
    """接报: when the matter was reported to the office. An earlier start moves the running clocks."""
    at = forms.moment("reported")
    if at is None:
        raise UsageError("请填写接报时间。")
    if at > utcnow():
        raise UsageError("接报时间不能晚于现在。")
    with write() as session:
        issue = present(session, issue_id)
        before, issue.reported = issue.reported, at
        session.flush()
        clocks.start_for(session, issue, services().settings, utcnow())
        words = f"接报时间：{moment(at)}" + (f"（原为 {moment(before)}）" if before else "")
        note(session, issue, "reported", words, at=at.isoformat())
    return back(issue_id)


@bp.post("/issues/<issue_id>/unit")
@auth.allow(*WORKERS)
def unit(issue_id: str) -> ResponseReturnValue:
    """转办: who answers first."""
    name = forms.line("unit", 120)
    if not name:
        raise UsageError("请填写责任单位。")
    with write() as session:
        issue = present(session, issue_id)
        before, issue.unit = issue.unit, name
        note(
            session,
            issue,
            "unit",
            f"转办：{name}" + (f"（原为 {before}）" if before else ""),
            before=before,
            after=name,
        )
    return back(issue_id)


@bp.post("/issues/<issue_id>/merge")
@auth.allow(*WORKERS)
def merge(issue_id: str) -> ResponseReturnValue:
    """Take other issues into this one; their addresses lead here from then on."""
    from nlp import regroup

    chosen = [value[:64] for value in request.form.getlist("other")[:50]]
    if not chosen:
        raise UsageError("请先选择要并入的事件。")
    with write() as session:
        keep = present(session, issue_id)
        for other in chosen:
            if present(session, other).id == keep.id:
                raise UsageError("不能把事件并入它自己。")
        regroup.merge(session, keep.id, chosen, g.user.name, utcnow())
        append(session, g.user.name, "issue-merge", f"issue:{keep.id}", {"gone": chosen})
    return back(issue_id)


@bp.post("/issues/<issue_id>/documents")
@auth.allow(*WORKERS)
def regroup(issue_id: str) -> ResponseReturnValue:
    """The chosen documents become an issue of their own, or move to another one."""
    from nlp import regroup

    chosen = list(dict.fromkeys(value[:64] for value in request.form.getlist("document")[:BATCH]))
    if not chosen:
        raise UsageError("请先勾选文档。")
    act, other = request.form.get("act", ""), forms.line("other", 64)
    with write() as session:
        issue, now = present(session, issue_id), utcnow()
        inside = [d for d in chosen if _member(session, d).issue_id == issue.id]
        if not inside:
            raise Conflict("所选文档已不在这个事件中；请刷新页面。")
        if act == "split":
            made = regroup.split(session, issue.id, inside, g.user.name, now).id
        elif act == "move":
            if not other:
                raise UsageError("请选择移到哪个事件。")
            made = present(session, other).id
            for document in inside:
                regroup.move(session, document, made, g.user.name, now)
        else:
            raise UsageError("没有这种操作。")
        append(
            session,
            g.user.name,
            f"issue-{act}",
            f"issue:{issue.id}",
            {"documents": inside[:50], "count": len(inside), "to": made},
        )
    return redirect(url_for("issue.index", issue_id=made, tab="documents"))


def _member(session: Session, document: str) -> IssueDocument:
    member = session.get(IssueDocument, document)
    if member is None:
        raise NotFound("有一条文档已不在任何事件中；请刷新页面。")
    return member


@bp.post("/issues/<issue_id>/clocks/<int:number>")
@auth.allow("spokesperson", "leader", "admin")
def clock(issue_id: str, number: int) -> ResponseReturnValue:
    """Pause or resume a clock, by name and reason."""
    act, why = request.form.get("act", ""), forms.line("reason", 500)
    with write() as session:
        issue = present(session, issue_id)
        row = session.get(Clock, number)
        if row is None or row.issue_id != issue.id:
            raise NotFound("该事件没有这项时限。")
        if act == "pause":
            clocks.pause(session, number, g.user.name, why, utcnow())
        elif act == "resume":
            clocks.resume(session, number, g.user.name, utcnow())
        else:
            raise UsageError("没有这种操作。")
    return back(issue_id)


@bp.post("/issues/<issue_id>/answered")
@auth.allow("spokesperson", "leader")
def answered(issue_id: str) -> ResponseReturnValue:
    """An answer that was given outside this system (press conference, the department's own page) meets the clocks."""
    kind, at, words = request.form.get("kind", ""), forms.moment("at") or utcnow(), forms.line("text", 500)
    names = {"conference": "新闻发布会", "statement": "在其他渠道发布"}
    if kind not in names:
        raise UsageError("请选择回应的方式。")
    if not words:
        raise UsageError("请写明回应的名称和出处，以便查证。")
    if at > utcnow():
        raise UsageError("回应时间不能晚于现在。")
    with write() as session:
        issue = present(session, issue_id)
        clocks.meet(session, issue.id, kind, f"{names[kind]}：{words}", at)
        if issue.state not in (*ENDED, "watching"):
            issue.state = "answered"
        note(session, issue, "answer", f"{names[kind]}：{words}", at=at.isoformat())
    return back(issue_id)

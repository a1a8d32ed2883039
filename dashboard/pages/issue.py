"""事件页: what is claimed, what is true, what do people ask, what do we say? Reading; the acts are in issue_acts.py and facts.py."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dashboard import auth, reprints, shifts
from dashboard.pages import effect_rows, issue_documents, issue_view
from dashboard.pages.documents import CHOICES, LABELS
from dashboard.services import read, services
from huiyin.errors import NotFound
from huiyin.records import (
    Correction,
    Draft,
    Issue,
    IssueDocument,
    IssueEvent,
    IssueLevel,
    Organisation,
    Policy,
    Rumour,
    User,
    utcnow,
)
from response_kits import clocks, disclosure, drafts, effect, statements
from response_kits import facts as fact_records

bp = Blueprint("issue", __name__)

TABS = {
    "overview": "概况", "documents": "文档", "kit": "回应材料", "drafts": "文稿", "effect": "回应效果", "log": "处置记录",
}  # fmt: skip
PARTS = {"event": "事件等级", "heat": "热度", "sensitivity": "敏感"}


def opened(session: Session, issue_id: str) -> Issue:
    """The issue itself. Raises NotFound; a merged issue is what it is, see `index`."""
    issue = session.get(Issue, issue_id[:64])
    if issue is None:
        raise NotFound("没有这个事件；它可能已随示例数据移除。可在“事件”列表中按标题查找。")
    return issue


def target_of(session: Session, issue: Issue) -> Issue:
    """Where a merged issue went, however often it was merged."""
    seen: set[str] = set()
    while issue.merged_into and issue.id not in seen:
        seen.add(issue.id)
        issue = opened(session, issue.merged_into)
    return issue


@bp.get("/issues/<issue_id>")
@auth.allow()
def index(issue_id: str) -> ResponseReturnValue:
    session = read()
    issue = opened(session, issue_id)
    if issue.merged_into:
        target = target_of(session, issue)
        return redirect(url_for("issue.index", issue_id=target.id, merged=issue.id))
    tab = request.args.get("tab", "overview")
    tab = tab if tab in TABS else "overview"
    now = utcnow()
    facts = fact_records.of_issue(session, issue.id)
    return render_template(
        "issue/index.html", issue=issue, tab=tab, tabs=TABS, parts=PARTS, clocks=clocks.views(session, issue.id, now),
        counts=_counts(session, issue), facts=facts, must=issue_view.must_names(issue), slots=fact_records.slots(),
        suggestion=disclosure.of_issue(session, issue.id),
        open_facts=fact_records.of_issue(session, issue.id, states=("unverified",)),
        handed=shifts.waiting(session, issue.id), receipts=shifts.receipts(session, issue.id), people=_names(session),
        **FILL[tab](session, issue, facts, now),
    )  # fmt: skip


def _counts(session: Session, issue: Issue) -> dict[str, int]:
    def count(table: Any) -> int:
        return session.scalar(select(func.count()).select_from(table).where(table.issue_id == issue.id)) or 0

    return {"documents": issue.documents, "drafts": count(Draft), "log": count(IssueEvent)}


def _overview(session: Session, issue: Issue, facts: list[Any], now: datetime) -> dict[str, Any]:
    spread = issue_view.spread(issue)
    buckets = spread.value["buckets"]
    published, titles = statements.of_issue(session, issue.id), issue_view.source_titles(session)
    first = issue_view.first_document(session, issue.id)
    return {
        "buckets": buckets, "bucket_label": issue_view.bucket_label, "finding": issue_view.finding(buckets),
        "marks": issue_view.answer_marks(buckets, published), "statements": published,
        "carriers": spread.value["carriers"], "loudest": spread.value["loudest"], "counted": spread.at,
        "chains": reprints.chains_of(session, issue.id), "titles": titles, "later": reprints.later,
        "turns": issue_view.turns(issue, first, published, titles), "kit": issue_view.kit_of(session, issue, now),
    }  # fmt: skip


def _documents(session: Session, issue: Issue, facts: list[Any], now: datetime) -> dict[str, Any]:
    return {
        **issue_documents.documents(session, issue, request.args),
        "carriers": issue_view.spread(issue).value["carriers"], "titles": issue_view.source_titles(session),
        "others": similar(session, issue, request.args.get("find", "")),
    }  # fmt: skip


def _kit(session: Session, issue: Issue, facts: list[Any], now: datetime) -> dict[str, Any]:
    rows = fact_records.of_issue(session, issue.id, states=("superseded", "withdrawn"))
    return {
        "kit": issue_view.kit_of(session, issue, now), "kinds": _kinds(), "old_facts": rows,
        "fact_states": fact_records.STATES, "drafts": _drafts(session, issue.id),
        "rumours": _rumours(session, issue.id), "policies": _policies(session),
    }  # fmt: skip


def _drafts_tab(session: Session, issue: Issue, facts: list[Any], now: datetime) -> dict[str, Any]:
    return {
        "drafts": _drafts(session, issue.id), "kinds": _kinds(), "rumours": _rumours(session, issue.id),
        "policies": _policies(session),
    }  # fmt: skip


def _effect(session: Session, issue: Issue, facts: list[Any], now: datetime) -> dict[str, Any]:
    figures = effect.measure(session, issue.id, services().settings, now)
    return {
        "figures": [{**figure.as_dict(), "links": effect_rows.links(session, figure)} for figure in figures],
        "statements": statements.of_issue(session, issue.id), "statement_states": statements.STATES,
    }  # fmt: skip


def _log(session: Session, issue: Issue, facts: list[Any], now: datetime) -> dict[str, Any]:
    events = session.scalars(
        select(IssueEvent).where(IssueEvent.issue_id == issue.id).order_by(IssueEvent.at.desc(), IssueEvent.id.desc()).limit(300)
    )  # fmt: skip
    levels = session.scalars(
        select(IssueLevel).where(IssueLevel.issue_id == issue.id).order_by(IssueLevel.at.desc()).limit(100)
    )
    corrections = session.scalars(
        select(Correction).join(IssueDocument, IssueDocument.document_id == Correction.document_id)
        .where(IssueDocument.issue_id == issue.id).order_by(Correction.at.desc()).limit(100)
    )  # fmt: skip
    return {
        "events": list(events), "levels": list(levels), "corrections": list(corrections), "labels": LABELS, "choices": CHOICES,
        "units": list(session.scalars(select(Organisation.name).order_by(Organisation.name).limit(500))),
        "others": similar(session, issue, request.args.get("find", "")), "colleagues": shifts.colleagues(session),
    }  # fmt: skip


FILL = {
    "overview": _overview, "documents": _documents, "kit": _kit, "drafts": _drafts_tab, "effect": _effect, "log": _log,
}  # fmt: skip


def _kinds() -> list[tuple[str, str]]:
    """(kind, its name), what is written most often first."""
    often = ("notice", "rebuttal", "press", "reply", "interpretation")
    order = sorted(
        drafts.kinds(), key=lambda kind: (often.index(kind) if kind in often else len(often), kind)
    )
    return [(kind, drafts.name_of(kind)) for kind in order]


def _rumours(session: Session, issue_id: str) -> list[Rumour]:
    return list(session.scalars(select(Rumour).where(Rumour.issue_id == issue_id).order_by(Rumour.id)))


def _policies(session: Session) -> list[Policy]:
    """The newest policies, for an interpretation's draft."""
    wanted = select(Policy).where(Policy.interprets.is_(None)).order_by(Policy.dated.desc(), Policy.id.desc())
    return list(session.scalars(wanted.limit(60)))


def _drafts(session: Session, issue_id: str) -> list[Draft]:
    return list(session.scalars(select(Draft).where(Draft.issue_id == issue_id).order_by(Draft.id.desc())))


def _names(session: Session) -> dict[str, str]:
    """User name → how the person is called."""
    return {name: display or name for name, display in session.execute(select(User.name, User.display))}


def similar(session: Session, issue: Issue, words: str = "", top: int = 12) -> list[Issue]:
    """Issues that this one might be merged with: those with the words in their title, else of its topic or place, latest first."""
    wanted = select(Issue).where(Issue.id != issue.id, Issue.merged_into == "")
    part = words.strip()[:60]
    if part:
        wanted = wanted.where(or_(Issue.title.contains(part, autoescape=True), Issue.id == part))
    else:
        same_place = (Issue.place == issue.place) & (Issue.place != "")
        wanted = wanted.where(or_(Issue.topic == issue.topic, same_place), Issue.folded > 1)
    return list(session.scalars(wanted.order_by(Issue.last.desc()).limit(top)))

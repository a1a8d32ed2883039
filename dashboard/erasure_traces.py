"""What was worked out of documents and quotes them: concerns, timelines, alerts, facts, corrections, briefs in draft."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from huiyin.records import (
    Alert,
    Brief,
    Constraint,
    Correction,
    Draft,
    Fact,
    Issue,
    IssueDocument,
    IssueEvent,
    RumourMatch,
    Statement,
)

NAMES = ("document", "document_id", "id")
"""Keys under which structures name the document that they quote."""
GONE = "（原文已按要求删除）"


def strip_traces(session: Session, ids: Sequence[str], issues: Sequence[str], *, asked: bool) -> None:
    """Take quotations of removed documents out of what was made of them; the issues are worked out anew."""
    gone = frozenset(ids)
    for table, columns in (
        (Correction, (Correction.document_id,)), (RumourMatch, (RumourMatch.document_id,)), (Constraint, (Constraint.left, Constraint.right)),
    ):  # fmt: skip
        session.execute(delete(table).where(or_(*(column.in_(ids) for column in columns))))
    for issue in session.scalars(select(Issue).where(Issue.id.in_(issues))):
        issue.concerns, issue.timeline = without(issue.concerns, gone), without(issue.timeline, gone)
        issue.dirty = True
        if asked and not session.scalar(
            select(func.count()).select_from(IssueDocument).where(IssueDocument.issue_id == issue.id)
        ):
            _empty_issue(session, issue)
    for alert in session.scalars(select(Alert).where(Alert.issue_id.in_(issues))):
        alert.evidence = without(alert.evidence, gone)
    if asked:
        _facts(session, ids)
        for brief in session.scalars(select(Brief).where(Brief.state == "draft")):
            stripped = without(brief.model, gone)
            if stripped != brief.model:
                brief.model = stripped


def _empty_issue(session: Session, issue: Issue) -> None:
    """An issue that has no document any more. What people wrote for it stays; what was taken from posts goes."""
    written = [
        session.scalar(select(func.count()).select_from(table).where(table.issue_id == issue.id))
        for table in (Draft, Statement)
    ]
    if not any(written):
        session.delete(issue)
        session.flush()
        return
    issue.title, issue.summary, issue.keywords, issue.concerns, issue.timeline = GONE, "", [], [], []
    issue.documents = issue.folded = issue.last_hour = 0
    for event in session.scalars(
        select(IssueEvent).where(IssueEvent.issue_id == issue.id, IssueEvent.by == "")
    ):
        event.text = GONE
    for alert in session.scalars(select(Alert).where(Alert.issue_id == issue.id)):
        alert.title = GONE


def _facts(session: Session, ids: Sequence[str]) -> None:
    """Facts lose their link to the words; one that nobody has verified is only those words, and goes."""
    for fact in session.scalars(select(Fact).where(Fact.document_id.in_(ids))):
        fact.document_id, fact.span = "", []
        if fact.state == "unverified":
            fact.state, fact.text, fact.value = "withdrawn", GONE, ""


def without(value: Any, gone: Collection[str]) -> Any:
    """A copy of a JSON value without the objects of lists that name one of these documents."""
    if isinstance(value, dict):
        return {key: without(item, gone) for key, item in value.items()}
    if isinstance(value, list):
        return [without(item, gone) for item in value if not _names(item, gone)]
    return value


def _names(item: Any, gone: Collection[str]) -> bool:
    return isinstance(item, dict) and any(
        isinstance(item.get(key), str) and item[key] in gone for key in NAMES
    )

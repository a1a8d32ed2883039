"""An issue as it was known by the end of a period: from the texts up to then, never from what came later."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import AnalysisRow, DocumentRow, Issue, IssueDocument, IssueEvent, IssueLevel
from nlp.corpus import concerns, heat, level, timeline, titles
from nlp.corpus.level import IssueFacts
from nlp.corpus.posts import Post
from nlp.refresh import READ, fact_of

HEAT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Known:
    """What was known of an issue at a moment. `parts`: the level's three parts with their reasons, {} where nothing was graded."""

    title: str
    summary: str
    keywords: list[str]
    concerns: list[dict[str, Any]]
    timeline: list[dict[str, Any]]
    level: int
    parts: dict[str, Any]
    casualties: dict[str, Any]
    unit: str


def known(session: Session, issue: Issue, until: datetime) -> Known:
    """The issue at `until` (not included). Where nothing came later its own columns are right already."""
    if issue.last < until and not issue.dirty and not _judged_later(session, issue, until):
        return Known(issue.title, issue.summary, list(issue.keywords), list(issue.concerns), list(issue.timeline), issue.level,
                     dict(issue.level_parts), dict(issue.casualties), issue.unit)  # fmt: skip
    pairs = _texts(session, issue.id, until)
    posts = [Post.of(row, analysis, _comments(row, until)) for row, analysis in pairs]
    if not posts:
        return Known(issue.title, "", [], [], [], 0, {}, {}, _unit(session, issue, until))
    rank, parts, counted = _level(session, issue, pairs, until)
    return Known(
        titles.title(posts), titles.summary(posts), list(titles.keywords(posts)), concerns.find(posts), timeline.find(posts), rank, parts,
        counted, _unit(session, issue, until),
    )  # fmt: skip


def _judged_later(session: Session, issue: Issue, until: datetime) -> bool:
    later = select(IssueLevel.id).where(IssueLevel.issue_id == issue.id, IssueLevel.at >= until)
    graded = select(IssueLevel.id).where(IssueLevel.issue_id == issue.id, IssueLevel.at < until)
    return session.scalar(later.limit(1)) is not None and session.scalar(graded.limit(1)) is not None


def _texts(session: Session, issue: str, until: datetime) -> list[tuple[DocumentRow, AnalysisRow]]:
    """The newest READ texts before `until` and the first ones, in order of time."""
    wanted = (
        select(DocumentRow, AnalysisRow)
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue, IssueDocument.when < until)
    )
    rows = [*session.execute(wanted.order_by(IssueDocument.when.desc()).limit(READ))]
    if len(rows) == READ:
        rows += session.execute(wanted.order_by(IssueDocument.when).limit(READ // 4))
    found = {row.id: (row, analysis) for row, analysis in rows}
    return sorted(found.values(), key=lambda pair: (pair[0].when, pair[0].id))


def _comments(row: DocumentRow, until: datetime) -> list[str]:
    """Comments that were there by then; one without a time belongs to its text."""
    kept = []
    for item in row.comments:
        at = item.get("published")
        if not at or datetime.fromisoformat(at) < until:
            kept.append(str(item.get("text", "")))
    return kept


def _level(
    session: Session, issue: Issue, pairs: list[tuple[DocumentRow, AnalysisRow]], until: datetime
) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """The level that stood at `until`, with reasons; where nobody had graded it by then, what its texts give."""
    recent = [row for row, _ in pairs if row.when > until - timedelta(days=HEAT_DAYS)]
    day = [row for row in recent if row.when > until - timedelta(hours=24)]
    warmth = heat.measure(
        [row.when for row in recent], until, authors=len({row.author for row in day if row.author}), sources=len({row.source for row in day})
    )  # fmt: skip
    facts = IssueFacts(
        documents=[fact_of(row, analysis) for row, analysis in pairs], hourly=[float(count) for count in warmth.hourly],
        distinct_authors=len({row.author for row, _ in pairs if row.author}), distinct_sources=len({row.source for row, _ in pairs}),
        burst=warmth.burst,
    )  # fmt: skip
    found = level.grade(facts)
    stood = session.scalars(
        select(IssueLevel).where(IssueLevel.issue_id == issue.id, IssueLevel.at < until).order_by(IssueLevel.at.desc(), IssueLevel.id.desc()).limit(1)
    ).first()  # fmt: skip
    if stood is not None:
        return stood.level, dict(stood.parts), asdict(found.casualties)
    return found.level, found.parts, asdict(found.casualties)


def _unit(session: Session, issue: Issue, until: datetime) -> str:
    """The unit that a person had named by then; a later one's `before` says what stood until it."""
    moves = list(
        session.scalars(
            select(IssueEvent)
            .where(IssueEvent.issue_id == issue.id, IssueEvent.kind == "unit")
            .order_by(IssueEvent.at)
        )
    )
    earlier = [move for move in moves if move.at < until]
    if earlier:
        return str(earlier[-1].data.get("after", ""))
    return str(moves[0].data.get("before", "")) if moves else issue.unit

"""Counts behind briefs: each is a query over the record, with the window it covers, so that a figure can open its rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Float, case, func, select
from sqlalchemy.orm import Session

from huiyin.records import (
    AnalysisRow,
    Clock,
    DocumentRow,
    Fetch,
    Issue,
    IssueDocument,
    Rumour,
    RumourMatch,
    Source,
    Statement,
)
from huiyin.settings import Settings


@dataclass(frozen=True, slots=True)
class Window:
    """From (included) to (not included), aware."""

    since: datetime
    until: datetime

    @property
    def before(self) -> Window:
        """The window of the same length that ends where this one begins."""
        return Window(self.since - (self.until - self.since), self.since)


def _in(window: Window) -> Any:
    return DocumentRow.when >= window.since, DocumentRow.when < window.until


def total(session: Session, window: Window) -> int:
    return int(session.scalar(select(func.count()).select_from(DocumentRow).where(*_in(window))) or 0)


def negative(session: Session, window: Window) -> int:
    joined = select(func.count()).select_from(DocumentRow).join(AnalysisRow)
    return int(session.scalar(joined.where(*_in(window), AnalysisRow.sentiment == -1)) or 0)


def daily(session: Session, window: Window, settings: Settings) -> list[dict[str, Any]]:
    """[{date, count, negative}] for every local day of the window, days without documents included."""
    rows = session.execute(
        select(DocumentRow.when, AnalysisRow.sentiment)
        .outerjoin(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
        .where(*_in(window))
    )
    counts: Counter[str] = Counter()
    against: Counter[str] = Counter()
    for when, sentiment in rows:
        local = when.astimezone(settings.zone).date().isoformat()
        counts[local] += 1
        against[local] += sentiment == -1
    found = []
    day = window.since.astimezone(settings.zone).date()
    while day < window.until.astimezone(settings.zone).date():
        found.append(
            {"date": day.isoformat(), "count": counts[day.isoformat()], "negative": against[day.isoformat()]}
        )
        day += timedelta(days=1)
    return found


def by_topic(session: Session, window: Window) -> list[dict[str, Any]]:
    rows = session.execute(
        select(AnalysisRow.topic, func.count(), func.sum(case((AnalysisRow.sentiment == -1, 1), else_=0)))
        .join(DocumentRow, DocumentRow.id == AnalysisRow.document_id)
        .where(*_in(window)).group_by(AnalysisRow.topic).order_by(func.count().desc(), AnalysisRow.topic)
    )  # fmt: skip
    return [{"topic": topic, "count": count, "negative": int(against or 0)} for topic, count, against in rows]


def by_source(session: Session, window: Window) -> list[dict[str, Any]]:
    rows = session.execute(
        select(DocumentRow.source, func.count())
        .where(*_in(window))
        .group_by(DocumentRow.source)
        .order_by(func.count().desc(), DocumentRow.source)
    )
    titles = {row.name: row.title for row in session.execute(select(Source.name, Source.title))}
    return [{"source": name, "title": titles.get(name) or name, "count": count} for name, count in rows]


def events(session: Session, window: Window, limit: int) -> list[dict[str, Any]]:
    """The issues with most documents in the window, level first; change against the window before."""
    counted = (
        select(IssueDocument.issue_id, func.count().label("count"), func.avg(func.coalesce(AnalysisRow.sentiment, 0).cast(Float)).label("stance"))
        .outerjoin(AnalysisRow, AnalysisRow.document_id == IssueDocument.document_id)
        .where(IssueDocument.when >= window.since, IssueDocument.when < window.until)
        .group_by(IssueDocument.issue_id).subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Issue, counted.c.count, counted.c.stance).join(counted, counted.c.issue_id == Issue.id)
        .where(Issue.merged_into == "", Issue.state.not_in(("false_alarm", "not_ours")), (Issue.folded > 1) | (Issue.level >= 1), Issue.topic != "other")
        .order_by(Issue.level.desc(), counted.c.count.desc(), Issue.id).limit(limit)
    ).all()  # fmt: skip
    titles = {row.name: row.title or row.name for row in session.execute(select(Source.name, Source.title))}
    found = []
    for issue, count, stance in rows:
        earlier = _members(session, issue.id, window.before)
        answer = _first_answer(session, issue.id, window.until)
        found.append({
            "id": issue.id, "title": issue.title, "topic": issue.topic, "place": issue.place, "level": issue.level, "count": count,
            "previous": earlier, "stance": round(float(stance or 0), 2), "unit": issue.unit, "state": issue.state, "summary": issue.summary,
            "answered": answer is not None, "hours": round((answer - issue.seen).total_seconds() / 3600, 1) if answer else None,
            "concerns": issue.concerns[:3], "timeline": [_named(turn, titles) for turn in issue.timeline], "casualties": issue.casualties, "rumour": issue.rumour,
            "first": issue.first.isoformat(),
        })  # fmt: skip
    return found


def _named(turn: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    """A turn with its sources by their titles: a reader does not know their keys."""
    text = str(turn["text"])
    for name in sorted(titles, key=len, reverse=True):
        text = text.replace(name, titles[name])
    return {**turn, "text": text}


def _members(session: Session, issue: str, window: Window) -> int:
    wanted = select(func.count()).select_from(IssueDocument).where(
        IssueDocument.issue_id == issue, IssueDocument.when >= window.since, IssueDocument.when < window.until
    )  # fmt: skip
    return int(session.scalar(wanted) or 0)


def _first_answer(session: Session, issue: str, until: datetime) -> datetime | None:
    """When we first published on an issue: our own statement only, not a notice that was merely found."""
    moment: datetime | None = session.scalar(
        select(Statement.published)
        .where(Statement.issue_id == issue, Statement.published < until)
        .order_by(Statement.published)
        .limit(1)
    )
    return moment


def rumours(session: Session, window: Window) -> list[dict[str, Any]]:
    """Rumours matched in the window: matches before and after their rebuttal."""
    found = []
    for rumour in session.scalars(select(Rumour).order_by(Rumour.first)):
        times = list(session.scalars(
            select(RumourMatch.when).where(
                RumourMatch.rumour_id == rumour.id, RumourMatch.decision.in_(("auto", "confirmed")),
                RumourMatch.when >= window.since, RumourMatch.when < window.until,
            )
        ))  # fmt: skip
        if times or (rumour.published and window.since <= rumour.published < window.until):
            after = sum(1 for moment in times if rumour.published and moment >= rumour.published)
            found.append({
                "id": rumour.id, "claim": rumour.claim, "verdict": rumour.verdict, "state": rumour.state, "before": len(times) - after,
                "after": after, "rebuttal": rumour.rebuttal, "published": rumour.published.isoformat() if rumour.published else None,
            })  # fmt: skip
    return found


def clocks(session: Session, window: Window) -> dict[str, Any]:
    """Clocks that fell due in the window: met, missed and still running, with their rows."""
    rows = session.execute(
        select(Clock, Issue).join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.due >= window.since, Clock.due < window.until, Issue.merged_into == "").order_by(Clock.due)
    ).all()  # fmt: skip
    count = Counter(_clock_state(clock, window.until) for clock, _ in rows)
    return {
        "met": count["met"], "missed": count["missed"], "running": count["running"], "paused": count["paused"],
        "rows": [
            {"issue": issue.id, "title": issue.title, "rule": clock.rule, "due": clock.due.isoformat(), "state": _clock_state(clock, window.until)}
            for clock, issue in rows
        ],
    }  # fmt: skip


def _clock_state(clock: Clock, until: datetime) -> str:
    if clock.met_at is not None:
        return "met" if clock.met_at <= clock.due else "missed"
    if clock.state == "paused":
        return "paused"
    return "missed" if clock.due < until else "running"


def coverage(session: Session, window: Window) -> dict[str, Any]:
    """What we could see and what not: sources switched on, and those whose runs failed in the window."""
    sources = list(
        session.scalars(
            select(Source)
            .where(Source.enabled | Source.state.in_(("blocked", "broken")))
            .order_by(Source.name)
        )
    )
    failed = []
    for source in sources:
        runs = session.execute(
            select(Fetch.state, func.count()).where(Fetch.source == source.name, Fetch.started >= window.since, Fetch.started < window.until)
            .group_by(Fetch.state)
        ).all()  # fmt: skip
        bad = sum(count for state, count in runs if state in ("broken", "blocked"))
        if bad or source.state in ("broken", "blocked"):
            failed.append({
                "name": source.name, "title": source.title or source.name, "state": source.state, "reason": source.state_reason,
                "failed_runs": bad, "runs": sum(count for _, count in runs),
            })  # fmt: skip
    return {"sources": len(sources), "failed": failed}

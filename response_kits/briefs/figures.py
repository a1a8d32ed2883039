"""Counts behind briefs: each is a query over the record, with the window it covers, so that a figure can open its rows."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
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
    IssueEvent,
    Rumour,
    RumourMatch,
    Source,
    Statement,
)
from huiyin.settings import Settings
from nlp.corpus.posts import OFFICIAL
from response_kits.briefs.as_of import known
from response_kits.briefs.periods import Period, Window
from response_kits.clocks import start_of


def _in(window: Window) -> Any:
    return DocumentRow.when >= window.since, DocumentRow.when < window.until


def total(session: Session, window: Window) -> int:
    """Documents in a window."""
    return int(session.scalar(select(func.count()).select_from(DocumentRow).where(*_in(window))) or 0)


def negative(session: Session, window: Window) -> int:
    """Documents in a window that the model reads as negative."""
    joined = select(func.count()).select_from(DocumentRow).join(AnalysisRow)
    return int(session.scalar(joined.where(*_in(window), AnalysisRow.sentiment == -1)) or 0)


def buckets(
    session: Session, window: Window, edges: Sequence[datetime], labels: Sequence[str], issue: str = ""
) -> list[dict[str, Any]]:
    """[{label, since, until, count, negative}] between each two of `edges`, of one issue where it is named; what lies after the
    window's end is not counted."""
    wanted = (
        select(DocumentRow.when, AnalysisRow.sentiment)
        .outerjoin(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
        .where(*_in(window))
    )
    if issue:
        wanted = wanted.join(IssueDocument, IssueDocument.document_id == DocumentRow.id).where(
            IssueDocument.issue_id == issue
        )
    counts, against = [0] * len(labels), [0] * len(labels)
    for when, sentiment in session.execute(wanted.execution_options(yield_per=5_000)):
        at = bisect_right(edges, when) - 1
        if 0 <= at < len(labels):
            counts[at] += 1
            against[at] += sentiment == -1
    return [
        {
            "label": label,
            "since": edges[n].isoformat(),
            "until": edges[n + 1].isoformat(),
            "count": counts[n],
            "negative": against[n],
        }
        for n, label in enumerate(labels)
    ]


def by_topic(session: Session, window: Window) -> list[dict[str, Any]]:
    """[{topic, count, negative}], most first."""
    rows = session.execute(
        select(AnalysisRow.topic, func.count(), func.sum(case((AnalysisRow.sentiment == -1, 1), else_=0)))
        .join(DocumentRow, DocumentRow.id == AnalysisRow.document_id)
        .where(*_in(window)).group_by(AnalysisRow.topic).order_by(func.count().desc(), AnalysisRow.topic)
    )  # fmt: skip
    return [{"topic": topic, "count": count, "negative": int(against or 0)} for topic, count, against in rows]


def by_source(session: Session, window: Window, issue: str = "") -> list[dict[str, Any]]:
    """[{source, title, count}], most first; of one issue where it is named."""
    wanted = select(DocumentRow.source, func.count()).where(*_in(window))
    if issue:
        wanted = wanted.join(IssueDocument, IssueDocument.document_id == DocumentRow.id).where(
            IssueDocument.issue_id == issue
        )
    rows = session.execute(
        wanted.group_by(DocumentRow.source).order_by(func.count().desc(), DocumentRow.source)
    )
    titles = source_titles(session)
    return [{"source": name, "title": titles.get(name) or name, "count": count} for name, count in rows]


def events(session: Session, period: Period, limit: int, settings: Settings) -> list[dict[str, Any]]:
    """The issues with most documents in the period, level first, each as it was known by the period's end."""
    window = period.window
    counted = (
        select(IssueDocument.issue_id, func.count().label("count"), func.avg(func.coalesce(AnalysisRow.sentiment, 0).cast(Float)).label("stance"))
        .outerjoin(AnalysisRow, AnalysisRow.document_id == IssueDocument.document_id)
        .where(IssueDocument.when >= window.since, IssueDocument.when < window.until)
        .group_by(IssueDocument.issue_id).subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Issue, counted.c.count, counted.c.stance).join(counted, counted.c.issue_id == Issue.id)
        .where(Issue.merged_into == "", Issue.state.not_in(("false_alarm", "not_ours")), (Issue.folded > 1) | (Issue.level >= 1), Issue.topic != "other")
        .order_by(Issue.level.desc(), counted.c.count.desc(), Issue.id).limit(2 * limit)
    ).all()  # fmt: skip
    titles = source_titles(session)
    found = [
        _event(session, issue, int(count), float(stance or 0), period, titles, settings)
        for issue, count, stance in rows
    ]
    # The level that stood then may be another than the present one, by which the rows were chosen.
    return sorted(found, key=lambda event: (-event["level"], -event["count"], event["id"]))[:limit]


def _event(
    session: Session,
    issue: Issue,
    count: int,
    stance: float,
    period: Period,
    titles: dict[str, str],
    settings: Settings,
) -> dict[str, Any]:
    was = known(session, issue, period.window.until)
    answered = answer(session, issue, period.window.until, settings)
    return {
        "id": issue.id, "title": was.title, "topic": issue.topic, "place": issue.place, "level": was.level, "count": count,
        "previous": members(session, issue.id, period.before), "stance": round(stance, 2), "unit": was.unit, "summary": was.summary,
        "answered": answered is not None, "hours": answered[1] if answered else None, "concerns": was.concerns[:3],
        "timeline": turns(session, was.timeline, titles), "casualties": was.casualties, "first": issue.first.isoformat(),
    }  # fmt: skip


def source_titles(session: Session) -> dict[str, str]:
    return {row.name: row.title or row.name for row in session.execute(select(Source.name, Source.title))}


def turns(
    session: Session, timeline: Sequence[dict[str, Any]], titles: dict[str, str]
) -> list[dict[str, Any]]:
    """Turns with their sources by their titles, for a reader who does not know the keys; a number of victims that no public body
    has said is marked as unverified."""
    ids = [str(turn.get("document", "")) for turn in timeline if turn["kind"] == "casualties"]
    official = set(
        session.scalars(
            select(DocumentRow.id).where(DocumentRow.id.in_(ids), DocumentRow.kind.in_(tuple(OFFICIAL)))
        )
    )
    found = []
    for turn in timeline:
        text = str(turn["text"])
        for name in sorted(titles, key=len, reverse=True):
            text = text.replace(name, titles[name])
        if turn["kind"] == "casualties" and turn.get("document") not in official:
            text += "（网上说法，未经核实）"
        found.append({**turn, "text": text})
    return found


def members(session: Session, issue: str, window: Window) -> int:
    """Documents of an issue in a window."""
    wanted = select(func.count()).select_from(IssueDocument).where(
        IssueDocument.issue_id == issue, IssueDocument.when >= window.since, IssueDocument.when < window.until
    )  # fmt: skip
    return int(session.scalar(wanted) or 0)


def answer(
    session: Session, issue: Issue, until: datetime, settings: Settings
) -> tuple[datetime, float | None] | None:
    """(when we first spoke on an issue before `until`, hours it took), None where we had not. Our own statements count, and
    answers elsewhere that a person noted; a notice that was merely found does not. Hours run from 接报 or 发现; where that was
    after we spoke, from the first text of the public, and they are None where there was none."""
    said: datetime | None = session.scalar(
        select(func.min(Statement.published)).where(
            Statement.issue_id == issue.id, Statement.published < until
        )
    )
    noted = [
        datetime.fromisoformat(str(row.data["at"]))
        for row in session.scalars(
            select(IssueEvent).where(IssueEvent.issue_id == issue.id, IssueEvent.kind == "answer")
        )
        if row.data.get("at")
    ]
    moments = [moment for moment in [said, *noted] if moment is not None and moment < until]
    if not moments:
        return None
    first, begun = min(moments), start_of(issue, settings)
    if begun > first:
        heard: datetime | None = session.scalar(
            select(func.min(IssueDocument.when)).join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
            .where(IssueDocument.issue_id == issue.id, DocumentRow.kind.not_in(tuple(OFFICIAL)))
        )  # fmt: skip
        if heard is None or heard > first:
            return first, None
        begun = heard
    return first, round((first - begun).total_seconds() / 3600, 1)


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
            told = rumour.published if rumour.published and rumour.published < window.until else None
            found.append({
                "id": rumour.id, "claim": rumour.claim, "verdict": "待核" if rumour.published and not told else rumour.verdict,
                "before": len(times) - after, "after": after, "published": told.isoformat() if told else None,
            })  # fmt: skip
    return found


def clocks(
    session: Session, window: Window, *, at: datetime | None = None, issue: str = ""
) -> dict[str, Any]:
    """Clocks that fall due in the window, of one issue where it is named, as they stood `at` (the window's end where it is not
    given): met, missed, running, paused, and the rows."""
    moment = at or window.until
    wanted = (
        select(Clock, Issue).join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.due >= window.since, Clock.due < window.until, Issue.merged_into == "").order_by(Clock.due, Clock.id)
    )  # fmt: skip
    rows = session.execute(wanted.where(Issue.id == issue) if issue else wanted).all()
    count = Counter(_clock_state(clock, moment) for clock, _ in rows)
    return {
        "met": count["met"], "missed": count["missed"], "running": count["running"], "paused": count["paused"],
        "rows": [
            {"issue": issue.id, "title": issue.title, "rule": clock.rule, "due": clock.due.isoformat(), "state": _clock_state(clock, moment)}
            for clock, issue in rows
        ],
    }  # fmt: skip


def _clock_state(clock: Clock, until: datetime) -> str:
    if clock.met_at is not None and clock.met_at < until:  # what was done later was not known then
        return "met" if clock.met_at <= clock.due else "missed"
    if clock.state == "paused":
        return "paused"
    return "missed" if clock.due < until else "running"


def coverage(session: Session, period: Period) -> dict[str, Any]:
    """What we could see and what not: {sources, failed, silent, since}. `failed`: runs that broke or were refused in the period;
    `silent`: sources that brought something in the period before and nothing in this one; `since`: the first run of all where
    it lies inside the period (what is older was read back later), else None."""
    window = period.window
    chosen = (
        select(Source).where(Source.enabled | Source.state.in_(("blocked", "broken"))).order_by(Source.name)
    )
    sources = list(session.scalars(chosen))
    runs: dict[str, Counter[str]] = {}
    reasons: dict[str, str] = {}
    inside = select(Fetch.source, Fetch.state, Fetch.reason).where(
        Fetch.started >= window.since, Fetch.started < window.until
    )
    for name, state, reason in session.execute(inside.order_by(Fetch.started)):
        runs.setdefault(name, Counter())[state] += 1
        if state in ("broken", "blocked"):
            reasons[name] = reason
    now_count = {row["source"]: row["count"] for row in by_source(session, window)}
    earlier = {row["source"]: row["count"] for row in by_source(session, period.before)}
    failed, silent = [], []
    for source in sources:
        ran = runs.get(source.name, Counter())
        bad = ran["broken"] + ran["blocked"]
        # Without a run in the period, the present state is all that is known of it.
        if bad or (not ran and source.state in ("broken", "blocked")):
            state = source.state if not bad else ("blocked" if ran["blocked"] else "broken")
            failed.append({"name": source.name, "title": source.title or source.name, "state": state,
                           "reason": reasons.get(source.name) or source.state_reason, "failed_runs": bad, "runs": ran.total()})  # fmt: skip
        elif not now_count.get(source.name) and earlier.get(source.name):
            silent.append(
                {"name": source.name, "title": source.title or source.name, "previous": earlier[source.name]}
            )
    began: datetime | None = session.scalar(select(func.min(Fetch.started)))
    late = began is not None and window.since < began
    return {
        "sources": len(sources),
        "failed": failed,
        "silent": silent,
        "since": began.isoformat() if began and late else None,
    }

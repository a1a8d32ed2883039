"""How the sources are: do we hear everything? One row a source, from the fetch rows of the last seven days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import DocumentRow, Fetch, Quarantine, Record
from huiyin.records import Source as SourceRow

DAYS = 7
GOOD = ("ok", "unchanged", "empty", "filtered", "duplicate")
_SILENT_FACTOR = 4.0
_SILENT_LEAST = timedelta(hours=6)
_HISTORY_DAYS = 14


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """`days`: seven days, oldest first, local to `now`'s zone, each state → count of runs. `success`: share of runs of the
    week that could read the site, None without runs. `silent`: a sentence where a source that always yields has gone silent."""

    name: str
    title: str
    kind: str
    enabled: bool
    sample: bool
    state: str
    reason: str
    last_run: datetime | None
    last_new: datetime | None
    next_run: datetime | None
    success: float | None
    days: tuple[Mapping[str, int], ...]
    new_per_day: float
    quarantined: int
    silent: str = ""
    legal_basis: str = ""
    notes: str = ""
    decided_by: str = ""
    run_seconds: float = field(default=0.0)


def health(record: Record, now: datetime) -> list[SourceHealth]:
    """All sources, those that need a person first: blocked, broken, silent, then by name."""
    with record.session(write=False) as session:
        sources = list(session.scalars(select(SourceRow)))
        fetches = _fetches(session, now)
        waiting = session.execute(
            select(Quarantine.source, func.count().label("pages"))
            .where(Quarantine.replayed.is_(None))
            .group_by(Quarantine.source)
        )
        quarantined = {row.source: row.pages for row in waiting}
        arrivals = _arrivals(session, now)
    found = [
        _one(row, fetches.get(row.name, []), arrivals.get(row.name, []), quarantined.get(row.name, 0), now)
        for row in sources
    ]
    return sorted(found, key=lambda h: (not h.enabled and h.state != "blocked", _urgency(h), h.name))


def _urgency(one: SourceHealth) -> int:
    return {"blocked": 0, "broken": 1}.get(one.state, 2 if one.silent else 3)


def _fetches(session: Session, now: datetime) -> dict[str, list[Fetch]]:
    found: dict[str, list[Fetch]] = defaultdict(list)
    query = select(Fetch).where(Fetch.started >= now - timedelta(days=DAYS + 1)).order_by(Fetch.started)
    for row in session.scalars(query):
        found[row.source].append(row)
    return found


def _arrivals(session: Session, now: datetime) -> dict[str, list[datetime]]:
    """Hours (their starts) in which each source brought something new in the last fortnight, in order."""
    found: dict[str, set[datetime]] = defaultdict(set)
    query = select(Fetch.source, Fetch.finished).where(
        Fetch.started >= now - timedelta(days=_HISTORY_DAYS),
        Fetch.new + Fetch.changed + Fetch.duplicate > 0,
    )
    for name, finished in session.execute(query):
        if finished is not None:
            found[name].add(finished)
    pushed = (
        select(DocumentRow.source, func.max(DocumentRow.fetched))
        .where(DocumentRow.fetched >= now - timedelta(days=_HISTORY_DAYS))
        .group_by(DocumentRow.source)
    )
    for name, latest in session.execute(pushed):
        if latest is not None:
            found[name].add(latest)
    return {name: sorted(moments) for name, moments in found.items()}


def _one(
    row: SourceRow, fetches: list[Fetch], arrivals: list[datetime], quarantined: int, now: datetime
) -> SourceHealth:
    ended = [f for f in fetches if f.state != "running" and f.started >= now - timedelta(days=DAYS)]
    days: list[dict[str, int]] = [{} for _ in range(DAYS)]
    for one in ended:
        back = (now.date() - one.started.astimezone(now.tzinfo).date()).days
        if 0 <= back < DAYS:
            day = days[DAYS - 1 - back]
            day[one.state] = day.get(one.state, 0) + 1
    good = sum(one.state in GOOD for one in ended)
    last_new = max([moment for moment in (row.last_new, *arrivals[-1:]) if moment], default=None)
    new = sum(one.new + one.changed + one.duplicate for one in ended)
    seconds = [(one.finished - one.started).total_seconds() for one in ended if one.finished]
    return SourceHealth(
        name=row.name, title=row.title, kind=row.kind, enabled=row.enabled, sample=row.sample, state=row.state, reason=row.state_reason,
        last_run=row.last_run, last_new=last_new, next_run=row.next_run, success=good / len(ended) if ended else None,
        days=tuple(days), new_per_day=new / DAYS, quarantined=quarantined,
        silent=_silence(arrivals, now) if row.enabled and row.kind not in ("import",) else "",
        legal_basis=row.legal_basis, notes=row.notes, decided_by=row.decided_by, run_seconds=sum(seconds) / len(seconds) if seconds else 0.0,
    )  # fmt: skip


def _silence(arrivals: list[datetime], now: datetime) -> str:
    """A sentence where the present pause is four times longer than any usual one of this source (its 90th percentile).

    It takes six arrivals to know what is usual. A source that answers every time but brings nothing is the one that
    counters of errors never show.
    """
    if len(arrivals) < 6:
        return ""
    gaps = sorted(
        (later - earlier for earlier, later in pairwise(arrivals)),
        key=lambda gap: gap.total_seconds(),
    )
    usual = gaps[min(len(gaps) - 1, int(0.9 * len(gaps)))]
    pause = now - arrivals[-1]
    if pause <= max(usual * _SILENT_FACTOR, _SILENT_LEAST):
        return ""
    return f"已 {_words(pause)} 没有新内容，平时最长约 {_words(usual)}"


def _words(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    if hours < 1:
        return f"{max(1, round(hours * 60))} 分钟"
    return f"{round(hours)} 小时" if hours < 48 else f"{round(hours / 24)} 天"

"""How the sources are: do we hear everything? One row a source, from the fetch rows of the last seven days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawler import silence
from crawler.silence import GOOD
from huiyin.records import DocumentRow, Fetch, Quarantine, Record
from huiyin.records import Source as SourceRow
from huiyin.rules import load

DAYS = 7
_HISTORY_DAYS = 14
ZONE = ZoneInfo("Asia/Shanghai")
"""A source's week is that of the people who write it."""


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
        latest = _latest(session, now)
        quiet = silence.silent(session, sources, now, _rule(), ZONE)
    found = [
        _one(
            row, fetches.get(row.name, []), latest.get(row.name), quarantined.get(row.name, 0),
            silence.words(quiet[row.name]) if row.name in quiet else "", now,
        )
        for row in sources
    ]  # fmt: skip
    return sorted(found, key=lambda h: (not h.enabled and h.state != "blocked", _urgency(h), h.name))


def _urgency(one: SourceHealth) -> int:
    return {"blocked": 0, "broken": 1}.get(one.state, 2 if one.silent else 3)


def _fetches(session: Session, now: datetime) -> dict[str, list[Fetch]]:
    found: dict[str, list[Fetch]] = defaultdict(list)
    query = select(Fetch).where(Fetch.started >= now - timedelta(days=DAYS + 1)).order_by(Fetch.started)
    for row in session.scalars(query):
        found[row.source].append(row)
    return found


def _latest(session: Session, now: datetime) -> dict[str, datetime]:
    """When each source last brought a document, within the last fortnight: files and pushes have no crawl that says so."""
    query = (
        select(DocumentRow.source, func.max(DocumentRow.fetched))
        .where(DocumentRow.fetched >= now - timedelta(days=_HISTORY_DAYS))
        .group_by(DocumentRow.source)
    )
    return {name: latest for name, latest in session.execute(query) if latest is not None}


def _rule() -> dict[str, Any]:
    return next(rule for rule in load("alerts")["rule"] if rule["key"] == "silent")


def _one(
    row: SourceRow,
    fetches: list[Fetch],
    latest: datetime | None,
    quarantined: int,
    silent: str,
    now: datetime,
) -> SourceHealth:
    ended = [f for f in fetches if f.state != "running" and f.started >= now - timedelta(days=DAYS)]
    days: list[dict[str, int]] = [{} for _ in range(DAYS)]
    for one in ended:
        back = (now.date() - one.started.astimezone(now.tzinfo).date()).days
        if 0 <= back < DAYS:
            day = days[DAYS - 1 - back]
            day[one.state] = day.get(one.state, 0) + 1
    good = sum(one.state in GOOD for one in ended)
    last_new = max([moment for moment in (row.last_new, latest) if moment], default=None)
    new = sum(one.new + one.changed + one.duplicate for one in ended)
    seconds = [(one.finished - one.started).total_seconds() for one in ended if one.finished]
    return SourceHealth(
        name=row.name, title=row.title, kind=row.kind, enabled=row.enabled, sample=row.sample, state=row.state, reason=row.state_reason,
        last_run=row.last_run, last_new=last_new, next_run=row.next_run, success=good / len(ended) if ended else None,
        days=tuple(days), new_per_day=new / DAYS, quarantined=quarantined,
        silent=silent,
        legal_basis=row.legal_basis, notes=row.notes, decided_by=row.decided_by, run_seconds=sum(seconds) / len(seconds) if seconds else 0.0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """One local day of a source: new or changed documents, copies, runs, and those of them that could not read the site."""

    day: date
    new: int = 0
    duplicate: int = 0
    runs: int = 0
    failed: int = 0


def daily(session: Session, source: SourceRow, now: datetime, days: int = 28) -> list[Day]:
    """The last `days` days, oldest first, local to `now`'s zone; of files that people brought the documents by arrival."""
    first = now.date() - timedelta(days=days - 1)
    since = datetime.combine(first, time(), now.tzinfo)
    counts: dict[date, list[int]] = {first + timedelta(days=n): [0, 0, 0, 0] for n in range(days)}
    fetches = select(Fetch).where(Fetch.source == source.name, Fetch.started >= since, Fetch.started <= now)
    for one in session.scalars(fetches):
        if one.state == "running":
            continue
        row = counts[one.started.astimezone(now.tzinfo).date()]
        row[0] += one.new + one.changed
        row[1] += one.duplicate
        row[2] += 1
        row[3] += one.state not in GOOD
    if source.kind == "import":
        brought = select(DocumentRow.fetched, DocumentRow.duplicate_of).where(
            DocumentRow.source == source.name, DocumentRow.fetched >= since, DocumentRow.fetched <= now
        )
        for fetched, first_of in session.execute(brought):
            counts[fetched.astimezone(now.tzinfo).date()][1 if first_of else 0] += 1
    return [Day(day, *row) for day, row in counts.items()]

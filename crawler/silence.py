"""Sources that always yield and have gone silent, from the record's fetches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawler import rhythm
from huiyin.records import Fetch
from huiyin.records import Source as SourceRow

GOOD = ("ok", "unchanged", "empty", "filtered", "duplicate")
"""States of a run that could read the site."""
PUSHED = "push"


def silent(
    session: Session, sources: Iterable[SourceRow], now: datetime, rule: Mapping[str, Any], zone: ZoneInfo
) -> dict[str, rhythm.Silence]:
    """Name → silence of those sources that are out of step. `rule`: least_missed, times_longest, least_days, history_days.

    Sources that are switched off, and files that people bring, are never silent. A crawled source is silent only up to its
    last good run: while it is broken, blocked, or we are down, nothing can be said. A pushed source is silent up to now.
    """
    found: dict[str, rhythm.Silence] = {}
    numbers = {name: rule[name] for name in ("least_missed", "times_longest", "least_days")}
    for source in sources:
        if not source.enabled or source.kind == "import":
            continue
        arrivals, looked = history(session, source, now - timedelta(days=rule["history_days"]), now)
        if arrivals and looked is not None:
            one = rhythm.silence(arrivals, looked, zone, **numbers)
            if one is not None:
                found[source.name] = one
    return found


def history(
    session: Session, source: SourceRow, since: datetime, now: datetime
) -> tuple[list[datetime], datetime | None]:
    """(moments of something new, in order; the last moment that the source was looked at with success)."""
    mine = (Fetch.source == source.name, Fetch.started >= since, Fetch.started <= now)
    fresh = select(Fetch.started, Fetch.finished).where(
        *mine, Fetch.new + Fetch.changed + Fetch.duplicate > 0
    )
    arrivals: set[datetime] = set()
    for started, finished in session.execute(fresh):
        arrivals.add(finished or started)
        if source.kind == PUSHED:  # one row holds all that was pushed within some minutes
            arrivals.add(started)
    if source.kind == PUSHED:
        return sorted(arrivals), now
    looked = session.scalar(select(func.max(Fetch.finished)).where(*mine, Fetch.state.in_(GOOD)))
    return sorted(arrivals), looked


def words(one: rhythm.Silence) -> str:
    """The silence as a sentence."""
    return f"已 {span(one.until - one.since)} 没有新内容；按平时的规律，这段时间应有约 {one.missed:.0f} 个小时出现新内容，此前最长的一次停顿折合 {one.longest:.1f} 个"


def span(time: timedelta) -> str:
    """A span of time in words: minutes, hours, days."""
    hours = time.total_seconds() / 3600
    if hours < 1:
        return f"{max(1, round(hours * 60))} 分钟"
    return f"{round(hours)} 小时" if hours < 48 else f"{round(hours / 24)} 天"

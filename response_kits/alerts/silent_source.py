"""Sources that always yield and have gone silent: the failure that no counter of errors shows. An alert about a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawler import silence
from crawler.health import ZONE
from crawler.rhythm import Silence
from huiyin.records import Alert, Preference, Source

EVERY = timedelta(minutes=10)
"""Silences are counted in hours: the worker's every round need not read all runs of a month."""
LOOKED = "silence_looked"


@dataclass(frozen=True, slots=True)
class Quiet:
    """A source out of step. `key` names this silence: the next one is another reason."""

    source: Source
    silence: Silence

    @property
    def key(self) -> str:
        return f"source:{self.source.name}:silent:{self.silence.since:%Y%m%dT%H%M%S}"


def quiet_sources(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[Quiet]:
    """Enabled sources that are silent now, looked for every EVERY."""
    looked = session.get(Preference, LOOKED)
    if looked is not None and timedelta(0) <= now - datetime.fromisoformat(looked.value["at"]) < EVERY:
        return
    session.merge(Preference(name=LOOKED, value={"at": now.isoformat()}))
    sources = {row.name: row for row in session.scalars(select(Source).where(Source.enabled.is_(True)))}
    for name, one in silence.silent(session, sources.values(), now, rule, ZONE).items():
        yield Quiet(sources[name], one)


def alert_of(rule: Mapping[str, Any], found: Quiet, now: datetime) -> Alert:
    """The alert's row, its reason and figures frozen."""
    source, one = found.source, found.silence
    measured = {
        "missed": round(one.missed, 1),
        "longest": round(one.longest, 1),
        "hours": round(one.hours, 1),
    }
    return Alert(
        source=source.name, rule=rule["key"], level=rule["level"], title=f"来源异常安静：{source.title or source.name}",
        reason=f"“{source.title or source.name}”{silence.words(one)}。来源能正常访问，请查看其页面是否改版、栏目是否搬家。", at=now, dedup=found.key[:128],
        evidence={
            "measured": measured, "sample": source.sample, "last_new": one.since.isoformat(), "looked": one.until.isoformat(),
            "usual_per_day": round(one.usual, 1), "state": source.state,
        },
    )  # fmt: skip

"""Past data through grouping, heat and level on its own clock: would the alarm have come in time, and how often for nothing?

What counts as big is fixed before: an event (field `event`, else the issue that the grouper made) with `size` documents or
more, within the file. Its peak is the middle of its busiest hour. An alarm at level k is the first moment at which an issue's level reaches
k. The alarm is early where it comes before the peak, missed where it comes later or never; alarms of issues that
belong mostly to no big event are false.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from huiyin.document import Analysis
from nlp.corpus.consolidate import apply, consolidate
from nlp.corpus.grouping import Context, Grouper
from nlp.corpus.heat import Usual, measure
from nlp.corpus.level import Fact, IssueFacts, grade

LEVELS = (1, 2, 3)
SETTLE = timedelta(hours=1)
"""Time between two slow passes, on the clock of the data."""
READ = 300
"""Latest documents of an issue that its level reads."""


@dataclass(slots=True)
class _Seen:
    times: deque[datetime] = field(default_factory=lambda: deque(maxlen=5000))
    facts: deque[Fact] = field(default_factory=lambda: deque(maxlen=READ))
    authors: set[str] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    events: Counter[str] = field(default_factory=Counter)
    count: int = 0
    alarms: dict[int, list[datetime]] = field(default_factory=dict)
    heat_alarms: dict[int, list[datetime]] = field(default_factory=dict)

    def absorb(self, other: _Seen) -> None:
        """Become the issue of both, with the alarms of both: each of them was given."""
        self.times = deque(sorted([*self.times, *other.times]), maxlen=self.times.maxlen)
        self.facts = deque([*other.facts, *self.facts], maxlen=self.facts.maxlen)
        self.authors |= other.authors
        self.sources |= other.sources
        self.events.update(other.events)
        self.count += other.count
        for mine, theirs in ((self.alarms, other.alarms), (self.heat_alarms, other.heat_alarms)):
            for level, given in theirs.items():
                mine[level] = sorted([*mine.get(level, ()), *given])


@dataclass(frozen=True, slots=True)
class Outcome:
    """One threshold. `leads`: hours from alarm to peak for each big event that was caught; `days`: length of the file."""

    part: str
    threshold: int
    big: int
    caught: int
    missed: int
    leads: tuple[float, ...]
    false: int
    days: float

    def row(self) -> dict[str, Any]:
        """For people and JSON: counts, median lead in hours (null where none), false alarms a day."""
        return {
            "part": self.part,
            "threshold": self.threshold,
            "big_events": self.big,
            "caught_before_peak": self.caught,
            "missed": self.missed,
            "median_lead_hours": round(median(self.leads), 2) if self.leads else None,
            "false_alarms": self.false,
            "false_alarms_a_day": round(self.false / self.days, 3),
        }


class Replay:
    """Feed rows in order of time with `add`, then ask for `outcomes`."""

    def __init__(self, window: timedelta | None = None) -> None:
        self.grouper = Grouper() if window is None else Grouper(window)
        self.usual = Usual()
        self.issues: dict[str, _Seen] = defaultdict(_Seen)
        self.times_of_event: dict[str, list[datetime]] = defaultdict(list)
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._settled: datetime | None = None

    def add(self, row: Mapping[str, Any], when: datetime, analysis: Analysis | None = None) -> str:
        """Take one row (id, text; optional title, source, author, event, kind) at its time; returns its issue."""
        title, text = str(row.get("title") or ""), str(row.get("text") or "")
        context = Context(str(row.get("parent") or ""), str(row.get("author") or ""))
        issue = self.grouper.add(str(row["id"]), text, title, when, context=context).issue
        seen = self.issues[issue]
        self.usual.learn(when)
        self.first = when if self.first is None else min(self.first, when)
        self.last = when if self.last is None else max(self.last, when)
        source, author = str(row.get("source") or "?"), str(row.get("author") or "")
        seen.count += 1
        seen.times.append(when)
        seen.sources.add(source)
        seen.authors.add(author or str(row["id"]))
        seen.facts.append(_fact(row, f"{title}\n{text}", author, source, analysis))
        event = str(row["event"]) if row.get("event") is not None else ("" if "event" in row else issue)
        if event:
            seen.events[event] += 1
            self.times_of_event[event].append(when)
        # A large issue's level changes slowly: look at each twentieth of its growth.
        if seen.count <= 40 or seen.count % (seen.count // 20) == 0:
            self._look(seen, when)
        if self._settled is None or when - self._settled >= SETTLE:
            self._settle(when)
        return issue

    def _settle(self, now: datetime) -> None:
        """The slow pass, as the worker runs it when it is idle. Its splits are left out: what an alarm rested on stays."""
        self._settled = now
        for proposal in consolidate(self.grouper):
            if proposal.kind == "merge" and apply(self.grouper, proposal) is not None:
                keep, gone = proposal.issues
                seen = self.issues[keep]
                seen.absorb(self.issues.pop(gone))
                self._look(seen, now)

    def _look(self, seen: _Seen, now: datetime) -> None:
        heat = measure(
            seen.times, now, authors=len(seen.authors), sources=len(seen.sources), usual=self.usual
        )
        level = grade(
            IssueFacts(tuple(seen.facts), heat.hourly, len(seen.authors), len(seen.sources), heat.burst)
        )
        for threshold in LEVELS:
            if level.level >= threshold:
                seen.alarms.setdefault(threshold, [now])
            if level.heat.value >= threshold:
                seen.heat_alarms.setdefault(threshold, [now])

    def outcomes(self, size: int) -> list[Outcome]:
        """For the whole level and for the heat part alone, each threshold. An event is big from `size` documents on."""
        peaks = {event: _peak(times) for event, times in self.times_of_event.items() if len(times) >= size}
        days = (
            max((self.last - self.first).total_seconds() / 86_400, 1.0) if self.first and self.last else 1.0
        )
        found = []
        for part in ("level", "heat"):
            for threshold in LEVELS:
                first: dict[str, datetime] = {}
                false = 0
                for seen in self.issues.values():
                    main = seen.events.most_common(1)
                    event = main[0][0] if main and main[0][1] * 2 > seen.count else ""
                    for at in (seen.alarms if part == "level" else seen.heat_alarms).get(threshold, ()):
                        # What rang before the event began rang for something else, whatever it was merged into later.
                        if event in peaks and at >= min(self.times_of_event[event]):
                            first[event] = min(first.get(event, at), at)
                        else:
                            false += 1
                leads = [(peaks[event] - at).total_seconds() / 3600 for event, at in first.items()]
                early = tuple(lead for lead in leads if lead > 0)
                missed = len(peaks) - len(early)
                found.append(Outcome(part, threshold, len(peaks), len(early), missed, early, false, days))
        return found


def _fact(row: Mapping[str, Any], text: str, author: str, source: str, analysis: Analysis | None) -> Fact:
    kind = str(row.get("kind") or "other")
    if analysis is None:
        return Fact(str(row["id"]), text, kind, author=author, source=source)
    return Fact(
        str(row["id"]),
        text,
        kind,
        analysis.topic,
        analysis.urgency,
        analysis.sentiment,
        analysis.rumour_score,
        analysis.casualties,
        tuple(place.name for place in analysis.places),
        author,
        source,
    )


def _peak(times: Iterable[datetime]) -> datetime:
    """Middle of the busiest clock-free hour."""
    ordered = sorted(times)
    best, at, end = 0, 0, 0
    for start, moment in enumerate(ordered):
        while end < len(ordered) and ordered[end] < moment + timedelta(hours=1):
            end += 1
        if end - start > best:
            best, at = end - start, start
    return ordered[at] + (ordered[min(at + best, len(ordered)) - 1] - ordered[at]) / 2

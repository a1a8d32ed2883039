"""The rhythm in which a source yields, and whether its present silence is out of step: by the hour of the week, from its own past.

A source is measured in *arrivals*: hours in which it brought something new. Each hour of the week has a chance of an arrival,
learnt from the source's own weeks (hours of the same time on other working days, or on the other day of the weekend, help
where the weeks are few). A silence is weighed by the arrivals that it should have held, so that a night, a weekend or a
monthly column is never a silence, and a column that writes every working morning is missed by noon.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

OFTEN = 0.5
"""Share of days with an arrival from which a source is one that always yields (an office's working days are 5 of 7)."""
FEWEST = 12
"""Arrivals from which a rhythm can be learnt at all."""
HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
NEIGHBOURS = 2.0
"""Weeks that the same hour on days of the same sort counts for, beside the hour's own weeks."""


@dataclass(frozen=True, slots=True)
class Silence:
    """`since`: the last arrival; `missed`: arrivals that the silence should have held; `longest`: most that an earlier pause held."""

    since: datetime
    until: datetime
    missed: float
    longest: float
    usual: float  # arrivals on a usual day

    @property
    def hours(self) -> float:
        return (self.until - self.since).total_seconds() / 3600


class Rhythm:
    """Chances of an arrival for each of the 168 hours of the week (local), from arrivals between `begin` and `end`."""

    def __init__(self, arrivals: Iterable[datetime], begin: datetime, end: datetime, zone: ZoneInfo) -> None:
        self.zone = zone
        hours = {_start(moment) for moment in arrivals}
        counts = Counter(self._hour(moment) for moment in hours)
        weeks = max((end - begin) / WEEK, 0.0)
        self.chance = [self._chance(counts, hour, weeks) for hour in range(168)]

    def _hour(self, moment: datetime) -> int:
        local = moment.astimezone(self.zone)
        return local.weekday() * 24 + local.hour

    @staticmethod
    def _chance(counts: Counter[int], hour: int, weeks: float) -> float:
        day, at = divmod(hour, 24)
        alike = range(5) if day < 5 else range(5, 7)
        seen = sum(counts[other * 24 + at] for other in alike) / (len(alike) * max(weeks, 1.0))
        return min((counts[hour] + NEIGHBOURS * seen) / (weeks + NEIGHBOURS), 1.0)

    def expected(self, since: datetime, until: datetime) -> float:
        """Arrivals that the whole hours after `since`'s hour and before `until`'s should hold."""
        at, total = _start(since) + HOUR, 0.0
        end = _start(until)
        whole, rest = divmod(max(end - at, timedelta(0)), WEEK)
        if whole:
            total = whole * sum(self.chance)
            at = end - rest
        while at < end:
            total += self.chance[self._hour(at)]
            at += HOUR
        return total


def _start(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def silence(
    arrivals: Sequence[datetime],
    until: datetime,
    zone: ZoneInfo,
    *,
    least_missed: float,
    times_longest: float,
    least_days: int,
) -> Silence | None:
    """The present silence where it is out of step, else None.

    `arrivals`: moments of something new, in order. `until`: the last time the source was looked at with success: what we did
    not look at is not silent. Out of step is a silence that should have held `least_missed` arrivals, and `times_longest`
    times as many as the longest pause before it. A source with arrivals on fewer than `least_days` days has no rhythm yet, and
    one with arrivals on less than half of its days is not one that always yields.
    """
    days = {moment.astimezone(zone).date() for moment in arrivals}
    if len(days) < least_days or len(arrivals) < FEWEST or until <= arrivals[-1]:
        return None
    if len(days) < OFTEN * ((max(days) - min(days)).days + 1):
        return None
    rhythm = Rhythm(arrivals, arrivals[0], arrivals[-1], zone)
    # Few arrivals tell a rate badly: the lower end of what they can mean (one standard deviation of a count) is held.
    missed = rhythm.expected(arrivals[-1], until) * (1 - len(arrivals) ** -0.5)
    if missed < least_missed:
        return None
    longest = max(rhythm.expected(earlier, later) for earlier, later in pairwise(arrivals))
    if missed < times_longest * longest:
        return None
    return Silence(arrivals[-1], until, missed, longest, sum(rhythm.chance) / 7)

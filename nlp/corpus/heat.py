"""Heat of an issue: texts an hour, what is usual for this hour of the week, and how far above it the issue is.

Night and weekend are no news: the count of an hour is compared with the issue's own level times the share that this hour of
the week usually has in the whole stream. A burst needs several authors and sources; one loud account is not heat.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from zoneinfo import ZoneInfo

from huiyin.rules import load

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = 72
"""Hours of history that the record keeps for an issue."""
HALF_LIFE = 6.0
"""Hours after which a text counts half for the heat."""
_PRIOR = 30.0
"""Texts of the prior in each hour of the week: a new installation starts from a usual day, and learns its own."""
DAY = (0.79, 0.47, 0.31, 0.23, 0.23, 0.28, 0.84, 1.59, 2.15, 2.25, 1.69, 1.34, 1.25, 1.15, 0.86, 0.79, 0.80, 0.85, 0.85, 0.91, 0.98, 1.10, 1.20, 1.12)  # fmt: skip
"""Usual activity by hour of the day, mean 1: reposts 6 to 72 hours after the post, in 1,859 Weibo traces."""


def hour_of_week(moment: datetime) -> int:
    """0 (Monday 00–01, Shanghai) … 167."""
    local = moment.astimezone(ZONE)
    return local.weekday() * 24 + local.hour


class Usual:
    """The usual share of each hour of the week, learnt from the whole stream; 1 is the mean hour."""

    def __init__(self, counts: Sequence[float] | None = None) -> None:
        """counts: 168 totals as `counts` gave them earlier; None: the prior alone."""
        self.counts = list(counts) if counts is not None else [0.0] * 168

    def learn(self, moment: datetime, texts: float = 1.0) -> None:
        """Count texts of the stream. Old weeks fade: the sum is halved when it passes a million."""
        self.counts[hour_of_week(moment)] += texts
        if self.counts[hour_of_week(moment)] > 50_000:
            self.counts = [count / 2 for count in self.counts]

    def factor(self, moment: datetime) -> float:
        """Usual activity in this hour of the week against the mean hour, above 0.05."""
        mean = (sum(self.counts) + 168 * _PRIOR) / 168
        at = hour_of_week(moment)
        return max((self.counts[at] + _PRIOR * DAY[at % 24]) / mean, 0.05)


@dataclass(frozen=True, slots=True)
class Heat:
    """`hourly`: counts, oldest first, the last one the hour before `now`; `burst`: standard deviations above the usual,
    0 where too few authors or sources; `heat`: texts, each halved every 6 hours; `expected`: usual texts an hour now."""

    hourly: tuple[int, ...]
    last_hour: int
    day: int
    burst: float
    expected: float
    heat: float


def hourly(times: Iterable[datetime], now: datetime, hours: int = HOURS) -> list[int]:
    """Texts in each of the last `hours` hours before `now`, oldest first; later and older ones are left out."""
    counts = [0] * hours
    for moment in times:
        back = (now - moment).total_seconds() / 3600
        if 0 <= back < hours:
            counts[hours - 1 - int(back)] += 1
    return counts


def measure(
    times: Sequence[datetime], now: datetime, *, authors: int, sources: int, usual: Usual | None = None
) -> Heat:
    """Heat of an issue from the times of its texts (aware). authors, sources: distinct ones of the last 24 hours."""
    season = usual or Usual()
    counts = hourly(times, now)
    factors = [season.factor(now - timedelta(hours=HOURS - at - 0.5)) for at in range(HOURS)]
    score, expected = burst(counts, factors)
    rules = load("levels")["heat"]
    if authors < rules["authors"][0] or sources < rules["sources"][0]:
        score = 0.0
    cooled = sum(
        0.5 ** (back / HALF_LIFE)
        for moment in times
        if (back := (now - moment).total_seconds() / 3600) >= 0 and back < 24 * 14
    )
    return Heat(
        tuple(counts), counts[-1], sum(counts[-24:]), round(score, 2), round(expected, 3), round(cooled, 3)
    )


def burst(counts: Sequence[float], factors: Sequence[float]) -> tuple[float, float]:
    """(deviation, usual texts in the last hour) of the latest hours, the highest over windows of 1, 3 and 6 hours.

    counts and factors: hour by hour, oldest first, of equal length. The issue's own level is its mean over the hours
    before the window, season removed; its variance is taken as that of counts (at least 1), twice as wide for
    an issue whose hours vary more than counts do.
    """
    best, usual = 0.0, 0.0
    for width in (1, 3, 6):
        if len(counts) <= width:
            break
        before, weights = counts[:-width], factors[:-width]
        level = (sum(before) + 0.5) / (sum(weights) + 1e-9)
        noise = sum((c - level * f) ** 2 for c, f in zip(before, weights, strict=True)) / len(before)
        wide = max(noise / max(level * sum(weights) / len(weights), 1e-9), 1.0)
        expected = level * sum(factors[-width:])
        deviation = (sum(counts[-width:]) - expected) / sqrt(max(expected * min(wide, 4.0), 1.0))
        best = max(best, deviation)
        if width == 1:
            usual = expected
    return best, usual

"""Periods of briefs: a day, an ISO week, a year, or the life of one issue; each with the period that it is compared with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from huiyin.errors import UsageError
from huiyin.settings import Settings


@dataclass(frozen=True, slots=True)
class Window:
    """From (included) to (not included), aware."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """`window` is cut at the moment of making where the period still runs; `before` is the same part of the period before, so
    that three days are compared with three days; `whole` is not cut. `this`, `last`: how a sentence calls them."""

    key: str
    whole: Window
    window: Window
    before: Window
    this: str
    last: str

    @property
    def complete(self) -> bool:
        return self.window.until == self.whole.until


def week(key: str, settings: Settings, now: datetime) -> Period:
    """Monday 0:00 to the next Monday 0:00 in the office's zone. Raises UsageError for anything but 2026-W47."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", key)
    try:
        if not found:
            raise ValueError
        monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise UsageError(f"week {key!r}: write it as 2026-W47") from error
    days = [_midnight(monday + timedelta(days=7 * step), settings) for step in (-1, 0, 1)]
    return _period(key, days, now, "本周", "上周")


def day(key: str, settings: Settings, now: datetime) -> Period:
    """A day of the office's zone, 0:00 to 24:00. Raises UsageError for anything but 2026-11-24."""
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", key):
            raise ValueError
        at = date.fromisoformat(key)
    except ValueError as error:
        raise UsageError(f"day {key!r}: write it as 2026-11-24") from error
    days = [_midnight(at + timedelta(days=step), settings) for step in (-1, 0, 1)]
    return _period(key, days, now, "当日", "前一日")


def year(key: str, settings: Settings, now: datetime) -> Period:
    """A calendar year of the office's zone. Raises UsageError for anything but 2026."""
    if not re.fullmatch(r"20\d{2}", key):
        raise UsageError(f"year {key!r}: write it as 2026")
    days = [_midnight(date(int(key) + step, 1, 1), settings) for step in (-1, 0, 1)]
    return _period(key, days, now, "本年度", "上年度")


def life(first: datetime, now: datetime, settings: Settings) -> Period:
    """From the first text on a matter until now, compared in its last 24 hours with the 24 hours before."""
    whole = Window(first, now)
    today = now.astimezone(settings.zone).strftime("%Y-%m-%d")
    return Period(
        today,
        whole,
        whole,
        Window(now - timedelta(hours=48), now - timedelta(hours=24)),
        "截至目前",
        "此前 24 小时",
    )


def _midnight(at: date, settings: Settings) -> datetime:
    return datetime.combine(at, time(), settings.zone)


def _period(key: str, bounds: list[datetime], now: datetime, this: str, last: str) -> Period:
    before, since, end = bounds
    if now <= since:
        raise UsageError(f"{key} has not begun yet")
    until = min(end, now)
    # Aware times of one zone subtract by the wall clock: in UTC the length is the real one.
    passed = until - since
    compared = since if until == end else min(before + passed, since)
    return Period(key, Window(since, end), Window(since, until), Window(before, compared), this, last)

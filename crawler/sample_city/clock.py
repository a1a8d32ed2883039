"""Waking hours: the map from “so many hours ago” to a moment, under which nights are quiet and order is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")

# Share of the day's posts by local hour, from quiet (3 h) to the evening peak; any positive row would do.
_WEIGHTS = (30, 14, 8, 5, 4, 7, 18, 40, 60, 72, 74, 70, 78, 66, 60, 60, 62, 68, 74, 86, 96, 98, 82, 56)
_SCALE = 24 / sum(_WEIGHTS)
_RATE = tuple(weight * _SCALE for weight in _WEIGHTS)


def moment_before(now: datetime, hours: float) -> datetime:
    """The aware UTC moment `hours` waking hours before `now` (after it, where negative), to the second.

    One whole day is 24 waking hours, a night hour is a fraction of one: the map is monotone, so that an answer never
    comes before its question, whatever the time of day at which the city is built.
    """
    at = now.astimezone(ZONE)
    left = abs(hours)
    days, left = divmod(left, 24)
    forward = hours < 0
    at += timedelta(days=days) if forward else -timedelta(days=days)
    while left > 1e-9:
        rate = _RATE[at.hour if forward or at != _hour_start(at) else (at.hour - 1) % 24]
        edge = _hour_start(at) + timedelta(hours=1) if forward else _hour_start(at)
        if edge == at:
            edge = at - timedelta(hours=1)
        room = abs((edge - at).total_seconds()) / 3600
        if room * rate <= left:
            at, left = edge, left - room * rate
        else:
            step = timedelta(hours=left / rate)
            at, left = (at + step if forward else at - step), 0.0
    return at.astimezone(UTC).replace(microsecond=0)


def _hour_start(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)

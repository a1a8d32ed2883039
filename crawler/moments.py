"""A time as some API, feed or table writes it → aware datetime."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

from crawler.extraction.dates import stamp

SHANGHAI = ZoneInfo("Asia/Shanghai")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEIBO = re.compile(r"^\w{3} (\w{3}) (\d{1,2}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d) (\d{4})$")
_SLASHED = re.compile(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)$")


def moment(value: Any, now: datetime, zone: ZoneInfo = SHANGHAI) -> datetime | None:
    """Seconds or milliseconds since 1970, ISO 8601, RFC 822, 微博's form, Chinese and relative forms; None where unreadable.

    A time without a zone is read in `zone`. Times before 1990 and more than two days after `now` are no time of a text.
    """
    found = _read(value, now, zone)
    if found is None:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    if found.year < 1990 or found > now + timedelta(days=2):
        return None
    return found


def _read(value: Any, now: datetime, zone: ZoneInfo) -> datetime | None:
    if isinstance(value, datetime):
        return value
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return _epoch(float(value))
    text = str(value).strip()
    if re.fullmatch(r"\d{9,10}(\.\d+)?|\d{12,13}", text):
        return _epoch(float(text))
    if match := _WEIBO.match(text):
        month, day, hour, minute, second, sign, hours, minutes, year = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
        if month not in _MONTHS:
            return None
        return datetime(
            int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=timezone(offset)
        )  # fmt: skip
    if match := _SLASHED.match(text):
        text = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}{match[4]}"
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return read(text)
        except (ValueError, TypeError, IndexError):
            continue
    loose = stamp(text, now.astimezone(zone))
    return loose.when if loose else None


def _epoch(number: float) -> datetime | None:
    seconds = number / 1000 if number > 1e11 else number
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None

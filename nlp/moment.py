"""A time as people and exports write it, read once at the border; what cannot be read is no time, never an error."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from huiyin.settings import Settings

_ZONE = Settings().zone
_WRITTEN = re.compile(
    r"\s*(\d{4})\s*[年./-]\s*(\d{1,2})(?:\s*[月./-]\s*(\d{1,2})\s*日?)?(?:[\sT]*(\d{1,2})[:时点](\d{1,2})?)?"
)


def moment(value: Any) -> datetime | None:
    """The aware time that `value` means, or None.

    Strings: ISO 8601, `2026/11/24 10:00`, `2026年11月24日`; numbers: seconds or milliseconds since 1970. A time without a
    zone is Asia/Shanghai.
    """
    if isinstance(value, str):
        value = _read(value.strip())
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0:
        try:
            value = datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
        except (OverflowError, ValueError, OSError):
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=_ZONE)


def _read(written: str) -> datetime | None:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        match = _WRITTEN.match(written)
    if match is None:
        return None
    year, month, day, hour, minute = (int(part) if part else None for part in match.groups())
    try:
        return datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, tzinfo=_ZONE)
    except ValueError:
        return None

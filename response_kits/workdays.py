"""Working days after the State Council's yearly holiday arrangement, make-up working days included."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Due:
    """When a limit ends, and a note in words where it rests on something weaker than the published arrangement."""

    at: datetime
    note: str = ""


def is_workday(day: date) -> tuple[bool, bool]:
    """(is it a working day, is that known from the published arrangement). Outside the table: Monday to Friday."""
    with warnings.catch_warnings():
        # The library warns of nothing that concerns us at import, but our tests turn any warning into an error.
        warnings.simplefilter("ignore", DeprecationWarning)
        import chinese_calendar
    try:
        return bool(chinese_calendar.is_workday(day)), True
    except NotImplementedError:
        return day.weekday() < 5, False


def after_working_days(start: datetime, days: int, zone: ZoneInfo = ZONE) -> Due:
    """The end of the `days`-th working day after `start`'s day (that day not counted), to the last second, local time."""
    day, left, guessed = start.astimezone(zone).date(), days, set()
    while left > 0:
        day += timedelta(days=1)
        working, known = is_workday(day)
        if not known:
            guessed.add(day.year)
        left -= working
    end = datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
    years = "、".join(str(year) for year in sorted(guessed))
    return Due(end, f"{years}年节假日安排未收录，按周一至周五计" if guessed else "")

"""Do two dates, given in part or by word (今日, 去年), name the same day?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from response_kits.checks._figures import Item

_DAYS = {"今日": 0, "昨日": -1, "昨晚": -1, "今晚": 0, "明日": 1, "前天": -2, "后天": 2}
_YEARS = {"今年": 0, "去年": -1, "前年": -2, "明年": 1}
_MONTHS = {"本月": 0, "上月": -1, "下月": 1}


@dataclass(frozen=True, slots=True)
class Day:
    """The day from which words such as 今日 count."""

    year: int
    month: int
    day: int


def agree(draft: Item, fact: Item, year: int | None, month: int | None, today: Day | None) -> bool:
    """`year`, `month`: what the fact said before, or its 截至时间; `today`: the draft's day (or the fact's)."""
    if draft.kind == fact.kind == "rel":
        return draft.key == fact.key
    if today is None and draft.kind == "rel":
        return draft.key[0] in _YEARS or draft.key[0] in _MONTHS  # cannot be resolved, so cannot be denied
    said = resolve(draft, today)
    known = resolve(fact, today)
    if said is None or known is None:
        return False
    known = (known[0] or year, known[1] or (month if known[2] else None), known[2])
    if said[0] is not None and said[0] != known[0]:
        return False
    if said[1] is not None and said[1] != known[1]:
        return False
    return said[2] is None or said[2] == known[2]


def resolve(item: Item, today: Day | None) -> tuple[int | None, int | None, int | None] | None:
    """(year, month, day), None for what is not said; None where a word cannot be resolved."""
    if item.kind == "date":
        return item.key  # type: ignore[return-value]
    word = str(item.key[0])
    if today is None:
        return None
    if word in _DAYS:
        at = date(today.year, today.month, today.day) + timedelta(days=_DAYS[word])
        return at.year, at.month, at.day
    if word in _YEARS:
        return today.year + _YEARS[word], None, None
    if word in _MONTHS:
        months = today.year * 12 + today.month - 1 + _MONTHS[word]
        return months // 12, months % 12 + 1, None
    return None

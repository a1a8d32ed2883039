"""Where a mention belongs: here and now, or past, abroad, drilled, invented, denied, feared."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from nlp.reading import patterns, setting
from nlp.reading.model import Mention
from nlp.stages import places


class Frame:
    """What a whole text says of its setting; each answer is worked out when first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def drill(self) -> bool:
        text = self._text
        return setting.DRILL.search(text[:80]) is not None and "不是演" not in text and "并非演" not in text

    @cached_property
    def fiction(self) -> bool:
        return setting.FICTION.search(self._text[:80]) is not None

    @cached_property
    def denied(self) -> bool:
        return setting.DENIAL.search(self._text) is not None

    @cached_property
    def last_year(self) -> int:
        """The latest year that the text writes; 0 where it writes none."""
        return max((int(year) for year in setting.YEAR.findall(self._text)), default=0)

    @cached_property
    def abroad(self) -> bool:
        return _is_abroad(self._text[:150])


def placed(mention: Mention, sentence: str, offset: int, before: str, frame: Frame) -> Mention:
    """The mention with its status. A stated zero is only put aside by a drill or fiction."""
    start = mention.span[0] - offset
    left = re.split(r"[，,；;：:]", sentence[:start])[-1]
    clause = left + sentence[start : mention.span[1] - offset + 6]
    status = mention.status
    if frame.drill or setting.DRILL.search(sentence):
        status = "drill"
    elif frame.fiction or setting.FICTION.search(sentence):
        status = "fiction"
    elif mention.kind == "missing" and mention.value == 1 and patterns.FOUND.search(sentence[start:]):
        status = "negated"
    elif frame.abroad:
        status = "abroad"
    elif status == "none":
        return mention
    elif patterns.ABOVE.search(sentence, start, mention.span[1] - offset) or _prevented(
        sentence, start, clause
    ):
        status = "prevention-statistic"
    elif patterns.NEGATED.search(left[-8:]) or (frame.denied and _denied(sentence, before, start)):
        status = "negated"
    elif _past(sentence, start, frame):
        status = "history"
    elif _abroad(sentence, before):
        status = "abroad"
    return replace(mention, status=status)


def _prevented(sentence: str, start: int, clause: str) -> bool:
    lead = sentence[max(0, start - 24) : start] + clause[-12:]
    return (
        setting.PREVENT.search(lead) is not None
        or setting.STATISTIC.search(sentence[: start + 12]) is not None
    )


def _denied(sentence: str, before: str, start: int) -> bool:
    if setting.FACT.search(sentence[:start]) and not setting.DENIAL.search(sentence[start:]):
        return False
    if setting.HEARSAY.search(sentence[:start]) or setting.DENIAL.search(sentence):
        return True
    return setting.HEARSAY.search(before) is not None and not setting.FACT.search(before + sentence[:start])


def _past(sentence: str, start: int, frame: Frame) -> bool:
    lead = sentence[:start]
    if re.search(r"今天|昨天|昨日|今日|昨晚|今晨|目前|截至", lead[-30:]):
        return False
    if setting.HISTORY.search(lead):
        return True
    years = [int(m[1]) for m in setting.YEAR_ALONE.finditer(lead)]
    dated = [int(year) for year in setting.YEAR.findall(lead)]
    if dated and max(dated) < frame.last_year:
        return True
    return bool(years) and max(dated) == years[-1] and years[-1] <= 2023 and frame.last_year == years[-1]


def _abroad(sentence: str, before: str) -> bool:
    return any(_is_abroad(part) for part in (sentence, before))


def _is_abroad(part: str) -> bool:
    if not _names_foreign_country(part):
        return False
    return not places.find(patterns.DATELINE.sub("", part)) and "我国" not in part and "国内" not in part


def _names_foreign_country(part: str) -> bool:
    """Whether the part speaks of a place abroad; 泰国游客 and 日本车 are no such place."""
    for match in setting.ABROAD.finditer(part):
        tail = part[match.end() : match.end() + 3]
        if not setting.NOT_THERE.search(part[: match.start()]) and not re.match(
            r"籍|人|游客|留学|车|产|进口|餐|料理|总统|媒体|公司|皇家|队", tail
        ):
            return True
    return False

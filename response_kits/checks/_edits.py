"""A sentence that follows a fact nearly word for word, letter by letter: a negation that was dropped or put in, another year.

The other comparisons read clauses as bags of signs, so that a true rewording passes; they may find the words of a changed
clause somewhere else in the same fact. Where nearly all letters agree, the place of each difference is certain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from response_kits.checks._align import Fault
from response_kits.checks._ground import Passage

ALIKE = 0.86
"""Least share of letters in common from which a sentence counts as the fact's own."""
LONGEST = 400
"""Characters; beyond, the work of comparing would grow with the square."""
SHORT = 3
"""Longest difference in characters that is read as a change of one word."""
_NEGATIVE = re.compile("[不未没无非勿莫免禁拒缺难]|尚未|停止|取消|杜绝|避免")
_WORD = re.compile("(?:尚|并|从|绝|毫|暂|还|也)?(?:不|未|没有|没|无|非|勿)(?:得|予|能|可|再|会|曾)?$")
"""What stands alone as a negation and nothing more."""
_TENSES = dict.fromkeys(("已", "已经", "均已", "曾"), "done") | dict.fromkeys(
    ("将", "拟", "正在", "正", "即将", "计划", "预计", "将会"), "to come"
)
_LETTER = re.compile(r"[\u4e00-\u9fff0-9A-Za-z]")


def edits(text: str, start: int, end: int, passages: Sequence[Passage]) -> Iterator[Fault]:
    """Faults of text[start:end] (folded) against the passages that it follows; none where it follows one without a fault."""
    said = text[start:end].strip()
    if not 6 <= len(said) <= LONGEST:
        return
    start += text[start:end].index(said)
    found: list[Fault] = []
    for passage in passages:
        known = passage.text.strip()
        if not len(said) * 0.7 <= len(known) <= len(said) * 1.4 or len(known) > LONGEST:
            continue
        matcher = SequenceMatcher(None, known, said, autojunk=False)
        if matcher.quick_ratio() < ALIKE or matcher.ratio() < ALIKE:
            continue
        faults = list(_faults(known, said, matcher.get_opcodes(), start))
        if not faults:
            return
        found = found or faults
    yield from found


def _faults(
    known: str, said: str, codes: Sequence[tuple[str, int, int, int, int]], start: int
) -> Iterator[Fault]:
    for n, (tag, a, b, c, d) in enumerate(codes):
        held = n > 0 and n + 1 < len(codes) and codes[n - 1][2] - codes[n - 1][1] >= 2
        if tag == "equal" or not held or max(b - a, d - c) > SHORT:
            continue
        was, now = known[a:b], said[c:d]
        if not _LETTER.search(was + now):
            continue
        at, stop = start + max(0, c - 2), start + min(len(said), max(d, c + 1) + 2)
        if tag in ("delete", "insert") and _WORD.match(was or now) and _whole(known, said, a, b, c, d):
            words = f"依据原文为“{known[max(0, a - 4) : b + 6]}”，此处{'少' if was else '多'}了“{was or now}”"
            yield Fault("negation", at, stop, words)
        elif (
            tag == "replace"
            and bool(_NEGATIVE.search(was)) != bool(_NEGATIVE.search(now))
            and _WORD.match(was or now)
        ):
            yield Fault("negation", at, stop, f"依据原文为“{was}”，此处写成“{now}”，意思相反")
        elif tag == "replace" and {_TENSES.get(was), _TENSES.get(now)} == {"done", "to come"}:
            yield Fault("tense", at, stop, f"依据原文为“{was}”，此处写成“{now}”，已做与未做不同")
        elif (
            tag == "replace"
            and was.isdigit()
            and now.isdigit()
            and known[b : b + 1] == said[d : d + 1] == "年"
        ):
            yield Fault("date", at, stop, f"依据原文的年份与此处不同：“{known[max(0, b - 4) : b + 1]}”")


def _whole(known: str, said: str, a: int, b: int, c: int, d: int) -> bool:
    """The negation stands by itself: no part of 不足, 无障碍 of which the rest was left out too, no 是否-like pair."""
    text, at, stop = (known, a, b) if b > a else (said, c, d)
    before, after = text[at - 1 : at], text[stop : stop + 1]
    return bool(after) and before != after and bool(_LETTER.search(after))

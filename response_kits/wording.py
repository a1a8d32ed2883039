"""How times, numbers and sentences are written in official Chinese; shared by drafts, clocks and kits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from response_kits.workdays import ZONE

_SENTENCE = re.compile(r"[^。！？!?\n]+(?:[。！？!?]+[”’」』）)]*|(?=\n)|$)")


def moment(at: datetime, *, year: bool = False, minutes: bool = True) -> str:
    """11月24日15时30分 (whole hours without minutes), Beijing time; with the year where asked."""
    local = at.astimezone(ZONE)
    text = f"{local.year}年" if year else ""
    text += f"{local.month}月{local.day}日{local.hour}时"
    return text + (f"{local.minute:02d}分" if minutes and local.minute else "")


def stamp(at: datetime) -> str:
    """2026年11月24日15时05分: the time of a signature, to the minute always."""
    local = at.astimezone(ZONE)
    return f"{local.year}年{local.month}月{local.day}日{local.hour}时{local.minute:02d}分"


def day(at: datetime, *, year: bool = False) -> str:
    local = at.astimezone(ZONE)
    return (f"{local.year}年" if year else "") + f"{local.month}月{local.day}日"


def sentences(text: str) -> Iterator[tuple[str, int, int]]:
    """(sentence with its closing mark, start, end) in order; a line feed ends a sentence too."""
    for match in _SENTENCE.finditer(text):
        raw = match[0]
        inner = raw.strip()
        if inner:
            start = match.start() + raw.index(inner[0])
            yield inner, start, start + len(inner)


def closed(sentence: str) -> str:
    """The sentence with a full stop at its end, spaces trimmed."""
    text = sentence.strip().rstrip("；;，,、")
    return text if not text or text[-1] in "。！？!?”" else text + "。"


def opened(sentence: str) -> str:
    """The sentence without its closing mark."""
    return sentence.strip().rstrip("。；;，,！!")


def joined(parts: Iterable[str], mark: str = "、", last: str = "和") -> str:
    """甲、乙和丙."""
    words = list(dict.fromkeys(part for part in parts if part))
    if len(words) < 2:
        return "".join(words)
    return mark.join(words[:-1]) + last + words[-1]

"""One spelling for comparing, character for character with the text as given, so that every span stays true."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

_ODD = {"～": "~", "〜": "~", "—": "-", "–": "-", "－": "-", "‘": "“", "’": "”", "「": "“", "」": "”", "『": "“", "』": "”", "\u3000": " ",
        "\xa0": " ", "．": ".", "﹒": "."}  # fmt: skip


@cache
def _fold(char: str) -> str:
    if char in _ODD:
        return _ODD[char]
    form = unicodedata.normalize("NFKC", char).lower()
    return form if len(form) == 1 else char


def fold(text: str) -> str:
    """NFKC, lower case, one sort of dash and quotation mark; the same length as `text`."""
    text = re.sub(r'"([^"\n]{1,200})"', r"“\1”", text)
    return "".join(map(_fold, text))


def squeeze(text: str) -> str:
    """The folded text without blanks and closing marks: for asking whether one text holds another word for word."""
    return re.sub(r"\s+", "", fold(text)).strip("。.!?;,，；、")


def clauses(text: str, start: int = 0) -> Iterator[tuple[int, int]]:
    """Spans of the parts between commas, semicolons, colons and full stops. A mark between digits (1,200; 15:30), in a quotation
    or in brackets parts nothing."""
    at, depth = 0, 0
    for index, char in enumerate(text):
        if char in "“《(（〔[【":
            depth += 1
        elif char in "”》)）〕]】":
            depth = max(0, depth - 1)
        elif char in "，,;；：:。！？!?\n" and (depth == 0 or char == "\n"):
            inner = 0 < index < len(text) - 1 and text[index - 1].isdigit() and text[index + 1].isdigit()
            if char in ",:：，" and inner:
                continue
            if text[at:index].strip():
                yield from _short(start + at, start + index)
            at = index + 1
            depth = 0 if char == "\n" else depth
    if text[at:].strip():
        yield from _short(start + at, start + len(text))


def _short(start: int, end: int) -> Iterator[tuple[int, int]]:
    """At most 200 characters a piece, so that a text without marks costs no more than one with them."""
    while end - start > 200:
        yield start, start + 200
        start += 200
    yield start, end


def spoken(text: str) -> str:
    """Only letters, digits and ideographs of the folded text: for comparing quotations whatever their punctuation."""
    return "".join(char for char in fold(text) if char.isalnum())

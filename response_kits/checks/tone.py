"""语气得体: cold or blaming phrases, empty officialese, and sentences too long to be read (measured, not guessed)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from response_kits.checks import Page, Problem
from response_kits.checks._signs import table, tagged

KEY = "tone"


@dataclass(frozen=True, slots=True)
class Readability:
    """`mean`, `longest`: letters in a sentence; `chain`: most nouns in an unbroken row; `stock`: set phrases in 100 letters."""

    mean: float
    longest: int
    chain: int
    stock: float


@cache
def _rows() -> dict[str, Any]:
    return table("tone")


def measure(text: str) -> Readability:
    """Readability of a text."""
    from response_kits.wording import sentences

    rows = [s for s, _, _ in sentences(text)]
    sizes = [sum(c.isalnum() for c in s) for s in rows] or [0]
    stock = sum(len(re.findall(re.escape(word), text)) for word in _rows()["stock"])
    return Readability(
        sum(sizes) / len(sizes),
        max(sizes),
        max((_chain(s) for s in rows), default=0),
        100 * stock / max(1, sum(sizes)),
    )


def _chain(sentence: str) -> int:
    best = run = 0
    for word, tag in tagged(sentence):
        run = run + 1 if tag.startswith("n") and len(word) > 1 else 0
        best = max(best, run)
    return best


def check(page: Page) -> Iterator[Problem]:
    """Warnings only."""
    rows = _rows()
    for name, message in (("cold", "“{}”语气生硬"), ("blame", "“{}”有推诿或指责公众之嫌")):
        for match in re.finditer("|".join(rows[name]), page.text):
            if not any(a <= match.start() < b for a, b in page.quoted):
                yield Problem(message.format(match[0]), *match.span(), state="warn", reason=name)
    limits = rows["limits"]
    for sentence, start, end in page.sentences:
        size = sum(c.isalnum() for c in sentence)
        if size > limits["sentence"]:
            yield Problem(
                f"一句长{size}字，宜拆短（不超过{limits['sentence']}字）",
                start,
                end,
                state="warn",
                reason="long",
            )
        elif (chain := _chain(sentence)) > limits["chain"]:
            yield Problem(f"连用{chain}个名词，宜改成动词句", start, end, state="warn", reason="chain")
    found = [word for word in rows["stock"] if word in page.text]
    if len(found) >= limits["stock_words"] and measure(page.text).stock > limits["stock_share"]:
        yield Problem(f"套话较多：{'、'.join(found[:6])}", state="warn", reason="stock")

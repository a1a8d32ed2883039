"""How alike the places of two signs are, and which signs of a clause the facts carry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from response_kits.checks._ground import Passage
from response_kits.checks._signs import Sign, Signs, table


@dataclass(frozen=True, slots=True)
class Fault:
    """`start`, `end` in the whole text; `message` in plain Chinese."""

    reason: str
    start: int
    end: int
    message: str


_NEAR = (1.0, 0.6, 0.4, 0.3, 0.25, 0.2, 0.2, 0.2)


def closeness(
    row: Sequence[Sign], i: int, other: Sequence[Sign], j: int, parts: Sequence[int] | None = None
) -> float:
    """How alike the neighbours of two signs are, within their clauses: 0 … 4.6."""
    score = 0.0
    for side in (-1, 1):
        for step, gain in enumerate(_NEAR, 1):
            at = i + side * step
            if not 0 <= at < len(row):
                break
            for shift in (0, 1, -1):
                there = j + side * (step + shift)
                if (step + shift > 0 and 0 <= there < len(other) and other[there].key == row[at].key
                        and (parts is None or parts[there] == parts[j])):  # fmt: skip
                    score += gain if shift == 0 else gain * 0.8
                    break
    return score


def covered(clause: Signs, passages: Sequence[Passage]) -> list[bool]:
    """Which signs of a clause the passages carry, in whatever order."""
    pairs: set[tuple[str, str]] = set()
    keys: set[str] = set()
    for passage in passages:
        pairs.update(pairwise(passage.keys))
        keys.update(passage.keys)
    text = "\n".join(passage.text for passage in passages)
    row = clause.row
    light = table("words")["light"]
    found = []
    for i, sign in enumerate(row):
        whole = len(sign.key) > 1 or len(sign.word) == 1
        inside = sign.word in light or (len(sign.word) > 1 and sign.word in text)
        left = i > 0 and (row[i - 1].key, sign.key) in pairs
        right = i + 1 < len(row) and (sign.key, row[i + 1].key) in pairs
        found.append(
            bool(sign.item)
            or left
            or right
            or inside
            or (whole and sign.key in keys)
            or (sign.word == "" and sign.key in keys)
        )
    return found

"""The facts read into sentences of signs, with an index by neighbouring signs, and the sentences that bear on a clause."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from response_kits.checks import _figures
from response_kits.checks._figures import Item
from response_kits.checks._signs import Sign, Signs, signs
from response_kits.checks._text import clauses, fold, spoken, squeeze
from response_kits.wording import sentences

if TYPE_CHECKING:
    from response_kits.checks import FactText

Gram = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence of a fact: `parts` its clauses' signs, `row` all of them; `text` folded; `clause_of[i]` of the i-th sign."""

    fact: str
    text: str
    parts: tuple[Signs, ...]
    row: tuple[Sign, ...]
    clause_of: tuple[int, ...]
    year: int | None
    month: int | None
    place: int

    @property
    def keys(self) -> list[str]:
        return [sign.key for sign in self.row]


def grams(row: Sequence[Sign]) -> set[Gram]:
    """Neighbouring pairs, and whole words (groups and items) alone."""
    found: set[Gram] = {(a.key, b.key) for a, b in itertools.pairwise(row)}
    found.update((s.key, "") for s in row if len(s.key) > 1)
    if len(row) == 1:
        found.add((row[0].key, ""))
    return found


class Ground:
    """All that a text may rest on."""

    def __init__(self, facts: Iterable[FactText]) -> None:
        self.facts = list(facts)
        self.passages: list[Passage] = []
        self.holders: dict[Gram, list[int]] = {}
        for fact in self.facts:
            self._read(fact)
        self.total = max(1, len(self.passages))

    def _read(self, fact: FactText) -> None:
        text = fold(fact.text)
        items = _figures.read(text)
        head = [i for i in _figures.read(fold(f"{fact.as_of} {fact.source}")) if i.kind == "date"]
        year = next((i.key[0] for i in head if i.key[0]), None)
        month = next((i.key[1] for i in head if i.key[1]), None)
        for extra in (fact.source, fact.as_of):
            if extra:
                self._sentence(fact.id, fold(extra), _figures.read(fold(extra)), 0, len(extra), year, month)
        for _, start, end in sentences(text):
            for at, stop in _halves(text, start, end):
                self._sentence(fact.id, text, items, at, stop, year, month)
            for item in _figures.items_between(items, start, end):
                if item.kind == "date":
                    year, month = item.key[0] or year, item.key[1] or month

    def _sentence(
        self, fact: str, text: str, items: list[Item], start: int, end: int, year: object, month: object
    ) -> None:
        parts = [signs(text, items, at, stop) for at, stop in clauses(text[start:end], start)]
        row = [(sign, n) for n, part in enumerate(parts) for sign in part.row]
        passage = Passage(
            fact, text[start:end], tuple(parts), tuple(s for s, _ in row), tuple(n for _, n in row),
            year if isinstance(year, int) else None, month if isinstance(month, int) else None, len(self.passages),
        )  # fmt: skip
        self.passages.append(passage)
        for gram in grams(passage.row):
            self.holders.setdefault(gram, []).append(passage.place)

    def weight(self, gram: Gram) -> float:
        return math.log(1 + self.total / len(self.holders[gram])) if gram in self.holders else 0.0

    def bearing(self, clause: Sequence[Sign], whole: set[Gram], limit: int = 4) -> list[Passage]:
        """Passages that bear on a clause of a sentence with the grams `whole`, the best first; each further one adds something."""
        wanted = grams(clause)
        scores: Counter[int] = Counter()
        for gram in wanted:
            for place in self.holders.get(gram, ()):
                scores[place] += self.weight(gram)  # type: ignore[assignment]
        if not scores:
            return []
        top = [place for place, _ in scores.most_common(12)]
        own = {place: grams(self.passages[place].row) for place in top}
        total = {p: scores[p] + 0.5 * sum(self.weight(g) for g in whole & own[p]) for p in top}
        chosen: list[int] = []
        left = set(wanted)
        while top and len(chosen) < limit:
            best = max(top, key=lambda p: (sum(self.weight(g) for g in left & own[p]) + 0.4 * total[p], -p))
            gain = sum(1 if gram[1] else 2 for gram in left & own[best])
            if chosen and gain < 2:
                break
            chosen.append(best)
            left -= own[best]
            top.remove(best)
        return [self.passages[place] for place in chosen]

    @cached_property
    def spoken(self) -> str:
        """Letters and digits of all facts in a row, parted: for quotations."""
        return "\n".join(spoken(f"{fact.text}\n{fact.source}") for fact in self.facts)

    @cached_property
    def squeezed(self) -> list[tuple[str, str]]:
        return [(fact.id, squeeze(fact.text)) for fact in self.facts]

    @cached_property
    def _clauses(self) -> dict[str, str]:
        """Clauses of the facts, word for word → the id of a fact that has it."""
        found: dict[str, str] = {}
        for fact in self.facts:
            text = fold(fact.text)
            for start, end in clauses(text):
                found.setdefault(_LIST.sub("", squeeze(text[start:end])), fact.id)
        return found

    def clause(self, text: str) -> str | None:
        """The id of a fact that has a clause word for word between two marks; None where none has."""
        return self._clauses.get(_LIST.sub("", squeeze(text)))

    def verbatim(self, sentence: str) -> str | None:
        """The id of a fact that holds the sentence word for word, from a mark to a mark; None where none does."""
        wanted = squeeze(sentence)
        if len(wanted) < 4:
            return None
        for key, text in self.squeezed:
            at = text.find(wanted)
            while at >= 0:
                before, after = text[at - 1 : at], text[at + len(wanted) : at + len(wanted) + 1]
                if (not before or before in _MARKS) and (not after or after in _MARKS):
                    return key
                at = text.find(wanted, at + 1)
        return None


_LIST = re.compile(r"^[(（]?[一二三四五六七八九十\d]{1,2}[)）、]|^\d{1,2}[.．](?!\d)")
_MARKS = "。.!?;；！？"


def _halves(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A sentence parted at semicolons."""
    found, at = [], start
    for index in range(start, end):
        if text[index] in ";；":
            found.append((at, index))
            at = index + 1
    found.append((at, end))
    return [part for a, b in found for part in _bounded(text, a, b) if text[part[0] : part[1]].strip()]


_LONGEST = 600


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Pieces of at most `_LONGEST` characters, cut after a comma where there is one: the work grows with the square of a piece."""
    while end - start > _LONGEST:
        cut = max(text.rfind(",", start + 1, start + _LONGEST), text.rfind("，", start + 1, start + _LONGEST))
        stop = cut + 1 if cut > start else start + _LONGEST
        yield start, stop
        start = stop
    yield start, end

"""A text as a row of signs that two wordings of one statement share: typed items, groups of synonyms, single characters.

Words that carry no claim are left out. Marks of sense (not, already, will, perhaps, all …) are no signs of their own but
are hung on the sign that they stand before, so that a lost “not” shows as a difference between two signs that match.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from nlp.segment import cutter
from response_kits.checks import _figures
from response_kits.checks._figures import Item

_HERE = Path(__file__).parent


@dataclass(slots=True)
class Sign:
    """`key` is what is compared; `raw` the characters; `item` for figures and dates; `marks` the classes that stand before it;
    `word` the segmenter's word around it; `clause` the number of its clause."""

    key: str
    raw: str
    start: int
    end: int
    word: str = ""
    item: Item | None = None
    marks: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Signs:
    """The signs of a span; `loose` are marks that no sign follows; `fillers` words left out, with their places."""

    row: list[Sign]
    loose: set[str]
    fillers: list[tuple[str, int, int]]
    marks: list[tuple[str, str, int, int]]

    @property
    def keys(self) -> list[str]:
        return [sign.key for sign in self.row]


@dataclass(frozen=True)
class Lexicon:
    """The lists beside this file."""

    groups: dict[str, str]
    fillers: frozenset[str]
    strong: tuple[str, ...]
    cause: tuple[str, ...]
    protected: re.Pattern[str]
    long_marks: dict[str, str]
    short_marks: dict[str, str]
    negative: re.Pattern[str]
    opposites: dict[str, frozenset[str]]
    opposite_words: re.Pattern[str]


@cache
def table(name: str) -> dict[str, Any]:
    """The table <name>.toml beside this file. Do not change what it returns."""
    return tomllib.loads((_HERE / f"{name}.toml").read_text("utf-8"))


def lines(name: str) -> list[str]:
    return [row for row in (_HERE / name).read_text("utf-8").splitlines() if row and not row.startswith("#")]


@cache
def lexicon() -> Lexicon:
    """Read once; a word of several groups belongs to the first."""
    groups: dict[str, str] = {}
    for row in lines("synonyms.tsv"):
        names = row.split("\t")
        for name in names:
            groups.setdefault(name, names[0])
    pairs: dict[str, set[str]] = {}
    for row in lines("opposites.tsv"):
        left, right = row.split("\t")
        pairs.setdefault(left, set()).add(right)
        pairs.setdefault(right, set()).add(left)
    marks = {word: row["class"] for row in table("words")["marks"] for word in row["words"]}
    negative = [word for word, kind in marks.items() if kind == "neg"]
    return Lexicon(
        groups, frozenset(table("words")["fillers"]), tuple(table("words")["strong"]), tuple(table("words")["cause"]), _any(table("words")["not_negations"]),
        {w: k for w, k in marks.items() if len(w) > 1}, {w: k for w, k in marks.items() if len(w) == 1 and k != "neg"},
        _any(negative), {word: frozenset(others) for word, others in pairs.items()}, _any(pairs),
    )  # fmt: skip


def _any(names: Any) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))


def signs(text: str, items: list[Item], start: int, end: int) -> Signs:
    """Signs of `text[start:end]` (folded); `items` are those of the whole text."""
    made = Signs([], set(), [], [])
    waiting: set[str] = set()
    at = start
    for item in [*_figures.items_between(items, start, end), None]:
        stop = item.start if item else end
        for piece in _pieces(text, at, stop):
            _take(made, waiting, *piece)
        if item is not None:
            made.row.append(
                Sign(
                    _item_key(item),
                    text[item.start : item.end],
                    item.start,
                    item.end,
                    item=item,
                    marks=set(waiting),
                )
            )
            waiting.clear()
            at = item.end
    made.loose = waiting
    return made


def _item_key(item: Item) -> str:
    return f"{item.kind}:{item.key}"


def _take(made: Signs, waiting: set[str], kind: str, word: str, start: int, end: int) -> None:
    if kind == "skip":
        made.fillers.append((word, start, end))
    elif kind in ("group", "opposite"):
        made.row.append(
            Sign(f"={lexicon().groups.get(word, word)}", word, start, end, word, marks=set(waiting))
        )
        waiting.clear()
    elif kind == "plain":
        for offset, char in enumerate(word):
            made.row.append(Sign(char, char, start + offset, start + offset + 1, word, marks=set(waiting)))
            waiting.clear()
    else:
        waiting.add(kind)
        made.marks.append((kind, word, start, end))


def _pieces(text: str, start: int, stop: int) -> Iterator[tuple[str, str, int, int]]:
    """(kind, word, start, end): kind is plain, group, opposite, skip, or a class of marks."""
    lex = lexicon()
    at = start
    plain_from = start
    while at < stop:
        guarded = lex.protected.match(text, at, stop)
        if guarded:
            yield from _words(text, plain_from, at)
            yield _word(guarded[0], at)
            at = plain_from = guarded.end()
            continue
        mark = lex.negative.match(text, at, stop)
        if mark:
            yield from _words(text, plain_from, at)
            yield ("neg", mark[0], at, mark.end())
            at = plain_from = mark.end()
            continue
        at += 1
    yield from _words(text, plain_from, stop)


def _words(text: str, start: int, stop: int) -> Iterator[tuple[str, str, int, int]]:
    """The segmenter's words of a run without negations and items, each as what it is; longest known words first."""
    lex = lexicon()
    for run in re.finditer(r"[^\W_]+", text[start:stop]):
        at = start + run.start()
        tokens = cutter()(run[0])
        index = 0
        while index < len(tokens):
            joined = next(
                (
                    "".join(tokens[index : index + n])
                    for n in (4, 3, 2)
                    if "".join(tokens[index : index + n]) in _known()
                ),
                tokens[index],
            )
            index += _count(tokens, index, joined)
            yield from _split(joined, at, lex)
            at += len(joined)


def _count(tokens: list[str], index: int, joined: str) -> int:
    length = used = 0
    while length < len(joined):
        length += len(tokens[index + used])
        used += 1
    return used


@cache
def _known() -> frozenset[str]:
    lex = lexicon()
    return frozenset(w for w in [*lex.groups, *lex.long_marks, *lex.fillers, *lex.opposites] if len(w) > 1)


def _split(word: str, at: int, lex: Lexicon) -> Iterator[tuple[str, str, int, int]]:
    """A word that opens with a mark (现已, 拟于, 已完成) is parted."""
    made = _word(word, at)
    if made[0] == "plain" and len(word) > 2 and word[0] in "已将拟正" and word[1:] in _known():
        yield _word(word[0], at)
        yield _word(word[1:], at + 1)
    else:
        yield made


def _word(word: str, at: int) -> tuple[str, str, int, int]:
    lex = lexicon()
    end = at + len(word)
    if word in lex.long_marks:
        return (lex.long_marks[word], word, at, end)
    if word in lex.short_marks:
        return (lex.short_marks[word], word, at, end)
    if word in lex.fillers:
        return ("skip", word, at, end)
    if word in lex.opposites:
        return ("opposite", word, at, end)
    if word in lex.groups:
        return ("group", word, at, end)
    return ("plain", word, at, end)

"""A text as a row of signs that two wordings of one statement share: typed items, groups of synonyms, single characters.

Words that carry no claim are left out. Marks of sense (not, already, will, perhaps, all …) are no signs of their own but
are hung on the sign that they stand before, so that a lost “not” shows as a difference between two signs that match.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from nlp.segment import cutter
from response_kits.checks import _figures
from response_kits.checks._figures import Item

_HERE = Path(__file__).parent


@dataclass(slots=True)
class Sign:
    """`key` is what is compared; `raw` the characters; `item` for figures and dates; `marks` the classes that stand before it;
    `word` the segmenter's word around it; `place` the number of its part of the clause (甲、乙)."""

    key: str
    raw: str
    start: int
    end: int
    word: str = ""
    item: Item | None = None
    marks: set[str] = field(default_factory=set)
    place: int = 0


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
    known: re.Pattern[str]
    kept: frozenset[str]


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
        for word, other in ((left, right), (right, left)):
            pairs.setdefault(word, set()).update((other, groups.get(other, other)))
            if word in groups:
                pairs.setdefault(groups[word], set()).update((other, groups.get(other, other)))
    marks = {word: row["class"] for row in table("words")["marks"] for word in row["words"]}
    negative = [word for word, kind in marks.items() if kind == "neg"]
    return Lexicon(
        groups, frozenset(table("words")["fillers"]), tuple(table("words")["strong"]), tuple(table("words")["cause"]), _any(table("words")["not_negations"]),
        {w: k for w, k in marks.items() if len(w) > 1}, {w: k for w, k in marks.items() if len(w) == 1 and k != "neg"},
        _any(negative), {word: frozenset(others) for word, others in pairs.items()}, _any(pairs),
        _any(w for w in [*groups, *marks, *table("words")["fillers"], *pairs] if len(w) > 1), frozenset(table("words")["kept"]),
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
    for sign in made.row:
        sign.place = text.count("、", start, sign.start)
    return made


def _item_key(item: Item) -> str:
    return f"{item.kind}:{item.key[:2] if item.kind == 'time' else item.key}"


def _take(made: Signs, waiting: set[str], kind: str, word: str, start: int, end: int) -> None:
    if kind == "skip":
        made.fillers.append((word, start, end))
    elif kind in ("group", "opposite"):
        made.row.append(
            Sign(f"={lexicon().groups.get(word, word)}", word, start, end, word, marks=set(waiting))
        )
        waiting.clear()
    elif (
        kind == "part"
        and made.row
        and made.row[-1].end == start
        and word_class(made.row[-1].word or made.row[-1].raw).startswith(("n", "v", "a"))
    ):
        made.fillers.append((word, start, end))  # 剩余部分, 公共部分: no part of a whole that follows
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
            following = tokens[index] if index < len(tokens) else ""
            if joined == "将" and following and _taking(tokens[index:]):
                yield ("skip", joined, at, at + 1)
                at += 1
                continue
            if joined == "基本" and word_class(following).startswith("n"):
                yield ("plain", joined, at, at + len(joined))  # an adjective: no hedge
            else:
                yield from _split(joined, at, lex)
            at += len(joined)


@lru_cache(maxsize=20_000)
def word_class(word: str) -> str:
    """The class of one word by the segmenter's dictionary, "" for an empty one."""
    found = tagged(word)
    return found[0][1] if found else ""


@cache
def _dictionary() -> Callable[[str], bool]:
    try:
        import rjieba
    except ImportError:  # PyPy: the same dictionary
        import jieba

        jieba.initialize()
        return lambda word: jieba.dt.FREQ.get(word, 0) > 0
    known: Callable[[str], bool] = rjieba.has_word
    return known


def in_dictionary(word: str) -> bool:
    """Is it a word of the segmenter's dictionary (and not one that it guessed)?"""
    return _dictionary()(word)


def tagged(text: str) -> list[tuple[str, str]]:
    """(word, class) in order, by the segmenter's dictionary: n…, v, d, nr (person), ns (place), nt (body) …"""
    found: list[tuple[str, str]] = _tagger()(text)
    return found


@cache
def _tagger() -> Any:
    try:
        import rjieba
    except ImportError:  # PyPy: the same dictionary, slower
        import jieba.posseg

        return lambda text: [(pair.word, pair.flag) for pair in jieba.posseg.cut(text)]
    return rjieba.tag


def _taking(after: list[str]) -> bool:
    """Does 将 stand for 把 (将线索移送公安)? A noun follows it, and a verb later."""
    lex = lexicon()
    if after[0] in lex.fillers or after[0] in lex.long_marks or after[0] in lex.short_marks:
        return False
    return word_class(after[0]).startswith("n") and any(
        word_class(word).startswith("v") for word in after[1:]
    )


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
    """A word as it is; one that the segmenter guessed (开展调查, 局将, 已对) is parted at the known words and marks within."""
    made = _word(word, at)
    if made[0] != "plain" or len(word) < 2 or word in lex.kept:
        yield made
        return
    if len(word) > 2 and (known := lex.known.search(word)):
        for piece, offset in (
            (word[: known.start()], 0),
            (known[0], known.start()),
            (word[known.end() :], known.end()),
        ):
            if piece:
                yield from _split(piece, at + offset, lex)
        return
    if word[0] in _EDGE:
        yield _word(word[0], at)
        yield from _split(word[1:], at + 1, lex)
    elif word[-1] in _EDGE:
        yield from _split(word[:-1], at, lex)
        yield _word(word[-1], at + len(word) - 1)
    else:
        yield made


_EDGE = "已将拟正均"


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

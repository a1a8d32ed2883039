"""One noun or name in the place of another, in a clause that is otherwise the facts' own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from response_kits.checks._align import Fault
from response_kits.checks._ground import Passage
from response_kits.checks._signs import Sign, Signs, in_dictionary, lexicon, table, tagged, word_class


def substitutions(clause: Signs, passages: Sequence[Passage], nouns: set[str]) -> Iterator[Fault]:
    """A noun stands where the facts, in the same words around it, have another one. `nouns`: nouns of the clause and the facts."""
    for part in (part for passage in passages[:2] for part in passage.parts if part.row):
        keys = part.keys
        steps = SequenceMatcher(None, clause.keys, keys, autojunk=False).get_opcodes()
        if sum(b - a for step, a, b, _, _ in steps if step == "equal") < max(2, len(clause.row) // 2):
            continue
        for n, (step, a, b, c, d) in enumerate(steps):
            if (
                step != "replace"
                or b - a > 6
                or d - c > 6
                or any(s.item for s in (*clause.row[a:b], *part.row[c:d]))
            ):
                continue
            # Between words that agree on either side; the edge of both clauses counts as agreement where the rest is alike.
            if (n == 0 and (a or c)) or (n + 1 == len(steps) and (b < len(clause.row) or d < len(part.row))):
                continue
            if n == 0 and steps[1][2] - steps[1][1] < 2:
                continue
            new, old = _words(clause.row, a, b), _words(part.row, c, d)
            if (n == 0 or n + 1 == len(steps)) and len(new) != len(old):
                continue
            if _other_noun(new, old, nouns) and not any(_aligned(clause, a, b, p) for p in passages):
                yield Fault(
                    "object", clause.row[a].start, clause.row[b - 1].end, f"“{new}”与事实不符：事实为“{old}”"
                )


def _words(row: Sequence[Sign], start: int, end: int) -> str:
    """The whole words that signs belong to."""
    while (
        start
        and row[start - 1].word == row[start].word
        and len(row[start].word) > 1
        and row[start - 1].end == row[start].start
    ):
        start -= 1
    while (
        end < len(row)
        and row[end].word == row[end - 1].word
        and len(row[end].word) > 1
        and row[end].start == row[end - 1].end
    ):
        end += 1
    return "".join(sign.raw for sign in row[start:end])


def _other_noun(new: str, old: str, nouns: set[str]) -> bool:
    """Two different nouns, neither a synonym nor a short form of the other; the last characters may be the same (小学, 中学)."""
    lex, rows = lexicon(), table("words")
    if len(new) == len(old) == 1:
        return new in _LEVELS and old in _LEVELS
    if (
        len(new) < 2
        or len(old) < 2
        or not new.isalpha()
        or lex.groups.get(new, new) == lex.groups.get(old, old)
    ):
        return False
    if new in rows["light"] or any(w[0] in rows["not_first"] and not in_dictionary(w) for w in (new, old)):
        return False
    if {new, old} <= set(rows["persons"]) or set(old + new) & set("约近余超可"):
        return False
    if len(new) == len(old) and sum(a != b for a, b in zip(new, old, strict=True)) <= len(new) // 2:
        return _named_alike(new, old)
    whole = (new, old)
    while new and old and new[-1] == old[-1]:
        new, old = new[:-1], old[:-1]
    if len(new) < 2 or len(old) < 2 or set(new) & set(old):
        return False
    return all(_noun(part, word, nouns) for part, word in zip((new, old), whole, strict=True))


def _noun(part: str, word: str, nouns: set[str]) -> bool:
    """A noun or a row of nouns, whole or without the ending that it shares with the other."""
    rows = tagged(word)
    if not any(word.endswith(noun) for noun in nouns) and not word_class(part).startswith(("n", "t", "s")):
        return False
    return len(rows) == 1 or all(
        tag.startswith(("n", "t", "s", "vn", "an", "b", "x", "a", "d")) for _, tag in rows
    )


_LEVELS = "国省市州区县镇乡村街"


def _named_alike(new: str, old: str) -> bool:
    """Two words of one shape that differ in a character or two: other names (新民路, 新华路), other levels (市局, 区局)."""
    pairs = [(a, b) for a, b in zip(new, old, strict=True) if a != b]
    return all(a in _LEVELS and b in _LEVELS for a, b in pairs) or (
        word_class(new).startswith("n") and word_class(old).startswith("n")
    )


def _aligned(clause: Signs, a: int, b: int, passage: Passage) -> bool:
    """Do the facts have the words in question with a neighbour that the clause has too?"""
    keys = passage.keys
    run = clause.keys[max(0, a - 1) : b]
    more = clause.keys[a : b + 1]
    return any(
        len(part) > b - a and any(keys[j : j + len(part)] == part for j in range(len(keys)))
        for part in (run, more)
    )

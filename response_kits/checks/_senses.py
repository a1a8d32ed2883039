"""Marks of sense (not, already, will, perhaps, part, all) and opposite words of a clause against the facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from response_kits.checks._align import Fault, closeness
from response_kits.checks._ground import Passage
from response_kits.checks._signs import Sign, Signs, lexicon, table

_SLACK = 0.3


_SENSE = {
    "neg": "“{0}”的肯定、否定与事实相反：事实为“{1}”",
    "tense": "“{0}”的进展（已、正在、将）与事实不符：事实为“{1}”",
    "hedge": "“{0}”比事实说得更肯定：事实为“{1}”",
    "scope": "“{0}”的范围与事实不符：事实为“{1}”",
    "modal": "“{0}”的要求程度与事实不符：事实为“{1}”",
}


def senses(clause: Signs, passages: Sequence[Passage], whole: set[str]) -> Iterator[Fault]:
    """Not, already, will, perhaps, part, all: marks before signs that match differ. Where the facts speak twice in like words, a
    clause that agrees with either is true. `whole`: the marks of the whole sentence."""
    ours = {kind for kind, *_ in clause.marks} | (whole & {"future", "hedge", "part"})
    own = set(clause.keys)
    negations = sum(kind == "neg" for kind, *_ in clause.marks)
    for i, sign in enumerate(clause.row):
        found = [
            (
                closeness(clause.row, i, passage.row, j, passage.clause_of)
                + 0.5 * (other.raw == sign.raw)
                + len(own & set(passage.parts[passage.clause_of[j]].keys)) / len(own),
                j,
                passage,
            )
            for passage in passages
            for j, other in enumerate(passage.row)
            if other.key == sign.key
        ]
        best = max((near for near, _, _ in found), default=-1.0)
        if best < (1.5 if len(clause.row) > 1 else 0.0):
            continue
        clashes = []
        for near, j, passage in found:
            if near >= best - _SLACK:
                part = passage.parts[passage.clause_of[j]]
                around = {kind for kind, *_ in part.marks}
                kind = _clash(sign.marks, passage.row[j].marks, ours, around)
                theirs = sum(k == "neg" for k, *_ in part.marks)
                if kind == "neg" and (
                    (negations and negations == theirs) or abs(negations - theirs) == _quiet(clause, part)
                ):
                    kind = ""
                clashes.append((kind, passage.row[j], passage))
        if i == len(clause.row) - 1 and not any(kind for kind, _, _ in clashes):
            ends = [
                p
                for near, j, p in found
                if near >= best - _SLACK and p.parts[p.clause_of[j]].row[-1] is p.row[j]
            ]
            loose = [
                _clash(clause.loose, p.parts[p.clause_of[j]].loose, ours, set())
                for near, j, p in found
                if p in ends and p.parts[p.clause_of[j]].row[-1] is p.row[j]
            ]
            if ends and all(loose):
                yield Fault(
                    loose[0],
                    sign.start,
                    sign.end,
                    _SENSE[loose[0]].format(_around(clause, i), ends[0].text[:40]),
                )
        if all(kind for kind, _, _ in clashes):
            kind, other, passage = clashes[0]
            yield Fault(
                kind, sign.start, sign.end, _SENSE[kind].format(_around(clause, i), _named(other, passage))
            )


def scope(clause: Signs, passages: Sequence[Passage]) -> Iterator[Fault]:
    """全部 where the facts say nothing of all; 部分 where they say all."""
    rows = table("words")
    parts = [part for passage in passages for part in passage.parts]
    # The clauses of the facts that say the same; all of them where none is near.
    same = [part for part in parts if 2 * len(set(clause.keys) & set(part.keys)) >= len(clause.row)] or parts
    told = {
        word for part in same for word in [w for _, w, _, _ in part.marks] + [w for w, _, _ in part.fillers]
    }
    told |= {sign.raw for part in same for sign in part.row}
    whole = any(word in rows["every"] or word[0] in "均都皆" or word in ("全", "任何") for word in told)
    for word, start, end in [(word, a, b) for _, word, a, b in clause.marks] + clause.fillers:
        if word in rows["every"] and not whole:
            yield Fault("scope", start, end, f"“{word}”没有事实依据")
        elif word in rows["some"] and whole and not told & set(rows["some"]):
            yield Fault("scope", start, end, f"“{word}”的范围与事实不符")


def _quiet(clause: Signs, part: Signs) -> int:
    """1 where one of the two denies without a “not” (停止, 免费) and the other does not."""
    words = table("words")["denying"]
    ours, theirs = (
        any(word in "".join(s.raw for s in row) for word in words) for row in (clause.row, part.row)
    )
    return int(ours != theirs)


def _clash(ours: set[str], theirs: set[str], our_clause: set[str], their_clause: set[str]) -> str:
    if ("neg" in ours) != ("neg" in theirs):
        return "neg"
    times = {"done", "future", "ongoing"}
    a, b = ours & times, theirs & times
    if a and b and not a & b:
        return "tense"
    if a == {"done"} and not b and "future" in their_clause and "done" not in their_clause:
        return "tense"
    if a == {"future"} and "done" in their_clause and not their_clause & {"future"}:
        return "tense"
    if "hedge" in theirs and not our_clause & {"hedge"} and "future" not in ours:
        return "hedge"
    if ("part" in theirs and "part" not in our_clause) or ("part" in ours and "all" in theirs):
        return "scope"
    if ("must" in ours and "may" in theirs and "must" not in theirs) or (
        "may" in ours and "must" in theirs and "may" not in theirs
    ):
        return "modal"
    return ""


def _around(clause: Signs, i: int) -> str:
    marks = (
        [word for _, word, _, end in clause.marks if clause.row[i - 1].end <= end <= clause.row[i].start]
        if i
        else [w for _, w, _, e in clause.marks if e <= clause.row[0].start]
    )
    return "".join(marks) + "".join(s.raw for s in clause.row[i : i + 3])


def _named(sign: Sign, passage: Passage) -> str:
    for n, part in enumerate(passage.parts):
        if any(s is sign for s in part.row):
            first, last = part.row[0], part.row[-1]
            offset = passage.text.find(first.raw)
            marks = min([first.start, *(s for _, _, s, _ in part.marks)])
            start = max(0, offset - (first.start - marks)) if offset >= 0 else 0
            del n
            return passage.text[start : start + last.end - marks][:40]
    return sign.raw


def opposites(clause: Signs, passages: Sequence[Passage]) -> Iterator[Fault]:
    """上升 where the facts say 下降."""
    lex = lexicon()
    for i, sign in enumerate(clause.row):
        against = lex.opposites.get(sign.raw, frozenset()) | lex.opposites.get(sign.key[1:], frozenset())
        if not against or sign.item:
            continue
        equal = rival = -1.0
        shown = ""
        for passage in passages:
            for j, other in enumerate(passage.row):
                near = closeness(clause.row, i, passage.row, j, passage.clause_of)
                if other.key == sign.key:
                    equal = max(equal, near)
                elif (
                    (other.raw in against or (len(other.key) > 1 and other.key[1:] in against))
                    and ("neg" in sign.marks) == ("neg" in other.marks)
                    and near > rival
                ):
                    rival, shown = near, other.raw
            if sign.raw in passage.text:
                equal = max(equal, 0.0)
        if shown and rival >= 0.6 and rival > equal + 0.75:
            yield Fault("direction", sign.start, sign.end, f"“{sign.raw}”与事实相反：事实为“{shown}”")

"""Words of a clause that no fact carries: an invented act, cause, promise, name; set apart from mere other wording."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from response_kits.checks._align import Fault
from response_kits.checks._ground import Passage
from response_kits.checks._signs import Sign, Signs, in_dictionary, lexicon, table, tagged

_NAME_END = re.compile(
    r"[路街河江湖桥镇乡村里县市区局委院校所站港山岛园城苑巷厂店馆省州]$|(?:公司|集团|银行|广场|中心|大厦|社区|街道|小学|中学|大学|办公室|医院|学院)$"
)
_SHARE = 0.45
_RUN = 5


def faults(clause: Signs, known: Sequence[bool], passages: Sequence[Passage], text: str) -> Iterator[Fault]:
    """What the passages do not carry of a clause. `known` by sign; `text` is the clause, folded."""
    new = [sign for sign, there in zip(clause.row, known, strict=True) if not there]
    if not new:
        return
    told = "\n".join(passage.text for passage in passages)
    offset = clause.row[0].start
    yield from _strong(clause, known, told)
    if (
        not any(kind == "neg" for kind, *_ in clause.marks)
        and (word := next((w for w in lexicon().cause if w in text), None))
        and not _told(word, told, new, clause)
    ):
        for run in _runs(clause.row, known):
            if sum(len(sign.raw) for sign in run) >= 2:
                yield Fault("cause", run[0].start, run[-1].end, f"“{word}……”所说的原因没有事实依据")
                break
    yield from _finished(clause, known, passages)
    runs = list(_runs(clause.row, known))
    for run in runs:
        raw = "".join(sign.raw for sign in run)
        if _name(run, clause.row, text):
            yield Fault("name", run[0].start, run[-1].end, f"“{_whole(run)}”未见于相应的事实（名称）")
        elif len(raw) >= _RUN and not _synonymous(raw, told):
            yield Fault("claim", run[0].start, run[-1].end, f"“{raw}”没有事实依据")
    size = sum(len(sign.raw) for sign in clause.row)
    fresh = sum(len(sign.raw) for sign in new)
    if (fresh / size >= _SHARE and fresh >= 3) or (fresh == size and fresh >= 4):
        yield Fault("claim", offset, clause.row[-1].end, f"“{text.strip()}”没有事实依据")


def _told(word: str, told: str, new: Sequence[Sign], clause: Signs) -> bool:
    """Do the facts speak of a cause too, and is most of what the clause says of it theirs?"""
    size = sum(len(sign.raw) for sign in clause.row)
    return (
        any(w in told for w in lexicon().cause if len(w) > 1 or w == word)
        and sum(len(s.raw) for s in new) / size < 0.4
    )


def names(clause: Signs, known: Sequence[bool], text: str) -> Iterator[Fault]:
    """Only the names: for a clause that needs no fact otherwise (关于…的问题)."""
    for run in _runs(clause.row, known):
        if _name(run, clause.row, text):
            yield Fault("name", run[0].start, run[-1].end, f"“{_whole(run)}”未见于相应的事实（名称）")


def _runs(row: Sequence[Sign], known: Sequence[bool]) -> Iterator[list[Sign]]:
    run: list[Sign] = []
    for sign, there in zip(row, known, strict=True):
        if there:
            if run:
                yield run
            run = []
        else:
            run.append(sign)
    if run:
        yield run


def _strong(clause: Signs, known: Sequence[bool], told: str) -> Iterator[Fault]:
    """A grave word (死亡, 立案, 赔偿, 承诺 …) may not be added."""
    lex = lexicon()
    text = "".join(sign.raw for sign in clause.row)
    places = [n for n, sign in enumerate(clause.row) for _ in sign.raw]
    for word in lex.strong:
        at = text.find(word)
        if (
            at >= 0
            and word not in told
            and not _kin(word, told)
            and any(not known[places[k]] for k in range(at, at + len(word)))
        ):
            first, last = clause.row[places[at]], clause.row[places[at + len(word) - 1]]
            yield Fault("claim", first.start, last.end, f"“{word}”没有事实依据")


def _finished(clause: Signs, known: Sequence[bool], passages: Sequence[Passage]) -> Iterator[Fault]:
    """已完成 where the facts say of the same thing that it is going on, and nothing of an end."""
    keys = set(clause.keys)
    if not any(kind == "done" for kind, *_ in clause.marks):
        return
    for sign, there in zip(clause.row, known, strict=True):
        if there or sign.raw not in table("words")["finished"]:
            continue
        for part in (part for passage in passages for part in passage.parts):
            kinds = {kind for kind, *_ in part.marks}
            if (
                kinds & {"ongoing", "future"}
                and "done" not in kinds
                and len(keys & set(part.keys)) * 2 >= len(keys) - 1
            ):
                yield Fault(
                    "tense", sign.start, sign.end, f"“已{sign.raw}”没有事实依据：事实为尚在进行或将要进行"
                )
                return


def _kin(word: str, told: str) -> bool:
    """Do the facts have another grave word of the same stem (处罚, 罚款)?"""
    return any(other in told and set(other) & set(word) for other in lexicon().strong if other != word)


def _whole(run: Sequence[Sign]) -> str:
    return (
        run[0].word
        if len({sign.word for sign in run}) == 1 and run[0].word
        else "".join(sign.raw for sign in run)
    )


def _name(run: Sequence[Sign], row: Sequence[Sign], text: str) -> bool:
    """Is a run part of a proper name? By the word's class, or by the ending that it or what follows it has."""
    rows = table("words")
    words = {
        sign.word
        for sign in run
        if len(sign.word) > 1 and sign.word[0] not in rows["not_first"] and sign.word not in rows["not_names"]
    }
    classes = tags(text)
    if any(_proper(word, classes.get(word, "")) for word in words):
        return True
    at = row.index(run[-1])
    raw = "".join(sign.raw for sign in run)
    if raw[0] in rows["not_first"] and (len(run[0].word) < 2 or not in_dictionary(run[0].word)):
        return False
    common = len({sign.word for sign in run}) == 1 and _common(run[-1].word, classes)
    whole = any(len(sign.key) > 1 for sign in run)
    for more in (1,) if whole else (0, 1, 2, 3, 4):
        after = row[at + 1 : at + 1 + more]
        if len(after) < more or any(sign.item for sign in after):
            break
        tail = raw + "".join(sign.raw for sign in after)
        if (
            not 2 <= len(tail) <= 8
            or tail in rows["not_names"]
            or (whole and tail[-1] not in "局委厅办区县市镇乡村路街")
        ):
            continue
        found = _NAME_END.search(tail)
        if (
            found
            and not (common and (not more or after[-1].word == run[-1].word))
            and (more <= 2 or len(found[0]) > 1)
        ):
            return True
    return False


def _common(word: str, classes: dict[str, str]) -> bool:
    """A word of the dictionary that is no name (开馆, 深度)."""
    return (
        len(word) > 1
        and in_dictionary(word)
        and not classes.get(word, "").startswith(("nr", "ns", "nt", "nz"))
    )


def _proper(word: str, tag: str) -> bool:
    return tag.startswith(("ns", "nt", "nz")) or (
        tag.startswith("nr") and len(word) in (2, 3) and word[0] in table("people")["surnames"]
    )


def tags(text: str) -> dict[str, str]:
    """Word → class."""
    return dict(tagged(text))


def nouns(texts: Sequence[str]) -> set[str]:
    """Nouns of some texts, by the segmenter's dictionary."""
    return {
        word
        for text in texts
        for word, tag in tagged(text)
        if tag.startswith(("n", "vn", "an")) and len(word) > 1
    }


def _synonymous(raw: str, told: str) -> bool:
    """Most of its characters stand in the facts all the same: other words for it, rather than another thing."""
    return sum(char in told for char in raw) / len(raw) > 0.6

"""One clause of a draft against the passages that bear on it: what differs, and why that matters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from response_kits.checks import _dates
from response_kits.checks._figures import Item
from response_kits.checks._ground import Ground, Passage
from response_kits.checks._signs import Sign, Signs, lexicon, table, word_class

_NEAR = (1.0, 0.6, 0.4, 0.3, 0.25, 0.2, 0.2, 0.2)
_MARGIN = 0.35
_MIXED = ({"个", "家", "处", "项", "件", "起", "台", "条", "种", "座", "所", "间", "套", "份"}, {"人", "个"}, {"起", "件"}, {"次", "批次", "起"}, {"栋", "座", "个"},
          {"辆", "台"}, {"班", "趟", "班次", "次"}, {"天", "日"}, {"株", "棵"})  # fmt: skip
_ARTICLE = {
    "班",
    "个",
    "项",
    "种",
    "次",
    "家",
    "件",
    "起",
    "处",
    "条",
    "份",
    "座",
    "类",
    "批",
    "张",
    "套",
    "本",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`start`, `end` in the whole text; `message` in plain Chinese."""

    reason: str
    start: int
    end: int
    message: str


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


def figures(
    clause: Signs,
    passages: Sequence[Passage],
    ground: Ground,
    today: _dates.Day | None,
    whole: Sequence[Sign],
) -> Iterator[Fault]:
    """Figures, dates, times, numbers of documents, codes."""
    for i, sign in enumerate(clause.row):
        if sign.item is not None:
            fault = _figure(clause.row, i, sign.item, passages, ground, today, whole)
            if fault:
                yield Fault(fault[0], sign.start, sign.end, fault[1])


def _figure(
    row: Sequence[Sign],
    i: int,
    item: Item,
    passages: Sequence[Passage],
    ground: Ground,
    today: _dates.Day | None,
    whole: Sequence[Sign],
) -> tuple[str, str] | None:
    equal, rivals = _candidates(row, i, item, passages, today)
    shown = row[i].raw
    if not equal:
        if (
            item.kind == "num"
            and item.key[0] == 1.0
            and item.key[1] in _ARTICLE
            and not any(s > 1.5 and r.item and r.item.key[1] == item.key[1] for s, r, _ in rivals)
        ):
            return None
        equal = _elsewhere(row, i, item, ground, passages, today)
        if not equal:
            return _unknown(item, shown, rivals)
    best = max(score for score, _, _ in equal)
    rival = _stronger(
        row, i, whole, equal, [e for e in rivals if _alike(item, e[1].item) and not _one_span(item, e, equal)]
    )
    if rival is not None:
        return "swapped", f"“{shown}”与事实对不上：同一处事实为“{rival.raw}”"
    agreeing = [s for score, s, _ in equal if score >= best - 0.75]
    if item.kind == "num" and not any(_hedged(item, s.item) for s in agreeing if s.item):
        return "approximate", f"“{shown}”与事实的约数说法不符：事实为“{_with_about(agreeing[0])}”"
    return None


def _stronger(row: Sequence[Sign], i: int, whole: Sequence[Sign], equal: Found, rivals: Found) -> Sign | None:
    """A figure of the facts that stands where the draft's stands better than the equal one does: the words of its own part of
    the clause are clearly more alike; or, where two figures changed places, those next to it are."""
    if not rivals:
        return None
    label = _label(row, i)
    own = max(_shared(label, _label_of(sign, passage)) for _, sign, passage in equal)
    near = max(score for score, _, _ in equal)
    for score, sign, passage in sorted(rivals, key=lambda entry: -entry[0]):
        theirs = _shared(label, _label_of(sign, passage))
        if theirs >= own + 1.0 and theirs >= 1.5 and own <= 0.5:
            return sign
        changed = any(other is not row[i] and other.item and other.key == sign.key for other in whole)
        if changed and theirs >= own and score > near + _MARGIN and score >= 1.0:
            return sign
    return None


def _one_span(item: Item, rival: tuple[float, Sign, Passage], equal: Found) -> bool:
    """Is the rival the other end of the same span of time (4月10日至20日)?"""
    if item.kind not in ("date", "time"):
        return False
    row = rival[2].row
    at = next(n for n, sign in enumerate(row) if sign is rival[1])
    beside = {id(row[n]) for n in (at - 1, at + 1) if 0 <= n < len(row)}
    return any(id(sign) in beside for _, sign, _ in equal)


def _label(row: Sequence[Sign], i: int) -> set[str]:
    """Keys of the words that say what a figure counts: its part of the clause, as far as the next figure on either side."""
    found: set[str] = set()
    for side in (-1, 1):
        at = i + side
        while 0 <= at < len(row) and row[at].item is None and row[at].place == row[i].place:
            found.add(row[at].key)
            at += side
    return found


def _label_of(sign: Sign, passage: Passage) -> set[str]:
    for part in passage.parts:
        for i, other in enumerate(part.row):
            if other is sign:
                return _label(part.row, i)
    return set()


def _shared(left: set[str], right: set[str]) -> float:
    """Words that two labels share; a single character is half a word."""
    return sum(1.0 if len(key) > 1 else 0.5 for key in left & right)


def _with_about(sign: Sign) -> str:
    names = {
        "": "确数",
        "about": "约数",
        "over": "有余",
        "near": "近",
        "above": "超过",
        "below": "不足、低于",
        "up": "以上",
        "down": "以下",
        "least": "至少",
        "most": "至多",
    }
    return f"{sign.raw}（{names[sign.item.about if sign.item else '']}）"


Found = list[tuple[float, Sign, Passage]]


def _candidates(
    row: Sequence[Sign], i: int, item: Item, passages: Sequence[Passage], today: _dates.Day | None
) -> tuple[Found, Found]:
    equal: Found = []
    rivals: Found = []
    for passage in passages:
        for j, sign in enumerate(passage.row):
            if sign.item is None or not _comparable(item, sign.item):
                continue
            entry = (closeness(row, i, passage.row, j, passage.clause_of), sign, passage)
            (equal if _same(item, sign.item, passage, today) else rivals).append(entry)
    return equal, rivals


def _comparable(left: Item, right: Item) -> bool:
    return left.kind == right.kind or {left.kind, right.kind} == {"date", "rel"}


def _elsewhere(
    row: Sequence[Sign],
    i: int,
    item: Item,
    ground: Ground,
    passages: Sequence[Passage],
    today: _dates.Day | None,
) -> Found:
    """The same item in another passage that speaks of the same thing."""
    tried = {p.place for p in passages}
    found: Found = []
    for passage in ground.passages:
        if passage.place in tried:
            continue
        for j, sign in enumerate(passage.row):
            if sign.item and _comparable(item, sign.item) and _same(item, sign.item, passage, today):
                near = closeness(row, i, passage.row, j)
                if (
                    near >= 1.6
                    or (near >= 0.8 and len(row) <= 4)
                    or all(other.item for other in row)
                    or item.kind in ("doc", "code")
                ):
                    found.append((near, sign, passage))
    return found


def _same(left: Item, right: Item, passage: Passage, today: _dates.Day | None) -> bool:
    if "rel" in (left.kind, right.kind) or left.kind == "date":
        return _dates.agree(left, right, passage.year, passage.month, today)
    if left.kind == "doc":
        a, b = str(left.key[2])[-2:], str(right.key[2])[-2:]
        return left.key[:2] == right.key[:2] and (
            not a or not b or a[-1] == b[-1] and (a == b or len(a) < 2 or len(b) < 2)
        )
    if left.kind == "time":
        return left.key[:2] == right.key[:2] and (
            "" in (left.key[2], right.key[2]) or left.key[2] == right.key[2]
        )
    if left.kind == "num":
        return (
            _same_value(left, right)
            and _same_unit(str(left.key[1]), str(right.key[1]))
            and left.ordinal == right.ordinal
        )
    return left.key == right.key


def _same_value(left: Item, right: Item) -> bool:
    a, b = float(str(left.key[0])), float(str(right.key[0]))
    return a == b or (
        left.about == "about" and right.about in ("", "over") and abs(a - b) <= 0.05 * max(a, b)
    )


def _same_unit(left: str, right: str) -> bool:
    return left == right or any(left in group and right in group for group in _MIXED)


def _hedged(draft: Item, fact: Item) -> bool:
    """May a draft that says `draft.about` rest on a fact that says `fact.about`?"""
    return draft.about == fact.about or fact.about in _FIT.get(draft.about, ())


# 以上 and 以下 belong to a rule, whose limit a draft may name alone; 约, 余, 近, 至少 and 超过 belong to the figure.
_FIT = {"": ("up", "down"), "about": ("", "over", "near"), "above": ("over", "least", "up"), "over": ("above", "up"),
        "least": ("above", "up"), "up": ("above", "least", "over"), "below": ("near", "most", "down"), "most": ("below", "down"),
        "down": ("below", "most"), "near": ("below",)}  # fmt: skip


def _alike(left: Item, right: Item | None) -> bool:
    """Could the one stand for the other: figures with the same unit, dates, codes?"""
    if right is None or left.kind != right.kind:
        return False
    return left.kind != "num" or _same_unit(str(left.key[1]), str(right.key[1])) or not right.key[1]


_KINDS = {"num": "数字", "date": "日期", "time": "时间", "doc": "文号", "code": "号码或代号", "rel": "日期"}


def _unknown(item: Item, shown: str, rivals: Found) -> tuple[str, str]:
    near = max(rivals, key=lambda entry: entry[0], default=None)
    tail = f"；事实为“{near[1].raw}”" if near and near[0] >= 0.8 else ""
    if item.kind == "num" and near and near[1].item and near[1].item.key[0] == item.key[0] and near[0] >= 0.8:
        return "unit", f"“{shown}”的单位与事实不符{tail}"
    return item.kind, f"{_KINDS[item.kind]}“{shown}”未见于相应的事实{tail}"


def senses(clause: Signs, passages: Sequence[Passage], whole: set[str]) -> Iterator[Fault]:
    """Not, already, will, perhaps, part, all: marks before signs that match differ. Where the facts speak twice in like words, a
    clause that agrees with either is true. `whole`: the marks of the whole sentence."""
    ours = {kind for kind, *_ in clause.marks} | (whole & {"future", "hedge", "part"})
    negations = sum(kind == "neg" for kind, *_ in clause.marks)
    for i, sign in enumerate(clause.row):
        found = [
            (
                closeness(clause.row, i, passage.row, j, passage.clause_of) + 0.5 * (other.raw == sign.raw),
                j,
                passage,
            )
            for passage in passages
            for j, other in enumerate(passage.row)
            if other.key == sign.key
        ]
        best = max((near for near, _, _ in found), default=-1.0)
        if best < (1.0 if len(clause.row) > 1 else 0.0):
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
    whole = bool(told & {*rows["every"], "全", "均", "都", "任何", "皆"})
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


_SLACK = 0.3
_SENSE = {
    "neg": "“{0}”的肯定、否定与事实相反：事实为“{1}”",
    "tense": "“{0}”的进展（已、正在、将）与事实不符：事实为“{1}”",
    "hedge": "“{0}”比事实说得更肯定：事实为“{1}”",
    "scope": "“{0}”的范围与事实不符：事实为“{1}”",
    "modal": "“{0}”的要求程度与事实不符：事实为“{1}”",
}


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
    if "part" in theirs and "part" not in our_clause or "part" in ours and "all" in theirs:
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


_SUFFIX = re.compile(
    r"[路街河江湖桥镇乡村县市区局委院校所站港山岛园城苑府庭巷寺厂店馆]|公司|集团|银行|广场|中心|大厦|社区|街道|小学|中学|大学|部门"
)


def covered(clause: Signs, passages: Sequence[Passage]) -> list[bool]:
    """Which signs of a clause the passages carry, in whatever order."""
    pairs: set[tuple[str, str]] = set()
    keys: set[str] = set()
    for passage in passages:
        row = passage.keys
        pairs.update(zip(row, row[1:], strict=False))
        keys.update(row)
    text = "\n".join(passage.text for passage in passages)
    row = clause.row
    light = table("words")["light"]
    found = []
    for i, sign in enumerate(row):
        whole = len(sign.key) > 1 or len(sign.word) == 1
        inside = sign.word in light or len(sign.word) > 1 and sign.word in text
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
            if _other_noun(new, old, nouns) and not any(_aligned(clause, a, b, p) for p in passages):
                yield Fault(
                    "object", clause.row[a].start, clause.row[b - 1].end, f"“{new}”与事实不符：事实为“{old}”"
                )


def _words(row: Sequence[Sign], start: int, end: int) -> str:
    """The whole words that signs belong to."""
    found = "".join(sign.raw for sign in row[start:end])
    first, last = row[start], row[end - 1]
    for sign in reversed(row[:start]):
        if sign.word == first.word and len(first.word) > 1 and sign.end == first.start:
            found, first = sign.raw + found, sign
        else:
            break
    for sign in row[end:]:
        if sign.word == last.word and len(last.word) > 1 and sign.start == last.end:
            found, last = found + sign.raw, sign
        else:
            break
    return found


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
    if new[0] in rows["not_first"] or old[0] in rows["not_first"] or new in rows["light"]:
        return False
    if {new, old} <= set(rows["persons"]):
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
    return any(word.endswith(noun) for noun in nouns) or word_class(part).startswith(("n", "t", "s"))


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

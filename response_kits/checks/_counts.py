"""Figures, dates, times, document numbers and codes of a clause against those of the facts that speak of the same thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from response_kits.checks import _dates
from response_kits.checks._align import Fault, closeness
from response_kits.checks._figures import Item
from response_kits.checks._ground import Ground, Passage
from response_kits.checks._signs import Sign, Signs

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


Found = list[tuple[float, Sign, Passage]]


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
            not a or not b or (a[-1] == b[-1] and (a == b or len(a) < 2 or len(b) < 2))
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

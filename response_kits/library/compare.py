"""What a policy's clauses hold (aims, who is covered, standards, limits, terms, gains) and how it differs from an older text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from huiyin.records import Clause, Policy
from response_kits.figures import Figure, figures
from response_kits.words import words

_CUES = {
    "aims": r"^(?:第.{1,4}条\s*)?(?:为了|为).{4,80}(?:制定本|提出如下)",
    "terms": r"所称.{2,30}(?:是指|包括)|.{2,20}，是指",
    "covered": r"(?:办法|规定|细则|意见|条例|通知|方案)[^。，]{0,8}适用|适用(?:本|范围|对象)|所称|户籍|可以(?:按照本办法)?参加|对象|不作限制|以下(?:人员|单位)",
    "standards": r"\d|百分之|[一二两三四五六七八九十]+(?:元|倍)|标准|比例",
    "limits": r"(?:\d+|[一二两三四五六七八九十百]+)(?:个)?(?:工作日|日内|天内|小时|个月|年)|自.{2,20}起|期限|按期|届满",
    "gains": r"补贴|减免|免缴|不再缴纳|无需|享受|提高到|补助|合并计算|自愿|不作限制|给予|转移接续|补足|公示",
    "next": r"施行|废止|解释|有效期",
}
_STANDARD_UNITS = frozenset(("%", "元", "倍", "个百分点", "米", "平方米", "立方米", "克", "吨", "升"))


def bare(clause: Clause) -> str:
    """A clause's words without its own number, on one line, with a full stop."""
    text = re.sub(r"^\s*(第[一二三四五六七八九十百零〇0-9]+条|[一二三四五六七八九十]+、|[（(][一二三四五六七八九十]+[）)]|\d+[.．、])\s*", "",
                  clause.text.replace("\n", ""))  # fmt: skip
    return text.strip()


def of_kind(policy: Policy, kind: str) -> list[Clause]:
    """Clauses of one kind (a key of the table above), in order. `standards` are numbers with a unit of money, share or size."""
    found = [c for c in policy.clauses if re.search(_CUES[kind], bare(c) if kind == "aims" else c.text)]
    if kind == "gains":
        return [c for c in found if not re.search("欺诈|骗取|依法处理|责令|罚款|处分", c.text)]
    if kind == "standards":
        return [c for c in found if any(f.unit in _STANDARD_UNITS for f in figures(c.text))]
    return [
        c for c in found if not (kind == "covered" and re.search(_CUES["next"], c.text) and len(c.text) < 40)
    ]


def unnamed(policy: Policy, clause: Clause) -> tuple[str, Clause, str] | None:
    """A clause whose subject is only in its chapter's heading, while another chapter speaks of the same thing: out of its place it
    is taken for the other's. (subject, a clause of the other chapter, the common word), or None."""
    if not clause.heading:
        return None
    subject = clause.heading.split(" ", 1)[-1]
    if any(word in clause.text for word in words(subject) if word not in ("职工", "基本", "企业", "管理")):
        return None
    mine = set(words(bare(clause)))
    for other in policy.clauses:
        if not other.heading or other.heading == clause.heading or re.search("总则|附则", other.heading):
            continue
        common = sorted(
            w
            for w in mine & set(words(bare(other)))
            if "年限" in w or w in ("缴费", "基数", "补助", "标准", "补贴", "期限")
        )
        if common:
            return subject, other, common[0]
    return None


@dataclass(frozen=True, slots=True)
class Change:
    """One clause against the older text. `kind`: added, removed, changed, same; `figures`: (old number, new number) that differ."""

    kind: str
    new: Clause | None
    old: Clause | None
    figures: tuple[tuple[str, str], ...]


def compare(old: Policy, new: Policy, least: float = 0.4) -> list[Change]:
    """Pair the clauses of two texts by common words, best pairs first; what has no partner was added or removed."""
    pairs = sorted(
        ((_likeness(a, b), a, b) for a in new.clauses for b in old.clauses),
        key=lambda row: (-row[0], row[1].order),
    )
    partner: dict[int, Clause] = {}
    taken: set[int] = set()
    for score, a, b in pairs:
        if score >= least and a.id not in partner and b.id not in taken:
            partner[a.id] = b
            taken.add(b.id)
    changes = [_change(clause, partner.get(clause.id)) for clause in new.clauses]
    return changes + [Change("removed", None, clause, ()) for clause in old.clauses if clause.id not in taken]


def _likeness(left: Clause, right: Clause) -> float:
    a, b = set(words(bare(left))), set(words(bare(right)))
    return len(a & b) / max(1, len(a | b)) if a and b else 0.0


def _change(new: Clause, old: Clause | None) -> Change:
    if old is None:
        return Change("added", new, None, ())
    if bare(new) == bare(old):
        return Change("same", new, old, ())
    return Change("changed", new, old, tuple(_differing(figures(bare(old)), figures(bare(new)))))


def _differing(old: Sequence[Figure], new: Sequence[Figure]) -> Iterable[tuple[str, str]]:
    before, after = [(f.value, f.unit) for f in old], [(f.value, f.unit) for f in new]
    gone = [f for f in old if (f.value, f.unit) not in after]
    come = [f for f in new if (f.value, f.unit) not in before]
    for unit in dict.fromkeys(f.unit for f in (*gone, *come)):
        left, right = [f.text for f in gone if f.unit == unit], [f.text for f in come if f.unit == unit]
        yield "、".join(left), "、".join(right)

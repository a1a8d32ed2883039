"""Worked examples for an interpretation: a clause's own numbers applied to a supposed case, the supposition said as such."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from huiyin.records import Clause
from response_kits.library.compare import bare
from response_kits.library.identify import number

SUPPOSED_BASE = 5000
"""Yuan: a round base, named as supposed, from which a rate is worked out."""
_RATE = re.compile(r"(?P<what>缴费)比例为(?P<rate>\d+(?:\.\d+)?)[%％]")
_YEARS = re.compile(r"(?:男)?满(?P<years>[一二三四五六七八九十]{1,3}|\d{1,2})年")
_JOINED = re.compile("年限[^。]{0,30}合并计算")
_GENERAL = re.compile("总则|经办|附则")
_EACH = re.compile(
    r"每(?P<per>平方米|户|人|月|立方米|次)(?:给予)?(?P<kind>奖励|补助|补贴|减免)(?P<sum>\d+(?:\.\d+)?)元"
)
_MANY = {"平方米": 60, "户": 3, "人": 3, "月": 6, "立方米": 10, "次": 2}
"""How many of a unit the supposed case has."""


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    clauses: tuple[Clause, ...]


def examples(clauses: Sequence[Clause], most: int = 3) -> list[Example]:
    """Examples that the clauses' numbers allow: a rate of a base, years that are added up, a sum for each unit."""
    found: list[Example] = []
    for clause in clauses:
        said = bare(clause)
        if (rate := _RATE.search(said)) is not None:
            share = float(rate["rate"])
            amount = SUPPOSED_BASE * share / 100
            found.append(Example(
                f"例如：假设某人在允许的范围内选定月缴费基数{SUPPOSED_BASE}元，按{rate['rate']}%的比例，每月缴费{amount:g}元"
                f"（{SUPPOSED_BASE}×{rate['rate']}%，{clause.path}）。", (clause,)))  # fmt: skip
        elif (each := _EACH.search(said)) is not None:
            many = _MANY[each["per"]]
            whole = many * float(each["sum"])
            kind = each["kind"] or "金额"
            found.append(
                Example(
                    f"例如：假设为{many}{each['per']}，{kind}共{whole:g}元（{many}×{each['sum']}元）。",
                    (clause,),
                )
            )
    if (years := _years(clauses)) is not None:
        found.append(years)
    return found[:most]


def _years(clauses: Sequence[Clause]) -> Example | None:
    """Years that are added up until a term is full. Term and rule of adding must stand in one chapter, or the rule in a general
    one: years of one insurance say nothing of another."""
    for term in clauses:
        match = _YEARS.search(bare(term))
        years = (number(match["years"]) or 0) if match and "累计" in bare(term) else 0
        added = next((c for c in clauses if _JOINED.search(bare(c)) and _covers(c, term)), None)
        if years >= 4 and added is not None:
            before, name = years // 2, term.heading.split(" ", 1)[-1]
            who = "一位男性参保人" if "男满" in bare(term) else "一位参保人"
            time = "断缴前" if "断缴前后" in bare(added) else "新规施行前"
            return Example(
                f"例如（{name or '累计年限'}）：假设{who}{time}已累计缴费{before}年，以后继续缴费，前后合并计算，再缴{years - before}年即累计满{years}年"
                f"（{added.path}、{term.path}）。", (added, term))  # fmt: skip
    return None


def _covers(rule: Clause, term: Clause) -> bool:
    return rule.heading == term.heading or bool(_GENERAL.search(rule.heading))

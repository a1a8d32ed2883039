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
_RATE = re.compile(r"(?P<what>缴费|补助|补贴|报销|奖励|费用?)比例为(?P<rate>\d+(?:\.\d+)?)[%％]")
_YEARS = re.compile(r"(?:男)?满(?P<years>[一二三四五六七八九十]{1,3}|\d{1,2})年")
_JOINED = re.compile("(?:缴费年限|工作年限|年限)[^。]{0,30}合并计算")
_EACH = re.compile(
    r"每(?P<per>平方米|户|人|月|立方米|次)(?:给予)?(?P<kind>奖励|补助|补贴|减免)?(?P<sum>\d+(?:\.\d+)?)元"
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
            period = "每月" if "缴费" in rate["what"] else ""
            found.append(Example(
                f"例如：假设某人选定的基数为{SUPPOSED_BASE}元，按{rate['rate']}%的比例计算，{period}为{amount:g}元"
                f"（{SUPPOSED_BASE}×{rate['rate']}%）。", (clause,)))  # fmt: skip
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
    added = next((c for c in clauses if _JOINED.search(bare(c))), None)
    term = next((c for c in clauses if "累计" in bare(c) and _YEARS.search(bare(c))), None)
    if added is not None and term is not None and (match := _YEARS.search(bare(term))):
        years = number(match["years"]) or 0
        before = years // 2
        if years >= 4:
            who = "一位男性参保人" if "男满" in bare(term) else "一位参保人"
            found.append(Example(
                f"例如：假设{who}在新规施行前已累计缴费{before}年，施行后继续缴费，前后合并计算，再缴{years - before}年即累计满{years}年，"
                f"以前缴费的年限不作废（{added.path}、{term.path}）。", (added, term)))  # fmt: skip
    return found[:most]

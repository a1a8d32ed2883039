"""Hard questions (尖锐问题) that every press conference on a grave matter brings, each answered from the record or left open."""

from __future__ import annotations

import re
from collections.abc import Callable

from response_kits.drafts._material import Material
from response_kits.drafts._told import inquiry, measures
from response_kits.drafts._writer import Writer
from response_kits.wording import closed, moment

RED = 2
"""Level from which, without an incident, such questions are to be expected all the same."""
_PREVENTS = re.compile("整改|整治|排查|检查|停用|停止|封停|制度|评估|监管|问责|立案|责令|培训|预案")
"""What keeps it from happening again; money paid back does not."""
_PEOPLE = ("deaths", "injured", "missing", "condition")


def rows(m: Material) -> list[tuple[str, str, Callable[[Material, Writer], bool]]]:
    """(question, slot whose limits hold, what writes its answer and says whether it could) for this matter."""
    people = bool(m.of(_PEOPLE))
    found: list[tuple[str, str, Callable[[Material, Writer], bool]]] = []
    if not people and m.issue.level < RED:
        return found
    found.append(("为什么没有更早发布信息？", "", _first_release))
    if people:
        found.append(("有没有瞒报，公布的数字会不会再变？", "deaths", _counts))
    found.append(("怎么保证今后不再发生？", "cause", _again))
    return found


def _first_release(m: Material, w: Writer) -> bool:
    """When the first of our standing texts came out, and how many there have been; no excuse is made up."""
    out = [s for s in m.statements if s.state == "standing" and s.published]
    if not out:
        return False
    more = f"，至今共发布{len(out)}次" if len(out) > 1 else ""
    w.statement(f"答：首次信息于{moment(out[0].published)}发布{more}。", out[0].id)
    return True


def _counts(m: Material, w: Writer) -> bool:
    facts = m.of(_PEOPLE)[:3]
    w.fact("答：已核实的情况是：" + "".join(closed(fact.text) for fact in facts), *facts)
    w.frame("情况有变化的，核实后及时公布。")
    return True


def _again(m: Material, w: Writer) -> bool:
    """What is being done; a promise is for those who can keep it."""
    facts = [fact for fact in m.of(["measure", "accountability", "next"]) if _PREVENTS.search(fact.text)][:2]
    told = (
        []
        if facts
        else [row for row in [*measures(m, ""), *inquiry(m, "")] if _PREVENTS.search(row.text)][-2:]
    )
    if facts:
        w.fact("答：" + "".join(closed(fact.text) for fact in facts), *facts)
    for at, row in enumerate(told):
        w.statement(("答：" if at == 0 else "") + row.text, row.statement)
    return bool(facts or told)

"""Who is on duty for an issue: the body whose word its verified facts are, and whom people can call (谁主管谁负责, 61号)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Fact, Issue, Organisation, Statement

_OFFICE = re.compile("新闻办公室|新闻办$|宣传部$|办公室$")
_SHORT = (
    ("卫健委", "卫生健康委员会"), ("卫生健康委", "卫生健康委员会"), ("疾控中心", "疾病预防控制中心"), ("住建局", "住房和城乡建设局"),
    ("人社局", "人力资源和社会保障局"), ("人力资源社会保障局", "人力资源和社会保障局"), ("市场监管局", "市场监督管理局"),
    ("医保局", "医疗保障局"), ("发改委", "发展和改革委员会"), ("交通局", "交通运输局"),
)  # fmt: skip
"""Common short names of departments and the names in full, as a directory has them."""


_LABORATORY = re.compile("疾控|疾病预防|检测|检验|监测|公证")
"""Bodies that test and attest for others: what they say is weighed, the matter is not theirs."""
_EMERGENCY = ("110", "119", "120", "122")
"""Numbers for calls for help; nobody is told to ask there."""


@dataclass(frozen=True, slots=True)
class Duty:
    """`unit`: the body that answers, `reason` how it was found, in words; `ask` and `contact`: whom people can call."""

    unit: str
    reason: str
    ask: str
    contact: str


def on_duty(
    session: Session,
    issue: Issue,
    facts: Sequence[Fact],
    statements: Sequence[Statement],
    office: str = "",
) -> Duty:
    """The body that issued the matter's notices and whose word most verified facts are; else the unit that the analysis found,
    where the directory has it and it belongs to the issue's place; else the office that coordinates (`office`).

    A body that only coordinates publishing (a news office) is taken only where no other is found. Whom to call: that body, else
    the next one of these that the directory gives a telephone.
    """
    entries = list(session.scalars(select(Organisation).order_by(Organisation.id)))
    score: Counter[str] = Counter()
    for fact in facts:
        if fact.slot != "rule":
            score[body(fact.source, entries)] += 4 if fact.slot == "what" else 2
    for statement in statements:
        if statement.state == "standing":
            score[body(statement.body, entries)] += 4
    for part in re.split("[、，]", issue.unit):
        if part in score:
            score[part] += 3  # the analysis and the facts agree
    weighed = {name: n / 4 if _LABORATORY.search(name) else n for name, n in score.items()}
    ranked = sorted(
        (name for name in weighed if name and not _OFFICE.search(name)),
        # Where two gave as much, the one that the directory can reach.
        key=lambda name: (-weighed[name], not _contact(name, entries), name),
    )
    found = [
        part
        for part in re.split("[、，]", issue.unit)
        if not _OFFICE.search(part) and _here(_entry(part, entries), issue.place)
    ]
    names = [*ranked, *found, office]
    if ranked:
        reason = "已核实事实的来源、已发布通报的单位"
    else:
        reason = "研判得出的涉事单位" if found else "尚无承办单位的核实情况，由协调单位牵头"
    ask = next((name for name in names if _contact(name, entries)), "")
    return Duty(names[0], reason, ask, _contact(ask, entries))


def _here(entry: Organisation | None, place: str) -> bool:
    return entry is not None and (
        not place or not entry.place or entry.place in place or place in entry.place
    )


def body(source: str, entries: Sequence[Organisation]) -> str:
    """A source's name as the directory has it (市应急管理局 → 云江市应急管理局); as it is where the directory has none; ""
    for a document, a link or a sentence."""
    name = source.strip()
    if not name or len(name) > 24 or re.search("[《》：:，。/〔]|报告$|通报$|记录$|清单$", name):
        return ""
    full = name
    for short, whole in _SHORT:
        if full.endswith(short):
            full = full.removesuffix(short) + whole
            break
    found = [e.name for e in entries if e.name.endswith(full) and len(e.name) - len(full) <= 6]
    return min(found, key=len) if found else full


def _entry(name: str, entries: Sequence[Organisation]) -> Organisation | None:
    return next((e for e in entries if e.name == name), None)


def _contact(name: str, entries: Sequence[Organisation]) -> str:
    entry = _entry(name, entries)
    return entry.contact if entry is not None and entry.contact not in _EMERGENCY else ""

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


@dataclass(frozen=True, slots=True)
class Duty:
    """`unit`: the body that answers; `contact` its telephone or ""; `reason` how it was found, in words."""

    unit: str
    contact: str
    reason: str


def on_duty(
    session: Session,
    issue: Issue,
    facts: Sequence[Fact],
    statements: Sequence[Statement],
    office: str = "",
) -> Duty:
    """The source of most verified facts; else the issuer of the issue's published notices; else the unit that the analysis
    found, where the directory has it and it belongs to the issue's place; else the office that coordinates (`office`).

    A body that only coordinates publishing (a news office) is taken only where no other is found.
    """
    entries = list(session.scalars(select(Organisation).order_by(Organisation.id)))
    told = Counter(name for f in facts if f.slot != "rule" and (name := body(f.source, entries)))
    issued = Counter(name for s in statements if s.state == "standing" and (name := body(s.body, entries)))
    for counted, reason in ((told, "已核实事实的来源单位"), (issued, "已发布通报的发布单位")):
        ranked = sorted(
            ((n, name) for name, n in counted.items() if not _OFFICE.search(name)),
            # Where two gave as much, the one that the directory can reach.
            key=lambda row: (-row[0], not _entry(row[1], entries), row[1]),
        )
        if ranked:
            return _duty(ranked[0][1], entries, reason)
    for part in re.split("[、，]", issue.unit):
        entry = _entry(part, entries)
        if (
            entry is not None
            and not _OFFICE.search(part)
            and (
                not issue.place or not entry.place or entry.place in issue.place or issue.place in entry.place
            )
        ):
            return _duty(part, entries, "研判得出的涉事单位")
    return _duty(office, entries, "尚无承办单位的核实情况，由协调单位牵头")


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


def _duty(name: str, entries: Sequence[Organisation], reason: str) -> Duty:
    entry = _entry(name, entries)
    return Duty(name, entry.contact if entry else "", reason)

"""How often each rule was right, as people judged its alerts; and what would have made it quieter. Nothing changes by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Alert
from huiyin.rules import load

LEAST_JUDGED = 5
"""With fewer judged alerts a share says nothing."""
LOW = 0.5
NUMBERS = {
    "least_last_hour": ("last_hour", "近一小时新增"),
    "times_usual": ("times", "相对平时的倍数"),
    "least_authors": ("authors", "不同作者数"),
    "least_matches": ("matches", "传言出现条数"),
    "least_found": ("found", "保存的检索找到的条数"),
    "least_missed": ("missed", "应有而没有新内容的小时数"),
}
"""A rule's number → the figure in an alert's evidence that it bounds, and what people call it."""


@dataclass(frozen=True, slots=True)
class RulePrecision:
    """`precision` is confirmed / (confirmed + false), None where nothing was judged. `suggestion` "" where there is none."""

    key: str
    name: str
    basis: str
    raised: int
    waiting: int
    confirmed: int
    false: int
    suggestion: str

    @property
    def precision(self) -> float | None:
        judged = self.confirmed + self.false
        return self.confirmed / judged if judged else None


def precision(session: Session) -> list[RulePrecision]:
    """One row a rule of the table, in its order."""
    by_rule: dict[str, list[tuple[Mapping[str, Any], bool, bool]]] = {}
    wanted = select(Alert.rule, Alert.evidence, Alert.acknowledged, Alert.false_alarm).order_by(Alert.id)
    for rule, evidence, acknowledged, false in session.execute(wanted):
        by_rule.setdefault(rule, []).append((evidence.get("measured", {}), acknowledged is not None, false))
    return [_figure(rule, by_rule.get(rule["key"], [])) for rule in load("alerts")["rule"]]


def _figure(rule: Mapping[str, Any], rows: Sequence[tuple[Mapping[str, Any], bool, bool]]) -> RulePrecision:
    right = [measured for measured, judged, false in rows if judged and not false]
    wrong = [measured for measured, judged, false in rows if judged and false]
    few = len(right) + len(wrong) < LEAST_JUDGED
    often = not few and len(right) / (len(right) + len(wrong)) < LOW
    return RulePrecision(
        rule["key"], rule["name"], rule["basis"], raised=len(rows), waiting=sum(not judged for _, judged, _ in rows),
        confirmed=len(right), false=len(wrong), suggestion=_suggest(rule, right, wrong) if often else "",
    )  # fmt: skip


def _suggest(
    rule: Mapping[str, Any], right: Sequence[Mapping[str, Any]], wrong: Sequence[Mapping[str, Any]]
) -> str:
    """The one number whose raising would have silenced most false alarms and none of the confirmed alerts."""
    best: tuple[int, str] = (0, "")
    for name, (figure, words) in NUMBERS.items():
        if name not in rule:
            continue
        kept = [measured[figure] for measured in right if figure in measured]
        noise = [measured[figure] for measured in wrong if figure in measured]
        if not noise or len(kept) < len(right):
            continue
        # Without a confirmed alert the bound goes just above the middle of the false ones.
        bound = min(kept) if kept else sorted(noise)[len(noise) // 2] + 1
        silenced = sum(value < bound for value in noise)
        if bound > rule[name] and silenced > best[0]:
            best = (
                silenced,
                f"可考虑把“{words}”的下限（{name}）由 {rule[name]:g} 提高到 {bound:g}：按已有判断，可少 {silenced} 次误报，不漏已确认的预警。",
            )
    return (
        best[1]
        or "误报较多，但提高现有数字会漏掉已确认的预警；请核对事件级别和归并是否恰当，再决定是否调整规则。"
    )

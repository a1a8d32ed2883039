"""What a channel says: one message an alert, or one digest where many wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from huiyin.records import Alert
from huiyin.rules import load
from huiyin.settings import Settings

LEVEL = {3: "红色", 2: "橙色", 1: "黄色", 0: "蓝色"}
LINES = 12
"""Alerts that a digest names one by one; the rest it counts. Chat services cut long messages off in the middle."""
REASON = 60


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel gets: `title` one line, `text` several; `key` lets a receiver drop a repeated delivery."""

    key: str
    level: int
    title: str
    text: str


def messages(
    alerts: Sequence[Alert], settings: Settings, *, escalated: bool
) -> list[tuple[Message, list[Alert]]]:
    """(message, the alerts that it tells of, whose issues are loaded). More than `digest.most` of the rule table become one message."""
    if len(alerts) > load("alerts")["digest"]["most"]:
        return [(_digest(alerts, settings, escalated=escalated), list(alerts))]
    return [(_single(alert, settings, escalated=escalated), [alert]) for alert in alerts]


def _single(alert: Alert, settings: Settings, *, escalated: bool) -> Message:
    at = alert.at.astimezone(settings.zone).strftime("%m-%d %H:%M")
    documents, sources = alert.evidence.get("documents", 0), alert.evidence.get("sources", 0)
    size = f"文档 {documents} 条，来源 {sources} 个，" if alert.issue_id else ""
    text = f"{alert.reason}\n{size}截至 {at}。系统判断仅供研判，请以核实为准。"
    title = f"{_mark(escalated)}{_sample([alert])}{LEVEL[alert.level]}预警：{_line(alert.title)}"
    return Message(f"alert:{alert.id}{_suffix(escalated)}", alert.level, title, text)


def _digest(alerts: Sequence[Alert], settings: Settings, *, escalated: bool) -> Message:
    ordered = sorted(alerts, key=lambda alert: (-alert.level, alert.at))
    lines = [f"{_sample([a])}{LEVEL[a.level]} {_line(a.title)}：{_line(a.reason)}" for a in ordered[:LINES]]
    if len(ordered) > LINES:
        lines.append(f"另有 {len(ordered) - LINES} 条，请在“预警”页查看。")
    numbers = [alert.id for alert in alerts]
    key = f"digest:{min(numbers)}-{max(numbers)}:{len(numbers)}{_suffix(escalated)}"
    title = f"{_mark(escalated)}{_sample(alerts)}{len(alerts)} 条舆情预警，最高{LEVEL[ordered[0].level]}"
    return Message(key, ordered[0].level, title, "\n".join(lines))


def _line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= REASON else f"{flat[: REASON - 1]}…"


def _mark(escalated: bool) -> str:
    return "（尚未确认）" if escalated else ""


def _sample(alerts: Sequence[Alert]) -> str:
    """A mark on what is only the sample city's: nobody may take it for real on a telephone."""
    made_up = (alert.issue.sample if alert.issue else bool(alert.evidence.get("sample")) for alert in alerts)
    return "【示例数据，非真实事件】" if all(made_up) else ""


def _suffix(escalated: bool) -> str:
    return ":escalated" if escalated else ""

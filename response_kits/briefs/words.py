"""Words of the briefs: the same in HTML, DOCX and PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from huiyin.rules import load
from huiyin.settings import Settings

LEAST_BASE, GREATEST_CHANGE = 20, 10.0
"""Fewest documents that a percentage is taken of, and the greatest change that is said as one."""
LEVEL = {3: "红色", 2: "橙色", 1: "黄色", 0: "蓝色"}


def day_words(moment: datetime, settings: Settings) -> str:
    at = moment.astimezone(settings.zone)
    return f"{at.year}年{at.month}月{at.day}日"


def change_words(now: int, before: int, last: str = "上周") -> str:
    """较上周同期（80 条）增加 12.3%; in numbers where the base is too small or the change too great for a percentage to mean anything;
    where there was nothing before, nothing is compared."""
    if not before:
        return f"{last}同期没有数据，无法比较"
    change = (now - before) / before
    if now == before:
        return f"与{last}同期持平"
    word = "增加" if change > 0 else "减少"
    if before < LEAST_BASE or abs(change) > GREATEST_CHANGE:
        return f"较{last}同期（{before:,} 条）{word} {abs(now - before):,} 条"
    return f"较{last}同期（{before:,} 条）{word} {abs(change):.1%}"


def difference(now: int, before: int) -> str:
    """+12, -3, 持平."""
    return f"{now - before:+,}" if now != before else "持平"


def stance_words(value: float) -> str:
    """Mean stance, -1 … 1, in a word."""
    if value <= -0.5:
        return "负面为主"
    if value < -0.15:
        return "偏负面"
    return "偏正面" if value > 0.15 else "中性"


def answer_words(event: dict[str, Any]) -> str:
    """已回应，用时 3.5 小时; 已回应 where the hours cannot be known; 未回应."""
    if not event["answered"]:
        return "未回应"
    return f"已回应，用时 {event['hours']:g} 小时" if event["hours"] is not None else "已回应"


def clock_name(rule: str) -> str:
    """The act that a clock asks for, from the rules' table."""
    for row in load("clocks")["clock"]:
        if row["key"] == rule:
            return str(row["name"])
    return rule

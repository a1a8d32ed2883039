"""Words of the briefs: the same in HTML, DOCX and PDF."""

from __future__ import annotations

from datetime import datetime

from huiyin.rules import load
from huiyin.settings import Settings

LEVEL = {3: "红色", 2: "橙色", 1: "黄色", 0: "蓝色"}
WEEKDAYS = "一二三四五六日"


def day_words(moment: datetime, settings: Settings) -> str:
    at = moment.astimezone(settings.zone)
    return f"{at.year}年{at.month}月{at.day}日"


def change_words(now: int, before: int) -> str:
    """较上周增加 12.3%; where there was nothing before, no percentage is made up."""
    if not before:
        return "上周同期没有数据，无法比较"
    change = (now - before) / before
    if abs(change) < 0.0005:
        return "与上周持平"
    return f"较上周同期（{before:,} 条）{'增加' if change > 0 else '减少'} {abs(change):.1%}"


def signed(number: int) -> str:
    """较上周 +12 条."""
    return f"较上周 {number:+,} 条" if number else "与上周持平"


def stance_words(value: float) -> str:
    """Mean stance, -1 … 1, in a word."""
    if value <= -0.5:
        return "负面为主"
    if value < -0.15:
        return "偏负面"
    return "偏正面" if value > 0.15 else "中性"


def clock_name(rule: str) -> str:
    """The act that a clock asks for, from the rules' table."""
    for row in load("clocks")["clock"]:
        if row["key"] == rule:
            return str(row["name"])
    return rule

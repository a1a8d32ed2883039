"""周报: the week for leaders (RULES 7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from huiyin.settings import Settings
from response_kits.briefs import base, periods, sections
from response_kits.briefs.blocks import Block, heading, text

NAME = "周报"
FIELDS = {
    "note": ("编者按（可不填）", False),
    "lead": ("要情导读", False),
    "risks": ("下周风险（每行一条）", True),
    "suggestions": ("建议（每行一条）", True),
}
EVENTS, KEY_EVENTS = 12, 4


def model(session: Session, settings: Settings, key: str, now: datetime) -> dict[str, Any]:
    """Of an ISO week such as 2026-W47; one that still runs is cut at `now`, and says so."""
    period = periods.week(key, settings, now)
    found = base.head(
        "weekly", period, settings, now, f"{settings.region}舆情周报", f"{key[:4]}年第{int(key[-2:])}期"
    )
    edges = [period.whole.since + timedelta(days=day) for day in range(8)]
    found["volume"] = base.volume(
        session, period, edges, [edge.astimezone(settings.zone).strftime("%m-%d") for edge in edges[:-1]]
    )
    base.fill(found, session, period, settings, EVENTS, KEY_EVENTS)
    return found


def blocks(model: dict[str, Any], settings: Settings) -> list[Block]:
    numbers = iter("一二三四五六七八九")
    found = [heading(f"{next(numbers)}、要情导读"), text(model["note"], "note"), text(model["lead"], "lead")]
    found += sections.volume(model, next(numbers), settings)
    found += sections.events(model, next(numbers))
    if model["key_events"]:
        found += sections.key_events(model, next(numbers), settings)
    found += (
        sections.asked(model, next(numbers))
        + sections.rumours(model, next(numbers))
        + sections.clocks(model, next(numbers), settings)
    )
    found += sections.advice(model, next(numbers), "下周风险与建议", "没有由本周数据支持的风险提示。")
    return found + sections.coverage(model, next(numbers), settings)

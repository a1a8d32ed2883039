"""日报: what a leader must know of one day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from huiyin.settings import Settings
from response_kits.briefs import base, periods, sections
from response_kits.briefs.blocks import Block, heading, text

NAME = "日报"
FIELDS = {
    "note": ("编者按（可不填）", False),
    "lead": ("要情导读", False),
    "risks": ("需要关注（每行一条）", True),
    "suggestions": ("建议（每行一条）", True),
}
EVENTS, KEY_EVENTS = 8, 2
HOURS = 3


def model(session: Session, settings: Settings, key: str, now: datetime) -> dict[str, Any]:
    """Of a day such as 2026-11-24; today is cut at `now`, and says so."""
    period = periods.day(key, settings, now)
    found = base.head(
        "daily",
        period,
        settings,
        now,
        f"{settings.region}舆情日报",
        day_number(period.window.since, settings),
    )
    edges = [period.whole.since + timedelta(hours=hour) for hour in range(0, 25, HOURS)]
    found["volume"] = base.volume(
        session, period, edges, [f"{hour:02d}–{hour + HOURS:02d}时" for hour in range(0, 24, HOURS)]
    )
    base.fill(found, session, period, settings, EVENTS, KEY_EVENTS)
    return found


def day_number(since: datetime, settings: Settings) -> str:
    at = since.astimezone(settings.zone)
    return f"{at.year}年第{at.timetuple().tm_yday}期"


def blocks(model: dict[str, Any], settings: Settings) -> list[Block]:
    numbers = iter("一二三四五六七八九")
    found = [heading(f"{next(numbers)}、要情导读"), text(model["note"], "note"), text(model["lead"], "lead")]
    found += sections.volume(model, next(numbers), settings)
    found += sections.events(model, next(numbers))
    if model["key_events"]:
        found += sections.key_events(model, next(numbers), settings)
    found += sections.asked(model, next(numbers))
    if model["rumours"]:
        found += sections.rumours(model, next(numbers))
    found += sections.clocks(model, next(numbers), settings)
    found += sections.advice(model, next(numbers), "需要关注与建议", "没有由当日数据支持的提示。")
    return found + sections.coverage(model, next(numbers), settings)

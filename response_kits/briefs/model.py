"""The weekly brief's model: every figure and sentence that HTML, DOCX and PDF show, frozen as plain data."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from huiyin.errors import UsageError
from huiyin.settings import Settings
from response_kits.briefs import figures
from response_kits.briefs.figures import Window
from response_kits.briefs.words import LEVEL, change_words, clock_name, day_words, signed

EVENTS = 12
KEY_EVENTS = 4


def week_window(week: str, settings: Settings) -> Window:
    """Monday 0:00 to the next Monday 0:00 in the office's zone. Raises UsageError for anything but 2026-W47."""
    found = re.fullmatch(r"(\d{4})-W(\d{2})", week)
    try:
        if not found:
            raise ValueError
        monday = datetime.fromisocalendar(int(found[1]), int(found[2]), 1).replace(tzinfo=settings.zone)
    except ValueError as error:
        raise UsageError(f"week {week!r}: write it as 2026-W47") from error
    return Window(monday, monday + timedelta(days=7))


def weekly(session: Session, settings: Settings, week: str, now: datetime) -> dict[str, Any]:
    """The model of one week. A week that is still running is cut at `now`, and says so."""
    whole = week_window(week, settings)
    until = min(whole.until, now)
    if until <= whole.since:
        raise UsageError(f"week {week} has not begun yet")
    window = Window(whole.since, until)
    count, earlier = figures.total(session, window), figures.total(session, window.before)
    against, against_earlier = figures.negative(session, window), figures.negative(session, window.before)
    model: dict[str, Any] = {
        "kind": "weekly", "period": week, "since": window.since.isoformat(), "until": window.until.isoformat(),
        "complete": until == whole.until, "made": now.isoformat(), "organisation": settings.organisation, "region": settings.region,
        "title": f"{settings.region}舆情周报", "number": f"{week[:4]}年第{int(week[-2:])}期",
        "span": f"{day_words(window.since, settings)}至{day_words(window.until - timedelta(seconds=1), settings)}",
        "volume": {
            "total": count, "previous": earlier, "negative": against, "negative_previous": against_earlier,
            "daily": figures.daily(session, Window(whole.since, whole.until), settings),
            "topics": figures.by_topic(session, window), "sources": figures.by_source(session, window),
        },
        "events": figures.events(session, window, EVENTS),
        "rumours": figures.rumours(session, window),
        "clocks": figures.clocks(session, window),
        "coverage": figures.coverage(session, window),
    }  # fmt: skip
    model["concerns"] = _concerns(model["events"])
    model["key_events"] = [event for event in model["events"] if event["level"] >= 2][:KEY_EVENTS]
    model["risks"] = list(_risks(model))
    model["suggestions"] = list(_suggestions(model))
    model["lead"] = _lead(model)
    return model


def _concerns(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = [
        {
            "question": concern["question"],
            "count": int(concern["count"]),
            "issue": event["id"],
            "title": event["title"],
        }
        for event in events
        for concern in event["concerns"]
    ]
    return sorted(rows, key=lambda row: -row["count"])[:10]


def _lead(model: dict[str, Any]) -> str:
    volume, events = model["volume"], model["events"]
    if not volume["total"]:
        return "本周没有采集到内容。请先查看文末“监测覆盖”，确认来源是否正常。"
    share = volume["negative"] / volume["total"]
    parts = [
        f"{'本周' if model['complete'] else '截至目前，本周'}共监测到涉{model['region']}信息 {volume['total']:,} 条，"
        f"{change_words(volume['total'], volume['previous'])}；其中负面信息 {volume['negative']:,} 条，占 {share:.1%}。"
    ]
    for level in (3, 2):
        chosen = [event for event in events if event["level"] == level]
        if chosen:
            names = "；".join(f"“{event['title']}”" for event in chosen[:3])
            parts.append(f"{LEVEL[level]}事件 {len(chosen)} 件：{names}{'等' if len(chosen) > 3 else ''}。")
    clocks = model["clocks"]
    due = clocks["met"] + clocks["missed"]
    if due:
        parts.append(f"本周到期的回应时限 {due} 项，按时 {clocks['met']} 项，超时 {clocks['missed']} 项。")
    return "".join(parts)


def _risks(model: dict[str, Any]) -> Iterable[str]:
    """Risks that rows speak for; none is guessed."""
    for event in model["events"]:
        if (
            event["level"] >= 2
            and not event["answered"]
            and event["state"] not in ("answered", "closed", "watching")
        ):
            yield f"“{event['title']}”为{LEVEL[event['level']]}事件，尚无本单位发布的回应，本周信息 {event['count']} 条（{signed(event['count'] - event['previous'])}）。"
    for rumour in model["rumours"]:
        if rumour["after"]:
            yield f"传言“{rumour['claim']}”在辟谣发布后仍出现 {rumour['after']} 条，需要继续关注。"
        elif rumour["verdict"] == "待核":
            yield f"传言“{rumour['claim']}”本周出现 {rumour['before']} 条，尚未核实。"
    for event in model["events"]:
        if event["previous"] >= 5 and event["count"] >= 2 * event["previous"]:
            yield f"“{event['title']}”本周信息 {event['count']} 条，为上周（{event['previous']} 条）的 {event['count'] / event['previous']:.1f} 倍。"


def _suggestions(model: dict[str, Any]) -> Iterable[str]:
    for row in model["clocks"]["rows"]:
        if row["state"] == "missed":
            yield f"“{row['title']}”的“{clock_name(row['rule'])}”已超时，建议先发布已核实部分，并说明下次发布时间。"
    for event in model["key_events"]:
        if not event["answered"] and event["concerns"]:
            yield f"“{event['title']}”：优先回答“{event['concerns'][0]['question']}”（{event['concerns'][0]['count']} 条提问）。"
    for source in model["coverage"]["failed"]:
        yield f"来源“{source['title']}”本周 {source['failed_runs']} 次抓取失败，建议检查，以免漏报。"

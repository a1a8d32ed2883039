"""What the models of the regular briefs have in common: volume, events, rumours, clocks, coverage, and the sentences that rows speak for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from huiyin.settings import Settings
from response_kits.briefs import figures
from response_kits.briefs.periods import Period
from response_kits.briefs.words import LEVEL, change_words, clock_name, day_words, difference

CONCERNS = 10


def head(
    kind: str, period: Period, settings: Settings, now: datetime, title: str, number: str
) -> dict[str, Any]:
    """What every model says of itself."""
    last_day = period.window.until - timedelta(seconds=1)
    first, last = day_words(period.window.since, settings), day_words(last_day, settings)
    return {
        "kind": kind, "period": period.key, "since": period.window.since.isoformat(), "until": period.window.until.isoformat(),
        "complete": period.complete, "made": now.isoformat(), "organisation": settings.organisation, "region": settings.region,
        "title": title, "number": number, "span": first if first == last else f"{first}至{last}", "this": period.this, "last": period.last,
        "before": [period.before.since.isoformat(), period.before.until.isoformat()], "note": "",
    }  # fmt: skip


def volume(
    session: Session, period: Period, edges: Sequence[datetime], labels: Sequence[str]
) -> dict[str, Any]:
    """Counts of the period and of the one it is compared with; `buckets` for the chart."""
    window, before = period.window, period.before
    return {
        "total": figures.total(session, window), "previous": figures.total(session, before),
        "negative": figures.negative(session, window), "negative_previous": figures.negative(session, before),
        "buckets": figures.buckets(session, window, edges, labels),
        "topics": figures.by_topic(session, window), "sources": figures.by_source(session, window),
        "sources_previous": len(figures.by_source(session, before)),
    }  # fmt: skip


def fill(
    model: dict[str, Any], session: Session, period: Period, settings: Settings, events: int, key_events: int
) -> None:
    """Add what the record says of the period's events, rumours, clocks and sources, and the sentences that follow from them."""
    model["events"] = figures.events(session, period, events, settings)
    model["key_events"] = [event for event in model["events"] if event["level"] >= 2][:key_events] or model[
        "events"
    ][:1]
    model["rumours"] = figures.rumours(session, period.window)
    model["clocks"] = figures.clocks(session, period.window)
    model["coverage"] = figures.coverage(session, period)
    model["concerns"] = _concerns(model["events"])
    model["risks"] = list(_risks(model))
    model["suggestions"] = list(_suggestions(model))
    model["lead"] = _lead(model)


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
    return sorted(rows, key=lambda row: -row["count"])[:CONCERNS]


def _lead(model: dict[str, Any]) -> str:
    volume, events, this = model["volume"], model["events"], model["this"]
    if not volume["total"]:
        return f"{this}没有采集到内容。请先查看文末“监测覆盖”，确认来源是否正常。"
    share = volume["negative"] / volume["total"]
    parts = [
        f"{this if model['complete'] else f'{this}（尚未结束）'}共监测到涉{model['region']}信息 {volume['total']:,} 条，"
        f"{change_words(volume['total'], volume['previous'], model['last'])}；其中负面信息 {volume['negative']:,} 条，占 {share:.1%}。"
    ]
    for level in (3, 2):
        chosen = [event for event in events if event["level"] == level]
        if chosen:
            names = "；".join(f"“{event['title']}”" for event in chosen[:3])
            parts.append(f"{LEVEL[level]}事件 {len(chosen)} 件：{names}{'等' if len(chosen) > 3 else ''}。")
    clocks = model["clocks"]
    due = clocks["met"] + clocks["missed"]
    if due:
        parts.append(f"{this}到期的回应时限 {due} 项，按时 {clocks['met']} 项，超时 {clocks['missed']} 项。")
    return "".join(parts)


def _risks(model: dict[str, Any]) -> Iterable[str]:
    """Risks that rows speak for; none is guessed."""
    this, last = model["this"], model["last"]
    for event in model["events"]:
        if event["level"] >= 2 and not event["answered"]:
            change = difference(event["count"], event["previous"])
            words = f"与{last}持平" if change == "持平" else f"较{last} {change} 条"
            yield f"“{event['title']}”为{LEVEL[event['level']]}事件，尚无本单位发布的回应，{this}信息 {event['count']:,} 条（{words}）。"
    for rumour in model["rumours"]:
        if rumour["after"]:
            yield f"传言“{rumour['claim']}”在辟谣发布后仍出现 {rumour['after']:,} 条，需要继续关注。"
        elif rumour["verdict"] == "待核":
            yield f"传言“{rumour['claim']}”{this}出现 {rumour['before']:,} 条，尚未核实。"
    for event in model["events"]:
        if event["previous"] >= 5 and event["count"] >= 2 * event["previous"]:
            yield f"“{event['title']}”{this}信息 {event['count']:,} 条，为{last}（{event['previous']:,} 条）的 {event['count'] / event['previous']:.1f} 倍。"


def _suggestions(model: dict[str, Any]) -> Iterable[str]:
    for row in model["clocks"]["rows"]:
        if row["state"] == "missed":
            yield f"“{row['title']}”的“{clock_name(row['rule'])}”已超时，建议先发布已核实部分，并说明下次发布时间。"
    for event in model["key_events"]:
        if not event["answered"] and event["concerns"]:
            yield f"“{event['title']}”：优先回答“{event['concerns'][0]['question']}”（{event['concerns'][0]['count']:,} 条提问）。"
    for source in model["coverage"]["failed"]:
        runs = f"{source['failed_runs']} 次抓取失败" if source["failed_runs"] else "不能抓取"
        yield f"来源“{source['title']}”{model['this']}{runs}，建议检查，以免漏报。"

"""Sections that several kinds of brief share: each turns frozen figures into blocks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from huiyin.settings import Settings
from huiyin.topics import TOPICS
from response_kits.briefs.blocks import (
    Block,
    box,
    bullets,
    cell,
    chart,
    heading,
    issue_link,
    search_link,
    table,
    text,
)
from response_kits.briefs.words import answer_words, change_words, clock_name, difference, stance_words

STATE = {"met": "按时", "missed": "超时", "running": "未到期", "paused": "已暂停"}
SOURCE_STATE = {"broken": "页面失效", "blocked": "被对方拒绝"}
TOP_TOPICS = 8
TURNS = 6


def at(value: str, settings: Settings, style: str = "%m-%d %H:%M") -> str:
    return datetime.fromisoformat(value).astimezone(settings.zone).strftime(style)


def volume(model: dict[str, Any], number: str, settings: Settings) -> list[Block]:
    """How much was said: a table of figures with the change, a chart over time, topics."""
    counted, since, until, last = model["volume"], model["since"], model["until"], model["last"]
    rows = [
        ["信息总量（条）", cell(counted["total"], href=search_link(since=since, until=until)), counted["previous"], difference(counted["total"], counted["previous"])],
        ["其中负面（条）", cell(counted["negative"], href=search_link(since=since, until=until, sentiment="-1")), counted["negative_previous"],
         difference(counted["negative"], counted["negative_previous"])],
        ["有信息的来源（个）", len(counted["sources"]), counted["sources_previous"], difference(len(counted["sources"]), counted["sources_previous"])],
    ]  # fmt: skip
    peak = max(counted["buckets"], key=lambda row: row["count"], default=None)
    found = [
        heading(f"{number}、{model['this']}概况"),
        text(f"共 {counted['total']:,} 条，{change_words(counted['total'], counted['previous'], last)}；负面 {counted['negative']:,} 条，"
             f"{change_words(counted['negative'], counted['negative_previous'], last)}；来自 {len(counted['sources'])} 个来源。倾向由模型判断，供参考。"),
        table(["指标", model["this"], f"{last}同期", "变化"], rows, [40, 20, 20, 20], figures=(1, 2, 3)),
    ]  # fmt: skip
    if counted["total"] and peak:
        note = "浅色为非负面信息，深色为负面信息；柱上数字为总条数。"
        found.append(
            chart("bars", f"信息量走势：{peak['label']} 最多，{peak['count']:,} 条", counted["buckets"], note)
        )
        found.append(
            bucket_table(counted["buckets"], lambda row: search_link(since=row["since"], until=row["until"]))
        )
        found += _topics(counted["topics"], since, until)
    return found


def bucket_table(rows: Sequence[dict[str, Any]], href: Any) -> Block:
    """The chart's numbers, one column a bucket."""
    width = 100 / (len(rows) + 1.4)
    return table(
        ["", *(row["label"] for row in rows)],
        [["条数", *(cell(row["count"], href=href(row)) for row in rows)], ["负面", *(row["negative"] for row in rows)]],
        [1.4 * width, *([width] * len(rows))], figures=range(1, len(rows) + 1),
    )  # fmt: skip


def _topics(rows: Sequence[dict[str, Any]], since: str, until: str) -> list[Block]:
    first = rows[:TOP_TOPICS]
    if not first:
        return []
    named = [{"label": TOPICS.get(row["topic"], row["topic"]), **row} for row in first]
    return [
        chart("rank", f"领域分布：{named[0]['label']}最多，{named[0]['count']:,} 条", named),
        table(
            [f"领域（前 {len(named)} 位）", "条数", "其中负面"],
            [[row["label"], cell(row["count"], href=search_link(since=since, until=until, topic=row["topic"])),
              cell(row["negative"], href=search_link(since=since, until=until, topic=row["topic"], sentiment="-1"))] for row in named],
            [60, 20, 20], figures=(1, 2),
        ),
    ]  # fmt: skip


def events(model: dict[str, Any], number: str) -> list[Block]:
    """The table of hot events: field, heat, change, sentiment, responsible unit, answered, time taken."""
    this, last = model["this"], model["last"]
    if not model["events"]:
        return [heading(f"{number}、热点事件"), text(f"{this}没有形成事件的信息。")]
    rows = [
        [cell("", grade=event["level"]), cell(event["title"], sub=event["unit"], href=f"/issues/{event['id']}"), TOPICS.get(event["topic"], event["topic"]),
         cell(event["count"], href=issue_link(event["id"], model["since"], model["until"])), difference(event["count"], event["previous"]),
         stance_words(event["stance"]), answer_words(event)]
        for event in model["events"]
    ]  # fmt: skip
    return [
        heading(f"{number}、热点事件"),
        table(
            ["级别", "事件和责任单位", "领域", "条数", f"较{last}", "倾向", "回应"],
            rows,
            [9, 34, 14, 8, 9, 11, 15],
            figures=(3, 4),
        ),
    ]


def key_events(model: dict[str, Any], number: str, settings: Settings) -> list[Block]:
    if not model["key_events"]:
        return []
    found = [heading(f"{number}、重点事件")]
    for event in model["key_events"]:
        turns = [f"{at(turn['at'], settings)}　{turn['text']}" for turn in event["timeline"][:TURNS]]
        found += [
            heading(event["title"], 2, grade=event["level"]),
            text(event["summary"], f"summary:{event['id']}"),
            bullets(turns),
        ]
    return found


def asked(model: dict[str, Any], number: str) -> list[Block]:
    found = [heading(f"{number}、群众关切")]
    if not model["concerns"]:
        return [*found, text(f"{model['this']}没有归并出集中的提问和诉求。")]
    rows = [
        [row["question"], cell(row["title"], href=f"/issues/{row['issue']}"), row["count"]]
        for row in model["concerns"]
    ]
    return [*found, table(["在问什么", "所属事件", "条数"], rows, [44, 44, 12], figures=(2,))]


def rumours(model: dict[str, Any], number: str) -> list[Block]:
    found = [heading(f"{number}、传言与辟谣")]
    if not model["rumours"]:
        return [*found, text(f"{model['this']}没有匹配到传言库中的传言。")]
    return [*found, *rumour_table(model["rumours"])]


def rumour_table(rows: Sequence[dict[str, Any]]) -> list[Block]:
    """Rumours that were heard, most first; those that were only answered are named in a line."""
    heard = sorted(
        (row for row in rows if row["before"] + row["after"]), key=lambda row: -(row["before"] + row["after"])
    )
    quiet = [f"“{row['claim']}”" for row in rows if not row["before"] + row["after"]]
    found = []
    if heard:
        lines = [
            [cell(row["claim"], href=f"/rumours/{row['id']}"), row["verdict"], row["before"], row["after"]]
            for row in heard
        ]
        found.append(table(["传言", "结论", "辟谣前", "辟谣后"], lines, [62, 14, 12, 12], figures=(2, 3)))
        found.append(
            text("“辟谣前”“辟谣后”为该传言在本期内、辟谣发布之前和之后出现的条数；尚未辟谣的都计入“辟谣前”。")
        )
    if quiet:
        found.append(
            text(f"另有 {len(quiet)} 条传言本期发布了辟谣，没有匹配到传播内容：{'、'.join(quiet)}。")
        )
    return found


def clocks(model: dict[str, Any], number: str, settings: Settings) -> list[Block]:
    counted = model["clocks"]
    due = counted["met"] + counted["missed"]
    words = (
        f"{model['this']}到期 {due} 项：按时 {counted['met']} 项，超时 {counted['missed']} 项。"
        if due else f"{model['this']}没有到期的回应时限。"
    )  # fmt: skip
    found = [heading(f"{number}、回应时限"), text(words)]
    if counted["rows"]:
        rows = [
            [cell(row["title"], href=f"/issues/{row['issue']}"), clock_name(row["rule"]), at(row["due"], settings), STATE[row["state"]]]
            for row in counted["rows"]
        ]  # fmt: skip
        found.append(table(["事件", "应做", "到期", "结果"], rows, [44, 28, 17, 11]))
    return found


def coverage(model: dict[str, Any], number: str, settings: Settings) -> list[Block]:
    """The coverage box: what we could not see."""
    seen, this = model["coverage"], model["this"]
    items = [
        f"{row['title']}：{SOURCE_STATE.get(row['state'], '有失败')}，{row['runs']} 次抓取中 {row['failed_runs']} 次失败。{row['reason']}"
        for row in seen["failed"]
    ]
    items += [
        f"{row['title']}：{this}没有新内容（{model['last']}同期 {row['previous']:,} 条）。"
        for row in seen["silent"]
    ]
    if seen["since"]:
        items.append(
            f"本系统自 {at(seen['since'], settings, '%Y-%m-%d %H:%M')} 开始采集，此前的内容为事后补采，可能不全。"
        )
    words = f"{this}共启用 {seen['sources']} 个来源，" + (
        f"其中 {len(seen['failed'])} 个有失败，这些来源的内容可能不全。"
        if seen["failed"]
        else "没有抓取失败的来源。"
    )
    return [
        heading(f"{number}、监测覆盖：我们没能看到的"),
        box(f"{words}只监测公开内容，不含私信、群聊和需要登录才能看到的内容。", items),
    ]


def advice(model: dict[str, Any], number: str, title: str, empty: str) -> list[Block]:
    """Risks and suggestions: the fields that an editor writes."""
    found = [heading(f"{number}、{title}")]
    if not model["risks"] and not model["suggestions"]:
        return [*found, text(empty)]
    found.append(bullets(model["risks"], "risks"))
    if model["suggestions"]:
        found += [heading("建议", 2), bullets(model["suggestions"], "suggestions")]
    return found

"""The model with its words: what all three formats print, so that none can differ from another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from huiyin.settings import Settings
from huiyin.topics import TOPICS
from response_kits.briefs.words import change_words, clock_name, signed, stance_words

STATE = {"met": "按时", "missed": "超时", "running": "未到期", "paused": "已暂停"}
SOURCE_STATE = {"broken": "页面失效", "blocked": "被对方拒绝"}


def view(model: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """A copy of the model with every derived sentence and local time filled in."""

    def at(value: str, style: str = "%m-%d %H:%M") -> str:
        return datetime.fromisoformat(value).astimezone(settings.zone).strftime(style)

    shown = dict(model)
    volume = model["volume"]
    shown["until_words"] = at(model["until"], "%Y-%m-%d %H:%M")
    shown["made_words"] = at(model["made"], "%Y年%m月%d日 %H:%M")
    shown["volume_words"] = (
        f"共 {volume['total']:,} 条，{change_words(volume['total'], volume['previous'])}；"
        f"负面 {volume['negative']:,} 条，{change_words(volume['negative'], volume['negative_previous'])}；"
        f"来自 {len(volume['sources'])} 个来源。"
    )
    shown["topics"] = [
        {"name": TOPICS.get(row["topic"], row["topic"]), "count": row["count"], "key": row["topic"]}
        for row in volume["topics"][:8]
    ]
    shown["events"] = [_event(event, at) for event in model["events"]]
    shown["key_events"] = [_event(event, at) for event in model["key_events"]]
    clocks = model["clocks"]
    shown["clock_words"] = (
        f"本周到期 {clocks['met'] + clocks['missed']} 项：按时 {clocks['met']} 项，超时 {clocks['missed']} 项。"
        if clocks["met"] + clocks["missed"] else "本周没有到期的回应时限。"
    )  # fmt: skip
    rows = [
        {
            **row,
            "rule_words": clock_name(row["rule"]),
            "due_words": at(row["due"]),
            "state_words": STATE[row["state"]],
        }
        for row in clocks["rows"]
    ]
    shown["clocks"] = {**clocks, "rows": rows}
    failed = [
        {
            **row,
            "words": f"{SOURCE_STATE.get(row['state'], '本周有失败')}，{row['runs']} 次抓取中 {row['failed_runs']} 次失败。{row['reason']}",
        }
        for row in model["coverage"]["failed"]
    ]
    shown["coverage"] = {**model["coverage"], "failed": failed}
    shown["coverage_words"] = f"本周共启用 {model['coverage']['sources']} 个来源，" + (
        f"其中 {len(failed)} 个有失败，这些来源的内容可能不全：" if failed else "没有抓取失败的来源。"
    )
    shown["sample"] = bool(model.get("sample"))
    return shown


def _event(event: dict[str, Any], at: Any) -> dict[str, Any]:
    hours = event["hours"]
    answered = (
        f"已回应，用时 {hours:g} 小时"
        if event["answered"] and hours is not None and hours >= 0
        else "已回应"
        if event["answered"]
        else "未回应"
    )
    turns = [{"at": at(turn["at"]), "text": turn["text"]} for turn in event["timeline"][:6]]
    return {
        **event, "topic_words": TOPICS.get(event["topic"], event["topic"]), "change_words": signed(event["count"] - event["previous"]).removeprefix("较上周 "),
        "stance_words": stance_words(event["stance"]), "answer_words": answered, "turns": turns,
    }  # fmt: skip

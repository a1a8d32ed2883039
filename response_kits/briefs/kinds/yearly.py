"""年度回应情况: the section on answering public opinion (回应社会关切) of the yearly report on disclosure of information.

The report is asked for by 政府信息公开条例 第49条 and 第50条; what counts as answered in time is 国办发〔2016〕61号.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import DocumentRow, Draft, Issue, Rumour, Statement
from huiyin.settings import Settings
from huiyin.topics import TOPICS
from response_kits.briefs import base, figures, periods, sections
from response_kits.briefs.blocks import Block, cell, chart, heading, search_link, table, text
from response_kits.briefs.periods import Period, Window
from response_kits.briefs.words import LEVEL, change_words, difference
from response_kits.drafts import name_of

NAME = "年度回应情况"
FIELDS = {
    "note": ("补充说明（可不填）", False), "lead": ("总体情况", False), "problems": ("存在的主要问题（每行一条）", True), "plans": ("改进情况（每行一条）", True)
}  # fmt: skip
LONG, LISTED = 48.0, 10


def model(session: Session, settings: Settings, key: str, now: datetime) -> dict[str, Any]:
    """Of a calendar year such as 2026; the running one is cut at `now`, and says so."""
    period = periods.year(key, settings, now)
    found = base.head(
        "yearly",
        period,
        settings,
        now,
        f"{settings.organisation}回应社会关切情况",
        f"{key}年度政府信息公开工作年度报告（专章）",
    )
    edges = [datetime(int(key) + month // 12, month % 12 + 1, 1, tzinfo=settings.zone) for month in range(13)]
    found["volume"] = base.volume(session, period, edges, [f"{month}月" for month in range(1, 13)])
    found["issues"], found["issues_previous"] = (
        _issues(session, period.window, settings),
        _issues(session, period.before, settings),
    )
    found["statements"], found["statements_previous"] = (
        _statements(session, period.window),
        _statements(session, period.before),
    )
    found["rebutted"], found["rebutted_previous"] = (
        _rebutted(session, period.window),
        _rebutted(session, period.before),
    )
    found["messages"], found["messages_previous"] = (
        _messages(session, period.window),
        _messages(session, period.before),
    )
    found["clocks"], found["clocks_previous"] = figures.clocks(session, period.window), _due(session, period)
    found["coverage"] = figures.coverage(session, period)
    found["lead"] = _lead(found)
    found["problems"], found["plans"] = list(_problems(found)), []
    return found


def _issues(session: Session, window: Window, settings: Settings) -> dict[str, Any]:
    """Issues that began in the window: {total, levels, must, answered, in_time, hours (median), topics: [[key, issues, answered]], slow}."""
    rows = list(session.scalars(
        select(Issue).where(Issue.first >= window.since, Issue.first < window.until, Issue.merged_into == "", Issue.state.not_in(("false_alarm", "not_ours")), Issue.folded > 1)
    ))  # fmt: skip
    answers = {issue.id: figures.answer(session, issue, window.until, settings) for issue in rows}
    hours = [answer[1] for answer in answers.values() if answer and answer[1] is not None]
    topics, told = (
        Counter(issue.topic for issue in rows),
        Counter(issue.topic for issue in rows if answers[issue.id]),
    )
    slow = [
        {"id": issue.id, "title": issue.title, "hours": answer[1]}
        for issue in rows
        if (answer := answers[issue.id]) and answer[1] is not None and answer[1] > LONG
    ]
    levels = Counter(issue.level for issue in rows)
    return {
        "total": len(rows), "levels": {str(level): levels[level] for level in (3, 2, 1, 0)}, "must": sum(bool(issue.must_answer) for issue in rows),
        "must_answered": sum(bool(issue.must_answer and answers[issue.id]) for issue in rows),
        "answered": sum(answer is not None for answer in answers.values()), "hours": round(median(hours), 1) if hours else None,
        "topics": [[topic, count, told[topic]] for topic, count in topics.most_common(LISTED)], "slow": slow[:LISTED],
    }  # fmt: skip


def _statements(session: Session, window: Window) -> dict[str, int]:
    """Texts that we published, by kind; "" for those that were entered without a draft."""
    rows = session.execute(
        select(Draft.kind, func.count()).select_from(Statement).outerjoin(Draft, Draft.id == Statement.draft_id)
        .where(Statement.published >= window.since, Statement.published < window.until).group_by(Draft.kind)
    )  # fmt: skip
    return {kind or "": int(count) for kind, count in rows}


def _rebutted(session: Session, window: Window) -> int:
    return int(
        session.scalar(
            select(func.count())
            .select_from(Rumour)
            .where(Rumour.published >= window.since, Rumour.published < window.until)
        )
        or 0
    )


def _messages(session: Session, window: Window) -> int:
    """Letters of citizens that the sources carried."""
    inside = (
        DocumentRow.when >= window.since,
        DocumentRow.when < window.until,
        DocumentRow.kind == "message",
    )
    return int(session.scalar(select(func.count()).select_from(DocumentRow).where(*inside)) or 0)


def _due(session: Session, period: Period) -> dict[str, Any]:
    found = figures.clocks(session, period.before)
    return {"met": found["met"], "missed": found["missed"]}


def _lead(model: dict[str, Any]) -> str:
    issues, due = model["issues"], model["clocks"]["met"] + model["clocks"]["missed"]
    published = sum(model["statements"].values())
    opening = f"{model['period']}年" + (
        "" if model["complete"] else f"（截至{model['span'].split('至')[-1]}）"
    )
    parts = [
        f"{opening}，{model['organisation']}按照“谁主管谁负责”的原则回应社会关切，共监测到涉{model['region']}信息 {model['volume']['total']:,} 条，"
        f"{change_words(model['volume']['total'], model['volume']['previous'], model['last'])}；归并舆情事件 {issues['total']:,} 件，其中属于重点回应范围的 {issues['must']:,} 件。"
    ]
    parts.append(
        f"发布回应、解读等文稿 {published:,} 篇，公开辟谣 {model['rebutted']:,} 次，已回应舆情事件 {issues['answered']:,} 件"
    )
    parts.append(f"，首次回应用时中位数 {issues['hours']:g} 小时。" if issues["hours"] is not None else "。")
    if due:
        parts.append(
            f"到期的回应时限 {due:,} 项，按时完成 {model['clocks']['met']:,} 项，按时率 {model['clocks']['met'] / due:.1%}。"
        )
    return "".join(parts)


def _problems(model: dict[str, Any]) -> list[str]:
    """What the figures show; an editor adds the reasons."""
    issues, found = model["issues"], []
    if model["clocks"]["missed"]:
        found.append(f"有 {model['clocks']['missed']:,} 项回应超过规定时限，回应的及时性有待提高。")
    if issues["must"] > issues["must_answered"]:
        found.append(
            f"属于重点回应范围的事件中，有 {issues['must'] - issues['must_answered']:,} 件尚未发布回应。"
        )
    if model["coverage"]["failed"]:
        found.append(f"有 {len(model['coverage']['failed'])} 个来源采集失败，监测覆盖不够完整。")
    return found


def blocks(model: dict[str, Any], settings: Settings) -> list[Block]:
    this, last, volume = model["this"], model["last"], model["volume"]
    found = [heading("一、总体情况"), text(model["lead"], "lead"), text(model["note"], "note"), _table(model)]
    if volume["total"]:
        peak = max(volume["buckets"], key=lambda row: row["count"])
        found.append(
            chart(
                "bars",
                f"各月信息量：{peak['label']}最多，{peak['count']:,} 条",
                volume["buckets"],
                "浅色为非负面信息，深色为负面信息；柱上数字为总条数。",
            )
        )
        found.append(
            sections.bucket_table(
                volume["buckets"], lambda row: search_link(since=row["since"], until=row["until"])
            )
        )
    found += [heading("二、回应的主要方式"), _kinds(model), heading("三、回应的主要领域")]
    topics = model["issues"]["topics"]
    rows = [[TOPICS.get(topic, topic), count, told] for topic, count, told in topics]
    found.append(
        table(["领域", "舆情事件（件）", "其中已回应（件）"], rows, [50, 25, 25], figures=(1, 2))
        if rows
        else text(f"{this}没有形成舆情事件。")
    )
    found.append(heading("四、存在的主要问题及改进情况"))
    found.append(
        {"kind": "bullets", "items": model["problems"], "field": "problems"}
        if model["problems"]
        else text("由本单位填写。", "problems")
    )
    if model["issues"]["slow"]:
        slow = [
            [cell(row["title"], href=f"/issues/{row['id']}"), f"{row['hours']:g}"]
            for row in model["issues"]["slow"]
        ]
        found += [
            heading("首次回应超过 48 小时的事件", 2),
            table(["事件", "用时（小时）"], slow, [75, 25], figures=(1,)),
        ]
    found += [
        heading("改进情况", 2),
        {"kind": "bullets", "items": model["plans"], "field": "plans"}
        if model["plans"]
        else text("由本单位填写。", "plans"),
    ]
    return [*found, *sections.coverage({**model, "this": this, "last": last}, "五", settings)]


def _table(model: dict[str, Any]) -> Block:
    issues, before = model["issues"], model["issues_previous"]
    published, earlier = sum(model["statements"].values()), sum(model["statements_previous"].values())
    clocks, due = model["clocks"], model["clocks_previous"]
    pairs: list[tuple[str, Any, int]] = [
        ("监测到的信息（条）", cell(model["volume"]["total"], href=search_link(since=model["since"], until=model["until"])), model["volume"]["previous"]),
        ("其中群众留言（条）", cell(model["messages"], href=search_link(since=model["since"], until=model["until"], kind="message")), model["messages_previous"]),
        ("舆情事件（件）", cell(issues["total"]), before["total"]),
        *((f"　其中{LEVEL[level]}（件）", cell(issues["levels"][str(level)]), before["levels"][str(level)]) for level in (3, 2, 1)),
        ("属于重点回应范围（件）", cell(issues["must"]), before["must"]), ("已回应（件）", cell(issues["answered"]), before["answered"]),
        ("发布回应、解读等文稿（篇）", cell(published, href="/statements"), earlier), ("公开辟谣（次）", cell(model["rebutted"], href="/rumours"), model["rebutted_previous"]),
        ("按时完成的回应时限（项）", cell(clocks["met"]), due["met"]), ("超时的回应时限（项）", cell(clocks["missed"]), due["missed"]),
    ]  # fmt: skip
    rows = [
        [name, now, last, difference(int(now["text"].replace(",", "")), last)] for name, now, last in pairs
    ]
    return table(
        ["指标", model["this"], f"{model['last']}同期", "变化"], rows, [49, 17, 17, 17], figures=(1, 2, 3)
    )


def _kinds(model: dict[str, Any]) -> Block:
    now, before = model["statements"], model["statements_previous"]
    kinds = sorted({*now, *before}, key=lambda kind: -now.get(kind, 0))
    rows = [
        [
            name_of(kind) if kind else "其他公开文稿",
            now.get(kind, 0),
            before.get(kind, 0),
            difference(now.get(kind, 0), before.get(kind, 0)),
        ]
        for kind in kinds
    ]
    return (
        table(
            ["方式", model["this"], f"{model['last']}同期", "变化"], rows, [49, 17, 17, 17], figures=(1, 2, 3)
        )
        if rows
        else text("没有发布记录。")
    )

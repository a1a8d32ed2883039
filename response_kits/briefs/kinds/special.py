"""专报: one issue from its first text on (RULES 7): overview, turns, spread, words and concerns, views, assessment, suggestions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.errors import NotFound, UsageError
from huiyin.records import AnalysisRow, DocumentRow, Fact, Issue, IssueDocument, RumourMatch
from huiyin.settings import Settings
from huiyin.topics import TOPICS
from nlp.corpus.posts import OFFICIAL
from response_kits.briefs import base, figures, periods, sections
from response_kits.briefs.as_of import known
from response_kits.briefs.blocks import Block, bullets, cell, chart, heading, issue_link, table, text
from response_kits.briefs.words import LEVEL, answer_words, clock_name, difference, stance_words
from response_kits.wording import moment

NAME = "专报"
FIELDS = {
    "note": ("编者按（可不填）", False),
    "lead": ("概述", False),
    "assessment": ("研判（每行一条）", True),
    "suggestions": ("建议（每行一条）", True),
}
PARTS = {"event": "事件等级", "heat": "热度", "sensitivity": "敏感"}
BARS, VIEWS, QUOTE, TURNS = 12, 5, 110, 14
FAR = timedelta(days=400)
REPEATED, SUSPECT = 0.6, 0.5
"""Share of a text's pairs of letters that another has, from which on it says nothing new; rumour score from which on a reader is warned."""


def model(session: Session, settings: Settings, key: str, now: datetime) -> dict[str, Any]:
    """Of the issue with this id, as it is known at `now`. Raises NotFound, UsageError for an issue without documents."""
    issue = session.get(Issue, key)
    if issue is None or issue.merged_into:
        raise NotFound("没有这个事件，不能做专报；它可能已并入别的事件。")
    inside = select(func.min(IssueDocument.when), func.max(IssueDocument.when)).where(
        IssueDocument.issue_id == key, IssueDocument.when < now
    )
    first, newest = session.execute(inside).one()
    if first is None:
        raise UsageError("这个事件还没有内容，不能做专报。")
    period, was = periods.life(first, now, settings), known(session, issue, now)
    found = base.head("special", period, settings, now, f"关于“{was.title}”的舆情专报", period.key)
    width = _width(newest - first)
    edges = _edges(first, newest, width)
    style = "%m-%d" if width >= timedelta(days=1) else "%d日%H时"
    hours = int(width / timedelta(hours=1))
    answered = figures.answer(session, issue, now, settings)
    day = periods.Window(now - timedelta(hours=24), now)
    titles = figures.source_titles(session)
    found |= {
        "subject": key, "issue": {"title": was.title, "summary": was.summary, "topic": issue.topic, "place": issue.place, "unit": was.unit, "level": was.level,
                                  "parts": was.parts, "casualties": was.casualties, "keywords": was.keywords[:8], "first": first.isoformat()},
        "events": [], "step": f"{hours // 24} 天" if hours % 24 == 0 else f"{hours} 小时", "answered": answered is not None, "hours": answered[1] if answered else None,
        "total": figures.members(session, key, period.window), "day": figures.members(session, key, day), "day_before": figures.members(session, key, period.before),
        "folded": _count(session, key, now, DocumentRow.duplicate_of == ""), "sentiments": _sentiments(session, key, now),
        "buckets": figures.buckets(session, period.window, edges, [edge.astimezone(settings.zone).strftime(style) for edge in edges[:-1]], key),
        "sources": figures.by_source(session, period.window, key), "concerns": was.concerns[:8],
        "timeline": figures.turns(session, was.timeline, titles)[:TURNS],
        "media": _views(session, key, now, ("article", "notice", "reply"), titles), "public": _views(session, key, now, ("post", "message", "comment"), titles, _official(session, key, now)),
        "facts": [{"text": fact.text, "source": fact.source, "as_of": fact.as_of.isoformat() if fact.as_of else None} for fact in _facts(session, key)],
        "rumours": [row for row in figures.rumours(session, period.window) if row["id"] in _rumours_of(session, key)],
        "clocks": figures.clocks(session, periods.Window(first - FAR, now + FAR), at=now, issue=key), "coverage": figures.coverage(session, period),
    }  # fmt: skip
    found["lead"] = _lead(found, settings)
    found["assessment"], found["suggestions"] = list(_assessment(found)), list(_suggestions(found))
    return found


def _width(length: timedelta) -> timedelta:
    """The smallest step with which the length fits into BARS bars."""
    for hours in (1, 2, 3, 6, 12, 24, 48, 96, 168):
        if length < timedelta(hours=hours * BARS):
            return timedelta(hours=hours)
    return timedelta(days=-(-length // timedelta(days=1)) // BARS + 1)


def _edges(first: datetime, last: datetime, width: timedelta) -> list[datetime]:
    edges = [first.replace(minute=0, second=0, microsecond=0)]
    while edges[-1] <= last:
        edges.append(edges[-1] + width)
    return edges


def _inside(issue: str, now: datetime) -> Any:
    joined = select(DocumentRow).join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
    return joined.where(IssueDocument.issue_id == issue, IssueDocument.when < now)


def _count(session: Session, issue: str, now: datetime, *wanted: Any) -> int:
    return int(
        session.scalar(select(func.count()).select_from(_inside(issue, now).where(*wanted).subquery())) or 0
    )


def _sentiments(session: Session, issue: str, now: datetime) -> dict[str, int]:
    rows = session.execute(
        select(AnalysisRow.sentiment, func.count()).join(IssueDocument, IssueDocument.document_id == AnalysisRow.document_id)
        .where(IssueDocument.issue_id == issue, IssueDocument.when < now).group_by(AnalysisRow.sentiment)
    )  # fmt: skip
    return {str(value): int(count) for value, count in rows}


def _views(
    session: Session,
    issue: str,
    now: datetime,
    kinds: tuple[str, ...],
    titles: dict[str, str],
    but: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """The texts of these kinds that were passed on, answered or liked most, quoted with their source; no copies, nor what only
    repeats one of `but`. `doubtful`: it says what a rumour says."""
    reach = DocumentRow.reposts + DocumentRow.replies + DocumentRow.likes
    wanted = _inside(issue, now).where(
        DocumentRow.kind.in_(kinds), DocumentRow.duplicate_of == "", DocumentRow.parent == ""
    )
    matched = _rumoured(session, issue)
    known = [_pairs(words) for words in but]
    found: list[dict[str, Any]] = []
    for row in session.scalars(wanted.order_by(reach.desc(), DocumentRow.when).limit(8 * VIEWS)):
        words = " ".join((row.title if row.kind in ("article", "notice") and row.title else row.text).split())
        own = _pairs(words)
        if any(len(own & other) >= REPEATED * len(own) for other in known):
            continue
        known.append(own)
        quoted = words if len(words) <= QUOTE else f"{words[: QUOTE - 1]}…"
        found.append(
            {
                "id": row.id,
                "text": quoted,
                "source": titles.get(row.source, row.source),
                "at": row.when.isoformat(),
                "doubtful": row.kind not in OFFICIAL and (row.id in matched or _suspect(session, row.id)),
            }
        )
        if len(found) == VIEWS:
            break
    return found


def _rumoured(session: Session, issue: str) -> set[str]:
    """Documents of the issue that say what a known rumour says."""
    wanted = select(RumourMatch.document_id).join(
        IssueDocument, IssueDocument.document_id == RumourMatch.document_id
    )
    return set(
        session.scalars(
            wanted.where(IssueDocument.issue_id == issue, RumourMatch.decision.in_(("auto", "confirmed")))
        )
    )


def _suspect(session: Session, document: str) -> bool:
    """Whether the model takes a text for a likely rumour."""
    return (
        float(
            session.scalar(select(AnalysisRow.rumour_score).where(AnalysisRow.document_id == document)) or 0
        )
        >= SUSPECT
    )


def _pairs(words: str) -> set[str]:
    """Pairs of neighbouring letters: how much of one text is in another."""
    plain = "".join(char for char in words if char.isalnum())
    return {plain[at : at + 2] for at in range(len(plain) - 1)}


def _official(session: Session, issue: str, now: datetime) -> list[str]:
    wanted = _inside(issue, now).where(DocumentRow.kind.in_(("article", "notice", "reply"))).limit(60)
    return [f"{row.title}{row.text}" for row in session.scalars(wanted)]


def _facts(session: Session, issue: str) -> list[Fact]:
    return list(
        session.scalars(
            select(Fact).where(Fact.issue_id == issue, Fact.state == "verified").order_by(Fact.id)
        )
    )


def _rumours_of(session: Session, issue: str) -> set[int]:
    wanted = select(RumourMatch.rumour_id).join(
        IssueDocument, IssueDocument.document_id == RumourMatch.document_id
    )
    return set(session.scalars(wanted.where(IssueDocument.issue_id == issue).distinct()))


def _lead(model: dict[str, Any], settings: Settings) -> str:
    issue, negative = model["issue"], model["sentiments"].get("-1", 0)
    parts = [
        f"{moment(datetime.fromisoformat(issue['first']))}首次出现。截至{moment(datetime.fromisoformat(model['until']))}，共监测到相关信息 {model['total']:,} 条"
        f"（去掉转载后 {model['folded']:,} 条），来自 {len(model['sources'])} 个来源；近 24 小时 {model['day']:,} 条，此前 24 小时 {model['day_before']:,} 条；"
        f"其中负面 {negative:,} 条，占 {negative / model['total']:.1%}。目前为{LEVEL[issue['level']]}事件，{answer_words(model)}。"
    ]
    return "".join(parts)


def _assessment(model: dict[str, Any]) -> Iterable[str]:
    """What the level rests on, as it was graded; an editor's judgement takes its place."""
    for key, name in PARTS.items():
        part = model["issue"]["parts"].get(key)
        if part:
            reasons = "；".join(str(reason) for reason in part.get("reasons", ())[:4])
            yield f"{name}：{part.get('label', '')}{'。' + reasons if reasons else ''}。".replace(
                "。。", "。"
            )
    change = difference(model["day"], model["day_before"])
    yield f"走势：近 24 小时 {model['day']:,} 条，较此前 24 小时{'持平' if change == '持平' else f' {change} 条'}。"


def _suggestions(model: dict[str, Any]) -> Iterable[str]:
    for row in model["clocks"]["rows"]:
        if row["state"] == "missed":
            yield f"“{clock_name(row['rule'])}”已超时，建议先发布已核实部分，并说明下次发布时间。"
    if model["concerns"]:
        first = model["concerns"][0]
        yield f"优先回答公众问得最多的“{first['question']}”（{int(first['count']):,} 条）。"
    if not model["facts"]:
        yield "目前没有已核实的事实，建议尽快向承办部门核实时间、地点、伤亡和处置措施。"
    for rumour in model["rumours"]:
        if rumour["verdict"] == "待核":
            yield f"传言“{rumour['claim']}”尚未核实，建议尽快核查。"


def blocks(model: dict[str, Any], settings: Settings) -> list[Block]:
    numbers = iter("一二三四五六七八九")
    issue = model["issue"]
    rows = [
        ["级别", cell("", grade=issue["level"])], ["领域", TOPICS.get(issue["topic"], issue["topic"])], ["地点", issue["place"] or "未提及"],
        ["责任单位", issue["unit"] or "待明确"], ["回应", answer_words(model)], ["关键词", "、".join(issue["keywords"]) or "–"],
    ]  # fmt: skip
    found = [
        heading(f"{next(numbers)}、概述"),
        text(model["note"], "note"),
        text(model["lead"], "lead"),
        table(["项目", "内容"], rows, [20, 80]),
    ]
    if issue["summary"]:
        found += [heading("主要内容", 2), text(issue["summary"], "summary")]
    if model["facts"]:
        shown = [
            f"{row['text']}（{row['source'] or '来源未写明'}{'，截至' + moment(datetime.fromisoformat(row['as_of'])) if row['as_of'] else ''}）"
            for row in model["facts"]
        ]
        found += [heading("已核实的事实", 2), bullets(shown)]
    found += [
        heading(f"{next(numbers)}、经过"),
        bullets([f"{sections.at(turn['at'], settings)}　{turn['text']}" for turn in model["timeline"]]),
    ]
    found += _spread(model, next(numbers))
    found += _asked(model, next(numbers))
    for name, key in (("媒体和官方观点", "media"), ("公众观点", "public")):
        found.append(heading(f"{next(numbers)}、{name}"))
        quotes = [
            f"“{row['text']}”（{row['source']}，{sections.at(row['at'], settings)}{'；疑含传言，未经核实' if row['doubtful'] else ''}）"
            for row in model[key]
        ]
        found.append(bullets(quotes) if quotes else text("没有这一类内容。"))
    found += [
        heading(f"{next(numbers)}、研判"),
        bullets(model["assessment"], "assessment"),
        heading(f"{next(numbers)}、建议"),
        bullets(model["suggestions"], "suggestions"),
    ]
    if model["clocks"]["rows"]:
        due = [
            [
                clock_name(row["rule"]),
                sections.at(row["due"], settings),
                sections.STATE[row["state"]],
            ]
            for row in model["clocks"]["rows"]
        ]
        found += [heading("回应时限", 2), table(["应做", "到期", "结果"], due, [55, 25, 20])]
    return found + sections.coverage(model, next(numbers), settings)


def _spread(model: dict[str, Any], number: str) -> list[Block]:
    until, key = model["until"], model["subject"]
    peak = max(model["buckets"], key=lambda row: row["count"])
    sources = [{"label": row["title"], **row} for row in model["sources"][:8]]
    count = model["sentiments"]
    names = (("-1", "负面"), ("0", "中性"), ("1", "正面"))
    mean = (count.get("1", 0) - count.get("-1", 0)) / max(1, model["total"])
    return [
        heading(f"{number}、传播"),
        chart("bars", f"走势：{peak['label']}起的 {model['step']}最多，{peak['count']:,} 条", model["buckets"], f"每柱 {model['step']}，下方为起点；浅色为非负面信息，深色为负面信息；柱上数字为总条数。"),
        sections.bucket_table(model["buckets"], lambda row: issue_link(key, row["since"], row["until"])),
        chart("rank", f"平台分布：{sources[0]['label']}最多，{sources[0]['count']:,} 条", sources),
        table(["来源", "条数"], [[row["label"], cell(row["count"], href=issue_link(key, model["since"], until, source=row["source"]))] for row in sources], [75, 25], figures=(1,)),
        table(["倾向（由模型判断，供参考）", "条数"],
              [[name, cell(count.get(value, 0), href=issue_link(key, model["since"], until, sentiment=value))] for value, name in names], [75, 25], figures=(1,)),
        text(f"总体{stance_words(mean)}。"),
    ]  # fmt: skip


def _asked(model: dict[str, Any], number: str) -> list[Block]:
    found = [heading(f"{number}、群众关切")]
    if model["concerns"]:
        found.append(
            table(
                ["在问什么", "条数"],
                [[row["question"], int(row["count"])] for row in model["concerns"]],
                [80, 20],
                figures=(1,),
            )
        )
    else:
        found.append(text("没有归并出集中的提问和诉求。"))
    if model["rumours"]:
        found += [heading("传言", 2), *sections.rumour_table(model["rumours"])]
    return found

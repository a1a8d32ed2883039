"""How values look on a screen: times in the office's zone, figures with units, level words, clocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Flask, g, request
from markupsafe import Markup

from dashboard.services import services
from huiyin.records import ISSUE_STATES, utcnow
from huiyin.topics import TOPICS

LEVELS = {
    3: ("红", "特急", "red", "■"),
    2: ("橙", "紧急", "orange", "▲"),
    1: ("黄", "一般", "yellow", "◆"),
    0: ("蓝", "关注", "blue", "●"),
}
KINDS = {
    "article": "新闻", "post": "帖文", "message": "群众留言", "notice": "官方通报", "policy": "政策文件", "reply": "官方答复",
    "comment": "评论", "hot": "热榜", "other": "其他",
}  # fmt: skip
SENTIMENTS = {-1: "负面", 0: "中性", 1: "正面"}
SOURCE_STATES = {
    "new": "尚未抓取", "ok": "正常", "unchanged": "无更新", "empty": "有效但为空", "filtered": "已过滤", "duplicate": "均为重复",
    "broken": "失效", "blocked": "被拒绝", "running": "抓取中",
}  # fmt: skip


def local(moment: datetime | str | None) -> datetime | None:
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment) if moment else None
    return moment.astimezone(services().settings.zone) if moment else None


def moment(value: datetime | str | None, style: str = "short") -> str:
    """11-24 15:04; with the year where it is not this one; `full` to the second; `date` alone."""
    at = local(value)
    if at is None:
        return "时间不详"
    if style == "full":
        return at.strftime("%Y-%m-%d %H:%M:%S")
    if style == "date":
        return at.strftime("%Y-%m-%d")
    now = utcnow().astimezone(at.tzinfo)
    return at.strftime("%m-%d %H:%M" if at.year == now.year else "%Y-%m-%d %H:%M")


def ago(value: datetime | None) -> str:
    """How long ago, in the words of a person: 刚刚, 12 分钟前, 3 小时前, 2 天前."""
    if value is None:
        return "从未"
    seconds = (utcnow() - value).total_seconds()
    if seconds < 0:
        return moment(value)
    if seconds < 60:
        return "刚刚"
    if seconds < 3600:
        return f"{int(seconds // 60)} 分钟前"
    if seconds < 86400:
        return f"{int(seconds // 3600)} 小时前"
    return f"{int(seconds // 86400)} 天前"


def span(value: timedelta) -> str:
    """A length of time: 2 天 3 小时, 3 小时 12 分, 12 分."""
    minutes = int(abs(value.total_seconds()) // 60)
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} 天 {hours} 小时"
    if hours:
        return f"{hours} 小时 {minutes:02d} 分"
    return f"{minutes} 分"


def clock_words(due: datetime, state: str = "running") -> str:
    """还剩 3 小时 12 分; 已超时 1 小时 05 分; 已办."""
    if state == "met":
        return "已按时回应"
    if state == "paused":
        return "已暂停"
    left = due - utcnow()
    return f"还剩 {span(left)}" if left.total_seconds() >= 0 else f"已超时 {span(left)}"


def level_tag(level: int) -> Markup:
    """The level as colour, shape and word together: never by colour alone."""
    colour, word, css, shape = LEVELS[level]
    return Markup('<span class="level level-{}"><span aria-hidden="true">{}</span> {} {}</span>').format(
        css, shape, colour, word
    )


def sparkline(counts: list[int], width: int = 96, height: int = 24) -> Markup:
    """Hourly counts, oldest first, as an inline SVG line; its text says the last value and the peak."""
    values = list(counts)[-48:] or [0]
    top = max(max(values), 1)
    step = width / max(len(values) - 1, 1)
    points = " ".join(
        f"{i * step:.1f},{height - 2 - v / top * (height - 4):.1f}" for i, v in enumerate(values)
    )
    label = f"近 {len(values)} 小时走势，最近一小时 {values[-1]} 条，最高 {max(values)} 条"
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}"><polyline points="{}"/></svg>'
    ).format(width, height, width, height, label, points)


def number(value: float | None) -> str:
    """12,345; – where unknown."""
    return "–" if value is None else f"{value:,.0f}"


def excerpt(text: str, length: int = 120) -> str:
    """The first characters on one line."""
    flat = " ".join(str(text).split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def args_with(**changes: Any) -> str:
    """The present address with some query arguments changed; None removes one. Keeps filters in the address."""
    from urllib.parse import urlencode

    pairs = [(key, value) for key, value in request.args.items(multi=True) if key not in changes]
    pairs += [(key, str(value)) for key, value in changes.items() if value is not None]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path


def install(app: Flask) -> None:
    app.jinja_env.filters.update(
        moment=moment,
        ago=ago,
        span=span,
        number=number,
        excerpt=excerpt,
        sparkline=sparkline,
        level_tag=level_tag,
    )
    app.jinja_env.globals.update(
        LEVELS=LEVELS, TOPICS=TOPICS, KINDS=KINDS, SENTIMENTS=SENTIMENTS, STATES=ISSUE_STATES, SOURCE_STATES=SOURCE_STATES,
        clock_words=clock_words, args_with=args_with, utcnow=utcnow,
    )  # fmt: skip

    @app.context_processor
    def everywhere() -> dict[str, Any]:
        return {"user": g.get("user"), "settings": services().settings, "nav": navigation()}


def navigation() -> list[tuple[str, str, str]]:
    """(endpoint, name, key of the phone's bar or "") of the side list, in order; only what the role may open."""
    from dashboard.auth import may, services_view  # noqa: F401

    entries: list[tuple[int, str, str, str]] = []
    from flask import current_app

    for blueprint in current_app.blueprints.values():
        for order, endpoint, name, phone in getattr(blueprint, "nav", ()):
            if g.get("user") is not None and may(endpoint):
                entries.append((order, endpoint, name, phone))
    return [(endpoint, name, phone) for _, endpoint, name, phone in sorted(entries)]

"""The JSON side of the city: microblogs, short videos, hot list. Shapes are in docs/sample-city.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from flask import Flask, abort, jsonify, render_template, request

from crawler.sample_city.clock import ZONE
from crawler.sample_city.model import City, Item, Reply, stable_number

Clock = Callable[[], datetime]
OFFICIAL = {"云江发布", "云江日报", "云江消防", "平安云江", "云江水务", "云江应急"}
MOST = 50


def routes(app: Flask, city: City, until: Clock) -> None:
    """Add the microblog, video and hot-list addresses to the application."""
    _weibo(app, city, until)
    _video(app, city, until)
    _hot(app, city, until)


def _window(rows: Sequence[Any], default: int = 20) -> tuple[Sequence[Any], str]:
    """The asked slice and the next cursor ("0": no more). 400 where cursor or count is no number.

    A cursor is the id of the last row seen, so that new rows on top neither repeat nor hide any.
    """
    cursor, count = request.args.get("cursor", "0"), request.args.get("count", str(default))
    if not cursor.isdigit() or not count.isdigit() or int(count) < 1:
        abort(400)
    size = min(int(count), MOST)
    start = 0
    if cursor != "0":
        ids = [getattr(row, "native", None) or row.id for row in rows]
        if cursor not in ids:
            abort(400)
        start = ids.index(cursor) + 1
    shown = rows[start : start + size]
    more = start + size < len(rows)
    last = shown[-1] if shown else None
    return shown, (getattr(last, "native", None) or last.id) if more and last is not None else "0"


def _user(name: str) -> dict[str, Any]:
    return {"id": stable_number(f"user/{name}", 10), "screen_name": name, "verified": name in OFFICIAL}


def _created(at: datetime) -> str:
    """As the real service writes it: Tue Nov 24 12:03:39 +0800 2026."""
    return at.astimezone(ZONE).strftime("%a %b %d %H:%M:%S %z %Y")


def _status(city: City, item: Item, now: datetime, nested: bool = True) -> dict[str, Any]:
    comments = [reply for reply in item.comments if reply.published <= now]
    copies = [other for other in city.reposts_of(item.key) if other.published <= now]
    row: dict[str, Any] = {
        "id": item.native,
        "mid": item.native,
        "created_at": _created(item.published),
        "text": item.text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br />"),
        "text_raw": item.text,
        "source": "云江微话网页版",
        "region_name": "发布于 云江",
        "user": _user(item.author),
        "reposts_count": max(item.reposts, len(copies)),
        "comments_count": len(comments),
        "attitudes_count": item.likes,
        "url": request.host_url.rstrip("/") + item.path,
    }
    parent = city.by_key.get(item.repost_of)
    if (
        nested and parent is not None and parent.where == item.where
    ):  # a post copied from the forum is no repost here
        row["retweeted_status"] = _status(city, parent, now, nested=False)
    return row


def _comment(reply: Reply) -> dict[str, Any]:
    return {
        "id": reply.id, "created_at": _created(reply.published), "text": reply.text, "user": _user(reply.author), "like_count": reply.likes,
    }  # fmt: skip


def _chosen(city: City, where: str, name: str, now: datetime) -> Item:
    native = request.args.get(name, "")
    found = next((item for item in city.at(where, now) if item.native == native), None)
    if found is None:
        abort(404)
    return found


def _weibo(app: Flask, city: City, until: Clock) -> None:
    @app.get("/weibo/api/statuses")
    def statuses() -> Any:
        words = request.args.get("q", "")
        rows = [item for item in city.at("weibo", until()) if words in item.text]
        shown, cursor = _window(rows)
        return jsonify(
            ok=1,
            data={
                "statuses": [_status(city, item, until()) for item in shown],
                "next_cursor": cursor,
                "total": len(rows),
            },
        )

    @app.get("/weibo/api/comments")
    def comments() -> Any:
        item = _chosen(city, "weibo", "id", until())
        shown, cursor = _window([reply for reply in item.comments if reply.published <= until()])
        return jsonify(ok=1, data={"comments": [_comment(reply) for reply in shown], "next_cursor": cursor})

    @app.get("/weibo/api/reposts")
    def reposts() -> Any:
        item = _chosen(city, "weibo", "id", until())
        shown, cursor = _window([copy for copy in city.reposts_of(item.key) if copy.published <= until()])
        return jsonify(
            ok=1,
            data={
                "reposts": [_status(city, copy, until(), nested=False) for copy in shown],
                "next_cursor": cursor,
            },
        )

    @app.get("/weibo/status/<int:native>.html")
    def weibo_page(native: int) -> str:
        item = city.by_path.get(request.path)
        if item is None or item.published > until():
            abort(404)
        return render_template(
            "weibo_page.html", item=item, parent=city.by_key.get(item.repost_of), until=until()
        )


def _video(app: Flask, city: City, until: Clock) -> None:
    @app.get("/video/api/list")
    def videos() -> Any:
        rows = city.at("video", until())
        shown, cursor = _window(rows)
        listed = [
            {
                "aweme_id": item.native,
                "desc": item.text,
                "title": item.title,
                "create_time": int(item.published.timestamp()),
                "author": {"uid": stable_number(f"user/{item.author}", 10), "nickname": item.author},
                "statistics": {
                    "digg_count": item.likes,
                    "share_count": item.reposts,
                    "comment_count": len(item.comments),
                },
                "share_url": request.host_url.rstrip("/") + item.path,
            }
            for item in shown
        ]
        return jsonify(status_code=0, aweme_list=listed, next_cursor=cursor, has_more=int(cursor != "0"))

    @app.get("/video/api/comments")
    def video_comments() -> Any:
        item = _chosen(city, "video", "aweme_id", until())
        shown, cursor = _window([reply for reply in item.comments if reply.published <= until()])
        listed = [
            {
                "cid": reply.id, "text": reply.text, "create_time": int(reply.published.timestamp()),
                "user": {"nickname": reply.author}, "digg_count": reply.likes,
            }
            for reply in shown
        ]  # fmt: skip
        return jsonify(status_code=0, comments=listed, next_cursor=cursor, has_more=int(cursor != "0"))

    @app.get("/video/v/<int:native>.html")
    def video_page(native: int) -> str:
        item = city.by_path.get(request.path)
        if item is None or item.published > until():
            abort(404)
        return render_template("weibo_page.html", item=item, parent=None, until=until())


def _hot(app: Flask, city: City, until: Clock) -> None:
    def ranked() -> list[Item]:
        """The last two days' topics by heat (their `likes`), thirty at most."""
        recent = [item for item in city.at("hot", until()) if until() - item.published <= timedelta(days=2)]
        return sorted(recent, key=lambda item: (-item.likes, item.key))[:30]

    @app.get("/hot/api/list")
    def hot_list() -> Any:
        base = request.host_url.rstrip("/")
        rows = [
            {
                "rank": rank, "id": item.native, "title": item.text, "hot": item.likes, "label": str(item.attached.get("label", "")),
                "url": base + item.path, "since": item.local.isoformat(),
            }
            for rank, item in enumerate(ranked(), 1)
        ]  # fmt: skip
        return jsonify(code=200, time=format_datetime(until().astimezone(ZONE)), data=rows)

    @app.get("/hot/")
    def hot_page() -> str:
        return render_template("hot.html", items=ranked())

    @app.get("/hot/topic/<int:native>.html")
    def hot_topic(native: int) -> str:
        item = city.by_path.get(request.path)
        if item is None or item.published > until():
            abort(404)
        return render_template("weibo_page.html", item=item, parent=None, until=until())

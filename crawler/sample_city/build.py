"""The city's documents: authored texts, and the reposts that spread them, placed in time before `now`.

The texts are in `texts/*.jsonl`, one row a document (docs/sample-city.md gives the fields). Nothing here depends on
`now` but the times: native ids, addresses, and which reposts exist come from the row's own key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from crawler.sample_city.clock import ZONE, moment_before
from crawler.sample_city.model import PATHS, City, Item, Reply, stable_number
from crawler.sample_city.spread import spread, voices
from huiyin import jsonl
from huiyin.errors import HuiyinError

WINDOW_HOURS = 21 * 24
PLACES = ("forum", "weibo", "video", "mailbox", "paper", "notice", "policy", "news_rss", "gov_atom", "hot")
TEXTS = Path(str(files("crawler.sample_city"))) / "texts"
_PLACEHOLDER = re.compile(r"\{(年|日|时|分):(-?[\d.]+)\}")
_DIGITS = {"forum": 7, "weibo": 16, "video": 19, "mailbox": 8}
_BOARDS = {
    "s01": "qinzi",
    "s09": "qinzi",
    "s02": "fangchan",
    "s11": "fangchan",
    "s05": "zhichang",
    "s04": "zhichang",
}


def authored() -> Iterator[dict[str, Any]]:
    """Rows of every texts/*.jsonl in file order, `key` made unique by its file, `hours` a float.

    Raises HuiyinError naming the file and row where a place is unknown or a key comes twice.
    """
    seen: set[str] = set()
    for file in sorted(TEXTS.glob("*.jsonl")):
        for row in jsonl.rows(str(file), need=("key", "story", "hours", "where", "text")):
            key = f"{file.stem}/{row['key']}"
            if row["where"] not in PLACES:
                raise HuiyinError(
                    f"{file.name}: row {row['key']}: no place {row['where']!r}; choose from {', '.join(PLACES)}"
                )
            if key in seen:
                raise HuiyinError(f"{file.name}: the key {row['key']!r} comes twice")
            seen.add(key)
            parent = row.get("repost_of") or ""
            yield {
                **row,
                "key": key,
                "hours": float(row["hours"]),
                "repost_of": f"{file.stem}/{parent}" if parent else "",
            }


def build(now: datetime | None = None) -> City:
    """Place every document before `now` (aware; the present where None).

    Raises HuiyinError where an authored row is unusable.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    items = [_item(row, moment) for row in authored()]
    posts = [item for item in items if item.where == "weibo" and not item.repost_of]
    words = voices()
    reposts = [copy for post in posts for copy in spread(post, words)]
    return City(
        moment, tuple(sorted(items + reposts, key=lambda item: (item.published, item.key), reverse=True))
    )


def _item(row: Mapping[str, Any], now: datetime) -> Item:
    key, where = str(row["key"]), str(row["where"])
    attached = dict(row.get("attached") or {})
    shelf = "jiedu" if attached.get("kind") == "interpretation" else where
    native = stable_number(key, _DIGITS.get(where, 7))
    published = moment_before(now, row["hours"])
    reply_hours = row.get("reply_hours")
    fill = _filler(now)
    replies = tuple(
        Reply(
            id=stable_number(f"{key}#{number}", 16),
            text=fill(str(comment["text"])),
            author=str(comment.get("author") or ""),
            published=published + timedelta(minutes=float(comment.get("after", 10 * (number + 1)))),
            likes=int(comment.get("likes", 0)),
        )
        for number, comment in enumerate(row.get("comments") or ())
    )
    return Item(
        key=key,
        story=str(row["story"]),
        where=where,
        native=native,
        path=PATHS[shelf].format(native),
        published=published,
        author=str(row.get("author") or ""),
        title=fill(str(row.get("title") or "")),
        text=fill(str(row["text"])),
        origin=str(row.get("origin") or ""),
        board=_BOARDS.get(str(row["story"]), "minsheng" if row["story"] != "noise" else "xianliao"),
        repost_of=str(row.get("repost_of") or ""),
        likes=int(row.get("likes") or 0),
        reposts=int(row.get("reposts") or 0),
        comments=replies,
        reply=fill(str(row.get("reply") or "")),
        replied=moment_before(now, float(reply_hours))
        if row.get("reply") and reply_hours is not None
        else None,
        rumour=bool(row.get("rumour")),
        claim=str(row.get("claim") or ""),
        casualties=row.get("casualties"),
        attached=attached,
    )


def _filler(now: datetime) -> Any:
    """Replace {年:H}, {日:H}, {时:H}, {分:H} by the date with or without its year, the date and hour, or the date and minute H waking hours ago."""

    def one(match: re.Match[str]) -> str:
        at = moment_before(now, float(match[2])).astimezone(ZONE)
        day = f"{at.month}月{at.day}日"
        if match[1] == "年":
            return f"{at.year}年{day}"
        if match[1] == "日":
            return day
        return f"{day}{at.hour}时" + (f"{at.minute}分" if match[1] == "分" else "")

    return lambda text: _PLACEHOLDER.sub(one, text)


def truth(now: datetime | None = None, base: str = "") -> dict[str, dict[str, Any]]:
    """What is true of every document that is out at `now`: canonical address (`base` + path) → its row.

    A row holds native, key, where, story, event (the story, or for noise the post that it is or passes on: what grouping
    should find), rumour, claim, casualties, published (ISO 8601), generated, repost_of (an address or "").
    """
    city = build(now)
    return {
        base + item.path: {
            "native": item.native,
            "key": item.key,
            "where": item.where,
            "story": item.story,
            "event": item.story if item.story != "noise" else item.repost_of or item.key.split("~")[0],
            "rumour": item.rumour,
            "claim": item.claim,
            "casualties": dict(item.casualties) if item.casualties else None,
            "published": item.local.isoformat(),
            "generated": item.generated,
            "repost_of": base + city.by_key[item.repost_of].path if item.repost_of in city.by_key else "",
        }
        for item in city.out()
    }

"""The city's documents: authored texts, and the reposts that spread them, placed in time before `now`.

The texts are in `texts/*.jsonl`, one row a document (docs/sample-city.md gives the fields). Nothing here depends on
`now` but the times: native ids, addresses, and which reposts exist come from the row's own key.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from crawler.sample_city.clock import ZONE, moment_before
from huiyin import jsonl
from huiyin.errors import HuiyinError

WINDOW_HOURS = 21 * 24
PLACES = ("forum", "weibo", "video", "mailbox", "paper", "notice", "policy", "news_rss", "gov_atom", "hot")
TEXTS = Path(str(files("crawler.sample_city"))) / "texts"
_PLACEHOLDER = re.compile(r"\{(年|日|时|分):(-?[\d.]+)\}")
_PATHS = {
    "forum": "/forum/t/{}-1.html",
    "weibo": "/weibo/status/{}.html",
    "video": "/video/v/{}.html",
    "mailbox": "/gov/mailbox/{}.html",
    "paper": "/paper/content/{}.html",
    "notice": "/gov/notice/{}.html",
    "policy": "/gov/policy/{}.html",
    "jiedu": "/gov/jiedu/{}.html",
    "news_rss": "/news/{}.html",
    "gov_atom": "/gov/release/{}.html",
    "hot": "/hot/topic/{}.html",
}
_DIGITS = {"forum": 7, "weibo": 16, "video": 19, "mailbox": 8}
_BOARDS = {
    "s01": "qinzi",
    "s09": "qinzi",
    "s02": "fangchan",
    "s11": "fangchan",
    "s05": "zhichang",
    "s04": "zhichang",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A comment, forum floor or repost text; `published` is aware."""

    id: str
    text: str
    author: str
    published: datetime
    likes: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One document of the city and what is true of it. `path` is its address without host; times are UTC."""

    key: str
    story: str
    where: str
    native: str
    path: str
    published: datetime
    author: str
    title: str
    text: str
    origin: str = ""
    board: str = ""
    repost_of: str = ""
    likes: int = 0
    reposts: int = 0
    comments: tuple[Reply, ...] = ()
    reply: str = ""
    replied: datetime | None = None
    rumour: bool = False
    claim: str = ""
    casualties: Mapping[str, int] | None = None
    generated: bool = False
    attached: Mapping[str, Any] = field(default_factory=dict)

    @property
    def local(self) -> datetime:
        """Time of publication on the city's clocks."""
        return self.published.astimezone(ZONE)

    @property
    def heading(self) -> str:
        """The title, or where there is none the opening of the text."""
        return self.title or self.text[:30]

    @property
    def paragraphs(self) -> list[str]:
        """Text by line, blank lines left out."""
        return [line.strip() for line in self.text.split("\n") if line.strip()]


@dataclass(frozen=True)
class City:
    """All documents of one build, newest first. `until` hides those that are not yet published."""

    now: datetime
    items: tuple[Item, ...]

    @cached_property
    def by_path(self) -> dict[str, Item]:
        return {item.path: item for item in self.items}

    @cached_property
    def by_key(self) -> dict[str, Item]:
        return {item.key: item for item in self.items}

    @cached_property
    def _copies(self) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in self.items:
            if item.repost_of:
                found.setdefault(item.repost_of, []).append(item)
        return found

    def reposts_of(self, key: str) -> list[Item]:
        """Documents that repost the one with this key, newest first."""
        return self._copies.get(key, [])

    def at(self, where: str, until: datetime | None = None) -> list[Item]:
        """Documents of one place that are out by `until` (the build's now), newest first."""
        limit = until or self.now
        return [item for item in self.items if item.where == where and item.published <= limit]

    def out(self, until: datetime | None = None) -> list[Item]:
        """Documents of all places that are out by `until` (the build's now), newest first."""
        limit = until or self.now
        return [item for item in self.items if item.published <= limit]


def stable_number(key: str, digits: int) -> str:
    """A decimal id of exactly `digits` digits that depends on the key only."""
    low = 10 ** (digits - 1)
    return str(low + int(hashlib.sha256(key.encode()).hexdigest(), 16) % (9 * low))


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
    reposts = [copy for post in posts for copy in _spread(post, moment)]
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
        path=_PATHS[shelf].format(native),
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


def _spread(post: Item, now: datetime) -> Iterator[Item]:
    """Reposts and light copies of a microblog, as many as its repost count deserves (at most 8), by a fixed draw."""
    draw = random.Random(post.key)
    count = min(8, round(post.reposts**0.35)) if post.reposts > 1 else 0
    voices = _voices(post.story)
    hours = 0.0
    for number in range(count):
        hours += draw.expovariate(1 / (0.5 + 0.6 * number))
        key = f"{post.key}~{number}"
        native = stable_number(key, 16)
        words = draw.choice(voices)
        copied = draw.random() < 0.25
        text = _edit(post.text, draw) if copied else f"{words}//@{post.author}:{post.text}"
        yield Item(
            key=key,
            story=post.story,
            where="weibo",
            native=native,
            path=_PATHS["weibo"].format(native),
            published=moment_before(post.published, -hours),
            author=f"{draw.choice(_NAMES)}{draw.randrange(10, 9999)}",
            title="",
            text=text,
            repost_of="" if copied else post.key,
            likes=draw.randrange(0, 12),
            rumour=post.rumour,
            claim=post.claim,
            casualties=post.casualties,
            generated=True,
        )


_NAMES = (
    "云江人",
    "momo",
    "用户",
    "小鱼儿",
    "临江客",
    "吃瓜",
    "东湖",
    "路过",
    "橙子",
    "老白",
    "无名",
    "晚风",
    "豆包",
    "青溪妹",
)
_SWAPS = (
    ("！", "!!!"),
    ("，", " "),
    ("没有", "没得"),
    ("怎么", "咋"),
    ("什么", "啥"),
    ("真的", "真滴"),
    ("孩子", "娃"),
    ("大家", "大伙"),
)


def _edit(text: str, draw: random.Random) -> str:
    """The same words as people pass them on: a swapped word, a lost end, a “转” in front."""
    for old, new in draw.sample(_SWAPS, 3):
        text = text.replace(old, new, 1)
    if draw.random() < 0.4 and len(text) > 40:
        text = text[: draw.randrange(len(text) * 3 // 4, len(text))]
    return draw.choice(("转：", "【转】", "朋友圈看到的，", "群里转来的 ", "", "")) + text


def _voices(story: str) -> list[str]:
    """Short words that people put before a repost: those of the story, and those that fit any."""
    every = list(_repost_words())
    return [row["text"] for row in every if row["story"] in (story, "any")]


def _repost_words() -> Iterator[dict[str, Any]]:
    yield from jsonl.rows(str(TEXTS.parent / "reposts.jsonl"), need=("story", "text"))


def truth(now: datetime | None = None, base: str = "") -> dict[str, dict[str, Any]]:
    """What is true of every document: canonical address (`base` + path) → native, where, story, rumour, claim,
    casualties, published (ISO 8601), generated, key, repost_of (an address or "")."""
    city = build(now)
    return {
        base + item.path: {
            "native": item.native,
            "key": item.key,
            "where": item.where,
            "story": item.story,
            "rumour": item.rumour,
            "claim": item.claim,
            "casualties": dict(item.casualties) if item.casualties else None,
            "published": item.local.isoformat(),
            "generated": item.generated,
            "repost_of": base + city.by_key[item.repost_of].path if item.repost_of in city.by_key else "",
        }
        for item in city.out()
    }

"""How a microblog spreads: reposts with a word in front, and copies that lose or swap a few words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from crawler.sample_city.clock import moment_before
from crawler.sample_city.model import PATHS, Item, stable_number
from huiyin import jsonl

Voices = dict[str, list[str]]


def spread(post: Item, every: Voices) -> Iterator[Item]:
    """Reposts and light copies of a microblog, as many as its repost count deserves (at most 8), by a fixed draw."""
    draw = random.Random(post.key)
    count = min(8, round(post.reposts**0.35)) if post.reposts > 1 else 0
    voices = every["any"] + every.get(post.story, [])
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
            path=PATHS["weibo"].format(native),
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


def voices() -> Voices:
    """Short words that people put before a repost, by story; those under "any" fit all."""
    found: Voices = {}
    for row in jsonl.rows(str(Path(__file__).with_name("reposts.jsonl")), need=("story", "text")):
        found.setdefault(row["story"], []).append(row["text"])
    return found

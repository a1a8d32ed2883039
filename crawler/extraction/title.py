"""The title: what the heading, og:title and <title> agree on, without the site's name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extraction.names import COMMENT, HIDDEN, PRUNED, TITLE
from crawler.extraction.tree import Block, clean

_SEPARATOR = re.compile(
    r"\s*(?:[_|｜»«]|--+|——|\s[-–—·•:]\s|(?<=[\u4e00-\u9fff”》？！])[-–](?=[\u4e00-\u9fffA-Za-z])|丨(?=[^丨]{2,12}$))\s*"
)
_SITE = re.compile(
    r"(?:网|網|新闻|频道|门户|政府|平台|日报|晚报|在线|论坛|社区|博客|客户端|首页|官网|网站|资讯|报|社|频|台|百家号|头条|公众号|财经|科技|中心|手机版|版|\.com|\.cn|\.net|News)$",
    re.IGNORECASE,
)
_NOISE = re.compile(
    r"^(?:首页|登录|正文|文章|新闻|详情|详细|当前位置.*|404.*|提示信息|无标题文档|untitled.*|document|home|标题)$",
    re.IGNORECASE,
)
_KEY = re.compile(r"[\W_]+")


@dataclass(slots=True)
class Title:
    """`block`: the number of the heading in the list of blocks, −1 where the title stands in the head alone."""

    text: str
    block: int


def find(blocks: list[Block], head: list[str], page_title: str, body_start: int) -> Title:
    """`head`: og:title and its like, best first; `page_title`: <title>; `body_start`: first block of the body."""
    page_title = clean(page_title)
    short = strip_site(page_title)
    references = [clean(text) for text in head if clean(text)] + [page_title]
    best = (0.0, -1, "")
    for number, block in enumerate(blocks[: max(body_start + 12, 60) if body_start else 400]):
        rating = _rate(block, number, references, body_start)
        if rating > best[0]:
            best = (rating, number, block.text)
    rating, number, text = best
    if rating >= 2.0:
        # a heading says what it means; only other elements may carry the site's name as <title> does
        stripped = strip_site(text)
        return Title(stripped if blocks[number].level != 1 and _same(stripped, short) else text, number)
    for reference in [strip_site(text) for text in references[:-1]] + [short]:
        if len(reference) >= 4 and not _NOISE.match(reference):
            return Title(reference, _locate(blocks, reference, body_start))
    if rating > 0:
        return Title(text, number)
    return Title(short, -1)


def _rate(block: Block, number: int, references: list[str], body_start: int) -> float:
    size = len(block.text)
    if size < 4 or size > 120 or _NOISE.match(block.text) or block.flags & (COMMENT | HIDDEN):
        return 0.0
    rating = 0.0
    agreement = max(_agreement(block.text, reference) for reference in references)
    heading = {1: 1.6, 2: 1.1, 3: 0.7}.get(block.level, 0.8 if block.flags & TITLE else 0.0)
    if agreement >= 0.5:
        rating = 2.0 + agreement + 0.3 * heading
        if block.level != 1 and block.linked * 2 > size:
            rating -= 1.5
        if number > body_start + 1:
            rating -= 1.0
    elif heading and number <= body_start + 1:
        rating = heading - 0.02 * min(max(body_start - number, 0), 20)
        if block.linked * 2 > size:
            rating -= 0.8
    if block.flags & PRUNED:
        rating -= 0.6
    return rating


def _key(text: str) -> str:
    return _KEY.sub("", text).lower()


def _same(left: str, right: str) -> bool:
    return bool(left) and _key(left) == _key(right)


def _agreement(text: str, reference: str) -> float:
    """1 where `reference` opens with `text` (a site's name follows); less where it is a part; 0 where they differ."""
    mine, theirs = _key(text), _key(reference)
    if len(mine) < 4 or not theirs:
        return 0.0
    if theirs.startswith(mine):
        return (
            0.7 + 0.3 * len(mine) / len(theirs)
            if len(mine) >= 0.4 * len(_key(strip_site(reference)))
            else 0.3
        )
    if mine in theirs and len(mine) >= 0.5 * len(theirs):
        return 0.6 + 0.3 * len(mine) / len(theirs)
    if theirs in mine and len(theirs) >= 0.5 * len(mine):
        return 0.6 + 0.3 * len(theirs) / len(mine)
    short = _key(strip_site(reference))
    if len(short) >= 4 and (short in mine) and len(short) >= 0.5 * len(mine):
        return 0.7
    common = _common_prefix(mine, theirs)
    return 0.55 if common >= 8 and common >= 0.6 * len(mine) else 0.0


def _common_prefix(left: str, right: str) -> int:
    size = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        size += 1
    return size


def _locate(blocks: list[Block], text: str, body_start: int) -> int:
    key = _key(text)
    for number, block in enumerate(blocks[: body_start + 1]):
        if _key(block.text) == key:
            return number
    return -1


def strip_site(title: str) -> str:
    """`title` without the names of site and channel behind (or, rarely, before) it."""
    title = _kept(clean(title))
    first = _SEPARATOR.search(title)
    if (
        first
        and first.start() < 10
        and _SITE.search(title[: first.start()])
        and len(title) - first.end() > first.start() * 1.5
    ):
        return title[first.end() :]
    return title


def _kept(title: str) -> str:
    """Cut separators from the right while what follows looks like a name: short, or ending as names of sites do."""
    while True:
        cut = None
        for match in _SEPARATOR.finditer(title):
            cut = match
        if cut is None or cut.start() < 4:
            return title
        rest = title[cut.end() :]
        strong = cut.group().strip() in ("_", "|", "｜") or cut.group().strip().startswith("-")
        if len(rest) > 16 or not (strong or _SITE.search(rest)):
            return title
        if len(rest) > max(len(title[: cut.start()]), 8):
            return title
        title = title[: cut.start()].strip()

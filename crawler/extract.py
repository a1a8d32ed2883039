"""Page → title, time, author, 来源, text, kind: `extract(html, url)`.

One parse, one walk; the rooms under `crawler.extraction` decide on the walk's list of blocks. Where the body is unclear,
readability and trafilatura are asked as well. Every input gets an answer: empty, cut, binary, huge, deep or foreign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crawler.extraction import body as bodies
from crawler.extraction import byline, charset, classify, dates, head, paging, scripts, title, vote
from crawler.extraction.names import CAPTION, HIDDEN, PRUNED
from crawler.extraction.tree import Block, Walked, parse, walk

PAGE_LIMIT = 5_000_000
"""Longest page in bytes or characters that is read; the rest is cut."""
VOTE_LIMIT = 800_000
"""Longest page in characters on which other extractors are asked: their time grows faster than the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says. Text is lines of paragraphs; `published` aware, None where unknown; "" where a field is unknown.

    `kind`: `article`, `list` (a page of links), `other` (thread, microblog, login wall, error page). `origin`: the 来源.
    `next_page`: absolute address of the next part or the next list page. `links` of pages that are no article:
    (address, text, time beside it or None), in reading order.
    """

    title: str = ""
    published: datetime | None = None
    author: str = ""
    origin: str = ""
    text: str = ""
    kind: str = "other"
    next_page: str = ""
    captions: tuple[str, ...] = ()
    charset: str = "utf-8"
    login_wall: bool = False
    links: tuple[tuple[str, str, datetime | None], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The object that `huiyin extract` writes: title, published (ISO 8601 or None), author, origin, text, kind, and more."""
        return {
            "title": self.title,
            "published": self.published.isoformat() if self.published else None,
            "author": self.author,
            "origin": self.origin,
            "text": self.text,
            "kind": self.kind,
            "next_page": self.next_page,
            "captions": list(self.captions),
            "charset": self.charset,
            "login_wall": self.login_wall,
            "links": [
                {"url": url, "text": text, "published": when.isoformat() if when else None}
                for url, text, when in self.links
            ],
        }


def extract(html: bytes | str, url: str = "", *, content_type: str = "", now: datetime | None = None) -> Page:
    """Read one page. `content_type`: the HTTP header; `now`: what relative times count from (default: the present).

    Never raises for any content. Times without a zone are read as Asia/Shanghai.
    """
    if isinstance(html, str):
        source, name = html[:PAGE_LIMIT], "utf-8"
    else:
        source, name = charset.decode(html[:PAGE_LIMIT], content_type)
    root = None if charset.is_binary(source) else parse(source)
    if root is None:
        return Page(charset=name)
    moment = dates.local(now)
    told = head.read(root)
    walked = walk(root)
    body = bodies.find(walked)
    heading = title.find(walked.blocks, told.titles, told.page_title, body.start)
    text, captions = _text(walked, body, heading.block)
    lines = _bylines(walked.blocks, heading.block, body.start)
    published, timed = _published(walked, body, lines, told.dates, source, url, moment)
    formed = classify.is_article(walked, body, heading.block, timed)
    wall = classify.login_wall(walked, body, told.page_title, told.refresh, formed)
    kind = "other" if wall else classify.kind(walked, body, url, told.kind, heading.text, formed)
    if (
        kind == "article"
        and not formed
        and not body.sure
        and len(source) <= VOTE_LIMIT
        and len(walked.blocks) <= 2000
    ):
        text = vote.decide(source, text)
    if len(text) < 60 and kind == "other" and not wall and (hidden := scripts.article(source)):
        text, kind = hidden, "article"
    around = [walked.blocks[i].text for i in lines]
    tail = [walked.blocks[i].text for i in body.lines[-3:]]
    return Page(
        title=heading.text,
        published=None if kind == "list" else published,
        author=byline.author(around, tail, told.authors),
        origin=byline.origin([*around, *tail], told.origins),
        text=_without_title(text, heading.text),
        kind=kind,
        next_page=paging.next_page(walked.links, url, told.base, told.next_link),
        captions=captions,
        charset=name,
        login_wall=wall,
        links=() if kind == "article" else _links(walked, url, told.base, moment),
    )


def join_pages(pages: Sequence[Page]) -> Page:
    """One article from its parts in order: the first part's fields, all texts; a paragraph that two parts share stands once."""
    if not pages:
        return Page()
    lines: list[str] = []
    for page in pages:
        new = page.text.split("\n") if page.text else []
        while new and lines and new[0] == lines[-1]:
            new.pop(0)
        lines += new
    captions = tuple(dict.fromkeys(caption for page in pages for caption in page.captions))

    def first(name: str) -> Any:
        return next((getattr(page, name) for page in pages if getattr(page, name)), getattr(pages[0], name))

    return replace(
        pages[0],
        text="\n".join(lines),
        captions=captions,
        next_page=pages[-1].next_page,
        **{name: first(name) for name in ("title", "published", "author", "origin")},
    )


def _text(walked: Walked, body: bodies.Body, heading: int) -> tuple[str, tuple[str, ...]]:
    lines: list[str] = []
    captions: list[str] = []
    for i in body.lines:
        if i <= heading < body.start + 6 or (not lines and bodies.is_byline(walked.blocks[i])):
            continue
        block = walked.blocks[i]
        if bodies.is_caption(block):
            captions.append(block.text)
        elif text := bodies.strip_editor(block.text):
            lines.append(text)
    captions += [
        b.text
        for b in walked.blocks[body.start : body.end]
        if b.flags & CAPTION and not b.flags & (HIDDEN | PRUNED)
    ]
    return "\n".join(lines), tuple(dict.fromkeys(captions))


def _without_title(text: str, heading: str) -> str:
    first, _, rest = text.partition("\n")
    return rest if rest and heading and first == heading else text


def _bylines(blocks: list[Block], heading: int, start: int) -> list[int]:
    """The lines that may tell time, author and origin, likeliest first: around the heading, to the second block of the body."""
    if heading >= 0:
        high = min(max(start + 2, heading + 8), heading + 40)
        order = [*range(heading, high), *range(heading - 1, max(heading - 3, 0) - 1, -1)]
    else:
        order = [*range(start - 1, max(start - 15, -1), -1), *range(start, start + 7)]
    return [
        i
        for i in order
        if 0 <= i < len(blocks) and len(blocks[i].text) <= 160 and not blocks[i].flags & HIDDEN
    ]


def _published(
    walked: Walked, body: bodies.Body, lines: list[int], told: list[str], source: str, url: str, now: datetime
) -> tuple[datetime | None, int]:
    """The time, and the number of the by-line that shows it (−1: none does)."""
    shown: list[tuple[float, dates.Moment]] = []
    timed, best = -1, 0.0
    for rank, number in enumerate(lines):
        block = walked.blocks[number]
        if block.linked * 2 > len(block.text) or not (found := dates.in_line(block.text, now)):
            continue
        rating = found[0] - 0.05 * rank - (1.0 if block.stops >= 3 and len(block.text) > 80 else 0.0)
        shown.append((rating, found[1]))
        if timed < 0 or rating > best:
            timed, best = number, rating
    signature = None
    closing = [walked.blocks[i] for i in body.lines[-3:]]
    for block in walked.blocks[body.end : body.end + 6]:
        if block.linked:
            break  # what follows belongs to other articles
        closing.append(block)
    for block in closing:
        if len(block.text) <= 40 and (found := dates.in_line(block.text, now)) and not found[1].relative:
            signature = found[1]
    if not told and not any(moment.precise for _, moment in shown):
        told = head.script_dates(source)
    stated = [dates.stamp(value, now) for value in told]
    return dates.choose(shown, stated, dates.from_url(url, now), signature), timed


def _links(
    walked: Walked, url: str, base: str, now: datetime
) -> tuple[tuple[str, str, datetime | None], ...]:
    links = [
        link
        for link in walked.links
        if len(link.text) >= 2 and link.href and not link.href.startswith(paging.NOT_PAGES)
    ]
    titled = [link.block for link in links if len(link.text) >= 8]
    known: dict[int, datetime | None] = {}

    def when(number: int) -> datetime | None:
        """The time in a short line."""
        if number not in known:
            line = walked.blocks[number].text if 0 <= number < len(walked.blocks) else ""
            found = dates.in_line(line, now) if 0 < len(line) <= 120 else None
            known[number] = found[1].when if found else None
        return known[number]

    before = (
        bool(titled)
        and not when(titled[0])
        and bool(when(titled[0] - 1))
        and not any(map(when, range(titled[-1], titled[-1] + 3)))
    )
    following = dict(zip(titled, [*titled[1:], len(walked.blocks)], strict=False))
    seen: dict[str, tuple[str, str, datetime | None]] = {}
    for link in links:
        address = paging.join(url, base, link.href)
        if address in seen and len(link.text) <= len(seen[address][1]):
            continue
        end = min(following.get(link.block, link.block + 1), link.block + 4)
        order = [link.block - 1] if before else range(link.block + 1, end)
        moment = when(link.block) or next(filter(None, map(when, order)), None)
        seen[address] = (address, link.text, moment)
    return tuple(seen.values())

"""What a page says of itself in its head: <title>, meta tags, JSON-LD, and the few script variables that big sites use."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_TITLES = (
    "og:title",
    "twitter:title",
    "articletitle",
    "title",
    "headline",
    "dc.title",
    "weibo:article:title",
)
_DATES = (
    "article:published_time", "pubdate", "publishdate", "publish-date", "publish_date", "og:published_time", "datepublished",
    "og:release_date", "article:publish_time", "bytedance:published_time", "weibo:article:create_at", "firstpublishedtime",
    "publishtime", "publish_time", "originalpublicationdate", "dc.date", "dc.date.issued", "dcterms.created", "createdate",
    "creationdate", "date", "sailthru.date", "parsely-pub-date", "article:create_at", "maketime", "pubtime", "_pubtime", "updatetime",
)  # fmt: skip
_AUTHORS = ("author", "article:author", "og:article:author", "dc.creator", "parsely-author", "byl", "editor")
_ORIGINS = (
    "contentsource",
    "source",
    "article:source",
    "mediaid",
    "copyrightsource",
    "og:article:source",
    "dc.source",
)
_SCRIPT_DATE = re.compile(
    r"""["'](?:datePublished|publish_?time|pub_?date|pubTime|publishDate|create_?time|ptime|newsTime)["']?\s*[:=]\s*["']?(?P<a>20\d\d[-/]\d{1,2}[-/]\d{1,2}[T\s]\d{1,2}:\d\d(?::\d\d)?(?:Z|[+-]\d\d:?\d\d)?|1[4-9]\d{8}(?:\d{3})?)"""
    r"""|\bvar\s+(?:ct|publish_time|createTime|pubtime|oriCreateTime)\s*=\s*["'](?P<b>1[4-9]\d{8}|20\d\d[-/]\d{1,2}[-/]\d{1,2}\s+\d{1,2}:\d\d(?::\d\d)?)["']""",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Head:
    """All values as the page gives them, best first."""

    page_title: str = ""
    titles: list[str] = field(default_factory=list)
    dates: list[str] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    origins: list[str] = field(default_factory=list)
    next_link: str = ""
    base: str = ""
    kind: str = ""  # og:type, or the @type of JSON-LD
    refresh: str = ""


def read(root: Any) -> Head:
    """What the tree's head states."""
    head = Head()
    title = root.find(".//title")
    head.page_title = " ".join("".join(title.itertext()).split()) if title is not None else ""
    metas: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = (meta.get("property") or meta.get("name") or meta.get("itemprop") or "").strip().lower()
        content = (meta.get("content") or "").strip()
        if key and content and len(content) < 400:
            metas.setdefault(key, content)
        if (meta.get("http-equiv") or "").lower() == "refresh":
            head.refresh = content
    for link in root.iter("link"):
        if (link.get("rel") or "").lower() == "next":
            head.next_link = link.get("href") or ""
    base = root.find(".//base")
    head.base = (base.get("href") or "") if base is not None else ""
    head.kind = metas.get("og:type", "").lower()
    head.titles = [metas[key] for key in _TITLES if key in metas]
    head.dates = [metas[key] for key in _DATES if key in metas]
    head.authors = [metas[key] for key in _AUTHORS if key in metas]
    head.origins = [metas[key] for key in _ORIGINS if key in metas]
    _linked_data(root, head)
    _times(root, head)
    return head


def script_dates(source: str) -> list[str]:
    """The first times that scripts of the page name as its publication; slower than all else here, so asked for last."""
    return [match["a"] or match["b"] for match in itertools.islice(_SCRIPT_DATE.finditer(source), 3)]


def _linked_data(root: Any, head: Head) -> None:
    for script in root.iter("script"):
        if (
            (script.get("type") or "").lower() != "application/ld+json"
            or not script.text
            or len(script.text) > 200_000
        ):
            continue
        try:
            data = json.loads(script.text, strict=False)
        except (ValueError, RecursionError):
            # broken JSON-LD is common; its dates are still found by the pattern over the source
            continue
        for node in _nodes(data, 4):
            if isinstance(published := node.get("datePublished") or node.get("pubDate"), str):
                head.dates.insert(0, published)
            if isinstance(headline := node.get("headline"), str):
                head.titles.append(headline)
            author = node.get("author")
            for one in author if isinstance(author, list) else [author]:
                name = one.get("name") if isinstance(one, dict) else one
                if isinstance(name, str):
                    head.authors.append(name)
            kind = node.get("@type")
            if isinstance(kind, str) and "article" in kind.lower():
                head.kind = "article"


def _nodes(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth < 0:
        return
    if isinstance(data, dict):
        yield data
        for value in data.values():
            if isinstance(value, (dict, list)):
                yield from _nodes(value, depth - 1)
    elif isinstance(data, list):
        for value in data[:50]:
            yield from _nodes(value, depth)


def _times(root: Any, head: Head) -> None:
    for number, time in enumerate(root.iter("time")):
        if number == 1:
            break
        value = time.get("datetime") or "".join(time.itertext())
        if value:
            head.dates.append(value)

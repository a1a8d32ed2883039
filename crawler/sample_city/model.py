"""What the city is made of: documents, what is said under them, and all of them together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from crawler.sample_city.clock import ZONE

PATHS = {
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
"""Address of a document by the shelf that it stands on; {} is its native id."""


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

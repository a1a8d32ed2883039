"""The search contract: a Query in the domain's words goes in, ids, counts and facets come out. No engine's JSON above it.

The index is derived from the record and can be rebuilt from it at any time (`huiyin reindex`). Both engines index the same
words, segmented and normalised once by nlp, and split on white space only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

FILTERS = ("source", "kind", "topic", "place", "urgency", "sentiment", "respond", "duplicate", "sample")
"""Keyword fields of an entry: exact filters and facets. Numbers and truth values are written as strings ("-1", "true")."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of one document. `words` and `title_words` are segmented, in order; `when` is aware."""

    id: str
    when: datetime
    words: tuple[str, ...]
    title_words: tuple[str, ...] = ()
    keywords: Mapping[str, str] = field(default_factory=dict)  # a value for each of FILTERS


@dataclass(frozen=True, slots=True)
class Query:
    """All of `words` and `phrases` (word sequences), none of `exclude`; `filters` are any-of within a field, all-of across.

    `since` is included, `until` is not. `facets` name fields to count; `histogram` is the width of the time buckets, which
    begin at `histogram_offset` past the epoch (for days of a zone). Both count all hits, not only the page.
    """

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    exclude: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    order: Literal["relevance", "newest", "oldest"] = "newest"
    limit: int = 20
    offset: int = 0
    facets: tuple[str, ...] = ()
    histogram: timedelta | None = None
    histogram_offset: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Results:
    """`total` hits, `ids` of the page in order, `facets` field → [(value, count)] most first, `histogram` [(start, count)]."""

    total: int
    ids: tuple[str, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    histogram: tuple[tuple[datetime, int], ...] = ()


class Index(Protocol):
    """One engine. Every method raises Unavailable where the engine does not answer: never an empty result instead."""

    def add(self, entries: Iterable[Entry]) -> int:
        """Add or replace by id; visible and on disk when it returns. Returns how many."""

    def remove(self, ids: Iterable[str]) -> int:
        """Remove by id; unknown ids are passed over."""

    def search(self, query: Query) -> Results: ...

    def count(self) -> int: ...

    def clear(self) -> None:
        """Remove everything (before a rebuild)."""

    def close(self) -> None: ...

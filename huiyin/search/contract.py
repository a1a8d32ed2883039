"""The search contract: a Query in the domain's words goes in, ids, counts and facets come out. No engine's JSON above it.

The index is derived from the record and can be rebuilt from it at any time (`huiyin reindex`). Both engines index the same
words, segmented and normalised once by nlp, and split on white space only.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

from huiyin.errors import UsageError

FILTERS = ("source", "kind", "topic", "place", "urgency", "sentiment", "respond", "duplicate", "sample")
"""Keyword fields of an entry: exact filters and facets. Numbers and truth values are written as strings ("-1", "true")."""

GENERATION = 2
"""Goes up where the stored form of entries changes: both engines then begin a new, empty index. The migration that comes with
it must set documents.indexed to false, so that the worker fills it again."""

LONGEST = 255
"""Characters of a word or keyword that count: what an Elasticsearch white-space token holds at most."""

MOST_FACETS = 200
MOST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of one document. `words` and `title_words` are segmented, in order; `when` is aware."""

    id: str
    when: datetime
    words: tuple[str, ...]
    title_words: tuple[str, ...] = ()
    keywords: Mapping[str, str] = field(default_factory=dict)  # a value for each of FILTERS

    @property
    def rank(self) -> int:
        """What hits are ordered by: the second, then a hash of the id, so that both engines order ties alike."""
        tie = int.from_bytes(hashlib.blake2b(self.id.encode(), digest_size=3).digest())
        return seconds(self.when) << 24 | tie


@dataclass(frozen=True, slots=True)
class Query:
    """All of `words` and `phrases` (word sequences), none of `exclude`; `filters` are any-of within a field, all-of across.

    `since` is included, `until` is not; both count whole seconds. `facets` name fields to count; `histogram` is the width of
    the time buckets, which begin at `histogram_offset` past the epoch (for days of a zone). Both count all hits, not only the page.
    Raises UsageError for what no engine can answer.
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

    def __post_init__(self) -> None:
        for name in (*self.filters, *self.facets):
            if name not in FILTERS:
                raise UsageError(f"the index has no field {name!r}; it has {', '.join(FILTERS)}")
        if self.order not in ("relevance", "newest", "oldest"):
            raise UsageError(f"order is {self.order!r}; choose relevance, newest or oldest")
        if self.limit < 0 or self.offset < 0:
            raise UsageError(
                f"limit is {self.limit} and offset {self.offset}; neither can be less than nothing"
            )
        if self.histogram is not None and (
            self.histogram < timedelta(seconds=1) or self.histogram % timedelta(seconds=1)
        ):
            raise UsageError(
                f"the width of the histogram is {self.histogram}; it takes whole seconds, at least one"
            )
        for moment in (self.since, self.until):
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"{moment} has no time zone; since and until need one")
        if len(self.words) + len(self.exclude) + sum(map(len, self.phrases)) > MOST_WORDS:
            raise UsageError(f"the query has more than {MOST_WORDS} words; shorten it")


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
        """Remove by id; unknown ids are passed over. Returns how many were there."""

    def drop_before(self, moment: datetime) -> int:
        """Forget the months (of UTC) that had ended at `moment`, as a whole: cheap on any amount. Returns the entries that went."""

    def search(self, query: Query) -> Results: ...

    def walk(self, query: Query) -> Iterator[str]:
        """Ids of all hits, by time (limit, offset and relevance do not count), as of the moment of the first: what is written
        meanwhile neither shows nor shifts anything."""

    def count(self) -> int: ...

    def clear(self) -> None:
        """Remove everything (before a rebuild)."""

    def close(self) -> None: ...


def seconds(moment: datetime) -> int:
    """Whole seconds since the epoch."""
    return math.floor(moment.timestamp())


def month_start(moment: datetime) -> datetime:
    """The beginning of a moment's month of UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def joined(words: Iterable[str]) -> str:
    """Words as both engines index them: one space between, nothing inside that either would split at."""
    return " ".join(part[:LONGEST] for word in words for part in word.split())


def ordered(buckets: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Facet values, most first, then by value."""
    return tuple(sorted(buckets, key=lambda bucket: (-bucket[1], bucket[0]))[:MOST_FACETS])

"""The default engine: tantivy in a folder beside the record. One writing process at a time, any number of readers."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tantivy as engine

from huiyin.errors import Unavailable
from huiyin.search.contract import (
    FILTERS,
    GENERATION,
    LONGEST,
    MOST_FACETS,
    Entry,
    Query,
    Results,
    joined,
    month_start,
    ordered,
    seconds,
)

WRITER_HEAP = 64_000_000
"""Bytes that the writer may fill before it cuts a segment."""

BATCH = 5_000
"""Entries a commit: bounds memory on a rebuild."""

PAGE = 2_000


class TantivyIndex:
    """See huiyin.search.contract.Index. `folder` is made where it is missing."""

    def __init__(self, folder: Path) -> None:
        folder = folder / f"v{GENERATION}"
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._schema = _schema()
        self._lock = threading.Lock()
        try:
            self._index = engine.Index(self._schema, path=str(folder), reuse=True)
        except ValueError as error:
            raise Unavailable(
                f"the index in {folder} cannot be opened ({error}); stop the program, remove the folder and run `huiyin reindex`"
            ) from error

    def add(self, entries: Iterable[Entry]) -> int:
        count = 0
        batch: list[Entry] = []
        for entry in entries:
            batch.append(entry)
            if len(batch) == BATCH:
                count += self._write(batch)
                batch = []
        return count + (self._write(batch) if batch else 0)

    def _write(self, entries: list[Entry]) -> int:
        with self._lock:
            writer = self._writer()
            newest = {
                entry.id: entry for entry in entries
            }  # the same id twice in a batch: the later one counts
            for entry in newest.values():
                writer.delete_documents_by_term("id", entry.id)
                writer.add_document(_document(entry))
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()
        return len(newest)

    def remove(self, ids: Iterable[str]) -> int:
        with self._lock:
            before = self.count()
            writer = self._writer()
            for document in ids:
                writer.delete_documents_by_term("id", document)
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()
            return before - self.count()

    def drop_before(self, moment: datetime) -> int:
        past = engine.Query.range_query(
            self._schema,
            "when",
            engine.FieldType.Integer,
            None,
            seconds(month_start(moment)),
            include_upper=False,
        )
        with self._lock:
            before = self.count()
            writer = self._writer()
            writer.delete_documents_by_query(past)
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()
            return before - self.count()

    def clear(self) -> None:
        with self._lock:
            writer = self._writer()
            writer.delete_all_documents()
            writer.commit()
            writer.wait_merging_threads()
            self._index.reload()

    def _writer(self) -> Any:
        try:
            return self._index.writer(WRITER_HEAP, 1)
        except ValueError as error:
            raise Unavailable(
                f"the index in {self._folder} is being written by another process: {error}"
            ) from error

    def search(self, query: Query) -> Results:
        self._index.reload()  # cheap where nothing changed; sees what another process committed
        searcher: Any = self._index.searcher()
        relevance = query.order == "relevance" and (query.words or query.phrases)
        order = {} if relevance else _by_time(query)
        parsed = _query(self._schema, query)
        try:
            found = searcher.search(parsed, max(query.limit, 1), offset=query.offset, **order)
            ids = tuple(searcher.doc(address).get_first("id") for _, address in found.hits)[: query.limit]
            counted = self._aggregate(searcher, parsed, query)
        except ValueError as error:
            raise Unavailable(f"the index in {self._folder} did not answer: {error}") from error
        facets = {
            name: ordered(
                (str(bucket["key"]), int(bucket["doc_count"])) for bucket in counted[name]["buckets"]
            )
            for name in query.facets
        }
        histogram = tuple(
            (datetime.fromtimestamp(bucket["key"], UTC), int(bucket["doc_count"]))
            for bucket in (counted["when"]["buckets"] if query.histogram else ())
        )
        return Results(int(found.count or 0), ids, facets, histogram)

    @staticmethod
    def _aggregate(searcher: Any, parsed: Any, query: Query) -> dict[str, Any]:
        wanted: dict[str, Any] = {
            name: {"terms": {"field": name, "size": MOST_FACETS * 2}} for name in query.facets
        }
        if query.histogram:
            width = query.histogram.total_seconds()
            wanted["when"] = {
                "histogram": {
                    "field": "when", "interval": width, "offset": query.histogram_offset.total_seconds() % width, "min_doc_count": 1,
                }
            }  # fmt: skip
        return dict(searcher.aggregate(parsed, wanted)) if wanted else {}

    def walk(self, query: Query) -> Iterator[str]:
        self._index.reload()
        searcher: Any = self._index.searcher()  # keeps its segments however much is written meanwhile
        parsed, last, here = _query(self._schema, query), None, set[str]()
        while True:
            page = parsed if last is None else _from(self._schema, parsed, query, last)
            try:
                # One more than what stood on the last rank, which the page begins with once more.
                hits = searcher.search(page, PAGE + len(here), count=False, **_by_time(query)).hits
            except ValueError as error:
                raise Unavailable(f"the index in {self._folder} did not answer: {error}") from error
            for rank, address in hits:
                name = searcher.doc(address).get_first("id")
                if rank != last:
                    last, here = rank, set()
                elif name in here:
                    continue
                here.add(name)
                yield name
            if len(hits) < PAGE:
                return

    def count(self) -> int:
        self._index.reload()
        return int(self._index.searcher().num_docs)

    def close(self) -> None:
        """Nothing to give back: writers live for one call only."""


def _schema() -> Any:
    builder = engine.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("title", tokenizer_name="whitespace", index_option="position")
    builder.add_integer_field("when", indexed=True, fast=True)  # seconds since the epoch
    builder.add_integer_field("rank", indexed=True, fast=True)
    for name in FILTERS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _document(entry: Entry) -> Any:
    document = engine.Document()
    document.add_text("id", entry.id)
    document.add_text("words", joined(entry.words))
    document.add_text("title", joined(entry.title_words))
    document.add_integer("when", seconds(entry.when))
    document.add_integer("rank", entry.rank)
    for name in FILTERS:
        document.add_text(name, entry.keywords.get(name, "")[:LONGEST])
    return document


def _query(schema: Any, query: Query) -> Any:
    must, must_not = engine.Occur.Must, engine.Occur.MustNot
    parts: list[tuple[Any, Any]] = [(must, _word(schema, word)) for word in query.words]
    parts += [(must, _phrase(schema, phrase)) for phrase in query.phrases if phrase]
    parts += [(must_not, _word(schema, word)) for word in query.exclude]
    for name, values in query.filters.items():
        if values:
            parts.append(
                (
                    must,
                    _any(
                        [engine.Query.term_query(schema, name, value[:LONGEST], "basic") for value in values]
                    ),
                )
            )
    if query.since or query.until:
        low = seconds(query.since) if query.since else None
        high = seconds(query.until) if query.until else None
        upper = {"include_upper": False} if high is not None else {}
        parts.append(
            (must, engine.Query.range_query(schema, "when", engine.FieldType.Integer, low, high, **upper))
        )
    if not any(occur == must for occur, _ in parts):
        parts.append((must, engine.Query.all_query()))
    return engine.Query.boolean_query(parts)


def _word(schema: Any, word: str) -> Any:
    exact = word[:LONGEST]
    title = engine.Query.boost_query(engine.Query.term_query(schema, "title", exact), 2.0)
    return _any([engine.Query.term_query(schema, "words", exact), title])


def _phrase(schema: Any, phrase: tuple[str, ...]) -> Any:
    words: list[Any] = joined(phrase).split(" ")
    if len(words) == 1:
        return _word(schema, words[0])
    return _any([engine.Query.phrase_query(schema, name, words) for name in ("words", "title")])


def _by_time(query: Query) -> dict[str, Any]:
    return {
        "order_by_field": "rank",
        "order": engine.Order.Asc if query.order == "oldest" else engine.Order.Desc,
    }


def _from(schema: Any, parsed: Any, query: Query, rank: int) -> Any:
    """The rest of a walk: hits from `rank` on, that rank included."""
    low, high = (rank, None) if query.order == "oldest" else (None, rank)
    rest = engine.Query.range_query(schema, "rank", engine.FieldType.Integer, low, high)
    return engine.Query.boolean_query([(engine.Occur.Must, parsed), (engine.Occur.Must, rest)])


def _any(queries: list[Any]) -> Any:
    return engine.Query.boolean_query([(engine.Occur.Should, query) for query in queries])

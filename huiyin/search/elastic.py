"""The engine for many machines: Elasticsearch 8 or 9 through the official client, behind the same contract.

Index template with white-space analysis of our own segmented words, monthly indices behind one alias, bulk with retry;
no plug-in, no scripts, no by-query operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from huiyin.errors import Unavailable, UsageError
from huiyin.search.contract import FILTERS, Entry, Query, Results

ALIAS = "huiyin-documents"
MAX_PAGE = 10_000


class ElasticIndex:
    """See huiyin.search.contract.Index. `address` may carry user:password@; keep it in the environment, not in a file."""

    def __init__(self, address: str) -> None:
        try:
            from elasticsearch import Elasticsearch
        except ImportError as error:
            raise UsageError("Elasticsearch needs its client: pip install 'huiyin[elasticsearch]'") from error
        self._client: Any = Elasticsearch(address, request_timeout=30, retry_on_timeout=True, max_retries=3)
        self._ready = False

    @contextmanager
    def _answering(self) -> Iterator[Any]:
        from elasticsearch import ApiError, TransportError

        try:
            if not self._ready:
                self._client.indices.put_index_template(
                    name=ALIAS, index_patterns=[f"{ALIAS}-*"], template=_template()
                )
                if not self._client.indices.exists_alias(name=ALIAS):
                    self._client.indices.create(index=f"{ALIAS}-000000")
                self._ready = True
            yield self._client
        except (ApiError, TransportError) as error:
            raise Unavailable(
                f"Elasticsearch did not answer: {type(error).__name__}: {str(error)[:200]}"
            ) from error

    def add(self, entries: Iterable[Entry]) -> int:
        from elasticsearch.helpers import parallel_bulk

        newest: dict[str, Entry] = {}
        for entry in entries:
            newest[entry.id] = entry
        if not newest:
            return 0
        with self._answering() as client:
            self._drop_moved(client, newest)
            actions = (
                {
                    "_op_type": "index",
                    "_index": _month(entry.when),
                    "_id": entry.id,
                    "_source": _source(entry),
                }
                for entry in newest.values()
            )
            for ok, item in parallel_bulk(
                client, actions, thread_count=2, chunk_size=1000, raise_on_error=False
            ):
                if not ok:
                    raise Unavailable(f"Elasticsearch refused an entry: {str(item)[:200]}")
            client.indices.refresh(index=ALIAS)
        return len(newest)

    def _drop_moved(self, client: Any, entries: dict[str, Entry]) -> None:
        """A document whose time moved to another month must not stand in two indices."""
        ids = list(entries)
        for start in range(0, len(ids), MAX_PAGE):
            part = ids[start : start + MAX_PAGE]
            found = client.search(index=ALIAS, query={"ids": {"values": part}}, source=False, size=len(part))
            stale = [
                {"delete": {"_index": hit["_index"], "_id": hit["_id"]}}
                for hit in found["hits"]["hits"]
                if hit["_index"] != _month(entries[hit["_id"]].when)
            ]
            if stale:
                client.bulk(operations=stale, refresh=True)

    def remove(self, ids: Iterable[str]) -> int:
        gone = 0
        wanted = list(ids)
        with self._answering() as client:
            for start in range(0, len(wanted), MAX_PAGE):
                part = wanted[start : start + MAX_PAGE]
                found = client.search(
                    index=ALIAS, query={"ids": {"values": part}}, source=False, size=len(part)
                )
                operations = [
                    {"delete": {"_index": hit["_index"], "_id": hit["_id"]}} for hit in found["hits"]["hits"]
                ]
                if operations:
                    client.bulk(operations=operations, refresh=True)
                    gone += len(operations)
        return gone

    def clear(self) -> None:
        with self._answering() as client:
            names = [name for name in client.indices.get_alias(name=ALIAS) if name.startswith(f"{ALIAS}-")]
            client.indices.delete(index=names)
            client.indices.create(index=f"{ALIAS}-000000")

    def search(self, query: Query) -> Results:
        body: dict[str, Any] = {
            "query": _query(query), "size": query.limit, "from_": query.offset, "source": False,
            "track_total_hits": True, "aggs": _aggregations(query),
        }  # fmt: skip
        if query.order == "relevance" and (query.words or query.phrases):
            body["sort"] = ["_score", {"when": "desc"}]
        else:
            body["sort"] = [{"when": "asc" if query.order == "oldest" else "desc"}]
        with self._answering() as client:
            found = client.search(index=ALIAS, **body)
        counted = found.get("aggregations", {})
        facets = {
            name: tuple((str(b["key"]), int(b["doc_count"])) for b in counted[name]["buckets"])
            for name in query.facets
        }
        histogram = tuple(
            (datetime.fromtimestamp(bucket["key"], UTC), int(bucket["doc_count"]))
            for bucket in (counted["when"]["buckets"] if query.histogram else ())
        )
        ids = tuple(hit["_id"] for hit in found["hits"]["hits"])
        return Results(int(found["hits"]["total"]["value"]), ids, facets, histogram)

    def count(self) -> int:
        with self._answering() as client:
            return int(client.count(index=ALIAS)["count"])

    def close(self) -> None:
        self._client.close()


def _month(when: datetime) -> str:
    return f"{ALIAS}-{when.astimezone(UTC):%Y%m}"


def _template() -> dict[str, Any]:
    text = {"type": "text", "analyzer": "whitespace"}
    properties: dict[str, Any] = {"words": text, "title": text, "when": {"type": "long"}}
    properties |= {name: {"type": "keyword"} for name in FILTERS}
    return {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0},
        "mappings": {"dynamic": "strict", "properties": properties},
        "aliases": {ALIAS: {}},
    }


def _source(entry: Entry) -> dict[str, Any]:
    return {
        "words": " ".join(entry.words), "title": " ".join(entry.title_words), "when": int(entry.when.timestamp()),
        **{name: entry.keywords.get(name, "") for name in FILTERS},
    }  # fmt: skip


def _query(query: Query) -> dict[str, Any]:
    must = [_word(word) for word in query.words] + [_phrase(phrase) for phrase in query.phrases if phrase]
    filters: list[dict[str, Any]] = [
        {"terms": {name: list(values)}} for name, values in query.filters.items() if values
    ]
    span = {
        key: int(moment.timestamp()) for key, moment in (("gte", query.since), ("lt", query.until)) if moment
    }
    if span:
        filters.append({"range": {"when": span}})
    return {"bool": {"must": must, "filter": filters, "must_not": [_word(word) for word in query.exclude]}}


def _word(word: str) -> dict[str, Any]:
    either = [{"term": {"words": {"value": word}}}, {"term": {"title": {"value": word, "boost": 2.0}}}]
    return {"bool": {"should": either, "minimum_should_match": 1}}


def _phrase(phrase: tuple[str, ...]) -> dict[str, Any]:
    if len(phrase) == 1:
        return _word(phrase[0])
    either = [{"match_phrase": {name: " ".join(phrase)}} for name in ("words", "title")]
    return {"bool": {"should": either, "minimum_should_match": 1}}


def _aggregations(query: Query) -> dict[str, Any]:
    wanted: dict[str, Any] = {name: {"terms": {"field": name, "size": 200}} for name in query.facets}
    if query.histogram:
        width = query.histogram.total_seconds()
        offset = query.histogram_offset.total_seconds() % width
        wanted["when"] = {
            "histogram": {"field": "when", "interval": width, "offset": offset, "min_doc_count": 1}
        }
    return wanted

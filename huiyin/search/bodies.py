"""What Elasticsearch is sent: the template of an index, an entry, and a Query of the contract as its JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from huiyin.search.contract import FILTERS, LONGEST, MOST_FACETS, Entry, Query, joined, seconds


def template(alias: str) -> dict[str, Any]:
    text = {"type": "text", "analyzer": "whitespace"}
    properties: dict[str, Any] = {
        "words": text, "title": text, "when": {"type": "date", "format": "epoch_millis"}, "rank": {"type": "long"},
    }  # fmt: skip
    properties |= {name: {"type": "keyword"} for name in FILTERS}
    return {
        # A second copy of everything as soon as there is a second machine to hold it.
        "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
        "mappings": {"dynamic": "strict", "properties": properties},
        "aliases": {alias: {}},
    }


def source(entry: Entry) -> dict[str, Any]:
    return {
        "words": joined(entry.words), "title": joined(entry.title_words), "when": _milliseconds(entry.when), "rank": entry.rank,
        **{name: entry.keywords.get(name, "")[:LONGEST] for name in FILTERS},
    }  # fmt: skip


def _milliseconds(moment: datetime) -> int:
    """As Elasticsearch reads numbers in a range, whatever the format of the field; whole seconds, by the contract."""
    return seconds(moment) * 1000


def by_time(query: Query) -> list[Any]:
    return [{"rank": "asc" if query.order == "oldest" else "desc"}]


def query_body(query: Query) -> dict[str, Any]:
    must = [_word(word) for word in query.words] + [_phrase(phrase) for phrase in query.phrases if phrase]
    filters: list[dict[str, Any]] = [
        {"terms": {name: [value[:LONGEST] for value in values]}}
        for name, values in query.filters.items()
        if values
    ]
    span = {
        key: _milliseconds(moment) for key, moment in (("gte", query.since), ("lt", query.until)) if moment
    }
    if span:
        filters.append({"range": {"when": span}})
    return {"bool": {"must": must, "filter": filters, "must_not": [_word(word) for word in query.exclude]}}


def _word(word: str) -> dict[str, Any]:
    exact = word[:LONGEST]
    either = [{"term": {"words": {"value": exact}}}, {"term": {"title": {"value": exact, "boost": 2.0}}}]
    return {"bool": {"should": either, "minimum_should_match": 1}}


def _phrase(phrase: tuple[str, ...]) -> dict[str, Any]:
    words = joined(phrase)
    if " " not in words:
        return _word(words)
    either = [{"match_phrase": {name: words}} for name in ("words", "title")]
    return {"bool": {"should": either, "minimum_should_match": 1}}


def aggregations(query: Query) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        # Each month's index names its 5,000 most frequent values: counts are exact for any office's sources and places.
        name: {"terms": {"field": name, "size": MOST_FACETS * 2, "shard_size": 5_000}}
        for name in query.facets
    }
    if query.histogram:
        width = int(query.histogram.total_seconds())
        offset = int(query.histogram_offset.total_seconds()) % width
        wanted["when"] = {
            "date_histogram": {
                "field": "when", "fixed_interval": f"{width}s", "offset": f"{offset}s", "min_doc_count": 1,
            }
        }  # fmt: skip
    return wanted

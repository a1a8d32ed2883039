"""The engine for many machines: Elasticsearch 8 or 9 through the official client, behind the same contract.

Index template with white-space analysis of our own segmented words, monthly indices behind one alias, bulk with back-pressure
and retry, point-in-time paging; no plug-in, no scripts, no by-query operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from huiyin.errors import Unavailable, UsageError
from huiyin.search.bodies import aggregations, by_time, query_body, source, template
from huiyin.search.contract import (
    GENERATION,
    Entry,
    Query,
    Results,
    month_start,
    ordered,
)

NAME = "huiyin-documents"
DEEPEST = 10_000
"""Hits that Elasticsearch counts up to for one page (index.max_result_window); beyond them we walk."""

BATCH = 5_000
"""Entries of one round of `add`: bounds memory on a rebuild."""

EARLIEST, LATEST = 1999_12, 2051_01
"""Months (year and month) before and after which there is one index for all."""

PAGE = 2_000
KEEP = "2m"
"""How long Elasticsearch keeps a point in time between two pages of a walk."""

BUSY = (429, 502, 503, 504)


class ElasticIndex:
    """See huiyin.search.contract.Index.

    `address` is one or more http(s)://[user:password@]host:port, separated by commas; keep a password in the environment, not
    in a file. Its query part may name `index` (another name than huiyin-documents, where several offices share a cluster) and
    `ca` (a file with the authority's certificate).
    """

    def __init__(self, address: str) -> None:
        try:
            from elasticsearch import Elasticsearch
        except ImportError as error:
            raise UsageError("Elasticsearch needs its client: pip install 'huiyin[elasticsearch]'") from error
        hosts, options = _parts(address)
        self._alias = f"{options.pop('index', NAME)}-v{GENERATION}"
        authority: dict[str, Any] = {"ca_certs": options.pop("ca")} if "ca" in options else {}
        if authority and not Path(authority["ca_certs"]).is_file():
            raise UsageError(f"search: {authority['ca_certs']}: no such certificate file")
        if options:
            raise UsageError(f"search: unknown {', '.join(options)}; the address takes index and ca")
        try:
            self._client: Any = Elasticsearch(
                hosts, request_timeout=60, retry_on_timeout=True, max_retries=5, retry_on_status=BUSY,
                http_compress=True, **authority,
            )  # fmt: skip
        except (ValueError, OSError) as error:
            raise UsageError(f"search: {error}; give http(s)://host:9200") from error
        self._ready = False

    @contextmanager
    def _answering(self) -> Iterator[Any]:
        from elasticsearch import ApiError, TransportError

        try:
            if not self._ready:
                self._prepare()
                self._ready = True
            yield self._client
        except (ApiError, TransportError) as error:
            self._ready = False  # somebody may have removed the template or the indices
            raise Unavailable(
                f"Elasticsearch did not answer: {type(error).__name__}: {str(error)[:200]}"
            ) from error

    def _prepare(self) -> None:
        self._client.indices.put_index_template(
            name=self._alias,
            index_patterns=[f"{self._alias}-*"],
            priority=200,
            template=template(self._alias),
        )
        if not self._client.indices.exists_alias(name=self._alias):
            # Always there and always empty, so that the alias is never without an index. 400: another process was first.
            self._client.options(ignore_status=400).indices.create(index=f"{self._alias}-none")

    def add(self, entries: Iterable[Entry]) -> int:
        count, stream = 0, iter(entries)
        while batch := list(islice(stream, BATCH)):
            newest = {entry.id: entry for entry in batch}  # the same id twice: the later one counts
            with self._answering() as client:
                self._bulk(client, (self._action(entry) for entry in newest.values()))
                client.indices.refresh(index=self._alias)
                self._drop_moved(client, newest)
            count += len(newest)
        return count

    def _action(self, entry: Entry) -> dict[str, Any]:
        return {
            "_op_type": "index",
            "_index": self._month(entry.when),
            "_id": entry.id,
            "_source": source(entry),
        }

    def _bulk(self, client: Any, actions: Iterable[dict[str, Any]]) -> None:
        """Write in requests of a few megabytes, one after the other; what the cluster is too busy for is sent again, later."""
        from elasticsearch.helpers import streaming_bulk

        written = streaming_bulk(
            client, actions, chunk_size=1_000, max_chunk_bytes=8_000_000, max_retries=6, initial_backoff=0.5,
            max_backoff=20, retry_on_status=BUSY, raise_on_error=False, raise_on_exception=False, ignore_status=404,
        )  # fmt: skip
        for ok, item in written:
            (answer,) = item.values()
            if not ok and not (isinstance(answer, dict) and answer.get("status") == 404):
                raise Unavailable(f"Elasticsearch refused an entry: {str(item)[:200]}")

    def _drop_moved(self, client: Any, entries: dict[str, Entry]) -> None:
        """A document whose time moved to another month must not stand in two indices.

        Looked for after the new entry is in, so that a crash between the two leaves it twice (the caller does it again) rather than lost.
        """
        stale = [
            {"_op_type": "delete", "_index": index, "_id": name}
            for index, name in self._places(client, list(entries))
            if index != self._month(entries[name].when)
        ]
        if stale:
            self._bulk(client, stale)
            client.indices.refresh(index=self._alias)

    def _places(self, client: Any, ids: list[str]) -> Iterator[tuple[str, str]]:
        """(index, id) of every entry among `ids` that there is."""
        for start in range(0, len(ids), PAGE):
            part = ids[start : start + PAGE]
            found = client.search(
                index=self._alias, query={"ids": {"values": part}}, source=False, size=DEEPEST, sort=["_doc"],
                allow_partial_search_results=False, track_total_hits=False,
            )  # fmt: skip
            for hit in found["hits"]["hits"]:
                yield hit["_index"], hit["_id"]

    def remove(self, ids: Iterable[str]) -> int:
        gone, stream = 0, iter(ids)
        while part := list(dict.fromkeys(islice(stream, BATCH))):
            with self._answering() as client:
                found = list(self._places(client, part))
                self._bulk(
                    client, ({"_op_type": "delete", "_index": index, "_id": name} for index, name in found)
                )
                client.indices.refresh(index=self._alias)
                gone += len({name for _, name in found})
        return gone

    def drop_before(self, moment: datetime) -> int:
        first = self._month(moment)
        with self._answering() as client:
            past = [name for name in self._months(client) if name < first]
            gone = int(client.count(index=past)["count"]) if past else 0
            self._delete(client, past)
        return gone

    def clear(self) -> None:
        with self._answering() as client:
            self._delete(client, self._months(client))

    def _months(self, client: Any) -> list[str]:
        names = client.indices.get_alias(name=self._alias)
        return sorted(name for name in names if name.removeprefix(f"{self._alias}-").isdigit())

    @staticmethod
    def _delete(client: Any, names: list[str]) -> None:
        for start in range(0, len(names), 50):  # names go into the address, whose length is limited
            client.options(ignore_status=404).indices.delete(index=names[start : start + 50])

    def search(self, query: Query) -> Results:
        deep = query.offset + query.limit > DEEPEST
        relevance = query.order == "relevance" and bool(query.words or query.phrases)
        body: dict[str, Any] = {
            "query": query_body(query), "size": 0 if deep else query.limit, "from_": 0 if deep else query.offset, "source": False,
            "sort": ["_score", {"rank": "desc"}] if relevance else by_time(query), "track_total_hits": True,
            "aggs": aggregations(query), "allow_partial_search_results": False,
            # Words are as rare in one month's index as in all of them: else a title of a quiet month would win.
            "search_type": "dfs_query_then_fetch" if relevance else "query_then_fetch",
        }  # fmt: skip
        with self._answering() as client:
            found = client.search(index=self._alias, **body)
        counted = found.get("aggregations", {})
        facets = {
            name: ordered((str(b["key"]), int(b["doc_count"])) for b in counted[name]["buckets"])
            for name in query.facets
        }
        histogram = tuple(
            (datetime.fromtimestamp(bucket["key"] / 1000, UTC), int(bucket["doc_count"]))
            for bucket in (counted["when"]["buckets"] if query.histogram else ())
        )
        ids = tuple(hit["_id"] for hit in found["hits"]["hits"])
        if deep:
            ids = tuple(islice(self.walk(query), query.offset, query.offset + query.limit))
        return Results(int(found["hits"]["total"]["value"]), ids, facets, histogram)

    def walk(self, query: Query) -> Iterator[str]:
        with self._answering() as client:
            view = client.open_point_in_time(
                index=self._alias, keep_alive=KEEP, allow_partial_search_results=False
            )["id"]
        after: dict[str, Any] = {}
        try:
            while True:
                with self._answering() as client:
                    found = client.search(
                        pit={"id": view, "keep_alive": KEEP}, query=query_body(query), size=PAGE, source=False,
                        sort=by_time(query), track_total_hits=False, **after,
                    )  # fmt: skip
                view = found["pit_id"]
                hits = found["hits"]["hits"]
                yield from (hit["_id"] for hit in hits)
                if len(hits) < PAGE:
                    return
                after = {"search_after": hits[-1]["sort"]}
        finally:
            self._client.options(ignore_status=404).close_point_in_time(id=view)

    def count(self) -> int:
        with self._answering() as client:
            return int(client.count(index=self._alias)["count"])

    def close(self) -> None:
        self._client.close()

    def _month(self, when: datetime) -> str:
        """The index of a moment. Wild dates share one at either end: a page that makes up dates must not make a thousand indices."""
        start = month_start(when)
        return f"{self._alias}-{min(max(start.year * 100 + start.month, EARLIEST), LATEST)}"


def _parts(address: str) -> tuple[list[str], dict[str, str]]:
    """The hosts and the options of an address."""
    hosts: list[str] = []
    options: dict[str, str] = {}
    for one in address.split(","):
        parts = urlsplit(one.strip())
        options.update(parse_qsl(parts.query, keep_blank_values=True))
        port = parts.port or (443 if parts.scheme == "https" else 9200)
        place = parts.netloc if parts.port else f"{parts.netloc}:{port}"
        hosts.append(urlunsplit((parts.scheme, place, parts.path, "", "")))
    return hosts, options

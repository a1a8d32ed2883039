"""What only Elasticsearch can do wrong: a node that is busy, absent or named wrongly; too many indices."""

from __future__ import annotations

import base64
import http.client
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from huiyin.errors import Unavailable, UsageError
from huiyin.search import Entry, Query, open_index
from huiyin.search.elastic import ElasticIndex
from huiyin.settings import Settings

START = datetime(2026, 11, 1, tzinfo=UTC)
ENTRIES = [Entry(f"d{number}", START + timedelta(hours=number), ("词",)) for number in range(2_500)]


@contextmanager
def between(address: str, refuse: Counter[str], seen: list[str] | None = None) -> Iterator[str]:
    """A proxy before the node that answers 429 as many times as `refuse` says for the last word of a path, then passes on.

    `seen` gets every Authorization header.
    """
    node = urlsplit(address)

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if seen is not None:
                seen.append(self.headers.get("Authorization", ""))
            word = self.path.partition("?")[0].rpartition("/")[2]
            if refuse[word] > 0:
                refuse[word] -= 1
                self.reply(
                    429, {"X-Elastic-Product": "Elasticsearch", "Content-Type": "application/json"}, b"{}"
                )
                return
            with closing(http.client.HTTPConnection(node.hostname or "", node.port, timeout=60)) as onward:
                onward.request(self.command, self.path, body, dict(self.headers))
                found = onward.getresponse()
                self.reply(found.status, dict(found.headers), found.read())

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}?{node.query}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_busy_node_is_asked_again_until_it_takes_everything(elasticsearch: str) -> None:
    refuse = Counter({"_bulk": 9, "_search": 2, "_refresh": 1})  # more than the client itself tries again
    with between(elasticsearch, refuse) as address, closing(ElasticIndex(address)) as index:
        assert index.add(ENTRIES) == len(ENTRIES)
        assert index.count() == len(ENTRIES)
        assert index.search(Query(words=("词",))).total == len(ENTRIES)
    assert not +refuse


def test_a_node_that_stays_busy_is_named_not_taken_for_empty(elasticsearch: str) -> None:
    with (
        between(elasticsearch, Counter({"_search": 1_000})) as address,
        closing(ElasticIndex(address)) as index,
    ):
        with pytest.raises(Unavailable):
            index.search(Query())
        with pytest.raises(Unavailable):
            list(index.walk(Query()))


def test_a_node_that_is_not_there_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with closing(ElasticIndex(f"http://127.0.0.1:{port}")) as index:
        for work in (lambda: index.search(Query()), index.count, lambda: index.add(ENTRIES[:1]), index.clear):
            with pytest.raises(Unavailable, match="Elasticsearch did not answer"):
                work()


def test_an_index_that_somebody_removes_is_made_again(elasticsearch: str) -> None:
    from elasticsearch import Elasticsearch

    with closing(ElasticIndex(elasticsearch)) as index:
        index.add(ENTRIES[:3])
        name = elasticsearch.partition("index=")[2]
        with Elasticsearch(elasticsearch.partition("?")[0]) as client:
            client.indices.delete(index=list(client.indices.get(index=f"{name}-*", expand_wildcards="all")))
        with pytest.raises(Unavailable):
            index.search(Query())
        assert index.search(Query()).total == 0
        index.add(ENTRIES[:3])
        assert index.count() == 3


def test_wild_dates_do_not_make_an_index_each(elasticsearch: str) -> None:
    from elasticsearch import Elasticsearch

    with closing(ElasticIndex(elasticsearch)) as index:
        index.add(
            Entry(f"y{year}", datetime(year, 6, 5, tzinfo=UTC), ("词",)) for year in range(1, 9_000, 90)
        )
        assert index.count() == 100
    name = elasticsearch.partition("index=")[2]
    with Elasticsearch(elasticsearch.partition("?")[0]) as client:
        assert len(client.indices.get(index=f"{name}-*")) <= 4


@pytest.mark.parametrize("address", ["http://h:1?colour=red", "https://h:1?ca=/no/such/file.crt", "http://"])
def test_an_address_that_cannot_be_one_is_said_at_once(address: str) -> None:
    with pytest.raises(UsageError):
        open_index(Settings(search=address))


def test_a_password_in_the_address_reaches_the_node_and_no_message(elasticsearch: str) -> None:
    seen: list[str] = []
    with between(elasticsearch, Counter({"_count": 1_000}), seen) as address:
        named = address.replace("http://", "http://huiyin:geheim@")
        with closing(ElasticIndex(named)) as index, pytest.raises(Unavailable) as said:
            index.count()
    assert set(seen) == {"Basic " + base64.b64encode(b"huiyin:geheim").decode()}
    assert "geheim" not in str(said.value)

"""Server-sent events: real connections to a live server with few threads."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answering_city import ISSUE, City

from dashboard.auth import COOKIE, start_session
from dashboard.pages import live
from huiyin.records import Alert, User
from huiyin.serving import Served


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def raise_alert(city: City, key: str) -> None:
    with city.session() as session:
        session.add(Alert(issue_id=ISSUE, rule="orange", level=2, title="t", reason="r", dedup=key))


def counts(piece: str) -> dict[str, Any]:
    line = next(line for line in piece.splitlines() if line.startswith("data: "))
    found: dict[str, Any] = json.loads(line.removeprefix("data: "))
    return found


def test_what_changed_is_told_and_the_stream_ends(city: City) -> None:
    pieces = []
    for piece in live.stream(city.record, "leader", threading.Event(), life=0.6, every=0.05):
        pieces.append(piece)
        if len(pieces) == 1:
            raise_alert(city, "a")
    assert [counts(piece)["alerts"] for piece in pieces] == [0, 1]
    last = counts(pieces[-1])
    assert (last["newest"], last["level"], last["overdue"], last["soon"]) == (1, 2, 0, 0)
    assert last["new"] == 1


def test_a_silent_stream_shows_that_it_lives(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.1)
    pieces = list(live.stream(city.record, "analyst", threading.Event(), life=0.5, every=0.05))
    assert len(pieces) > 2
    assert all(piece.startswith(":") and piece.endswith("\n\n") for piece in pieces[1:])


def test_only_people_who_are_signed_in(city: City) -> None:
    answer = city.app.test_client().get("/events")
    assert answer.status_code == 302
    assert "/login" in answer.headers["Location"]


class Listener:
    """A browser that listens, on a socket of its own."""

    def __init__(self, port: int, cookie: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.sendall(
            f"GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: {COOKIE}={cookie}\r\n\r\n".encode()
        )
        self.got = b""

    def until(self, needle: bytes) -> str:
        while needle not in self.got:
            piece = self.socket.recv(4096)
            assert piece, f"the stream ended before {needle!r}: {self.got!r}"
            self.got += piece
        return self.got.decode()


def test_few_listen_the_others_ask_and_pages_still_open(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live.stream, "__kwdefaults__", {"life": 20.0, "every": 0.1})
    with city.session() as session:
        cookie = start_session(session, session.get_one(User, "zhang"))
    server = Served(city.app, threads=16)
    port = server.port
    try:
        listeners = [Listener(port, cookie) for _ in range(live.PLACES)]
        for listener in listeners:
            assert f"retry: {live.SOONER}" in listener.until(b'"alerts": 0')
        late = Listener(port, cookie)
        assert f"retry: {live.LATER}" in late.until(b'"alerts": 0')
        raise_alert(city, "b")
        for listener in listeners:
            listener.until(b'"alerts": 1')
        assert city.client("zhang").get("/alerts")
        listeners[0].socket.close()
        places = city.app.extensions["huiyin"].cache["live-places"]
        for number in range(80):  # each new alert makes the server write, and so notice who has gone
            raise_alert(city, f"more-{number}")
            if places.acquire(blocking=False):
                places.release()
                break
            time.sleep(0.1)
        else:
            pytest.fail("the place of a browser that has gone was not given back")
        live.stop(city.app)
        for listener in listeners[1:]:
            # A chunk of its own: the head may end in a 0 too, as a request's number does now and then.
            assert listener.until(b"\r\n0\r\n\r\n").endswith("\r\n0\r\n\r\n")  # ended by the server, in order
        for listener in [*listeners[1:], late]:
            listener.socket.close()
    finally:
        live.stop(city.app)
        server.close()


def test_a_look_at_the_head_takes_no_place(city: City) -> None:
    browser = city.client("zhang").client
    for _ in range(live.PLACES * 2):
        with browser.head("/events") as answer:
            assert answer.status_code == 200
    places = city.app.extensions["huiyin"].cache["live-places"]
    assert all(places.acquire(blocking=False) for _ in range(live.PLACES))

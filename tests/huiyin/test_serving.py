"""A server in a thread: it answers, it ends at once and for good, and a request that hangs keeps its descriptors."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from huiyin.serving import Served


def app(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def test_it_answers_and_ends_with_connections_open() -> None:
    for _ in range(20):
        served = Served(app)
        kept = socket.create_connection(("127.0.0.1", served.port))
        kept.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert kept.recv(100).startswith(b"HTTP/1.1 200")
        with urllib.request.urlopen(f"http://127.0.0.1:{served.port}/") as answer:
            assert answer.read() == b"ok"
        served.close()
        assert not served.thread.is_alive()
        kept.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", served.port))
        served.close()


def test_a_request_that_hangs_keeps_the_server_open() -> None:
    begun, release = threading.Event(), threading.Event()

    def slow(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        begun.set()
        release.wait(30)
        return app(environ, start)

    served = Served(slow)
    client = socket.create_connection(("127.0.0.1", served.port))
    client.sendall(b"GET / HTTP/1.0\r\n\r\n")
    assert begun.wait(10)
    served.close(grace=0.2)
    assert served.thread.is_alive()
    release.set()
    assert client.recv(100).startswith(b"HTTP/1.0 200")
    client.close()
    served.close()
    assert not served.thread.is_alive()


def test_the_end_waits_for_its_own_byte() -> None:
    """The loop may run the closing on an earlier byte: what was to wake it must still find an open descriptor."""
    served = Served(app)
    trigger = served._server.trigger
    pull, ended = trigger._physical_pull, []

    def late() -> None:
        pull()  # a request that just ended wakes the loop, which finds the closing already there
        served.thread.join(0.2)
        ended.append(served.thread.is_alive())
        pull()

    trigger._physical_pull = late
    served.close()
    assert ended == [True]
    assert not served.thread.is_alive()


def test_a_port_in_use_is_told() -> None:
    served = Served(app)
    with pytest.raises(OSError, match=r"in use"):
        Served(app, port=served.port)
    served.close()

"""the whole system: schedule, crawling, analysis, dashboard

Prints the address and, the first time, how to sign in. Stop it with Ctrl-C; start it again at any time, nothing is lost.
"""

from __future__ import annotations

import argparse
import logging
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from huiyin import logs
from huiyin.errors import Unavailable
from huiyin.serving import Served
from huiyin.settings import Settings

if TYPE_CHECKING:
    from huiyin.records import Record

THREADS = 16


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: the setting host, 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port (default: the setting port, 8000)")
    parser.add_argument(
        "--sample",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="load the sample city; the default is to keep what is",
    )
    parser.add_argument(
        "--web",
        action="store_true",
        help="the dashboard only: crawling, analysis and schedule are done by `huiyin worker`",
    )


class Child:
    """A process of ours that is started again where it ends by itself, more slowly each time it fails at once."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.process: subprocess.Popen[bytes] | None = None
        self.started = 0.0
        self.wait = 1.0

    def tend(self) -> None:
        now = time.monotonic()
        if self.process is not None and self.process.poll() is None:
            if now - self.started > 60:
                self.wait = 1.0
            return
        if self.process is not None and now - self.started < self.wait:
            return
        if self.process is not None:
            logging.getLogger("huiyin.up").warning(
                "%s ended with %s and is started again", self.words[-1], self.process.returncode
            )
            self.wait = min(self.wait * 2, 60.0)
        self.process = subprocess.Popen(self.words)
        self.started = now

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()


def run(args: argparse.Namespace, settings: Settings) -> int:
    import dataclasses

    from dashboard import accounts, create_app, jobs, sample
    from dashboard.pages import live
    from dashboard.workers import need_keys
    from huiyin.lock import only_one
    from huiyin.records import Record

    logs.configure(settings)
    settings = dataclasses.replace(settings, host=args.host or settings.host, port=args.port or settings.port)
    with only_one(settings.home_path, "up"):
        record = Record.open(settings)
        if args.web and record.engine.dialect.name != "sqlite":
            need_keys(record, settings)
        with record.session() as session:
            password = accounts.first_user(session)
        city = sample.start(record, settings, wanted=args.sample)
        if city:
            print(f"sample city 云江市 is served on {city}")
        app = create_app(settings)
        server = _listen(app, settings)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        worker = Child(jobs.command(settings, "work"))
        timetable = _Timetable(record, settings)
        print(f"回音 is ready: http://{settings.host}:{settings.port}/", flush=True)
        if password:
            print(f"first sign-in: user admin, one-time password {password}", flush=True)
        try:
            while not stop.wait(1.0):
                if not args.web:
                    worker.tend()
                    timetable.tend()
        finally:
            print("stopping…", flush=True)
            timetable.stop()
            jobs.stop_children()
            worker.stop()
            live.stop(app)
            server.close()
    return 0


class _Timetable:
    """The schedule. On PostgreSQL several machines may run it: the one that holds its seat does."""

    def __init__(self, record: Record, settings: Settings) -> None:
        from huiyin.queue.seat import Seat

        self.settings = settings
        self.seat = None if record.engine.dialect.name == "sqlite" else Seat(record, "schedule")
        self._running: Any = None

    def tend(self) -> None:
        from huiyin import schedule

        if self.seat is not None:
            self.seat.progress()
            if not self.seat.held and self._running is not None:
                self.stop()
            if not self.seat.held and not self.seat.take():
                return
        if self._running is None:
            self._running = schedule.start(self.settings)

    def stop(self) -> None:
        if self._running is not None:
            self._running.shutdown(wait=False)
            self._running = None
        if self.seat is not None:
            self.seat.leave()


def behind(settings: Settings) -> dict[str, Any]:
    """What waitress is told of the reverse proxy, so that limits and logs see people's own addresses."""
    if not settings.trusted_proxy:
        return {}
    headers = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    return {
        "trusted_proxy": settings.trusted_proxy,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": headers,
    }


def _listen(app: Any, settings: Settings) -> Served:
    try:
        return Served(
            app, host=settings.host, port=settings.port, threads=THREADS, ident=None,
            max_request_body_size=settings.upload_limit, channel_timeout=60, clear_untrusted_proxy_headers=True, **behind(settings),
        )  # fmt: skip
    except OSError as error:
        raise Unavailable(
            f"port {settings.port} on {settings.host} cannot be used ({error.strerror}); choose another with --port"
        ) from error

"""A seat that one process of many sits on: a lease, renewed by a thread for as long as the work on it moves on."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from huiyin.errors import Unavailable
from huiyin.queue.lease import FencedRecord, Held, acquire, process_name, release, renew
from huiyin.records import Record

log = logging.getLogger("huiyin.queue")
TTL = 15.0
"""Seconds after which another takes the seat of a holder that is not heard of."""
STALL = 300.0
"""Seconds without progress after which the holder lets its seat go: it hangs, though its threads live."""


class Seat:
    """One seat. `take` until it is given; then work while `held`, calling `progress`; `leave` at the end."""

    def __init__(
        self, record: Record, name: str, *, ttl: float = TTL, stall: float = STALL, about: str = ""
    ) -> None:
        self.record, self.name, self.about = record, name, about
        self._ttl, self._stall = ttl, stall
        self._lease: Held | None = None
        self._sure = 0.0  # monotonic moment until which nobody else can have taken it
        self._moved = 0.0
        self._gone = threading.Event()

    @property
    def held(self) -> bool:
        return self._lease is not None and time.monotonic() < self._sure

    @property
    def lease(self) -> Held:
        """The lease as it was given. Raises Unavailable where the seat is not held."""
        if self._lease is None:
            raise Unavailable(f"the seat {self.name} is not ours")
        return self._lease

    def take(self) -> bool:
        """Sit down if the seat is free; at once. False too where the record does not answer."""
        asked = time.monotonic()
        try:
            lease = acquire(
                self.record, self.name, process_name(), timedelta(seconds=self._ttl), about=self.about
            )
        except SQLAlchemyError as error:
            log.warning("the record does not answer, the seat %s waits: %s", self.name, type(error).__name__)
            return False
        if lease is None:
            return False
        self._lease, self._sure, self._moved = lease, asked + self._ttl, asked
        self._gone = threading.Event()
        threading.Thread(
            target=self._keep, args=(lease, self._gone), name=f"seat-{self.name}", daemon=True
        ).start()
        return True

    def progress(self) -> None:
        """The work moves on."""
        self._moved = time.monotonic()

    def leave(self) -> None:
        """Stand up; the next may sit down at once. May be called when the seat was lost."""
        lease, self._lease = self._lease, None
        self._gone.set()
        if lease is not None:
            try:
                release(self.record, lease)
            except SQLAlchemyError:
                log.warning(
                    "the seat %s could not be given back; it falls free in %.0f s", self.name, self._ttl
                )

    def _keep(self, lease: Held, gone: threading.Event) -> None:
        while not gone.wait(self._ttl / 3):
            asked = time.monotonic()
            if asked - self._moved > self._stall:
                log.error("no progress for %.0f s: the seat %s is let go", self._stall, self.name)
                return
            try:
                if not renew(self.record, lease, timedelta(seconds=self._ttl)):
                    self._sure = 0.0
                    return
                self._sure = asked + self._ttl
            except SQLAlchemyError as error:  # tried again until the lease has run out
                log.warning("the seat %s was not renewed: %s", self.name, type(error).__name__)
                if asked > self._sure:
                    return


@contextmanager
def only_writer(record: Record) -> Iterator[tuple[Record, Callable[[], None]]]:
    """The record to group issues in, and what to call after each round. SQLite: as it is, a file lock keeps others away.

    Elsewhere: fenced by the seat `group`. Raises Unavailable where another process holds that.
    """
    if record.engine.dialect.name == "sqlite":
        yield record, lambda: None
        return
    seat = Seat(record, "group")
    if not seat.take():
        raise Unavailable("another process groups the issues of this record; this one may begin when it ends")
    try:
        yield FencedRecord(record, seat.lease), seat.progress
    finally:
        seat.leave()

"""Values that take long to work out, kept for a while, each with the moment it was worked out, so that a page can say its age.

A value that is a little old is shown at once and worked out anew behind the page; one that is too old, or that a person's act has
changed, is worked out before the page is shown.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar, cast

from sqlalchemy.orm import Session

from dashboard.services import Services, read, services
from huiyin.records import utcnow

T = TypeVar("T")
MOST = 400
TOO_OLD = 10
"""A value is shown while it is at most this many times as old as it should be."""
log = logging.getLogger("huiyin.aged")


@dataclass(frozen=True, slots=True)
class Aged(Generic[T]):
    """`at`: when `value` was worked out; `stamp`: what must be the same for it to count at all."""

    value: T
    at: datetime
    stamp: Hashable


class Shelf:
    """The kept values of one application, the last used stay; at most one thread works on a value."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Aged[Any]] = OrderedDict()
        self._busy: set[Hashable] = set()

    def get(self, key: Hashable) -> Aged[Any] | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Hashable, value: Aged[Any]) -> None:
        with self._lock:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)

    def claim(self, key: Hashable) -> bool:
        with self._lock:
            if key in self._busy:
                return False
            self._busy.add(key)
            return True

    def release(self, key: Hashable) -> None:
        with self._lock:
            self._busy.discard(key)


def aged(key: Hashable, work: Callable[[Session], T], fresh: timedelta, stamp: Hashable = None) -> Aged[T]:
    """The value of `key` with its age; see the module. `work` gets a reading session; it may run after the request, in a thread of
    its own, so it must not use the request. `fresh`: how old the value may be; zero keeps nothing."""
    parts = services()
    if not fresh:
        return Aged(work(read()), utcnow(), stamp)
    shelf = cast(Shelf, parts.cache.setdefault("aged", Shelf()))
    found = shelf.get(key)
    age = utcnow() - found.at if found else timedelta.max
    if found is None or found.stamp != stamp or age > TOO_OLD * fresh:
        found = Aged(work(read()), utcnow(), stamp)
        shelf.put(key, found)
    elif age > fresh and shelf.claim(key):
        threading.Thread(
            target=_again, args=(parts, shelf, key, work, stamp), name="aged", daemon=True
        ).start()
    return found


def _again(
    parts: Services, shelf: Shelf, key: Hashable, work: Callable[[Session], Any], stamp: Hashable
) -> None:
    try:
        at = utcnow()
        with parts.record.session(write=False) as session:
            shelf.put(key, Aged(work(session), at, stamp))
    except Exception:
        # The page has been shown; the next one tries again, and says so itself where the record is gone.
        log.exception("a kept value could not be worked out anew")
    finally:
        shelf.release(key)

"""A progress line on standard error, where it is a terminal; silent otherwise."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def progress(items: Iterable[T], label: str, total: int | None = None) -> Iterator[T]:
    """Pass items through and show how far we are, at most five times a second."""
    if not sys.stderr.isatty():
        yield from items
        return
    start = last = time.monotonic()
    count = 0
    for item in items:
        yield item
        count += 1
        now = time.monotonic()
        if now - last > 0.2:
            last = now
            speed = count / (now - start)
            share = f" of {total:,} ({count / total:.0%})" if total else ""
            sys.stderr.write(f"\r{label}: {count:,}{share}, {speed:,.0f} a second\x1b[K")
            sys.stderr.flush()
    sys.stderr.write(f"\r{label}: {count:,} in {time.monotonic() - start:.1f} s\x1b[K\n")

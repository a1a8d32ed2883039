"""How often something may be tried: a token bucket a key, in the memory of one process."""

from __future__ import annotations

import threading
import time

MOST_KEYS = 20_000


class Limiter:
    """At most `most` tries a key in `seconds`, spread as they come (token bucket). In the memory of one process:
    several processes each count for themselves, and a restart forgets."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._rate = most, most / seconds
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str, *, at: float | None = None) -> float:
        """0 where the try may go on, else the seconds to wait. `at`: monotonic seconds (default: now)."""
        now = time.monotonic() if at is None else at
        with self._lock:
            left = self._now(key, now)
            if left < 1.0:
                self._left[key] = (left, now)
                return (1.0 - left) / self._rate
            if len(self._left) >= MOST_KEYS and key not in self._left:
                self._forget(now)
            self._left[key] = (left - 1.0, now)
            return 0.0

    def give(self, key: str, *, at: float | None = None) -> None:
        """Take a try back: it was a good one and does not count."""
        now = time.monotonic() if at is None else at
        with self._lock:
            if key in self._left:
                self._left[key] = (min(float(self._most), self._now(key, now) + 1.0), now)

    def _now(self, key: str, now: float) -> float:
        left, since = self._left.get(key, (float(self._most), now))
        return min(float(self._most), left + (now - since) * self._rate)

    def _forget(self, now: float) -> None:
        """Make room: full buckets say nothing; where none is full, the fullest half goes (they are nearest to it)."""
        by_left = sorted(self._left, key=lambda key: self._now(key, now), reverse=True)
        for key in by_left[: MOST_KEYS // 2]:
            del self._left[key]

"""One process at a time: a lock on a file that the system gives back when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huiyin.errors import Unavailable


@contextmanager
def only_one(home: Path, name: str) -> Iterator[None]:
    """Hold <home>/<name>.lock. Raises Unavailable at once where another process holds it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / f"{name}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unavailable(
                f"another {name} is running on {home}; wait until it ends, or stop it"
            ) from error
        yield

"""What every page needs: settings, record, index; and a session of the record for the length of a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import current_app, g
from sqlalchemy.orm import Session

from huiyin.records import Record
from huiyin.search import Index
from huiyin.settings import Settings


@dataclass
class Services:
    settings: Settings
    record: Record
    index: Index
    cache: dict[str, Any] = field(default_factory=dict)


def services() -> Services:
    """The composed parts of the running application."""
    made: Services = current_app.extensions["huiyin"]
    return made


def read() -> Session:
    """A reading session that lives as long as the request; it never takes a write lock."""
    if "reading" not in g:
        manager = services().record.session(write=False)
        g.reading = manager.__enter__()
        g.reading_manager = manager
    session: Session = g.reading
    return session


@contextmanager
def write() -> Iterator[Session]:
    """A writing transaction; what it changed is on disk when the block ends. The reading session starts afresh after it."""
    close_reading()
    with services().record.session() as session:
        yield session


def close_reading() -> None:
    manager = g.pop("reading_manager", None)
    g.pop("reading", None)
    if manager is not None:
        manager.__exit__(None, None, None)

"""The analysis worker's task: a wake-up that claims what is stored in the record and analyses it for a while."""

from __future__ import annotations

import os
import socket
import time

from sqlalchemy import select, update

from huiyin.records import DocumentRow, Record
from huiyin.settings import Settings
from nlp.analyse import Analyser
from nlp.work import analyse_pending, worker_name

STINT = 20.0
"""Seconds that one wake-up works at most: a worker that is told to stop is soon done."""


class Analysing:
    """Keeps record and models for the life of a process."""

    def __init__(self, settings: Settings) -> None:
        self.record = Record.open(settings, migrate=False)
        self.analyser = Analyser.load()
        release_dead(self.record)

    def __call__(self) -> None:
        end = time.monotonic() + STINT
        while analyse_pending(self.record, self.analyser, worker_name()) and time.monotonic() < end:
            pass


def release_dead(record: Record) -> int:
    """Give back what processes of this host held that are no more, or that had our own number. Returns how many documents."""
    host = f"{socket.gethostname()[:40]}-"
    with record.session() as session:
        names = session.scalars(
            select(DocumentRow.claimed_by)
            .where(DocumentRow.state == "stored", DocumentRow.claimed_by.startswith(host, autoescape=True))
            .distinct()
        )
        dead = [name for name in names if name == worker_name() or not _alive(name.removeprefix(host))]
        freed = session.execute(
            update(DocumentRow)
            .where(DocumentRow.state == "stored", DocumentRow.claimed_by.in_(dead))
            .values(claimed_by="", claimed_until=None)
        )
        return int(freed.rowcount)  # type: ignore[attr-defined]


def _alive(number: str) -> bool:
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True  # somebody else's, or no number of a process: it keeps its claim until that runs out
    return True

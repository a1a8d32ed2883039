"""The rounds of the one writer of issues: group, refresh, index, merge late, tend. `huiyin work` runs them, and `huiyin worker`'s
part `group`, which may write only while it holds its seat.
"""

from __future__ import annotations

import time

from sqlalchemy import func, select

from huiyin.records import DocumentRow, Record, utcnow
from huiyin.search import Index
from huiyin.settings import Settings
from nlp.issues import IssueKeeper, consolidate
from nlp.work import Done, forget_index, index_pending
from response_kits.work import tend

TEND = 20.0
TEND_BUSY = 10.0
CONSOLIDATE = 600.0
"""Seconds between two rounds of tending issues, and of late merges, while nothing arrives."""


class Rounds:
    """Not for use by two processes at once: `record` fences where several could."""

    def __init__(self, record: Record, settings: Settings, index: Index) -> None:
        self.record, self.settings, self.index = record, settings, index
        self.keeper = IssueKeeper(record, settings)
        self._tended = self._merged = 0.0
        if lacking(record, index):
            forget_index(record)

    def round(self, done: Done) -> Done:
        """One round after `done.analysed` documents were analysed; fills in the rest of `done`."""
        done.grouped = self.keeper.group_pending()
        done.refreshed = self.keeper.refresh_dirty(utcnow())
        done.indexed = index_pending(self.record, self.index)
        if not done and time.monotonic() - self._merged > CONSOLIDATE:
            done.refreshed += consolidate(self.keeper, utcnow())  # what was joined or parted is worked out next
            self._merged = time.monotonic()
        if time.monotonic() - self._tended > (TEND_BUSY if done else TEND):
            self.tend()
        return done

    def tend(self) -> None:
        """Clocks, rumours and alerts of the issues as they are now."""
        tend(self.record, self.settings, utcnow())
        self._tended = time.monotonic()


def lacking(record: Record, index: Index) -> bool:
    """Whether the index has fewer entries than the record says: its folder was removed, or an older copy put in its place."""
    with record.session(write=False) as session:
        marked = session.scalar(
            select(func.count()).where(DocumentRow.indexed, DocumentRow.state != "stored")
        )
    return index.count() < int(marked or 0)

"""The rounds of the one writer of issues: group, refresh, index, merge late, tend. `huiyin work` runs them, and `huiyin worker`'s
part `group`, which may write only while it holds its seat.
"""

from __future__ import annotations

import logging
import time

from sqlalchemy import func, select

from huiyin.errors import HuiyinError, Unavailable
from huiyin.queue.lease import LeaseLost
from huiyin.records import DocumentRow, Record, utcnow
from huiyin.search import Index
from huiyin.settings import Settings
from nlp.issues import IssueKeeper, consolidate
from nlp.work import Done, forget_index, index_pending
from response_kits import alerts
from response_kits.work import tend

log = logging.getLogger("huiyin.work")
TEND = 20.0
TEND_BUSY = 10.0
ALERT = 1.0
CONSOLIDATE = 600.0
REST = 5.0
"""Seconds between two rounds of tending issues, of alerts while issues change, and of late merges, while nothing arrives; between two attempts at an index that is away."""


class Rounds:
    """Not for use by two processes at once: `record` fences where several could."""

    def __init__(self, record: Record, settings: Settings, index: Index) -> None:
        self.record, self.settings, self.index = record, settings, index
        self.keeper = IssueKeeper(record, settings)
        self._tended = self._merged = self._alerted = 0.0
        self._compared = self._changed = False
        self._index_rests = 0.0

    def round(self, done: Done) -> Done:
        """One round after `done.analysed` documents were analysed; fills in the rest of `done`. An index that does not answer holds
        up neither issues nor alerts: it is tried again after a rest."""
        done.grouped = self.keeper.group_pending()
        done.refreshed = self.keeper.refresh_dirty(utcnow())
        self._changed |= done.refreshed > 0
        if self._changed and time.monotonic() - self._alerted > ALERT:
            self.alert()  # a red issue waits neither for the slow pass nor for clocks and index
        if not done and time.monotonic() - self._merged > CONSOLIDATE:
            # What was joined or parted is worked out in the next round.
            done.refreshed += consolidate(self.keeper, utcnow())
            self._merged = time.monotonic()
        if time.monotonic() - self._tended > (TEND_BUSY if done else TEND):
            self.tend()
        if time.monotonic() > self._index_rests:
            try:
                done.indexed = self._fill_index()
            except LeaseLost:
                raise
            except Unavailable as error:
                log.warning("%s; tried again in %.0f s", error, REST)
                self._index_rests = time.monotonic() + REST
        return done

    def _fill_index(self) -> int:
        if not self._compared:
            if lacking(self.record, self.index):
                forget_index(self.record)
            self._compared = True
        return index_pending(self.record, self.index)

    @property
    def unindexed(self) -> bool:
        """Whether the index did not answer the last time."""
        return time.monotonic() < self._index_rests

    def alert(self) -> None:
        """Alerts of the issues as they are now, made and sent."""
        now = utcnow()
        with self.record.session() as session:
            alerts.evaluate(session, now)
        try:
            alerts.deliver(self.record, self.settings, now)
        except HuiyinError as error:
            log.warning("alerts were not sent: %s", error)
        self._changed, self._alerted = False, time.monotonic()

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

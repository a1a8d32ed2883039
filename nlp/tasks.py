"""The analysis worker's task: a wake-up that claims what is stored in the record and analyses it for a while."""

from __future__ import annotations

import time
from datetime import timedelta

from huiyin.records import Record
from huiyin.settings import Settings
from nlp.analyse import Analyser
from nlp.work import analyse_pending, release_dead, worker_name

BATCH = 200
HOLD = timedelta(minutes=2)
"""Smaller and shorter than one machine's: what a worker held that was cut off goes to another soon."""
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
        while analyse_pending(self.record, self.analyser, worker_name(), limit=BATCH, hold=HOLD):
            if time.monotonic() > end:
                break

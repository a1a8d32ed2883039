"""The crawl worker's task: one due source, held by a lease in the record while it is crawled."""

from __future__ import annotations

from crawler.adaptive import due
from crawler.intake import Intake
from crawler.run import crawl
from huiyin.queue.seat import Seat
from huiyin.records import Preference, Record, utcnow
from huiyin.settings import Settings

TTL = 60.0
LONGEST = 4_200.0


def lease_name(source: str) -> str:
    return f"crawl:{source}"


class Crawling:
    """Keeps the record and the intake's index of near-duplicates for the life of a process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.record = Record.open(settings, migrate=False)
        self.intake = Intake(self.record, settings)

    def __call__(self, source: str) -> None:
        """Crawl the source if it is still due and nobody does; a second wake-up for the same run does nothing."""
        seat = Seat(self.record, lease_name(source), ttl=TTL, stall=LONGEST)
        if not seat.take():
            return
        try:
            if source in {row.name for row in due(self.record, utcnow())}:
                crawl(
                    self.settings,
                    [source],
                    sample_base=self._sample(),
                    record=self.record,
                    intake=self.intake,
                )
        finally:
            seat.leave()

    def _sample(self) -> str:
        with self.record.session(write=False) as session:
            row = session.get(Preference, "sample")
            return str(row.value.get("base", "")) if row else ""

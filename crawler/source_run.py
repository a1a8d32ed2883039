"""One run of one source: what it may do, what came of it, and the way of its finds to disk."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from crawler.addresses import visit_key
from crawler.declaration import Declaration
from crawler.intake import Counts, Intake
from crawler.net import Guard, HostGate, RobotsCache
from crawler.render import Renderer
from crawler.rows import VisitNote
from huiyin.document import Document
from huiyin.records import DocumentRow, Quarantine, Record, Visit, utcnow
from huiyin.settings import Settings

FLUSH_COUNT = 32
FLUSH_SECONDS = 1.0
BLOCKED_IN_A_ROW = 3
LIST_FAILED = -1
"""Status of the visit of a list page that could not be read; 0 is an article that is still to be read."""
STATES = ("ok", "unchanged", "empty", "filtered", "duplicate", "broken", "blocked")


@dataclass
class RunResult:
    """What came of one run of one source. `state` is one of STATES; `reason` is for people; times aware, seconds."""

    source: str
    started: datetime
    finished: datetime
    state: str = "ok"
    fetched: int = 0
    new: int = 0
    changed: int = 0
    updated: int = 0
    duplicate: int = 0
    filtered: int = 0
    unchanged: int = 0
    broken: int = 0
    reason: str = ""
    title: str = ""

    @property
    def seconds(self) -> float:
        return (self.finished - self.started).total_seconds()


@dataclass
class SourceRun:
    """Shared by a spider, its handler and its middlewares. `thorough`: the last run did not end well, so known items on
    the first list page do not mean that nothing is new behind it, and no conditional request is sent."""

    source: Declaration
    settings: Settings
    record: Record
    intake: Intake
    guard: Guard
    gate: HostGate
    robots: RobotsCache
    agent: str
    delay: float
    started: datetime = field(default_factory=utcnow)
    thorough: bool = False
    renderer: Renderer | None = None  # reads pages that only a script fills
    counts: Counts = field(default_factory=Counts)
    fetched: int = 0
    not_modified: int = 0
    broken: int = 0
    entries_good: int = 0
    entries_empty: int = 0
    entries_failed: int = 0
    truncated: bool = False
    replaying: bool = False
    blocked: str = ""
    reasons: list[str] = field(default_factory=list)
    broken_urls: set[str] = field(default_factory=set)
    _blocked_row: int = 0
    _documents: list[Document] = field(default_factory=list)
    _visits: list[VisitNote] = field(default_factory=list)
    _entries: list[VisitNote] = field(default_factory=list)
    _flushed: float = field(default_factory=time.monotonic)

    # ---- finds -------------------------------------------------------------------------------------------------

    def found(self, documents: Iterable[Document], visit: VisitNote | None = None) -> None:
        """Take documents and the visit that brought them; they go to disk together, soon."""
        self._documents.extend(documents)
        if visit is not None:
            self._visits.append(visit)
        full = len(self._documents) + len(self._visits) >= FLUSH_COUNT
        if full or time.monotonic() - self._flushed > FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is held back. On disk when it returns."""
        documents, visits = self._documents, self._visits
        if documents or visits:
            self.counts += self.intake.store(documents, visits)
            self._documents, self._visits = [], []
        self._flushed = time.monotonic()

    def entry_read(self, note: VisitNote) -> None:
        """A start address was read. Its validators are kept only if the whole run ends well: a 304 next time must mean
        that everything behind the page is on disk."""
        self.entries_good += 1
        self._entries.append(note)

    # ---- failures ----------------------------------------------------------------------------------------------

    def fail(self, url: str, reason: str, *, entry: bool, visit: bool = True, listing: bool = False) -> None:
        """A page could not be read; it is tried again next time. A list page is found by its source, not as pending."""
        self.broken += 1
        self.entries_failed += entry
        self.broken_urls.add(visit_key(url))
        self.reasons.append(f"{url}: {reason}")
        if visit:
            self.found(
                (),
                VisitNote(url, self.source.name, status=LIST_FAILED if entry or listing else 0, failed=True),
            )

    def quarantine(
        self,
        url: str,
        reason: str,
        selector: str,
        body: bytes,
        content_type: str,
        *,
        entry: bool,
        listing: bool = False,
    ) -> None:
        """Keep a page that could not be read as promised, one row an address, until it is replayed or dismissed."""
        self.fail(url, reason, entry=entry, listing=listing)
        with self.record.session() as session:
            row = session.scalars(
                select(Quarantine).where(
                    Quarantine.source == self.source.name,
                    Quarantine.url == url,
                    Quarantine.replayed.is_(None),
                )
            ).first()
            if row is None:
                row = Quarantine(source=self.source.name, url=url, reason=reason, body=b"")
                session.add(row)
            row.reason, row.selector, row.content_type = reason, selector, content_type[:200]
            row.body, row.fetched = body[: self.settings.page_limit], utcnow()

    def refuse(self, url: str, reason: str, *, entry: bool, at_once: bool) -> bool:
        """The site does not want us. True where the source must stop: at once, on a start address, or the third time running."""
        self._blocked_row += 1
        if entry or at_once or self._blocked_row >= BLOCKED_IN_A_ROW:
            self.blocked = self.blocked or f"{url}: {reason}"
            return True
        self.fail(url, reason, entry=False)
        return False

    def answered(self) -> None:
        """A page was given to us: refusals are no longer in a row."""
        self._blocked_row = 0

    # ---- what we know already ----------------------------------------------------------------------------------

    def visits(self, urls: Iterable[str]) -> dict[str, Visit]:
        """Known visits by `visit_key`."""
        wanted = list(dict.fromkeys(visit_key(url) for url in urls))
        held = {visit_key(note.url) for note in self._visits}
        if held & set(wanted):
            self.flush()
        found: dict[str, Visit] = {}
        with self.record.session(write=False) as session:
            for start in range(0, len(wanted), 500):
                query = select(Visit).where(Visit.url.in_(wanted[start : start + 500]))
                found.update({row.url: row for row in session.scalars(query)})
        return found

    def pending(self) -> list[str]:
        """Addresses of articles that were found but never read with success, newest first; given up after five failures."""
        with self.record.session(write=False) as session:
            query = (
                select(Visit.url)
                .where(Visit.source == self.source.name, Visit.status == 0, Visit.failures < 5)
                .order_by(Visit.fetched.desc())
                .limit(self.source.max_requests)
            )
            return list(session.scalars(query))

    def known(self, ids: Sequence[str]) -> dict[str, DocumentRow]:
        """Rows of the record by id."""
        if self._documents:
            self.flush()
        with self.record.session(write=False) as session:
            return {
                row.id: row for row in session.scalars(select(DocumentRow).where(DocumentRow.id.in_(ids)))
            }

    # ---- the end -----------------------------------------------------------------------------------------------

    def result(self) -> RunResult:
        """Flush, keep the validators of start addresses where all went well, and say what state this is."""
        self.flush()
        if not self.broken and not self.truncated and not self.blocked:
            self.intake.store((), self._entries)
        state, reason = self._state()
        c = self.counts
        return RunResult(
            self.source.name, self.started, utcnow(), state, self.fetched, c.new, c.changed, c.updated, c.duplicate, c.filtered,
            c.unchanged + self.not_modified, self.broken, reason, self.source.title,
        )  # fmt: skip

    def _state(self) -> tuple[str, str]:
        c = self.counts
        first = self.reasons[0] if self.reasons else ""
        if self.blocked:
            return "blocked", self.blocked
        got = c.new + c.changed
        seen = got + c.duplicate + c.updated + c.unchanged + c.filtered
        # A replay reads kept pages: where only articles were kept, no start address is read.
        if (not self.entries_good and not self.replaying) or (self.broken and self.broken >= max(1, seen)):
            return "broken", first or "起始地址都读不到"
        note = f"{self.broken} 个页面读取失败，第一个：{first}" if self.broken else ""
        if self.truncated:
            note = (note + "；" if note else "") + "达到单次请求上限，其余下次继续"
        if got:
            return "ok", note
        if self.entries_empty and not seen and self.entries_empty >= self.entries_good:
            return "empty", note
        if c.duplicate and not c.updated:
            return "duplicate", note
        if c.filtered and not c.updated and not c.unchanged:
            return "filtered", note
        return "unchanged", note

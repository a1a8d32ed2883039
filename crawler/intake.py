"""Intake: normalise, pseudonymise, mask, fold, store. Nothing is lost, nothing is stored twice.

One transaction takes a small batch of documents together with the visits that brought them, so that an address counts as
visited only where its text is on disk: a process killed at any moment reads the same pages again and finds its own rows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawler.addresses import canonical, provinces
from crawler.fold import LEAST, Fold, bare
from crawler.opt_outs import OptOuts
from crawler.pseudonym import Pseudonyms
from crawler.rows import (
    FOLDED_KINDS,
    MOST_COMMENTS,
    VisitNote,
    content_hash,
    exact_copies,
    lead_chain,
    merged_comments,
    new_row,
    note_visit,
    rows_of,
    samples,
    update_row,
)
from huiyin.document import Comment, Document
from huiyin.pii_mask import mask
from huiyin.records import DocumentRow, Record, utcnow
from huiyin.records.base import crossed
from huiyin.settings import Settings

BATCH = 200
FOLD_DAYS = 30
AGAIN = 3
"""Times that a batch is tried again which crossed another process's on PostgreSQL; SQLite lets one in at a time."""
_OVERLAP = timedelta(minutes=10)
_REFRESH_SECONDS = 5.0


@dataclass
class Counts:
    """What became of documents. `duplicate`: stored, but folded under an earlier text; `updated`: same text, new counters."""

    new: int = 0
    duplicate: int = 0
    changed: int = 0
    updated: int = 0
    unchanged: int = 0
    filtered: int = 0

    def __iadd__(self, other: Counts) -> Counts:
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))
        return self

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class Intake:
    """The one door into the record. Keep one for the life of a process: its fold index is dear to rebuild.

    Safe to share between threads. Other processes' documents are seen within seconds.
    """

    def __init__(self, record: Record, settings: Settings) -> None:
        self._record = record
        self._pseudonyms = Pseudonyms.open(settings)
        self._opt_outs = OptOuts()
        self._lock = threading.RLock()
        self._fold: Fold
        self._indexed: set[str]
        self._seen_until: datetime
        self._refreshed: float
        self._reset()

    def store(self, documents: Iterable[Document], visits: Sequence[VisitNote] = ()) -> Counts:
        """Store documents in order, and the visits with the last of them. On disk when it returns. Same again: no change."""
        counts = Counts()
        with self._lock:
            batch: list[Document] = []
            for document in documents:
                batch.append(document)
                if len(batch) == BATCH:
                    counts += self._batch(batch, ())
                    batch = []
            if batch or visits:
                counts += self._batch(batch, visits)
        return counts

    def _batch(self, documents: Sequence[Document], visits: Sequence[VisitNote]) -> Counts:
        for again in range(AGAIN, -1, -1):
            try:
                return self._write(documents, visits)
            except BaseException as error:
                # The fold index may name documents that were rolled back: forget it, the record knows better.
                self._reset()
                if not again or not crossed(error):
                    raise
        raise AssertionError("the loop returns or raises")

    def _reset(self) -> None:
        self._fold = Fold(self._texts)
        self._indexed = set()
        self._seen_until = utcnow() - timedelta(days=FOLD_DAYS)
        self._refreshed = float("-inf")

    def _write(self, documents: Sequence[Document], visits: Sequence[VisitNote]) -> Counts:
        counts = Counts()
        self._refresh()
        with self._record.session() as session:
            self._rights(session)
            wanted = [one for one in documents if not self._opt_outs.refuse(one, self._pseudonyms)]
            counts.filtered += len(documents) - len(wanted)
            clean = [self.normalise(document) for document in wanted]
            sample_of = samples(session, {document.source for document in clean})
            rows = {row.id: row for row in rows_of(session, [document.id for document in clean])}
            hashes = [content_hash(document.title, document.text) for document in clean]
            firsts = self._firsts(session, clean, hashes, rows)
            for document, digest, first in zip(clean, hashes, firsts, strict=True):
                row = rows.get(document.id)
                if row is None:
                    row = new_row(document, digest, first, sample_of.get(document.source, False))
                    rows[document.id] = row
                    session.add(row)
                    counts.duplicate += bool(first)
                    counts.new += not first
                    if first:
                        lead_chain(session, row, first)
                else:
                    outcome = update_row(row, document, digest, first)
                    setattr(counts, outcome, getattr(counts, outcome) + 1)
            for note in visits:
                note_visit(session, note)
        self._indexed.update(document.id for document in clean)
        return counts

    def comment(self, comments: Mapping[str, Sequence[Comment]]) -> set[str]:
        """Add comments under documents by id; returns the ids that the record does not have. Same again: no change."""
        missing = set(comments)
        with self._lock, self._record.session() as session:
            self._rights(session)
            names = list(comments)
            for start in range(0, len(names), 500):
                for row in rows_of(session, names[start : start + 500]):
                    missing.discard(row.id)
                    merged = merged_comments(row.comments, self._clean_comments(comments[row.id]))
                    if merged is not row.comments:
                        row.comments, row.indexed = merged, False
        return missing

    def _clean_comments(self, comments: Iterable[Comment]) -> list[Comment]:
        """Comments as they may be stored, without those whose authors asked to be left out."""
        return [self._clean_comment(c) for c in comments if self._opt_outs.keeps(c, self._pseudonyms)]

    def _clean_comment(self, c: Comment) -> Comment:
        return Comment(mask(_tidy(c.text)), c.published, self._pseudonyms.name(_tidy(c.author)), c.kind)

    def normalise(self, document: Document) -> Document:
        """The document as it may be stored: clean characters, masked numbers, pseudonyms, province only, canonical address."""
        return replace(
            document,
            url=canonical(document.url),
            title=mask(_tidy(document.title).replace("\n", " ")),
            text=mask(_tidy(document.text)),
            author=self._pseudonyms.name(_tidy(document.author)),
            origin=_tidy(document.origin)[:200],
            province=provinces(document.province),
            comments=tuple(
                self._clean_comments(c for c in document.comments[:MOST_COMMENTS] if c.text.strip())
            ),
            extra=_clean(document.extra),
        )

    def _firsts(
        self,
        session: Session,
        documents: Sequence[Document],
        hashes: Sequence[str],
        rows: Mapping[str, DocumentRow],
    ) -> list[str]:
        """For each document the id of the first that says the same, "" for a first or a kind that is not folded."""
        known: dict[str, str] = {}
        for document, digest in zip(documents, hashes, strict=True):
            row = rows.get(document.id)
            if row is not None and row.content_hash == digest:
                known[document.id] = row.duplicate_of
        fresh = [i for i, d in enumerate(documents) if d.kind in FOLDED_KINDS and d.id not in known]
        pairs = [(documents[i].id, documents[i].full_text) for i in fresh]
        near = dict(zip(fresh, self._fold.add(pairs), strict=True)) if fresh else {}
        near = self._without_forms(session, documents, near)
        exact = exact_copies(
            session, {hashes[i] for i in fresh if len(bare(documents[i].full_text)) >= LEAST}
        )
        roots = self._roots(session, {name for name in near.values() if name})
        answers = []
        for i, document in enumerate(documents):
            first = known.get(document.id, near.get(i, ""))
            first = roots.get(first, first) or exact.get(hashes[i], "") if i in near else first
            answers.append("" if first == document.id else first)
        return answers

    def _without_forms(
        self, session: Session, documents: Sequence[Document], near: dict[int, str]
    ) -> dict[int, str]:
        """Two notices under different titles are two notices, however alike: officials fill in the same form each time.

        A newspaper's reprint of a notice is no notice itself and stays folded.
        """
        notices = {first for i, first in near.items() if first and documents[i].kind == "notice"}
        if not notices:
            return near
        query = select(DocumentRow.id, DocumentRow.title).where(
            DocumentRow.id.in_(notices), DocumentRow.kind == "notice"
        )
        titles = {row.id: row.title for row in session.execute(query)}
        titles.update({d.id: d.title for d in documents if d.id in notices and d.kind == "notice"})

        def other_form(i: int, first: str) -> bool:
            return (
                documents[i].kind == "notice"
                and first in titles
                and bare(titles[first]) != bare(documents[i].title)
            )

        return {i: "" if other_form(i, first) else first for i, first in near.items()}

    def _roots(self, session: Session, names: set[str]) -> dict[str, str]:
        """First of each chain: a document that the index held for a first may have been folded by another process."""
        if not names:
            return {}
        found = session.execute(
            select(DocumentRow.id, DocumentRow.duplicate_of).where(DocumentRow.id.in_(names))
        )
        return {name: first or name for name, first in found}

    def _texts(self, names: Iterable[str]) -> dict[str, str]:
        wanted, found = list(names), {}
        with self._record.session(write=False) as session:
            for start in range(0, len(wanted), 500):
                query = select(DocumentRow.id, DocumentRow.title, DocumentRow.text).where(
                    DocumentRow.id.in_(wanted[start : start + 500])
                )
                for name, title, text in session.execute(query):
                    found[name] = _full(title, text)
        return found

    def _rights(self, session: Session) -> None:
        """Opt-outs and keys as they are now; another process may have changed them."""
        self._opt_outs, self._pseudonyms = OptOuts.load(session), self._pseudonyms.fresh()

    def _refresh(self) -> None:
        """Index what this process did not store itself: after a start the last 30 days, later what others stored."""
        if time.monotonic() - self._refreshed < _REFRESH_SECONDS:
            return
        self._refreshed, began = time.monotonic(), utcnow()
        with self._record.session(write=False) as session:
            query = (
                select(DocumentRow.id, DocumentRow.title, DocumentRow.text, DocumentRow.duplicate_of)
                .where(DocumentRow.fetched >= self._seen_until, DocumentRow.kind.in_(FOLDED_KINDS))
                .order_by(DocumentRow.fetched, DocumentRow.id)
                .execution_options(yield_per=2000)
            )
            if self._indexed:
                recent = select(DocumentRow.id).where(
                    DocumentRow.fetched >= self._seen_until, DocumentRow.kind.in_(FOLDED_KINDS)
                )
                missing = [name for name in session.scalars(recent) if name not in self._indexed]
                query = query.where(DocumentRow.id.in_(missing[:10_000])) if missing else None  # type: ignore[assignment]
            if query is not None:
                for part in session.execute(query).partitions():
                    pairs = [(name, _full(title, text)) for name, title, text, _ in part]
                    self._fold.add(pairs, known={row[0]: row[3] for row in part})
                    self._indexed.update(row[0] for row in part)
        self._seen_until = max(self._seen_until, began - _OVERLAP)


def _full(title: str, text: str) -> str:
    return text if not title or text.startswith(title) else f"{title}\n{text}"


def _tidy(text: str) -> str:
    """Text that any database takes: no NUL, no lone surrogates, one kind of line end."""
    plain = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").strip()
    return plain.encode("utf-8", "replace").decode("utf-8")


def _clean(value: Any) -> Any:
    """JSON-able copy of `extra`, texts masked as well."""
    if isinstance(value, str):
        return mask(_tidy(value))
    if isinstance(value, Mapping):
        return {str(key): _clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)

"""The analysis worker's steps: claim stored documents, analyse, index, group, refresh issues.

The record says what is pending. Each step is one transaction a batch and may be repeated: a worker that is killed leaves
only claims behind, which expire. Grouping has one writer (the scheduler's lock); the others may be many.
"""

from __future__ import annotations

import logging
import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from huiyin.document import Analysis, Comment, Document
from huiyin.queue.lease import database_now
from huiyin.records import AnalysisRow, Correction, DocumentRow, Record
from huiyin.search import Entry, Index
from nlp.analyse import Analyser
from nlp.segment import words as segment

log = logging.getLogger("huiyin.work")

CLAIM = timedelta(minutes=10)
"""How long a worker may hold a batch before another takes it over."""

BATCH = 500
VERSION = version("huiyin")
"""Written beside every analysis: the models come with the program."""
GIVE_UP = 5
"""Analyses that may fail on one document before it is set aside as `failed` (it stays in the record and on the system page)."""


@dataclass
class Done:
    """Documents that one round moved on."""

    analysed: int = 0
    indexed: int = 0
    grouped: int = 0
    refreshed: int = 0

    def counts(self) -> tuple[int, int, int, int]:
        return self.analysed, self.indexed, self.grouped, self.refreshed

    def __bool__(self) -> bool:
        return any(self.counts())


def release(record: Record) -> None:
    """Give back what workers of this machine held that are no more (the caller holds the machine's worker lock)."""
    mine = f"{socket.gethostname()[:40]}-%"
    with record.session() as session:
        session.execute(
            update(DocumentRow)
            .where(DocumentRow.state == "stored", DocumentRow.claimed_by.like(mine))
            .values(claimed_by="", claimed_until=None)
        )


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


def worker_name() -> str:
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


def claim(
    session: Session, now: datetime, worker: str, limit: int = BATCH, hold: timedelta = CLAIM
) -> list[DocumentRow]:
    """The oldest stored documents that nobody holds, marked as held by `worker` until now + `hold` (CLAIM at most)."""
    free = or_(
        DocumentRow.claimed_until.is_(None),
        DocumentRow.claimed_until < now,
        DocumentRow.claimed_until > now + 2 * CLAIM,  # made by a clock that has been put back since
    )
    wanted = (
        select(DocumentRow)
        .where(DocumentRow.state == "stored", free)
        .order_by(DocumentRow.when)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(wanted))
    if rows and rows[0].failures >= 2:
        rows = rows[:1]  # its batch killed the process twice: alone, it takes no other with it
    for row in rows:
        row.claimed_by, row.claimed_until = worker, now + hold
        row.failures += (
            1  # counted before the work, so that a text that kills the process is given up in the end
        )
        if row.failures > GIVE_UP:
            row.state = "failed"
    return [row for row in rows if row.state == "stored"]


def to_document(row: DocumentRow) -> Document:
    """The frozen Document of a row."""
    comments = tuple(
        Comment(
            text=str(item.get("text", "")), author=str(item.get("author", "")), kind=str(item.get("kind", "comment")),
            published=datetime.fromisoformat(item["published"]) if item.get("published") else None,
        )
        for item in row.comments
    )  # fmt: skip
    return Document(
        id=row.id, source=row.source, text=row.text, fetched=row.fetched, title=row.title, url=row.url, published=row.published,
        kind=row.kind, author=row.author, origin=row.origin, parent=row.parent, likes=row.likes, reposts=row.reposts,
        replies=row.replies, province=row.province, comments=comments, extra=row.extra,
    )  # fmt: skip


def analyse_pending(
    record: Record,
    analyser: Analyser,
    worker: str,
    now: datetime | None = None,
    *,
    limit: int = BATCH,
    hold: timedelta = CLAIM,
) -> int:
    """Analyse one batch of stored documents. Returns how many are analysed now."""
    with record.session() as session:
        moment = now or database_now(session)
        documents = [(to_document(row), row.version) for row in claim(session, moment, worker, limit, hold)]
    if not documents:
        return 0
    rows = [
        {
            "id": document.id, "text": document.text, "title": document.title, "source": document.source, "url": document.url,
            "published": document.when, "comments": [comment.text for comment in document.comments],
        }
        for document, _ in documents
    ]  # fmt: skip
    analyses = _analysed(analyser, rows)
    done = 0
    with record.session() as session:
        held = locked(session, [document.id for document, _ in documents])
        for (document, read_version), analysis in zip(documents, analyses, strict=True):
            row = held.get(document.id)
            if row is None or row.version != read_version or row.claimed_by != worker:
                continue  # removed, changed or taken over while we read it
            if analysis is None:
                row.state, row.claimed_by, row.claimed_until = "failed", "", None
                continue
            place = next((found.name for found in analysis.places), "")
            session.merge(
                AnalysisRow(
                    document_id=row.id, topic=analysis.topic, sentiment=analysis.sentiment, urgency=analysis.urgency,
                    respond=analysis.respond, rumour_score=analysis.rumour_score, place=place,
                    words=" ".join(analysis.words), data=analysis.as_dict(), model=VERSION, made=moment,
                )
            )  # fmt: skip
            apply_corrections(session, row.id)
            row.state = "grouped" if row.kind == "policy" else "analysed"  # policies go to the library
            row.claimed_by, row.claimed_until, row.failures, row.indexed = "", None, 0, False
            done += 1
    return done


def locked(session: Session, ids: list[str]) -> dict[str, DocumentRow]:
    """Documents by id, held until the transaction ends: a page that changes meanwhile is not overwritten by what we read before."""
    wanted = select(DocumentRow).where(DocumentRow.id.in_(ids)).order_by(DocumentRow.id).with_for_update()
    return {row.id: row for row in session.scalars(wanted)}


def apply_corrections(session: Session, document: str) -> None:
    """A person's word on a label outlives every new analysis."""
    analysis = session.get_one(AnalysisRow, document)
    for row in session.scalars(
        select(Correction).where(Correction.document_id == document).order_by(Correction.id)
    ):
        set_label(analysis, row.field, row.new)


def set_label(analysis: AnalysisRow, label: str, value: str) -> None:
    """Set a label (topic, urgency, sentiment, respond) from a correction's text, in the column and in the whole analysis."""
    typed: Any = value if label == "topic" else (value == "1" if label == "respond" else int(value))
    setattr(analysis, label, typed)
    analysis.data = {**analysis.data, label: typed}


def _analysed(analyser: Analyser, rows: list[dict[str, Any]]) -> list[Analysis | None]:
    """Analyses in order; None for a text on which the analyser fails, so that one text cannot hold up the rest."""
    try:
        return list(analyser.many(rows))
    except Exception:
        log.exception("a batch of %d texts failed; each is read alone now", len(rows))
    found: list[Analysis | None] = []
    for row in rows:
        try:
            found.append(next(iter(analyser.many([row]))))
        except Exception:
            log.exception("the text %s cannot be analysed and is set aside", row["id"])
            found.append(None)
    return found


def entry(row: DocumentRow, analysis: AnalysisRow) -> Entry:
    """What the index knows of a document."""
    return Entry(
        id=row.id, when=row.when, words=tuple(analysis.words.split()), title_words=tuple(segment(row.title)),
        keywords={
            "source": row.source, "kind": row.kind, "topic": analysis.topic, "place": analysis.place,
            "urgency": str(analysis.urgency), "sentiment": str(analysis.sentiment),
            "respond": str(analysis.respond).lower(), "duplicate": str(bool(row.duplicate_of)).lower(),
            "sample": str(row.sample).lower(),
        },
    )  # fmt: skip


def index_pending(record: Record, index: Index, limit: int = 2000) -> int:
    """Bring analysed documents that the index lacks into it; marked only after the index has them on disk."""
    with record.session(write=False) as session:
        found = session.execute(
            select(DocumentRow, AnalysisRow)
            .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
            .where(DocumentRow.indexed.is_(False), DocumentRow.state != "stored")
            .order_by(DocumentRow.when)
            .limit(limit)
        ).all()
    if not found:
        return 0
    added = {row.id: entry(row, analysis) for row, analysis in found}
    index.add(added.values())
    with record.session() as session:
        _mark_indexed(session, added)
    return len(found)


def _mark_indexed(session: Session, added: dict[str, Entry]) -> None:
    """Mark what the index has now. What changed while we wrote (a label, the text) is left for the next round, also where
    another worker marked it meanwhile: our older entry may have come after its newer one."""
    ids = list(added)
    for start in range(0, len(ids), 500):
        rows = locked(session, ids[start : start + 500])
        analyses = session.scalars(select(AnalysisRow).where(AnalysisRow.document_id.in_(rows)))
        for analysis in analyses.all():
            row = rows[analysis.document_id]
            row.indexed = entry(row, analysis) == added[row.id]


def forget_index(record: Record) -> None:
    """Say of every document that the index lacks it; the rounds that follow bring all of them in."""
    with record.session() as session:
        session.execute(update(DocumentRow).values(indexed=False))


def reindex(record: Record, index: Index) -> int:
    """Rebuild the index from the record. Returns how many entries it has then."""
    forget_index(record)
    index.clear()
    total = 0
    while count := index_pending(record, index):
        total += count
    return total

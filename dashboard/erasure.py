"""Erasing: by source, by age, by author, by page or document; from record, index, what was worked out, and the backups' manifest.

The intention is on disk before the first row goes, and the job of the night finishes what was interrupted. Rows leave the
index before they leave the record and once more after: whatever moment a process is killed, repeating ends in the same state.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, func, select, text, update
from sqlalchemy.orm import Session

from crawler.opt_outs import url_value
from crawler.pseudonym import Pseudonyms
from dashboard import backup_manifest
from dashboard.erasure_traces import strip_traces
from huiyin.errors import NotFound, UsageError
from huiyin.records import (
    AnalysisRow,
    DocumentRow,
    Erasure,
    IssueDocument,
    Preference,
    Quarantine,
    Record,
    Source,
    Visit,
    utcnow,
)
from huiyin.records.audit import append
from huiyin.search import Index
from huiyin.settings import Settings

PART = 500
log = logging.getLogger("huiyin.erasure")
Subject = dict[str, Any]


def by_source(name: str, before: datetime | None = None) -> Subject:
    """All documents of a source, or those before a moment."""
    return {"source": name, "before": before.isoformat() if before else ""}


def by_author(names: Pseudonyms, author: str) -> Subject:
    """What an author wrote, documents and comments, under every key that is still kept. Raises UsageError."""
    found = names.names(author)
    if not found or len(author) > 200:
        raise UsageError("请填写作者在平台上显示的名称，或记录中的代号（u 加 16 位字符）。")
    return {"pseudonyms": list(found)}


def by_url(session: Session, url: str) -> Subject:
    """The document of a page and what answers it. Raises NotFound where the record has none of that address."""
    address = url_value(url)
    found = list(session.scalars(select(DocumentRow.id).where(DocumentRow.url.in_((address, url.strip())))))
    if not found:
        raise NotFound(f"记录中没有网址为 {url[:200]} 的内容。")
    replies = list(session.scalars(select(DocumentRow.id).where(DocumentRow.parent.in_(found))))
    return {"ids": sorted({*found, *replies})}


def by_documents(ids: Sequence[str]) -> Subject:
    return {"ids": list(dict.fromkeys(ids))}


def erase(
    record: Record,
    index: Index | None,
    settings: Settings,
    kind: str,
    subject: Subject,
    *,
    by: str,
    reason: str = "",
) -> tuple[Erasure, list[str]]:
    """Erase, and write it down: (the row, with counts; folders of backups that could not be told)."""
    row = Erasure(
        id=secrets.token_hex(16),
        at=utcnow(),
        by=by,
        kind=kind,
        subject=subject,
        reason=reason[:500],
        counts={},
    )
    with record.session() as session:
        session.add(row)
    missed = backup_manifest.note_erasure(settings, row)
    if missed:
        log.warning(
            "backups in %s could not be told of an erasure; the next backup there makes up for it",
            ", ".join(missed),
        )
    return _carry_out(record, index, row.id), missed


def count(record: Record, subject: Subject) -> int:
    """How many documents it is about."""
    with record.session(write=False) as session:
        return session.scalar(select(func.count()).select_from(DocumentRow).where(_condition(subject))) or 0


def resume(record: Record, index: Index | None) -> int:
    """Finish erasures that were interrupted; how many there were."""
    with record.session(write=False) as session:
        rows = list(session.scalars(select(Erasure).order_by(Erasure.at)))
    open_ones = [row.id for row in rows if not row.counts]
    for name in open_ones:
        _carry_out(record, index, name)
    return len(open_ones)


def again(record: Record, entries: Sequence[dict[str, Any]], *, after: str = "") -> int:
    """Carry out erasures of a manifest on a restored record, but for those that were made before `after`; returns how many.

    The index is rebuilt by who restores.
    """
    due = [line for line in entries if str(line["at"]) > after]
    for line in due:
        with record.session() as session:
            if session.get(Erasure, str(line["id"])) is None:
                session.add(
                    Erasure(
                        id=str(line["id"]), at=datetime.fromisoformat(str(line["at"])), by="restore", kind=str(line["kind"]),
                        subject=dict(line["subject"]), reason="", counts={},
                    )
                )  # fmt: skip
        _carry_out(record, None, str(line["id"]))
    return len(due)


def _carry_out(record: Record, index: Index | None, name: str) -> Erasure:
    with record.session(write=False) as session:
        row = session.get_one(Erasure, name)
    subject, asked = row.subject, row.kind != "age"
    counts = {"documents": 0, "comments": 0, "quarantine": 0}
    for ids in _parts(record, subject):
        if index is not None:
            index.remove(ids)
        with record.session() as session:
            _overwrite(session)
            remove_documents(session, ids, asked=asked)
        if index is not None:
            index.remove(ids)
        counts["documents"] += len(ids)
    for pseudonym in subject.get("pseudonyms", ()):
        counts["comments"] += _erase_comments(record, pseudonym)
    with record.session() as session:
        _overwrite(session)
        counts["quarantine"] = _erase_pages(session, subject, asked)
        session.get_one(Erasure, name).counts = counts
        if asked and counts["documents"]:
            # The worker that groups holds texts in memory; this mark makes it read the record anew.
            session.merge(Preference(name="regrouped", value={"at": utcnow().isoformat()}))
        append(session, row.by, "erase", f"erasure:{name}", {"kind": row.kind, **counts})
    _checkpoint(record)
    row.counts = counts
    return row


def _condition(subject: Subject) -> ColumnElement[bool]:
    if "source" in subject:
        found = DocumentRow.source == str(subject["source"])
        before = subject.get("before")
        return found & (DocumentRow.when < datetime.fromisoformat(str(before))) if before else found
    if "pseudonyms" in subject:
        return DocumentRow.author.in_([str(name) for name in subject["pseudonyms"]])
    return DocumentRow.id.in_([str(name) for name in subject.get("ids", ())])


def _parts(record: Record, subject: Subject) -> Iterator[list[str]]:
    """Ids to erase, a part at a time, until there are none left: what comes in meanwhile is found as well."""
    chunks = (
        [{"ids": subject["ids"][at : at + PART]} for at in range(0, len(subject["ids"]), PART)]
        if "ids" in subject
        else [subject]
    )
    for chunk in chunks:
        while True:
            with record.session(write=False) as session:
                found = list(session.scalars(select(DocumentRow.id).where(_condition(chunk)).limit(PART)))
            if not found:
                break
            yield found


def remove_documents(session: Session, ids: Sequence[str], *, asked: bool) -> None:
    """Remove documents and all that was worked out of them, in the caller's transaction.

    `asked`: somebody asked for it, so nothing that quotes them stays either, but for texts that people have signed.
    """
    affected = list(
        session.scalars(select(IssueDocument.issue_id).where(IssueDocument.document_id.in_(ids)).distinct())
    )
    _new_leads(session, ids)
    session.execute(delete(IssueDocument).where(IssueDocument.document_id.in_(ids)))
    session.execute(delete(AnalysisRow).where(AnalysisRow.document_id.in_(ids)))
    session.execute(delete(DocumentRow).where(DocumentRow.id.in_(ids)))
    strip_traces(session, ids, affected, asked=asked)


def _new_leads(session: Session, ids: Sequence[str]) -> None:
    """Copies of a removed first get a new first, the earliest that is left: else they would be folded under nothing."""
    followers = session.execute(
        select(DocumentRow.id, DocumentRow.duplicate_of)
        .where(DocumentRow.duplicate_of.in_(ids), DocumentRow.id.not_in(ids))
        .order_by(DocumentRow.when, DocumentRow.id)
    ).all()
    leads: dict[str, str] = {}
    for name, old in followers:
        leads.setdefault(old, name)
    for old, new in leads.items():
        session.execute(
            update(DocumentRow).where(DocumentRow.duplicate_of == old).values(duplicate_of=new, indexed=False)
        )
        session.execute(
            update(DocumentRow).where(DocumentRow.id == new).values(duplicate_of="", indexed=False)
        )


def _erase_comments(record: Record, pseudonym: str) -> int:
    """Take an author's comments out from under other people's documents; how many."""
    count = 0
    with record.session(write=False) as session:
        hits = list(
            session.scalars(
                select(DocumentRow.id).where(cast(DocumentRow.comments, String).like(f'%"{pseudonym}"%'))
            )
        )
    for at in range(0, len(hits), PART):
        with record.session() as session:
            _overwrite(session)
            for row in session.scalars(select(DocumentRow).where(DocumentRow.id.in_(hits[at : at + PART]))):
                left = [comment for comment in row.comments if comment.get("author") != pseudonym]
                count += len(row.comments) - len(left)
                row.comments, row.indexed = left, False
    return count


def _erase_pages(session: Session, subject: Subject, asked: bool) -> int:
    """Pages in quarantine, and what we remember of addresses, of a source that goes as a whole."""
    if "source" not in subject or not asked:
        return 0
    name, before = str(subject["source"]), subject.get("before")
    pages = delete(Quarantine).where(Quarantine.source == name)
    if before:
        pages = pages.where(Quarantine.fetched < datetime.fromisoformat(str(before)))
    else:
        session.execute(delete(Visit).where(Visit.source == name))
    return int(session.execute(pages).rowcount)  # type: ignore[attr-defined]


def _overwrite(session: Session) -> None:
    """SQLite fills what it frees with zeros in this transaction, so that erased words do not linger in free pages."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete=ON"))


def _checkpoint(record: Record) -> None:
    """Bring SQLite's log into the database and empty it: it holds pages as they were. Where somebody reads just now, it is
    emptied by a later checkpoint; nobody is kept waiting for it."""
    if record.engine.dialect.name != "sqlite":
        return
    connection = record.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=2000")
        busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        cursor.execute("PRAGMA busy_timeout=120000")
        cursor.close()
        if busy:
            log.warning("the database's log could not be emptied now; it is at its next checkpoint")
    finally:
        connection.close()


def require_source(session: Session, name: str) -> None:
    """Raises NotFound where neither a source nor a document of it is known."""
    if session.get(Source, name) is None and not session.scalar(
        select(DocumentRow.id).where(DocumentRow.source == name).limit(1)
    ):
        raise NotFound(f"no source {name!r}; `huiyin source list` names them")

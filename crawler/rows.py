"""Rows of documents and visits: made, brought up to date, chained. All within the caller's transaction."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from crawler.addresses import visit_key
from huiyin.document import Comment, Document
from huiyin.records import DocumentRow, Visit, utcnow
from huiyin.records import Source as SourceRow

MOST_COMMENTS = 1000
FOLDED_KINDS = frozenset({"article", "post", "message", "notice", "other"})
"""Replies and hot-list entries repeat set phrases, policies are re-issued with small changes: they are not folded."""
_TRACE = 500


@dataclass(frozen=True, slots=True)
class VisitNote:
    """What to remember of an address. `failed` counts up the failures; success sets them to 0. status 0: found, not yet read."""

    url: str
    source: str
    status: int = 200
    etag: str = ""
    last_modified: str = ""
    content_hash: str = ""
    failed: bool = False


def content_hash(title: str, text: str) -> str:
    """Hash of what a text says: title and text by their letters and digits, so that markup and spacing do not count."""
    plain = unicodedata.normalize("NFKC", f"{title}\n{text}")
    letters = "".join(char for char in plain if char.isalnum())
    return hashlib.sha256(letters.encode("utf-8", "replace")).hexdigest()[:32]


def samples(session: Session, names: set[str]) -> dict[str, bool]:
    found = session.execute(select(SourceRow.name, SourceRow.sample).where(SourceRow.name.in_(names)))
    return {row.name: row.sample for row in found}


def rows_of(session: Session, names: Sequence[str]) -> list[DocumentRow]:
    """Documents by id, held until the transaction ends: a worker that finishes one at this moment must not be missed."""
    wanted = select(DocumentRow).where(DocumentRow.id.in_(names)).order_by(DocumentRow.id).with_for_update()
    return list(session.scalars(wanted))


def exact_copies(session: Session, hashes: set[str]) -> dict[str, str]:
    """Content hash → the first document that has it, of any age."""
    found: dict[str, str] = {}
    if hashes:
        query = (
            select(DocumentRow.content_hash, DocumentRow.id, DocumentRow.duplicate_of)
            .where(DocumentRow.content_hash.in_(hashes), DocumentRow.kind.in_(FOLDED_KINDS))
            .order_by(DocumentRow.fetched.desc(), DocumentRow.id.desc())
        )
        for digest, name, first in session.execute(query):
            found[digest] = first or name
    return found


def _comment(comment: Comment) -> dict[str, Any]:
    moment = comment.published.astimezone(UTC).isoformat() if comment.published else None
    return {"text": comment.text, "published": moment, "author": comment.author, "kind": comment.kind}


def new_row(document: Document, digest: str, first: str, sample: bool) -> DocumentRow:
    return DocumentRow(
        id=document.id, source=document.source, kind=document.kind, url=document.url, title=document.title, text=document.text,
        author=document.author, origin=document.origin, province=document.province, published=document.published,
        fetched=document.fetched, when=document.when, parent=document.parent, likes=document.likes, reposts=document.reposts,
        replies=document.replies, comments=[_comment(c) for c in document.comments], extra=_with_trace({}, document),
        sample=sample, content_hash=digest, duplicate_of=first, version=1, state="stored", indexed=False,
    )  # fmt: skip


def lead_chain(session: Session, row: DocumentRow, first: str) -> None:
    """Let the earliest text lead the chain: lists come newest first, so a copy is often stored before what it copies."""
    session.flush()
    head = session.get(DocumentRow, first)
    if head is not None and head.duplicate_of:  # an earlier one of this batch has taken the lead
        head = session.get(DocumentRow, head.duplicate_of)
    if head is None:
        return
    row.duplicate_of = head.id
    if head.when <= row.when:
        return
    followers = update(DocumentRow).where(or_(DocumentRow.duplicate_of == head.id, DocumentRow.id == head.id))
    session.flush()
    session.execute(followers.values(duplicate_of=row.id, indexed=False))
    row.duplicate_of = ""


def update_row(row: DocumentRow, document: Document, digest: str, first: str) -> str:
    """Bring a known document up to date: `changed` (its text), `updated` (counters, comments), `unchanged`."""
    before = (row.likes, row.reposts, row.replies, len(row.comments), row.published, row.parent, row.extra)
    row.likes, row.reposts, row.replies = document.likes, document.reposts, document.replies
    row.comments = merged_comments(row.comments, document.comments)
    if row.published is None and document.published is not None:
        row.published, row.when = document.published, document.when
    row.parent = row.parent or document.parent
    merged = _with_trace(row.extra, document)
    if merged != row.extra:
        row.extra = merged
    if row.content_hash != digest:
        row.title, row.text, row.content_hash, row.duplicate_of = document.title, document.text, digest, first
        row.origin = document.origin or row.origin
        row.version += 1
        row.state, row.indexed, row.failures = "stored", False, 0
        row.claimed_by, row.claimed_until = "", None
        return "changed"
    after = (row.likes, row.reposts, row.replies, len(row.comments), row.published, row.parent, row.extra)
    if after != before:
        row.indexed = False
        return "updated"
    return "unchanged"


def merged_comments(old: list[Any], new: Sequence[Comment]) -> list[Any]:
    """Comments that we have and those that came, each once, the newest thousand."""
    seen = {(c["text"], c["published"], c["author"]) for c in old}
    more = [c for c in map(_comment, new) if (c["text"], c["published"], c["author"]) not in seen]
    return (old + more)[-MOST_COMMENTS:] if more else old


def _with_trace(old: Mapping[str, Any], document: Document) -> dict[str, Any]:
    """Old and new facts of a document; a hot-list entry gets its rank and heat added to the trace."""
    merged = {**old, **document.extra}
    if document.kind == "hot" and "rank" in document.extra:
        trace = list(old.get("trace", []))
        point = [document.extra.get("rank"), document.extra.get("heat")]
        if not trace or trace[-1][1:] != point:
            trace.append([document.fetched.astimezone(UTC).isoformat(timespec="seconds"), *point])
        merged["trace"] = trace[-_TRACE:]
    return merged


def note_visit(session: Session, note: VisitNote) -> None:
    """Write or update one visit in the caller's transaction."""
    key = visit_key(note.url)
    row = session.get(Visit, key)
    if row is None:
        row = Visit(url=key, source=note.source, failures=0)
        session.add(row)
    if note.status == 0 and not note.failed and row.status:
        return  # a found address must not hide that we know it already
    row.fetched = utcnow()
    row.status = note.status
    if note.failed:
        row.failures += 1
    else:
        row.failures = 0
        row.etag, row.last_modified = note.etag[:500], note.last_modified[:100]
        row.content_hash = note.content_hash

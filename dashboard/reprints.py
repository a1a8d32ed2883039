"""Chains of reprints: who published first, who copied, how much later, with which change of title."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import DocumentRow, IssueDocument

LONGEST = 100
"""Copies of one chain that are listed."""
CHAINS = 5
Piece = tuple[str, str]
"""(`same`, `gone` or `new`; the characters): how a title became another."""


@dataclass(frozen=True, slots=True)
class Link:
    """One text of a chain. `later`: time after the first; `change`: how its title differs from the first's, empty where it does not."""

    row: DocumentRow
    first: bool
    later: timedelta
    change: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """`links`: the first text and its copies in order of time, LONGEST at most; `copies`: how many there are; `changed`: of those
    listed, how many have another title."""

    links: tuple[Link, ...]
    copies: int

    @property
    def changed(self) -> int:
        return sum(bool(link.change) for link in self.links)

    @property
    def sources(self) -> int:
        return len({link.row.source for link in self.links})


def chain_of(session: Session, row: DocumentRow) -> Chain:
    """The chain that a document belongs to; of one text where nobody copied it."""
    first = row.duplicate_of or row.id
    inside = (DocumentRow.duplicate_of == first) | (DocumentRow.id == first)
    rows = list(
        session.scalars(
            select(DocumentRow).where(inside).order_by(DocumentRow.when, DocumentRow.id).limit(LONGEST + 1)
        )
    )
    total = session.scalar(select(func.count()).select_from(DocumentRow).where(inside)) or 1
    return _made(rows, total - 1)


def chains_of(session: Session, issue_id: str, most: int = CHAINS) -> list[Chain]:
    """The longest chains of an issue, as far as their copies lie in it; the first text is shown wherever it lies."""
    counted = session.execute(
        select(DocumentRow.duplicate_of, func.count().label("copies"))
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue_id, DocumentRow.duplicate_of != "")
        .group_by(DocumentRow.duplicate_of)
        .order_by(func.count().desc(), DocumentRow.duplicate_of)
        .limit(most)
    ).all()
    firsts = [row.duplicate_of for row in counted]
    found: dict[str, list[DocumentRow]] = defaultdict(list)
    for name in firsts:
        inside = (DocumentRow.duplicate_of == name) | (DocumentRow.id == name)
        wanted = select(DocumentRow).where(inside).order_by(DocumentRow.when, DocumentRow.id)
        found[name] = list(session.scalars(wanted.limit(LONGEST + 1)))
    return [_made(found[row.duplicate_of], row.copies) for row in counted]


def _made(rows: Sequence[DocumentRow], copies: int) -> Chain:
    # The first of the chain is the one that the others are folded under; where it is gone, the earliest.
    head = next((row for row in rows if not row.duplicate_of), rows[0])
    ordered = sorted(rows, key=lambda row: (row is not head, row.when, row.id))
    links = (
        Link(
            row,
            row is head,
            max(row.when - head.when, timedelta(0)),
            () if row is head else change(head.title, row.title),
        )
        for row in ordered
    )
    return Chain(tuple(links), copies)


def change(before: str, after: str) -> tuple[Piece, ...]:
    """How a title became another, piece by piece; empty where they say the same, or one text has none (a post)."""
    if not before or not after or _plain(before) == _plain(after):
        return ()
    pieces: list[Piece] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", before[a:b]))
            continue
        if b > a:
            pieces.append(("gone", before[a:b]))
        if d > c:
            pieces.append(("new", after[c:d]))
    return tuple(pieces)


def _plain(title: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", title)).lower()


def later(span: timedelta) -> str:
    """A delay in words: 晚 5 分钟, 晚 3 小时, 晚 2 天; “同时” below a minute."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 1:
        return "同时"
    if minutes < 60:
        return f"晚 {minutes} 分钟"
    return f"晚 {minutes // 60} 小时" if minutes < 48 * 60 else f"晚 {minutes // (24 * 60)} 天"

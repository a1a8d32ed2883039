"""The audit chain: append-only rows, each with the hash of the one before, so that a changed or missing row shows."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from huiyin.records.base import Base, key, utcnow

GENESIS = "0" * 64


class AuditRow(Base):
    """Who did what to which thing. `number` counts from 1 without a gap."""

    __tablename__ = "audit"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(key())
    act: Mapped[str] = mapped_column(key())
    thing: Mapped[str] = mapped_column(key(128), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    previous: Mapped[str] = mapped_column(key())
    hash: Mapped[str] = mapped_column(key(), unique=True)


def row_hash(
    number: int, at: datetime, by: str, act: str, thing: str, data: dict[str, Any], previous: str
) -> str:
    """SHA-256 over a row's canonical JSON, the previous hash among it."""
    body = json.dumps(
        [number, at.isoformat(timespec="microseconds"), by, act, thing, data, previous],
        ensure_ascii=False,
        sort_keys=True,
    )
    return hashlib.sha256(body.encode()).hexdigest()


def append(
    session: Session,
    by: str,
    act: str,
    thing: str,
    data: dict[str, Any] | None = None,
    *,
    at: datetime | None = None,
) -> AuditRow:
    """Append a row in the caller's transaction. One writer at a time: SQLite's write lock, PostgreSQL's advisory lock."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(4821)"))
    session.flush()
    last = session.scalars(select(AuditRow).order_by(AuditRow.number.desc()).limit(1)).first()
    number = last.number + 1 if last else 1
    previous = last.hash if last else GENESIS
    moment = at or utcnow()
    body = data or {}
    row = AuditRow(
        number=number, at=moment, by=by, act=act, thing=thing, data=body, previous=previous,
        hash=row_hash(number, moment, by, act, thing, body, previous),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def verify(session: Session) -> tuple[int, str]:
    """Walk the chain: (rows read, "" or what is wrong with the first bad row)."""
    previous, expected = GENESIS, 1
    # Closed by hand: a server-side cursor that is left half-read stays open on PostgreSQL.
    rows = session.scalars(select(AuditRow).order_by(AuditRow.number).execution_options(yield_per=1000))
    try:
        for row in rows:
            if row.number != expected:
                return expected - 1, f"row {expected} is missing"
            if row.previous != previous:
                return expected - 1, f"row {row.number} does not follow from row {row.number - 1}"
            if row.hash != row_hash(row.number, row.at, row.by, row.act, row.thing, row.data, row.previous):
                return (
                    expected - 1,
                    f"row {row.number} ({row.act} by {row.by}) was changed after it was written",
                )
            previous, expected = row.hash, expected + 1
    finally:
        rows.close()
    return expected - 1, ""

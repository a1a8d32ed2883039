"""Leases in the record: what only one process of many may do, held for a while, renewed, taken over when its holder is gone.

Time is the database's own, so that a machine whose clock is wrong can neither keep a lease nor steal one. A lease's token goes
up with each new holder. The holder proves at the end of every transaction that its token is still the newest (`prove`): a
process that was paused and wakes after another took over cannot commit.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from huiyin.errors import Unavailable
from huiyin.records import Lease, Record, utcnow


class LeaseLost(Unavailable):
    """Another process holds the lease now: nothing of this transaction was kept."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as it was given: `token` is the fence."""

    name: str
    holder: str
    token: int


def process_name() -> str:
    """Host and process, as leases and claims name their holder."""
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


def database_now(session: Session) -> datetime:
    """The moment by the database's clock; SQLite has none but this machine's."""
    if session.get_bind().dialect.name != "postgresql":
        return utcnow()
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return moment


def acquire(record: Record, name: str, holder: str, ttl: timedelta, *, about: str = "") -> Held | None:
    """Take the lease where nobody holds it (or `holder` itself does); None where somebody else does.

    Never waits: a row that its holder is just proving counts as held.
    """
    try:
        with record.session() as session:
            row = session.scalars(
                select(Lease).where(Lease.name == name).with_for_update(skip_locked=True)
            ).first()
            now = database_now(session)
            if row is None:
                session.add(Lease(name=name, holder=holder, token=1, until=now + ttl, since=now, about=about))
                return Held(name, holder, 1)
            if row.until > now and row.holder != holder:
                return None
            row.holder, row.token, row.about = holder, row.token + 1, about
            row.until, row.since = now + ttl, now
            return Held(name, holder, row.token)
    except IntegrityError:  # somebody made the row first, or is proving it at this moment
        return None


def renew(record: Record, held: Held, ttl: timedelta) -> bool:
    """Hold on for another `ttl`; False where another process has taken the lease."""
    with record.session() as session:
        kept = session.execute(
            update(Lease)
            .where(Lease.name == held.name, Lease.token == held.token)
            .values(until=database_now(session) + ttl)
        )
        return bool(kept.rowcount)  # type: ignore[attr-defined]


def release(record: Record, held: Held) -> None:
    """Give the lease back, so that another need not wait until it runs out."""
    with record.session() as session:
        session.execute(
            update(Lease)
            .where(Lease.name == held.name, Lease.token == held.token)
            .values(until=database_now(session))
        )


def prove(session: Session, held: Held) -> None:
    """Raise LeaseLost unless `held` is still the newest; until the transaction ends nobody can take it over.

    Call it last before the commit: the lease's row stays locked for that moment only.
    """
    found = session.scalar(select(Lease.token).where(Lease.name == held.name).with_for_update(read=True))
    if found != held.token:
        raise LeaseLost(f"the lease {held.name} went to another process (token {found}, ours {held.token})")


def living(session: Session, prefix: str = "") -> list[Lease]:
    """Leases that are held now, by name."""
    now = database_now(session)
    wanted = select(Lease).where(Lease.until > now, Lease.name.startswith(prefix, autoescape=True))
    return list(session.scalars(wanted.order_by(Lease.name)))


class FencedRecord(Record):
    """A record whose writes are kept only while `held` is the newest holder of its lease."""

    def __init__(self, record: Record, held: Held) -> None:
        super().__init__(record.engine)
        self.held = held

    @contextmanager
    def session(self, *, write: bool = True) -> Iterator[Session]:
        with super().session(write=write) as session:
            yield session
            if write:
                session.flush()
                prove(session, self.held)

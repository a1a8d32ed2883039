"""Documents by month on PostgreSQL: partitions made ahead of time, strays put where they belong, emptied months dropped.

The models know nothing of it. See docs/decisions/0006-documents-by-month.md for how ids stay unique and rows stay tied.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

from huiyin.records.base import Record, utcnow
from huiyin.settings import Settings

AHEAD = 3
"""Months after the present one for which there is a partition already."""

WORTH = 10_000
"""Documents of one month in the default partition for which that month gets a partition of its own."""

DEFAULT = "documents_default"
NAME = re.compile(r"documents_y(\d{4})m(\d{2})")
LOCK = 4823


@dataclass(frozen=True, slots=True)
class Changed:
    """Names of the partitions that one round made and dropped."""

    made: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def maintain(engine: Engine, now: datetime) -> Changed:
    """One round, in one transaction; nothing on SQLite. Waits at most ten seconds for others, then raises OperationalError.

    Safe to run at any time, also while others write, also twice at once.
    """
    if engine.dialect.name != "postgresql":
        return Changed()
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        present = partitions(connection)
        wanted = {_shift(now, months) for months in range(-1, AHEAD + 1)} | _crowded(connection)
        missing = [month for month in sorted(wanted) if _name(month) not in present]
        if missing:  # from here on nobody adds rows that would stand in the way of a new month
            connection.execute(text("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE"))
        made = [_make(connection, month) for month in missing]
        past = [name for name, month in present.items() if month < _shift(now, -2)]
        dropped = [name for name in past if _drop_empty(connection, name)]
    return Changed(tuple(made), tuple(dropped))


def partitions(connection: Connection) -> dict[str, datetime]:
    """Name and first moment of every month's partition, oldest first; the default one is not among them."""
    found = connection.scalars(
        text(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid "
            "WHERE inhparent = 'documents'::regclass ORDER BY relname"
        )
    )
    months = ((name, NAME.fullmatch(name)) for name in found)
    return {
        name: datetime(int(is_month[1]), int(is_month[2]), 1, tzinfo=UTC)
        for name, is_month in months
        if is_month
    }


def _crowded(connection: Connection) -> set[datetime]:
    """Months of which the default partition holds so many documents that they are worth a partition."""
    found = connection.scalars(
        text(
            f"SELECT date_trunc('month', occurred AT TIME ZONE 'UTC') AS month FROM {DEFAULT} "
            "GROUP BY month HAVING count(*) >= :worth"
        ),
        {"worth": WORTH},
    )
    return {month.replace(tzinfo=UTC) for month in found}


def _make(connection: Connection, month: datetime) -> str:
    """A partition for a month, with what the default one holds of it.

    The default partition is loose meanwhile: PostgreSQL makes no partition for rows that stand in another.
    """
    name, bounds = _name(month), {"start": month, "end": _shift(month, 1)}
    inside = "occurred >= :start AND occurred < :end"
    strays = connection.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {DEFAULT} WHERE {inside})"), bounds)
    if strays:
        connection.execute(text(f"ALTER TABLE documents DETACH PARTITION {DEFAULT}"))
    connection.execute(
        text(
            f"CREATE TABLE {name} PARTITION OF documents "
            f"FOR VALUES FROM ('{month.isoformat()}') TO ('{bounds['end'].isoformat()}')"
        )
    )
    if strays:
        connection.execute(
            text(
                f"WITH moved AS (DELETE FROM {DEFAULT} WHERE {inside} RETURNING *) INSERT INTO {name} SELECT * FROM moved"
            ),
            bounds,
        )
        connection.execute(text(f"ALTER TABLE documents ATTACH PARTITION {DEFAULT} DEFAULT"))
    return name


def _drop_empty(connection: Connection, name: str) -> bool:
    """Give an emptied month's space back. Rows that an open transaction still adds are waited for."""
    if connection.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {name})")):
        return False
    connection.execute(text(f"ALTER TABLE documents DETACH PARTITION {name}"))  # alone with it from here on
    if connection.scalar(text(f"SELECT EXISTS (SELECT 1 FROM {name})")):
        month = re.sub(NAME, r"\1-\2-01", name)
        start = datetime.fromisoformat(f"{month}T00:00:00+00:00")
        connection.execute(
            text(
                f"ALTER TABLE documents ATTACH PARTITION {name} "
                f"FOR VALUES FROM ('{start.isoformat()}') TO ('{_shift(start, 1).isoformat()}')"
            )
        )
        return False
    connection.execute(text(f"DROP TABLE {name}"))
    return True


def _name(month: datetime) -> str:
    return f"documents_y{month:%Y}m{month:%m}"


def _shift(moment: datetime, months: int) -> datetime:
    """The first moment (UTC) of the month that lies `months` after that of `moment`."""
    start = moment.astimezone(UTC)
    number = start.year * 12 + start.month - 1 + months
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def daily(settings: Settings) -> None:
    """The schedule's round."""
    record = Record.open(settings, migrate=False)
    try:
        maintain(record.engine, utcnow())
    finally:
        record.close()

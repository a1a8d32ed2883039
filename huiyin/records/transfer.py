"""Move a whole record from one database to another: every table, one transaction, everything counted and the audit chain walked.

Either all of it is in the target afterwards or nothing: a move that is stopped, by whatever, is begun again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, HuiyinError
from huiyin.records.audit import verify
from huiyin.records.base import Base, Record, utcnow
from huiyin.records.leases import Lease

BATCH = 2_000
"""Rows that are in memory at once."""

RESET: dict[str, dict[str, Any]] = {
    # The index is another one, or may be: the worker fills it from the record. Nobody of the old office works on.
    "documents": {"indexed": False, "claimed_by": "", "claimed_until": None},
}

Watch = Callable[[Iterable[dict[str, Any]], str, int], Iterable[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows of one table in the source when the move began, and in the target when it ended."""

    table: str
    source: int
    target: int


def transfer(source: Record, target: Record, watch: Watch) -> list[Moved]:
    """Copy every table; `watch` gets the rows on their way, the table's name and its count (a progress bar).

    Both records must be of the newest schema (`Record.open` sees to it). Raises Conflict where the target is not empty, where
    workers still hold leases or where the source was written to meanwhile; HuiyinError where a row does not fit. The target is then
    as it was.
    """
    tables = Base.metadata.sorted_tables  # parents before children
    with _snapshot(source) as reading:
        _nobody_works(reading)
        counts = {table.name: _count(reading, table) for table in tables}
        with target.engine.begin() as writing:
            _be_patient(writing)
            _empty(writing, tables)
            for table in tables:
                _copy(reading, writing, table, watch, counts[table.name])
            _sequences(writing, tables)
            moved = [Moved(table.name, counts[table.name], _count(writing, table)) for table in tables]
            _whole(reading, writing, moved)
            with _snapshot(source) as later:
                changed = [table.name for table in tables if _count(later, table) != counts[table.name]]
                if changed or _last_act(later) != _last_act(reading):
                    raise Conflict(
                        f"the source was written to during the move ({', '.join(changed) or 'audit'}); "
                        "stop everything that uses it and begin again"
                    )
    return moved


@contextmanager
def _snapshot(record: Record) -> Iterator[Connection]:
    """A connection that sees one state of the record however long it reads."""
    options: dict[str, Any] = {"huiyin_write": False}
    if record.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with record.engine.connect().execution_options(**options) as connection:
        _be_patient(connection)
        connection.execute(select(1))
        yield connection


def _be_patient(connection: Connection) -> None:
    """One side rests while the other is written, counted or walked: no reason for the server to end it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _nobody_works(reading: Connection) -> None:
    held = list(reading.scalars(select(Lease.name).where(Lease.until > utcnow()).order_by(Lease.name)))
    if held:
        raise Conflict(
            f"workers still use the source ({', '.join(held[:5])}); stop them and wait until their leases end"
        )


def _empty(writing: Connection, tables: list[Table]) -> None:
    full = [table.name for table in tables if writing.execute(select(1).select_from(table).limit(1)).first()]
    if full:
        raise Conflict(
            f"the target is not empty ({', '.join(full[:5])}); give an empty database: nothing is overwritten"
        )


def _copy(reading: Connection, writing: Connection, table: Table, watch: Watch, count: int) -> None:
    found = reading.execution_options(stream_results=True, yield_per=BATCH).execute(select(table))
    rows = (_fit(row, table) for part in found.mappings().partitions() for row in part)
    batch: list[dict[str, Any]] = []
    try:
        for row in watch(rows, table.name, count):
            batch.append(row)
            if len(batch) == BATCH:
                writing.execute(insert(table), batch)
                batch = []
        if batch:
            writing.execute(insert(table), batch)
    except DBAPIError as error:
        raise HuiyinError(
            f"a row of {table.name} does not fit into the target: {str(error.orig).splitlines()[0]}"
        ) from error


def _fit(row: Any, table: Table) -> dict[str, Any]:
    """A row by its columns' keys, without the characters NUL that SQLite keeps and PostgreSQL refuses."""
    values = {column.key: _without_nul(row[column.name]) for column in table.columns}
    return values | {table.columns[name].key: value for name, value in RESET.get(table.name, {}).items()}


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "") if "\0" in value else value
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_nul(inner) for inner in value]
    return value


def _sequences(writing: Connection, tables: list[Table]) -> None:
    """Let PostgreSQL count on from the numbers that came along; SQLite does so by itself."""
    if writing.dialect.name != "postgresql":
        return
    for table in tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = writing.scalar(
            text("SELECT pg_get_serial_sequence(:table, :column)"),
            {"table": table.name, "column": column.name},
        )
        highest = writing.scalar(select(func.max(column)))
        if sequence and highest is not None:
            writing.execute(
                text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest}
            )


def _whole(reading: Connection, writing: Connection, moved: list[Moved]) -> None:
    """Raises HuiyinError unless every table has its rows and the audit chain holds as far as it did."""
    short = [item for item in moved if item.source != item.target]
    if short:
        named = ", ".join(f"{item.table} {item.source:,} → {item.target:,}" for item in short)
        raise HuiyinError(f"rows are missing after the move ({named}); nothing was kept")
    with Session(bind=reading) as before, Session(bind=writing) as after:
        if verify(before) != verify(after):
            raise HuiyinError(
                f"the audit chain does not hold after the move: {verify(after)[1]}; nothing was kept"
            )


def _last_act(connection: Connection) -> Any:
    audit = Base.metadata.tables["audit"]
    return connection.scalar(select(func.max(audit.c.number)))


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0

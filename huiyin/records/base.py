"""The record's ground: declarative base, portable column types, engine and sessions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, DateTime, Engine, MetaData, String, Text, create_engine, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from huiyin.errors import Unavailable, UsageError
from huiyin.settings import Settings

PATIENCE: dict[str, str | int] = {
    "connect_timeout": 10, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4, "tcp_user_timeout": 30_000,
    "options": "-c idle_in_transaction_session_timeout=60000",
}  # fmt: skip
"""How long PostgreSQL and we wait for each other, unless the address says otherwise: a machine that is cut off finds out in half
a minute, and the locks of one that was paused in a transaction fall after a minute."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC. SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive time must not enter the record: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
"""Any JSON value; JSONB on PostgreSQL. Reassign to change it: mutation inside is not tracked."""


class Base(DeclarativeBase):
    """All tables. Constraint names are fixed, so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime,
        str: Text(),
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def key(length: int = 64) -> String:
    """Column type of a short key that is indexed."""
    return String(length)


def utcnow() -> datetime:
    return datetime.now(UTC)


class Record:
    """The truth: one database. Open it with `Record.open(settings)`; every unit of work is one `session()`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def open(cls, settings: Settings, *, migrate: bool = True) -> Record:
        """Open (and bring up to date) the record that the settings name.

        Raises UsageError for an address that is none, Unavailable where the database does not answer.
        """
        try:
            url = make_url(settings.database_url)
        except ArgumentError as error:
            raise UsageError(
                f"database is {settings.database_url!r}; use for example sqlite:///huiyin.db"
            ) from error
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite" and url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        server = url.get_backend_name() == "postgresql"
        engine = create_engine(
            url,
            pool_pre_ping=server,
            hide_parameters=True,  # errors go to logs, and values are people's words
            connect_args={name: value for name, value in PATIENCE.items() if name not in url.query}
            if server
            else {},
        )
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _sqlite_pragmas)
            event.listen(engine, "begin", _sqlite_begin)
        record = cls(engine)
        if migrate:
            from huiyin.records.migrate import upgrade

            try:
                upgrade(engine)
            except OperationalError as error:
                raise Unavailable(
                    f"the record at {url.render_as_string()} does not answer: {error.orig}"
                ) from error
        return record

    @contextmanager
    def session(self, *, write: bool = True) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back by an exception. `write=False` never takes a write lock."""
        with self._sessions() as session:
            # SQLite deadlocks where a reader becomes a writer half-way; so a writer says so at its first statement.
            session.connection(execution_options={"huiyin_write": write})
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def close(self) -> None:
        self.engine.dispose()


def crossed(error: BaseException) -> bool:
    """Whether a transaction failed only because another one was faster: the same again will find what that one wrote."""
    if isinstance(error, IntegrityError):
        return True
    state = getattr(error.orig, "sqlstate", "") if isinstance(error, OperationalError) else ""
    return state in ("40001", "40P01")  # serialisation failure, deadlock


def away(error: OperationalError) -> bool:
    """Whether the database did not answer, had no room or was busy, so that the same may work later; else it is a fault of ours."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (5, 6, 8, 10, 13, 14)  # busy, locked, read-only, I/O, full, cannot open
    state = getattr(error.orig, "sqlstate", None)
    return state is None or state[:2] in ("08", "53", "57", "25")  # connection, resources, operator, time-out


def _sqlite_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    # pysqlite's own transaction handling starts transactions late; we start them ourselves (_sqlite_begin).
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # what was acknowledged survives a power cut, not only a crash of ours
        "foreign_keys=ON",
        "busy_timeout=120000",  # a writer waits its turn rather than give up a page that it has read
        "temp_store=MEMORY",
        "cache_size=-65536",
        "mmap_size=268435456",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_begin(connection: Any) -> None:
    write = connection.get_execution_options().get("huiyin_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN DEFERRED")

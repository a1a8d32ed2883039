"""A database that any earlier schema made, with rows in every table, comes up to the newest with nothing lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    insert,
    inspect,
    select,
    text,
)

from huiyin.records import Base, DocumentRow, Issue, Record
from huiyin.records.audit import append, verify
from huiyin.records.migrate import config, upgrade
from huiyin.settings import Settings
from tests.postgres import fresh_database

SCRIPTS = ScriptDirectory.from_config(config())
REVISIONS = [script.revision for script in SCRIPTS.walk_revisions()][::-1]
NOW = datetime(2026, 11, 24, 12, 0, 0, 654321, tzinfo=UTC)
OURS = re.compile(r"alembic_version|document_keys|documents_(default|y\d{4}m\d{2})")
CHANGED = {("documents", "indexed")}
"""Columns that a migration sets anew on purpose: the index took a new form."""


@pytest.fixture(params=["sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Record]:
    """Without any schema yet."""
    with ExitStack() as stack:
        address = "" if request.param == "sqlite" else stack.enter_context(fresh_database())
        made = Record.open(Settings(home=str(tmp_path), database=address), migrate=False)
        yield made
        made.close()


def revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def value(column: Any, number: int, dialect: str) -> Any:
    kind = column.type
    if isinstance(kind, DateTime):
        moment = NOW + timedelta(days=40 * number)
        return moment if dialect == "postgresql" else moment.replace(tzinfo=None)
    if isinstance(kind, JSON):
        return {"名": [number, 2.5, None, True, "文"]}
    if isinstance(kind, Boolean):
        return bool(number % 2)
    if isinstance(kind, LargeBinary):
        return bytes(range(200)) + bytes([number])
    if isinstance(kind, Numeric):  # Float and Double are Numeric to SQLAlchemy
        return number + 0.5
    if isinstance(kind, String):
        words = f"{column.name}-{number}-回音“引”😀"
        return words[: kind.length] if kind.length else f"{words}\n第二行"
    return number + 3


def tables_of(engine: Engine) -> list[Table]:
    """The tables as they are in the database now, parents first."""
    reflected = MetaData()
    reflected.reflect(engine, only=lambda name, _: not OURS.fullmatch(name))
    return [table for table in reflected.sorted_tables if not OURS.fullmatch(table.name)]


def fill(engine: Engine, tables: list[Table]) -> None:
    """Three rows in each table, a value in every column; ties point at the parent's row of the same number."""
    dialect = engine.dialect.name
    with engine.begin() as connection:
        for table in tables:
            rows = []
            for number in range(3):
                row = {column.name: value(column, number, dialect) for column in table.columns}
                for tie in table.foreign_keys:
                    row[tie.parent.name] = value(tie.column, number, dialect)
                    if tie.column.table.name == "document_keys":
                        row[tie.parent.name] = value(documents(tables).columns["id"], number, dialect)
                rows.append(row)
            if table.name != "audit":
                connection.execute(insert(table), rows)


def documents(tables: list[Table]) -> Table:
    return next(table for table in tables if table.name == "documents")


def content(engine: Engine, tables: list[Table]) -> dict[str, list[dict[str, Any]]]:
    found = {}
    with engine.connect() as connection:
        for table in tables:
            columns = [column for column in table.columns if (table.name, column.name) not in CHANGED]
            rows = connection.execute(select(*columns).order_by(*table.primary_key)).mappings()
            found[table.name] = [dict(row) for row in rows]
    return found


@pytest.mark.parametrize("start", REVISIONS[:-1])
def test_every_earlier_schema_comes_up_with_all_its_rows(record: Record, start: str) -> None:
    engine = record.engine
    command.upgrade(config(engine), start)
    tables = tables_of(engine)
    fill(engine, tables)
    before = content(engine, tables)
    assert all(len(rows) == 3 for name, rows in before.items() if name != "audit")
    upgrade(engine)
    assert revision(engine) == REVISIONS[-1]
    assert content(engine, tables) == before
    with record.session() as session:  # and the program can work with what is there
        rows = session.scalars(select(DocumentRow).order_by(DocumentRow.when)).all()
        assert [row.when for row in rows] == [NOW + timedelta(days=40 * number) for number in range(3)]
        assert not any(row.indexed for row in rows)
        assert rows[0].analysis is not None
        session.delete(rows[0])
        session.add(Issue(id="new"))
        append(session, "张", "read", "x")
    with record.session(write=False) as session:
        assert verify(session) == (1, "")
        analyses = session.scalars(select(DocumentRow.id)).all()
    assert len(analyses) == 2


def test_the_audit_chain_survives_every_upgrade(record: Record) -> None:
    """The chain's hashes are over moments and JSON as they read back: the oldest schema must still give them the same."""
    command.upgrade(config(record.engine), REVISIONS[0])
    with record.session() as session:
        for number in range(3):
            append(session, "张", "sign", f"draft:{number}", {"版本": number, "分": 0.1})
    upgrade(record.engine)
    with record.session(write=False) as session:
        assert verify(session) == (3, "")


def test_months_can_be_undone_and_done_again(record: Record) -> None:
    engine = record.engine
    command.upgrade(config(engine), "0006")
    tables = tables_of(engine)
    fill(engine, tables)
    before = content(engine, tables)
    command.downgrade(config(engine), "0005")
    assert content(engine, tables) == before
    assert not [
        name for name in inspect(engine).get_table_names() if re.match("document_keys|documents_", name)
    ]
    ties = {tuple(tie["constrained_columns"]) for tie in inspect(engine).get_foreign_keys("analyses")}
    assert ties == {("document_id",)}
    upgrade(engine)
    assert content(engine, tables) == before


def test_the_schema_has_one_head_and_no_gap() -> None:
    assert SCRIPTS.get_heads() == [REVISIONS[-1]]
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS


def test_indexes_are_those_of_the_models(record: Record) -> None:
    upgrade(record.engine)
    found = inspect(record.engine)
    for name, table in Base.metadata.tables.items():
        there = {index["name"] for index in found.get_indexes(name) if not index.get("duplicates_constraint")}
        assert there >= {str(index.name) for index in table.indexes}, name
    with record.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM documents")) == 0

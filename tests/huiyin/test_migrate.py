"""Moving a record to another database: every table with every kind of value, there and back, all of it or nothing."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Float, Integer, LargeBinary, String, Table, func, insert, select, text

from huiyin.cli import main
from huiyin.errors import Conflict, HuiyinError
from huiyin.records import AuditRow, Base, DocumentRow, Issue, IssueEvent, Lease, Record, utcnow
from huiyin.records.audit import append, verify
from huiyin.records.base import UtcDateTime
from huiyin.records.transfer import RESET, transfer
from huiyin.settings import Settings
from tests.postgres import fresh_database

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
ROWS = 3


def sqlite(folder: Path) -> Record:
    return Record.open(Settings(home=str(folder)))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fresh_database() as address:
        yield address


@pytest.fixture
def postgres(server: str, tmp_path: Path) -> Iterator[Record]:
    emptied = Record.open(Settings(home=str(tmp_path / "pg"), database=server))
    with emptied.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    yield emptied
    emptied.close()


def value_for(column: Any, number: int) -> Any:
    if isinstance(column.type, UtcDateTime):
        return NOW + timedelta(days=31 * number)
    if isinstance(column.type, JSON):
        return {"名": [number, 1.5, None, True, "文"], "空": {}}
    if isinstance(column.type, Boolean):
        return bool(number % 2)
    if isinstance(column.type, Integer):
        return number + 7
    if isinstance(column.type, Float):
        return number + 0.1
    if isinstance(column.type, LargeBinary):
        return bytes(range(256)) * (number + 1)
    assert isinstance(column.type, String), column
    words = f"{column.name}-{number}-回音“引”😀"
    return words[: column.type.length] if column.type.length else words + "\n第二行\t"


def rows_for(table: Table) -> list[dict[str, Any]]:
    """ROWS rows with a value in every column; a tie to another table points at that table's row of the same number."""
    made = []
    for number in range(ROWS):
        row = {column.key: value_for(column, number) for column in table.columns}
        for tie in table.foreign_keys:
            row[tie.parent.key] = value_for(tie.column, number)
        made.append(row)
    return made


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Record]:
    """An office in SQLite: rows in every table, a real audit chain, no lease alive."""
    record = sqlite(tmp_path / "office")
    with record.session() as session:
        for table in Base.metadata.sorted_tables:
            if table.name != "audit":
                session.execute(insert(table), rows_for(table))
        session.execute(Lease.__table__.update().values(until=NOW - timedelta(days=1)))
        for number in range(5):
            append(session, "张", "sign", f"draft:{number}", {"说明": "签发", "版本": number, "分": 0.25})
    yield record
    record.close()


def content(record: Record) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, without the columns that a move resets."""
    found = {}
    with record.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in RESET.get(table.name, {})]
            rows = connection.execute(select(*columns).order_by(*table.primary_key)).mappings()
            found[table.name] = [dict(row) for row in rows]
    return found


def plain(rows: Iterable[dict[str, Any]], _table: str, _count: int) -> Iterable[dict[str, Any]]:
    return rows


def is_empty(record: Record) -> bool:
    with record.engine.connect() as connection:
        return all(
            connection.scalar(select(func.count()).select_from(t)) == 0 for t in Base.metadata.sorted_tables
        )


def test_there_and_back_nothing_is_lost(office: Record, postgres: Record, tmp_path: Path) -> None:
    before = content(office)
    moved = transfer(office, postgres, plain)
    assert {item.table for item in moved} == set(Base.metadata.tables)
    assert all(item.source == item.target >= ROWS for item in moved)
    assert content(postgres) == before
    with postgres.session(write=False) as session:
        assert verify(session) == (5, "")
        assert session.scalars(select(DocumentRow.indexed).distinct()).all() == [False]
    back = sqlite(tmp_path / "back")
    transfer(postgres, back, plain)
    assert content(back) == before
    back.close()


def test_numbers_go_on_where_they_were(office: Record, postgres: Record) -> None:
    transfer(office, postgres, plain)
    with postgres.session() as session:
        issue = session.scalars(select(Issue.id)).first()
        highest = session.scalar(select(func.max(IssueEvent.id)))
        event = IssueEvent(issue_id=issue, kind="note")
        session.add(event)
        session.flush()
        assert event.id == highest + 1
        assert append(session, "李", "read", "x").number == 6


def test_a_target_with_anything_in_it_is_refused(office: Record, postgres: Record) -> None:
    with postgres.session() as session:
        session.add(Issue(id="here"))
    with pytest.raises(Conflict, match="not empty"):
        transfer(office, postgres, plain)
    with postgres.session(write=False) as session:
        assert list(session.scalars(select(Issue.id))) == ["here"]


def test_a_row_that_does_not_fit_is_named_and_nothing_stays(office: Record, postgres: Record) -> None:
    with office.session() as session:
        session.execute(text("UPDATE issues SET owner = :long"), {"long": "长" * 80})  # SQLite lets it pass
    with pytest.raises(HuiyinError, match="a row of issues does not fit"):
        transfer(office, postgres, plain)
    assert is_empty(postgres)


def test_the_character_nul_does_not_stop_a_move(office: Record, postgres: Record) -> None:
    with office.session() as session:
        row = session.scalars(select(DocumentRow)).first()
        assert row is not None
        name, row.text, row.extra = row.id, "前\0后", {"键\0": ["值\0"]}
    transfer(office, postgres, plain)
    with postgres.session(write=False) as session:
        row = session.get_one(DocumentRow, name)
        assert (row.text, row.extra) == ("前后", {"键": ["值"]})


def test_a_broken_audit_chain_is_not_carried_on_unseen(office: Record, postgres: Record) -> None:
    """What was broken before is broken in the same place after; nothing is repaired by a move."""
    with office.session() as session:
        session.execute(AuditRow.__table__.update().where(AuditRow.number == 3).values(by="李"))
    transfer(office, postgres, plain)
    with postgres.session(write=False) as session:
        assert verify(session)[0] == 2


def test_writing_to_the_source_meanwhile_is_noticed(office: Record, postgres: Record) -> None:
    once = itertools.count()

    def write_meanwhile(rows: Iterable[dict[str, Any]], table: str, _count: int) -> Iterable[dict[str, Any]]:
        if table == "issues" and next(once) == 0:
            with office.session() as session:
                append(session, "张", "read", "late")
        return rows

    with pytest.raises(Conflict, match="written to during the move"):
        transfer(office, postgres, write_meanwhile)
    assert is_empty(postgres)


def test_a_worker_that_still_holds_a_lease_is_named(office: Record, postgres: Record) -> None:
    with office.session() as session:
        session.add(Lease(name="group", holder="host-1", token=1, until=utcnow() + timedelta(minutes=1)))
    with pytest.raises(Conflict, match="group"):
        transfer(office, postgres, plain)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _runs(record: Record, statement: str) -> bool:
    """Whether another connection to this database has that statement in hand, or as its last one in an open transaction."""
    with record.engine.connect() as connection:
        found = connection.scalar(
            text(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND state <> 'idle' "
                "AND query LIKE :statement || '%'"
            ),
            {"statement": statement},
        )
    return bool(found)


def test_a_move_that_is_killed_leaves_nothing(
    office: Record, postgres: Record, server: str, tmp_path: Path
) -> None:
    """kill -9 in the middle, then again to the end."""
    with office.session() as session:
        session.execute(
            insert(DocumentRow),
            [
                {"id": f"m{number}", "source": "s", "text": "文" * 400, "when": NOW, "fetched": NOW}
                for number in range(12_000)
            ],
        )
    words = [
        sys.executable,
        "-m",
        "huiyin.cli",
        "--home",
        str(tmp_path / "office"),
        "migrate",
        "--to",
        server,
    ]
    with postgres.engine.connect() as other:
        # On a quick machine the middle is too short to be hit by chance: the move waits there for a lock of ours.
        other.execute(text("LOCK TABLE analyses IN SHARE MODE"))
        child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(lambda: _runs(postgres, "INSERT INTO analyses"))
        finally:
            child.send_signal(signal.SIGKILL)
            assert child.wait(30) == -signal.SIGKILL
        other.rollback()
    _wait(lambda: not _runs(postgres, ""))  # the server notices in its own time that its client is gone
    assert is_empty(postgres)
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "12,003" in done.stdout
    assert content(postgres)["documents"] == content(office)["documents"]


def test_the_command_names_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = f"sqlite:///{tmp_path / 'no.db'}"
    home = ["--home", str(tmp_path)]
    assert main([*home, "migrate", "--from", nowhere, "--to", f"sqlite:///{tmp_path / 'x.db'}"]) == 2
    assert "there is no such record" in capsys.readouterr().err
    assert not (tmp_path / "no.db").exists()
    assert main([*home, "migrate", "--from", "nonsense", "--to", f"sqlite:///{tmp_path / 'x.db'}"]) == 2
    sqlite(tmp_path).close()
    assert main([*home, "migrate", "--to", f"sqlite:///{tmp_path / 'huiyin.db'}"]) == 2
    assert "the same database" in capsys.readouterr().err


def test_the_command_waits_for_nobody_who_still_works(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from huiyin.lock import only_one

    sqlite(tmp_path).close()
    with only_one(tmp_path, "up"):
        code = main(["--home", str(tmp_path), "migrate", "--to", f"sqlite:///{tmp_path / 'b' / 'new.db'}"])
    assert code == 1
    assert "another up is running" in capsys.readouterr().err

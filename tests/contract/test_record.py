"""The record's contract, run on every database: the same models, migrations, claims and audit chain."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm.exc import StaleDataError

from huiyin.records import AuditRow, Base, DocumentRow, Issue, IssueDocument, Record
from huiyin.records.audit import append, verify
from huiyin.records.partitions import DEFAULT, partitions
from huiyin.settings import Settings
from nlp.work import claim

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Record]:
    if request.param == "sqlite":
        made = Record.open(Settings(home=str(tmp_path)))
    else:
        address = os.environ.get("HUIYIN_TEST_POSTGRES")
        if not address:
            pytest.skip(
                "needs a running PostgreSQL: set HUIYIN_TEST_POSTGRES to the address of an empty database"
            )
        settings = Settings(home=str(tmp_path), database=address)
        empty = Record.open(settings, migrate=False)
        with empty.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        empty.close()
        made = Record.open(settings)
    yield made
    made.close()


def document(number: int) -> DocumentRow:
    return DocumentRow(
        id=f"d{number}", source="s", text=f"第{number}条", when=NOW + timedelta(minutes=number), fetched=NOW
    )


def test_migrations_make_exactly_the_models(record: Record) -> None:
    with record.engine.connect() as connection:
        by_month = (
            {*partitions(connection), DEFAULT, "document_keys"}
            if connection.dialect.name == "postgresql"
            else set()
        )
    assert set(inspect(record.engine).get_table_names()) == {
        *Base.metadata.tables,
        "alembic_version",
        *by_month,
    }
    for name, table in Base.metadata.tables.items():
        assert {column["name"] for column in inspect(record.engine).get_columns(name)} == set(
            table.columns.keys()
        ), name


def test_opening_again_changes_nothing(record: Record) -> None:
    with record.session() as session:
        session.add(document(1))
    from huiyin.records.migrate import upgrade

    upgrade(record.engine)
    with record.session(write=False) as session:
        assert session.get_one(DocumentRow, "d1").text == "第1条"


def test_times_are_aware_and_the_same_moment(record: Record) -> None:
    shanghai = timezone(timedelta(hours=8))
    with record.session() as session:
        row = document(1)
        row.published = datetime(2026, 11, 24, 20, 0, 0, 123456, tzinfo=shanghai)
        session.add(row)
    with record.session(write=False) as session:
        published = session.get_one(DocumentRow, "d1").published
    assert published == datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
    assert published is not None
    assert published.utcoffset() == timedelta(0)


def test_a_naive_time_does_not_enter(record: Record) -> None:
    with pytest.raises(StatementError), record.session() as session:
        row = document(1)
        row.published = datetime(2026, 11, 24)
        session.add(row)
        session.flush()


def test_claims_are_disjoint_and_expire(record: Record) -> None:
    with record.session() as session:
        session.add_all([document(number) for number in range(6)])
    with record.session() as session:
        first = [row.id for row in claim(session, NOW, "a", 4)]
    with record.session() as session:
        second = [row.id for row in claim(session, NOW, "b", 4)]
    assert first == ["d0", "d1", "d2", "d3"]
    assert second == ["d4", "d5"]
    with record.session() as session:
        assert claim(session, NOW, "c", 4) == []
    with record.session() as session:
        late = [row.id for row in claim(session, NOW + timedelta(hours=1), "c", 9)]
    assert late == ["d0", "d1", "d2", "d3", "d4", "d5"]


def test_workers_at_the_same_moment_claim_nothing_twice(record: Record) -> None:
    with record.session() as session:
        rows = [document(number) for number in range(120)]
        for row in rows[80:]:
            row.when += timedelta(days=30)  # in other months
        session.add_all(rows)
    taken: list[str] = []
    lock = threading.Lock()

    def work(name: str) -> None:
        while True:
            with record.session() as session:
                mine = [row.id for row in claim(session, NOW, name, 7)]
            if not mine:
                return
            with lock:
                taken.extend(mine)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(taken) == sorted(f"d{number}" for number in range(120))


def test_a_claim_passes_over_what_another_is_claiming(record: Record) -> None:
    """FOR UPDATE SKIP LOCKED, over a month's end: the second claimant neither waits nor gets the same."""
    if record.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time: a second claimant waits")
    with record.session() as session:
        rows = [document(number) for number in range(6)]
        for row in rows[3:]:
            row.when += timedelta(days=30)
        session.add_all(rows)
    with record.session() as first:
        mine = [row.id for row in claim(first, NOW, "a", 4)]
        first.flush()
        with record.session() as second:
            second.execute(text("SET LOCAL lock_timeout = '2s'"))
            theirs = [row.id for row in claim(second, NOW, "b", 4)]
    assert (mine, theirs) == (["d0", "d1", "d2", "d3"], ["d4", "d5"])


def test_a_document_is_in_one_issue_at_most(record: Record) -> None:
    with record.session() as session:
        session.add_all([document(1), Issue(id="i1"), Issue(id="i2")])
        session.flush()
        session.add(IssueDocument(document_id="d1", issue_id="i1", when=NOW))
    with pytest.raises(IntegrityError), record.session() as session:
        session.add(IssueDocument(document_id="d1", issue_id="i2", when=NOW))


def test_removing_a_document_removes_what_hangs_on_it(record: Record) -> None:
    with record.session() as session:
        session.add_all([document(1), Issue(id="i1")])
        session.flush()
        session.add(IssueDocument(document_id="d1", issue_id="i1", when=NOW))
    with record.session() as session:
        session.delete(session.get_one(DocumentRow, "d1"))
    with record.session(write=False) as session:
        assert session.get(IssueDocument, "d1") is None


def test_two_people_cannot_overwrite_each_other(record: Record) -> None:
    with record.session() as session:
        session.add(Issue(id="i1", title="旧"))
    with pytest.raises(StaleDataError), record.session() as session:
        mine = session.get_one(Issue, "i1")
        session.execute(
            update(Issue).where(Issue.id == "i1").values(version=Issue.version + 1),
            execution_options={"synchronize_session": False},
        )
        mine.title = "新"
        session.flush()


def test_a_changed_or_missing_audit_row_shows(record: Record) -> None:
    with record.session() as session:
        for number in range(5):
            append(session, "张", "sign", f"draft:{number}", {"说明": "签发", "版本": number})
    with record.session(write=False) as session:
        assert verify(session) == (5, "")
    with record.session() as session:
        session.execute(update(AuditRow).where(AuditRow.number == 3).values(by="李"))
    with record.session(write=False) as session:
        assert verify(session)[0] == 2
        assert "3" in verify(session)[1]
    with record.session() as session:
        session.delete(session.get_one(AuditRow, 2))
    with record.session(write=False) as session:
        assert verify(session) == (1, "row 2 is missing")


def test_a_failed_unit_of_work_leaves_nothing(record: Record) -> None:
    with pytest.raises(ZeroDivisionError), record.session() as session:
        session.add(document(1))
        session.flush()
        raise ZeroDivisionError
    with record.session(write=False) as session:
        assert session.scalars(select(DocumentRow)).all() == []

"""Documents by month on a real PostgreSQL: one key a document, rows that move, months made and dropped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from huiyin.records import AnalysisRow, Base, DocumentRow, Issue, IssueDocument, Record, partitions
from huiyin.settings import Settings
from tests.postgres import fresh_database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def database() -> Iterator[Record]:
    with fresh_database() as address:
        made = Record.open(Settings(database=address))
        yield made
        made.close()


@pytest.fixture
def record(database: Record) -> Record:
    """Empty, with the months of NOW."""
    with database.engine.begin() as connection:
        connection.execute(delete(DocumentRow))
        connection.execute(delete(Issue))
        for name in partitions.partitions(connection):
            connection.execute(text(f"DROP TABLE {name}"))
    partitions.maintain(database.engine, NOW)
    return database


def document(name: str, when: datetime = NOW) -> DocumentRow:
    return DocumentRow(id=name, source="s", text=name, when=when, fetched=NOW)


def where(record: Record) -> dict[str, str]:
    with record.engine.connect() as connection:
        rows = connection.execute(text("SELECT id, tableoid::regclass::text FROM documents"))
        return {str(name): str(table) for name, table in rows}


def keys(record: Record) -> set[str]:
    with record.engine.connect() as connection:
        return set(connection.scalars(text("SELECT id FROM document_keys")))


def months(record: Record) -> list[str]:
    with record.engine.connect() as connection:
        return list(partitions.partitions(connection))


def test_months_are_ready_ahead(record: Record) -> None:
    assert months(record) == [
        "documents_y2026m10",
        "documents_y2026m11",
        "documents_y2026m12",
        "documents_y2027m01",
        "documents_y2027m02",
    ]
    assert partitions.maintain(record.engine, NOW) == partitions.Changed()
    turned = partitions.maintain(record.engine, NOW + timedelta(days=8))
    assert turned == partitions.Changed(("documents_y2027m03",), ())


def test_rows_lie_in_their_month_by_utc(record: Record) -> None:
    edge = datetime(2026, 12, 1, tzinfo=UTC)
    with record.session() as session:
        session.add_all(
            [
                document("before", edge - timedelta(seconds=1)),
                document("at", edge),
                document("old", NOW - timedelta(days=4000)),
                document("ahead", NOW + timedelta(days=4000)),
            ]
        )
    assert where(record) == {
        "before": "documents_y2026m11",
        "at": "documents_y2026m12",
        "old": "documents_default",
        "ahead": "documents_default",
    }


def test_one_id_stands_once_whatever_its_month(record: Record) -> None:
    with record.session() as session:
        session.add(document("d1"))
    with pytest.raises(IntegrityError), record.session() as session:
        session.add(document("d1", NOW + timedelta(days=20)))
    assert where(record) == {"d1": "documents_y2026m11"}


def test_two_that_store_the_same_document_at_once_store_it_once(record: Record) -> None:
    """Threads with the same ids and different months: each id goes in once, the loser is told."""
    ready, failed = threading.Barrier(4), []

    def store(number: int) -> None:
        for name in range(30):
            ready.wait(30)
            try:
                with record.session() as session:
                    session.add(document(f"d{name}", NOW + timedelta(days=31 * (number % 3) - 31)))
            except IntegrityError:
                failed.append(name)

    threads = [threading.Thread(target=store, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with record.session(write=False) as session:
        counts = session.execute(select(DocumentRow.id, func.count()).group_by(DocumentRow.id)).all()
    assert len(counts) == 30
    assert {count for _, count in counts} == {1}
    assert len(failed) == 90
    assert keys(record) == {f"d{name}" for name in range(30)}


def test_a_row_that_moves_to_another_month_keeps_what_hangs_on_it(record: Record) -> None:
    with record.session() as session:
        session.add_all([document("d1"), Issue(id="i1")])
        session.flush()
        session.add(IssueDocument(document_id="d1", issue_id="i1", when=NOW))
        session.add(AnalysisRow(document_id="d1", topic="health"))
    with record.session() as session:
        session.get_one(DocumentRow, "d1").when = NOW + timedelta(days=20)
    assert where(record) == {"d1": "documents_y2026m12"}
    with record.session(write=False) as session:
        row = session.get_one(DocumentRow, "d1")
        assert row.analysis is not None
        assert row.analysis.topic == "health"
        assert session.get_one(IssueDocument, "d1").issue_id == "i1"
    with record.session() as session:
        session.execute(delete(DocumentRow).where(DocumentRow.id == "d1"))
    with record.session(write=False) as session:
        assert session.get(IssueDocument, "d1") is None
        assert session.get(AnalysisRow, "d1") is None
    assert keys(record) == set()


def test_nothing_hangs_on_a_document_that_is_not_there(record: Record) -> None:
    with pytest.raises(IntegrityError), record.session() as session:
        session.add(AnalysisRow(document_id="nobody", topic="health"))


def test_an_id_never_changes(record: Record) -> None:
    with record.session() as session:
        session.add(document("d1"))
    with pytest.raises(DBAPIError, match="never changes"), record.session() as session:
        session.execute(text("UPDATE documents SET id = 'd2'"))


def test_every_child_of_documents_is_tied_to_the_key(record: Record) -> None:
    """A later migration that forgets this would leave a table without its tie on PostgreSQL."""
    wanted = {
        table.name
        for table in Base.metadata.tables.values()
        for tie in table.foreign_keys
        if tie.column.table.name == "documents"
    }
    with record.engine.connect() as connection:
        tied = connection.scalars(
            text(
                "SELECT conrelid::regclass::text FROM pg_constraint "
                "WHERE contype = 'f' AND confrelid = 'document_keys'::regclass AND confdeltype = 'c'"
            )
        )
        assert set(tied) == wanted


def test_a_crowded_month_gets_a_partition_of_its_own(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "WORTH", 50)
    old = datetime(2024, 2, 29, 23, tzinfo=UTC)
    with record.session() as session:
        session.add_all(document(f"a{number}", old - timedelta(hours=number)) for number in range(60))
        session.add_all(document(f"b{number}", old + timedelta(hours=1 + number)) for number in range(40))
        session.flush()
        session.add_all(AnalysisRow(document_id=f"a{number}", topic="health") for number in range(60))
    assert partitions.maintain(record.engine, NOW) == partitions.Changed(("documents_y2024m02",), ())
    placed = where(record)
    assert {placed[f"a{number}"] for number in range(60)} == {"documents_y2024m02"}
    assert {placed[f"b{number}"] for number in range(40)} == {"documents_default"}
    with record.session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(AnalysisRow)) == 60
    with record.session() as session:
        session.add(document("late", old))
    with pytest.raises(IntegrityError), record.session() as session:
        session.add(document("a1"))
    assert where(record)["late"] == "documents_y2024m02"
    assert len(keys(record)) == 101


def test_emptied_months_go_and_full_ones_stay(record: Record) -> None:
    with record.session() as session:
        session.add_all([document("d10", NOW - timedelta(days=40)), document("d11")])
    year = NOW + timedelta(days=200)
    changed = partitions.maintain(record.engine, year)
    assert "documents_y2026m12" in changed.dropped
    assert {"documents_y2026m10", "documents_y2026m11"} <= set(months(record))
    with record.session() as session:
        session.execute(delete(DocumentRow).where(DocumentRow.id == "d10"))
    assert partitions.maintain(record.engine, year) == partitions.Changed((), ("documents_y2026m10",))
    assert where(record) == {"d11": "documents_y2026m11"}


def test_a_round_while_others_write_loses_nothing(record: Record) -> None:
    """Rows of a month that is being made arrive all the while."""
    stop, stored, failed = threading.Event(), list[str](), list[BaseException]()
    later = datetime(2027, 3, 5, tzinfo=UTC)  # in the default partition until its month is made

    def store(number: int) -> None:
        count = 0
        try:
            while not stop.is_set():
                names = [f"w{number}-{count + step}" for step in range(5)]
                with record.session() as session:
                    session.add_all(document(name, later + timedelta(minutes=count)) for name in names)
                stored.extend(names)
                count += 5
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=store, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    try:
        for months_on in range(1, 5):
            partitions.maintain(record.engine, NOW + timedelta(days=31 * months_on))
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert failed == []
    assert len(stored) > 0
    assert set(where(record)) == set(stored) == keys(record)
    assert "documents_y2027m03" in months(record)


def test_sqlite_has_no_months(tmp_path: Path) -> None:
    record = Record.open(Settings(home=str(tmp_path)))
    assert partitions.maintain(record.engine, NOW) == partitions.Changed()
    record.close()

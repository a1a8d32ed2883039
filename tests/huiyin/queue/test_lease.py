"""Leases and seats on both databases: one holder, taken over when it is gone, and no word of an old holder is kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from huiyin.errors import Unavailable
from huiyin.queue.lease import FencedRecord, LeaseLost, acquire, living, release, renew
from huiyin.queue.seat import Seat, only_writer
from huiyin.records import Lease, Preference, Record, utcnow
from huiyin.settings import Settings
from tests.postgres import fresh_database

LONG, SHORT = timedelta(minutes=5), timedelta(seconds=-1)


@pytest.fixture(params=["sqlite", "postgresql"])
def record(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Record]:
    if request.param == "sqlite":
        made = Record.open(Settings(home=str(tmp_path)))
        yield made
        made.close()
        return
    with fresh_database() as address:
        made = Record.open(Settings(home=str(tmp_path), database=address))
        yield made
        made.close()


def test_one_holds_and_the_next_waits_until_it_is_given_back(record: Record) -> None:
    first = acquire(record, "group", "a", LONG)
    assert first is not None
    assert acquire(record, "group", "b", LONG) is None
    assert renew(record, first, LONG)
    release(record, first)
    second = acquire(record, "group", "b", LONG)
    assert second is not None
    assert second.token > first.token


def test_a_holder_that_is_not_heard_of_is_replaced_and_cannot_renew(record: Record) -> None:
    old = acquire(record, "group", "a", SHORT)
    new = acquire(record, "group", "b", LONG)
    assert old is not None
    assert new is not None
    assert not renew(record, old, LONG)
    release(record, old)  # a late goodbye frees nothing
    with record.session(write=False) as session:
        assert [(lease.name, lease.holder) for lease in living(session)] == [("group", "b")]


def test_what_an_old_holder_writes_is_not_kept(record: Record) -> None:
    old = acquire(record, "group", "a", SHORT)
    assert old is not None
    paused = FencedRecord(record, old)
    with paused.session() as session:
        session.merge(Preference(name="said", value={"by": "old"}))
    new = acquire(record, "group", "b", LONG)
    assert new is not None
    with pytest.raises(LeaseLost), paused.session() as session:
        session.merge(Preference(name="said", value={"by": "old again"}))
    with FencedRecord(record, new).session() as session:
        assert session.get_one(Preference, "said").value == {"by": "old"}


def test_a_writer_paused_in_the_middle_of_a_transaction_wakes_too_late(record: Record) -> None:
    if record.engine.dialect.name == "sqlite":
        pytest.skip("SQLite lets nobody in while a writer is paused")
    old = acquire(record, "group", "a", SHORT)
    assert old is not None
    with pytest.raises(LeaseLost), FencedRecord(record, old).session() as session:
        session.merge(Preference(name="said", value={"by": "old"}))
        session.flush()
        assert acquire(record, "group", "b", LONG) is not None
    with record.session(write=False) as session:
        assert session.get(Preference, "said") is None


def test_of_many_at_once_one_gets_it(record: Record) -> None:
    got: list[str] = []
    start = threading.Barrier(8)

    def go(name: str) -> None:
        start.wait()
        if acquire(record, "schedule", name, LONG):
            got.append(name)

    threads = [threading.Thread(target=go, args=(f"p{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(got) == 1


def test_a_seat_is_kept_by_its_thread_and_left_to_the_next(record: Record) -> None:
    first, second = Seat(record, "schedule", ttl=0.6), Seat(record, "schedule", ttl=0.6)
    second_name = update(Lease).where(Lease.name == "schedule").values(holder="another process")
    assert first.take()
    with record.session() as session:  # both live in this process, which may always take its own seat again
        session.execute(second_name)
    time.sleep(1.5)
    assert first.held
    assert not second.take()
    first.leave()
    assert not first.held
    assert second.take()
    second.leave()


def test_a_holder_that_hangs_lets_go_though_its_thread_lives(record: Record) -> None:
    seat = Seat(record, "group", ttl=0.6, stall=0.3)
    assert seat.take()
    time.sleep(1.5)
    assert not seat.held
    assert acquire(record, "group", "another process", LONG) is not None
    seat.leave()


def test_a_seat_that_was_taken_over_knows_it(record: Record) -> None:
    seat = Seat(record, "group", ttl=0.6)
    assert seat.take()
    with record.session() as session:
        session.execute(update(Lease).values(token=Lease.token + 1, until=utcnow() + LONG, holder="b"))
    time.sleep(0.8)
    assert not seat.held
    seat.leave()
    with record.session(write=False) as session:
        assert living(session)[0].holder == "b"


def test_a_second_writer_of_issues_is_refused_where_several_are_possible(record: Record) -> None:
    with only_writer(record) as (writing, _):
        if record.engine.dialect.name == "sqlite":
            assert writing is record
            return
        assert isinstance(writing, FencedRecord)
        with record.session() as session:
            session.execute(update(Lease).values(holder="another process"))
        with pytest.raises(Unavailable, match="groups"), only_writer(record):
            pass

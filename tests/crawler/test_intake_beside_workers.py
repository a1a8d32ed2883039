"""Intake on PostgreSQL beside other processes: a text that changes while it is analysed is analysed again; crossing stores agree."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crawler.intake import Intake
from huiyin.document import Document, document_id
from huiyin.records import DocumentRow, Record
from huiyin.settings import Settings
from nlp.work import locked
from tests.postgres import fresh_database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    with fresh_database() as address:
        yield Settings(home=str(tmp_path), database=address)


def document(number: int, text: str) -> Document:
    return Document(id=document_id("s", str(number)), source="s", text=text, fetched=NOW, kind="message")


def test_a_text_that_changes_while_it_is_analysed_is_analysed_again(settings: Settings) -> None:
    record = Record.open(settings)
    intake, name = Intake(record, settings), document(1, "").id
    intake.store([document(1, "小区停水三天了，没人管")])
    changed = threading.Thread(target=lambda: intake.store([document(1, "小区停水四天了，还是没人管")]))
    with record.session() as session:  # a worker writes what it found in the first text
        row = locked(session, [name])[name]
        row.state = "analysed"
        session.flush()
        changed.start()
        time.sleep(0.5)
    changed.join(30)
    with record.session(write=False) as session:
        row = session.get_one(DocumentRow, name)
        assert (row.version, row.state) == (2, "stored")
    record.close()


def test_two_machines_that_store_the_same_at_once_store_it_once(settings: Settings) -> None:
    records = [Record.open(settings) for _ in range(2)]
    intakes = [Intake(record, settings) for record in records]
    documents = [document(number, f"第{number}号楼的电梯坏了，一直没有人来修理") for number in range(150)]
    failures: list[BaseException] = []
    start = threading.Barrier(2)

    def go(place: int) -> None:
        start.wait()
        try:
            intakes[place].store(documents if place else documents[::-1])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=go, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    with records[0].session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(DocumentRow)) == 150
    for record in records:
        record.close()

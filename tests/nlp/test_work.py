"""The worker's analysis step on a real record: people's labels last, a bad text holds up no other, a killer goes alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from huiyin.document import Analysis
from huiyin.records import AnalysisRow, Correction, DocumentRow, Record
from huiyin.settings import Settings
from nlp.analyse import Analyser
from nlp.work import GIVE_UP, analyse_pending, claim

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    made = Record.open(Settings(home=str(tmp_path)))
    with made.session() as session:
        for number, text in enumerate(["小区停水三天了，没人管", "坏文字", "孩子上学怎么报名？"]):
            session.add(
                DocumentRow(id=f"d{number}", source="s", text=text, when=NOW + timedelta(minutes=number))
            )
    yield made
    made.close()


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser.load()


class Choking(Analyser):
    """The real analyser, but one text makes it fail."""

    def many(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        listed = list(rows)
        if any(row["text"] == "坏文字" for row in listed):
            raise ValueError("坏文字")
        return super().many(listed)


def states(record: Record) -> list[str]:
    with record.session(write=False) as session:
        return [session.get_one(DocumentRow, f"d{number}").state for number in range(3)]


def test_a_persons_label_outlives_a_new_analysis(record: Record, analyser: Analyser) -> None:
    assert analyse_pending(record, analyser, "w", NOW) == 3
    corrected = {"topic": "research", "urgency": "3", "sentiment": "1", "respond": "0"}
    with record.session() as session:
        for label, value in corrected.items():
            session.add(Correction(document_id="d0", field=label, old="", new=value, by="xie"))
        row = session.get_one(DocumentRow, "d0")
        row.text, row.version, row.state = "小区停水四天了，没人管", 2, "stored"
    assert analyse_pending(record, analyser, "w", NOW) == 1
    with record.session(write=False) as session:
        found = session.get_one(AnalysisRow, "d0")
        assert (found.topic, found.urgency, found.sentiment, found.respond) == ("research", 3, 1, False)
        assert {name: found.data[name] for name in corrected} == {
            "topic": "research",
            "urgency": 3,
            "sentiment": 1,
            "respond": False,
        }
        assert "四天" in found.words.replace(" ", "")


def test_a_text_that_fails_is_set_aside_and_the_others_go_on(record: Record, analyser: Analyser) -> None:
    choking = Choking.__new__(Choking)
    choking.__dict__.update(analyser.__dict__)
    assert analyse_pending(record, choking, "w", NOW) == 2
    assert states(record) == ["analysed", "failed", "analysed"]


def test_a_batch_that_killed_the_process_twice_goes_one_by_one_and_is_given_up(record: Record) -> None:
    at = NOW
    sizes = []
    for _ in range(2 + 3 * GIVE_UP):
        with record.session() as session:
            sizes.append(len(claim(session, at, "killed")))
        at += timedelta(hours=1)  # its claims expire
    assert sizes[:3] == [3, 3, 1]
    assert set(states(record)) == {"failed"}

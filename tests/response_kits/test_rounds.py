"""The writer's rounds: an index that is away holds up neither issues nor alerts; one that lost entries is filled again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from huiyin.errors import Unavailable
from huiyin.records import DocumentRow, Issue, Record
from huiyin.search import Entry, open_index
from huiyin.search.tantivy import TantivyIndex
from huiyin.settings import Settings
from nlp.analyse import Analyser
from nlp.work import Done, analyse_pending
from response_kits.rounds import Rounds

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=str(tmp_path))


@pytest.fixture
def record(settings: Settings) -> Iterator[Record]:
    made = Record.open(settings)
    with made.session() as session:
        for number, text in enumerate(["小区停水三天了，没人管", "孩子上学怎么报名？", "路灯不亮已经一个月"]):
            session.add(
                DocumentRow(id=f"d{number}", source="s", text=text, when=NOW - timedelta(minutes=number))
            )
    assert analyse_pending(made, Analyser.load(), "w") == 3
    yield made
    made.close()


class Away(TantivyIndex):
    """The real index behind a switch."""

    away = True

    def add(self, entries: Iterable[Entry]) -> int:
        if self.away:
            raise Unavailable("the index is away")
        return super().add(entries)


def test_an_index_that_is_away_holds_up_nothing_else(
    record: Record, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Away(settings.home_path / "index")
    rounds = Rounds(record, settings, index)
    done = rounds.round(Done())
    assert (done.grouped, done.indexed) == (3, 0)
    assert done.refreshed >= 1
    assert rounds.unindexed
    with record.session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Issue).where(Issue.documents > 0))
    index.away = False
    monkeypatch.setattr("response_kits.rounds.REST", 0.0)
    rounds._index_rests = 0.0
    assert rounds.round(Done()).indexed == 3
    assert not rounds.unindexed


def test_an_index_that_lost_its_entries_is_filled_again(record: Record, settings: Settings) -> None:
    index = open_index(settings)
    Rounds(record, settings, index).round(Done())
    assert index.count() == 3
    index.clear()  # its folder was removed, an older copy put in its place …
    assert Rounds(record, settings, index).round(Done()).indexed == 3
    assert index.count() == 3
    index.close()

"""The slow pass in the record: fragments go into their story with a reason, and not out of people's hands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crawler.intake import Intake
from huiyin.document import Document
from huiyin.records import Issue, IssueDocument, IssueEvent, Record
from huiyin.settings import load
from nlp.analyse import Analyser
from nlp.issues import IssueKeeper, consolidate
from nlp.regroup import find
from nlp.work import analyse_pending
from tests.nlp.corpus.test_gather import CHATTER, FIRE, FRAGMENT, SHORT

NOW = datetime(2026, 11, 2, 20, tzinfo=UTC)


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IssueKeeper:
    monkeypatch.setenv("HUIYIN_HOME", str(tmp_path))
    settings = load()
    record = Record.open(settings)
    texts = [*FIRE, *CHATTER, SHORT]
    Intake(record, settings).store(
        Document(
            id=f"d{number}", source="s", text=text, fetched=NOW, kind="post", author="u1" if f"d{number}" == FRAGMENT else f"u{number}",
            published=NOW - timedelta(hours=3, minutes=-number),
        )
        for number, text in enumerate(texts)
    )  # fmt: skip
    analyser = Analyser.load()
    while analyse_pending(record, analyser, "w", NOW):
        pass
    made = IssueKeeper(record, settings)
    while made.group_pending():
        pass
    return made


def _home(keeper: IssueKeeper, document: str) -> str:
    with keeper.record.session(write=False) as session:
        return session.get_one(IssueDocument, document).issue_id


def test_a_fragment_goes_into_its_story_with_a_reason(keeper: IssueKeeper) -> None:
    before = _home(keeper, FRAGMENT)
    assert before != _home(keeper, "d0")
    assert consolidate(keeper, NOW) >= 1
    story = _home(keeper, "d0")
    assert _home(keeper, FRAGMENT) == story
    with keeper.record.session(write=False) as session:
        issue = find(session, before)
        assert issue is not None
        assert issue.id == story
        events = session.scalars(select(IssueEvent).where(IssueEvent.issue_id == story)).all()
        assert any(event.kind == "merge" and "对数几率" in event.text for event in events)
    assert keeper.grouper.issue_of(FRAGMENT) == story
    assert consolidate(keeper, NOW) == 0


def test_a_fragment_that_somebody_works_on_takes_nothing_away(keeper: IssueKeeper) -> None:
    fragment = _home(keeper, FRAGMENT)
    with keeper.record.session() as session:
        for issue_id in (fragment, _home(keeper, "d0")):
            session.get_one(Issue, issue_id).owner = "li"
    consolidate(keeper, NOW)
    assert _home(keeper, FRAGMENT) == fragment


def test_a_story_that_somebody_works_on_still_takes_fragments_in(keeper: IssueKeeper) -> None:
    story = _home(keeper, "d0")
    with keeper.record.session() as session:
        session.get_one(Issue, story).owner = "li"
    consolidate(keeper, NOW)
    assert _home(keeper, FRAGMENT) == story

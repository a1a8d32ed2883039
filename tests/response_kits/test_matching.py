"""New documents against the rumour library: once each, again after the library changed, a person's word kept."""

from __future__ import annotations

from datetime import timedelta

from kit_world import NOW
from sqlalchemy import select

from huiyin.records import AnalysisRow, DocumentRow, Preference, Record, RumourMatch
from huiyin.settings import Settings
from response_kits.library import rumours
from response_kits.library.matching import match_pending

CLAIM = "云江大桥出现裂缝，将于十二月一日起封闭三个月"


def add(record: Record, key: str, text: str, minutes: int, kind: str = "post") -> None:
    made = NOW + timedelta(minutes=minutes)
    with record.session() as session:
        session.add(
            DocumentRow(id=key, source="t", text=text, fetched=made, when=made, kind=kind, content_hash=key)
        )
        session.flush()
        session.add(AnalysisRow(document_id=key, topic="transport", made=made))


def links(record: Record) -> dict[str, str]:
    with record.session(write=False) as session:
        return {row.document_id: row.decision for row in session.scalars(select(RumourMatch))}


def enter(record: Record, claim: str) -> int:
    with record.session() as session:
        return rumours.add(session, claim, by="t", now=NOW).id


def test_documents_are_linked_once(record: Record, settings: Settings) -> None:
    enter(record, CLAIM)
    add(record, "a", CLAIM + "，快转发", 1)
    add(record, "b", "食堂的饭菜很好吃", 2)
    add(record, "c", CLAIM, 3, kind="policy")
    assert match_pending(record, settings, NOW + timedelta(hours=1)) == 1
    assert match_pending(record, settings, NOW + timedelta(hours=2)) == 0
    assert links(record) == {"a": "auto"}
    add(record, "d", "听说" + CLAIM, 90)
    assert match_pending(record, settings, NOW + timedelta(hours=3)) == 1
    assert set(links(record)) == {"a", "d"}


def test_a_denial_waits_for_a_person(record: Record, settings: Settings) -> None:
    enter(record, CLAIM)
    add(record, "a", "辟谣：网传“" + CLAIM + "”不实", 1)
    match_pending(record, settings, NOW + timedelta(hours=1))
    assert links(record) == {"a": "suggest"}


def test_a_new_rumour_is_sought_in_older_documents_and_words_of_people_stay(
    record: Record, settings: Settings
) -> None:
    enter(record, CLAIM)
    add(record, "a", CLAIM, 1)
    add(record, "b", "自来水里有毒，今晚全市停水，大家快去买水", 2)
    match_pending(record, settings, NOW + timedelta(hours=1))
    with record.session() as session:
        row = session.scalars(select(RumourMatch)).one()
        rumours.confirm(session, row.id, False, "t", NOW)
    enter(record, "自来水里有毒，今晚全市停水")
    assert match_pending(record, settings, NOW + timedelta(hours=2)) >= 1
    assert links(record)["a"] == "rejected"
    assert links(record)["b"] in ("auto", "suggest")


def test_withdrawn_rumours_are_not_sought(record: Record, settings: Settings) -> None:
    number = enter(record, CLAIM)
    with record.session() as session:
        rumours.move(session, number, "withdraw", "t", "属实", NOW)
    add(record, "a", CLAIM, 1)
    assert match_pending(record, settings, NOW + timedelta(hours=1)) == 0
    with record.session(write=False) as session:
        assert session.get(Preference, "matched") is not None

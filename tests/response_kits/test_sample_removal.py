"""The sample goes without leaving anything: its marks, and what people typed into its drafts and did not save."""

from __future__ import annotations

from kit_world import NOW
from sqlalchemy import select

from dashboard import sample
from huiyin.records import Draft, Issue, Preference, Record
from huiyin.search import open_index
from huiyin.settings import Settings


def test_removal_takes_marks_and_unsaved_words(record: Record, settings: Settings) -> None:
    with record.session() as session:
        for key, shown in (("sample-issue", True), ("real-issue", False)):
            session.add(Issue(id=key, title="x", first=NOW, last=NOW, seen=NOW, sample=shown))
            session.flush()
            draft = Draft(
                issue_id=key, kind="notice", title="x", text="x", author="a", state="draft", version=1, made=NOW, changed=NOW,
                bindings=[], gaps=[], about={}, sample=shown,
            )  # fmt: skip
            session.add(draft)
            session.flush()
            session.add(Preference(name=f"autosave:{draft.id}:{key}", value={"text": "y"}))
        for name in ("sample", "sample_answers", "sample_waiting"):
            session.add(Preference(name=name, value={}))
    sample.remove(record, open_index(settings), "admin")
    with record.session(write=False) as session:
        names = set(session.scalars(select(Preference.name)))
        left = session.scalars(select(Draft)).one()
    assert names == {f"autosave:{left.id}:real-issue", "sample_removed"}
    assert left.issue_id == "real-issue"

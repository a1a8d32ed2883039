"""Backup, restore, purge and reindex on a real record and index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from dashboard.operations import backup, reindex, restore
from dashboard.retention import purge
from huiyin.errors import HuiyinError, UsageError
from huiyin.records import AnalysisRow, DocumentRow, Issue, IssueDocument, Record, Source
from huiyin.records.audit import append
from huiyin.search import Entry, Query, open_index
from huiyin.settings import Settings

NOW = datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=str(tmp_path / "home"))
    record = Record.open(made)
    with record.session() as session:
        session.add(Source(name="short", retention_days=10))
        session.add(Issue(id="i1"))
        session.flush()
        for number, (source, days) in enumerate([("short", 5), ("short", 20), ("long", 20), ("long", 800)]):
            row = DocumentRow(
                id=f"d{number}", source=source, text="食堂", when=NOW - timedelta(days=days), state="grouped"
            )
            session.add(row)
            session.flush()
            session.add(AnalysisRow(document_id=row.id, topic="education", words="食堂"))
            session.add(IssueDocument(document_id=row.id, issue_id="i1", when=row.when))
        append(session, "test", "fill", "record")
    record.close()
    reindex(made)
    return made


def ids(settings: Settings) -> set[str]:
    record = Record.open(settings)
    with record.session(write=False) as session:
        found = set(session.scalars(select(DocumentRow.id)))
    record.close()
    return found


def test_purge_keeps_each_sources_promise_in_record_and_index(settings: Settings) -> None:
    assert purge(settings)["documents"] == 2
    assert ids(settings) == {"d0", "d2"}
    assert set(open_index(settings).search(Query()).ids) == {"d0", "d2"}
    assert purge(settings)["documents"] == 0


def test_months_past_every_promise_go_from_the_index_as_a_whole(settings: Settings) -> None:
    """An entry that the record lost sight of would stay for ever if only known ids were removed."""
    index = open_index(settings)
    old = NOW - timedelta(days=settings.retention_days + 70)
    index.add([Entry("stray", old, ("食堂",)), Entry("young", NOW - timedelta(days=40), ("食堂",))])
    assert "stray" in set(index.search(Query()).ids)
    index.close()
    purge(settings)
    assert set(open_index(settings).search(Query()).ids) == {"d0", "d2", "young"}


def test_a_backup_comes_back_whole(settings: Settings, tmp_path: Path) -> None:
    (settings.home_path / "secrets").mkdir()
    (settings.home_path / "secrets" / "app.key").write_bytes(b"k" * 32)
    file = tmp_path / "backups" / "one.tar.gz"
    assert backup(settings, file) == {"documents": 4, "issues": 1, "audit": 1}
    assert file.stat().st_mode & 0o077 == 0
    record = Record.open(settings)
    with record.session() as session:
        session.delete(session.get_one(DocumentRow, "d0"))
    record.close()
    (settings.home_path / "secrets" / "app.key").unlink()
    assert restore(settings, file)["documents"] == 4
    assert ids(settings) == {"d0", "d1", "d2", "d3"}
    assert open_index(settings).count() == 4
    assert (settings.home_path / "secrets" / "app.key").read_bytes() == b"k" * 32
    other = Settings(home=str(tmp_path / "elsewhere"))
    assert restore(other, file)["documents"] == 4


def test_what_is_no_backup_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.tar.gz"
    wrong.write_bytes(b"not an archive")
    with pytest.raises(UsageError, match="not a backup"):
        restore(settings, wrong)
    file = tmp_path / "one.tar.gz"
    backup(settings, file)
    file.write_bytes(file.read_bytes()[:-2000])
    with pytest.raises(HuiyinError):
        restore(settings, file)
    assert len(ids(settings)) == 4


def test_reindex_can_be_repeated(settings: Settings) -> None:
    assert (reindex(settings), reindex(settings)) == (4, 4)
    record = Record.open(settings)
    with record.session(write=False) as session:
        assert (
            session.scalar(
                select(func.count()).select_from(DocumentRow).where(DocumentRow.indexed.is_(False))
            )
            == 0
        )
    record.close()

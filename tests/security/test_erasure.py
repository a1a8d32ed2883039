"""Erasing: nothing of it is left in record, index, what was worked out, or the database's free pages; a restored backup erases it again."""

from __future__ import annotations

import json
import shutil
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crawler.intake import Intake
from crawler.pseudonym import Pseudonyms
from dashboard import backup_manifest, erasure
from dashboard.operations import backup, reindex, restore
from dashboard.retention import purge
from huiyin import cli
from huiyin.document import Comment, Document, document_id
from huiyin.errors import NotFound
from huiyin.records import (
    Alert,
    AnalysisRow,
    AuditRow,
    Brief,
    Correction,
    DocumentRow,
    Draft,
    Erasure,
    Fact,
    Issue,
    IssueDocument,
    OptOut,
    Quarantine,
    Record,
    Source,
    Statement,
    Visit,
    utcnow,
)
from huiyin.records.audit import verify
from huiyin.search import Query, open_index
from huiyin.settings import Settings

NOW = utcnow()
AUTHOR, WORDS = "云江小明", "家住滨河花园六栋的隐秘往事"
OURS = document_id("forum", "1")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=str(tmp_path / "home"))
    fill(made)
    return made


def fill(settings: Settings) -> None:
    record = Record.open(settings)
    with record.session() as session:
        session.add_all([Source(name="forum"), Source(name="paper")])
    Intake(record, settings).store(documents())
    with record.session() as session:
        session.add_all(
            [
                Issue(id="whole", title="小区停水", dirty=False),
                Issue(id="alone", title=WORDS, summary=WORDS, dirty=False),
            ]
        )
        session.flush()
        for row in session.scalars(select(DocumentRow)):
            session.add(AnalysisRow(document_id=row.id, topic="other", words=" ".join(row.text)))
            home = "alone" if row.id == document_id("forum", "2") else "whole"
            session.add(IssueDocument(document_id=row.id, issue_id=home, when=row.when))
            row.state = "grouped"
        issue = session.get_one(Issue, "whole")
        issue.concerns = [
            {
                "question": "何时来水",
                "examples": [
                    {"document": OURS, "text": WORDS},
                    {"document": document_id("forum", "3"), "text": "何时来水"},
                ],
            }
        ]
        issue.timeline = [{"at": NOW.isoformat(), "kind": "burst", "text": WORDS, "document": OURS}]
        session.add(
            Alert(
                issue_id="whole", dedup="a", evidence={"documents": 3, "posts": [{"id": OURS, "text": WORDS}]}
            )
        )
        session.add(Fact(issue_id="whole", text=WORDS, document_id=OURS, span=[0, 5]))
        session.add(Fact(issue_id="whole", text="已经恢复供水。", document_id=OURS, state="verified"))
        session.add(Correction(document_id=OURS, field="topic"))
        session.add(
            Brief(
                period="2026-W47",
                title="周报",
                model={"cases": [{"document": OURS, "text": WORDS}, {"document": "other", "text": "其他"}]},
            )
        )
        session.add(Quarantine(source="forum", url="http://forum.example/9", reason="x", body=WORDS.encode()))
        session.add(Visit(url="http://forum.example/1", source="forum"))
    record.close()
    reindex(settings)


def documents() -> list[Document]:
    def one(number: int, source: str, text: str, author: str, **more: object) -> Document:
        at = NOW - timedelta(days=number)
        return Document(
            id=document_id(source, str(number)), source=source, kind="post", text=text, author=author, published=at, fetched=NOW,
            url=f"http://{source}.example/{number}", **more,
        )  # fmt: skip

    return [
        one(1, "forum", f"{WORDS}，从昨天起一直没有水，物业说正在修，大家都在等。", AUTHOR),
        one(2, "forum", f"再说一遍：{WORDS}，希望有人管一管这件事情，我们等了三天。", AUTHOR),
        one(3, "forum", "停水两天了，什么时候来水？小区里老人多，提水上楼不方便。", "别人", comments=(Comment(f"{WORDS}！", None, AUTHOR), Comment("同问", None, "别人"))),
        one(4, "paper", "供水公司通报抢修进展，预计今晚恢复供水，已调派送水车八辆。", ""),
    ]  # fmt: skip


def pieces(home: Path) -> bytes:
    """Every byte of the database and its log."""
    return b"".join(file.read_bytes() for file in home.glob("huiyin.db*"))


def run(settings: Settings, *words: str) -> int:
    return cli.main(["--home", settings.home, *words])


def held(settings: Settings) -> set[str]:
    record = Record.open(settings)
    with record.session(write=False) as session:
        found = set(session.scalars(select(DocumentRow.id)))
    record.close()
    return found


def test_a_person_s_words_are_gone_everywhere(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert WORDS.encode() in pieces(settings.home_path)
    assert run(settings, "purge", "--author", AUTHOR) == 0
    assert "2 documents would be erased" in capsys.readouterr().out
    assert len(held(settings)) == 4
    assert run(settings, "purge", "--author", AUTHOR, "--reason", "本人申请", "--yes") == 0
    assert "2 documents erased, 1 comments erased" in capsys.readouterr().out
    record = Record.open(settings)
    with record.session(write=False) as session:
        rows = list(session.scalars(select(DocumentRow).order_by(DocumentRow.id)))
        assert {row.id for row in rows} == {document_id("forum", "3"), document_id("paper", "4")}
        assert [c["text"] for row in rows for c in row.comments] == ["同问"]
        issue = session.get_one(Issue, "whole")
        assert [e["document"] for e in issue.concerns[0]["examples"]] == [document_id("forum", "3")]
        assert (issue.timeline, issue.dirty) == ([], True)
        assert session.get(Issue, "alone") is None
        assert session.scalars(select(Alert)).one().evidence == {"documents": 3, "posts": []}
        facts = {fact.state: fact for fact in session.scalars(select(Fact))}
        assert facts["verified"].text == "已经恢复供水。"
        assert facts["withdrawn"].text == "（原文已按要求删除）"
        assert not any(fact.document_id for fact in facts.values())
        assert session.scalars(select(Brief)).one().model == {
            "cases": [{"document": "other", "text": "其他"}]
        }
        assert session.scalar(select(func.count()).select_from(Correction)) == 0
        assert session.scalar(select(func.count()).select_from(AnalysisRow)) == 2
        row = session.scalars(select(Erasure)).one()
        assert (row.kind, row.counts) == ("author", {"documents": 2, "comments": 1, "quarantine": 0})
        assert AUTHOR not in json.dumps([row.subject, row.reason], ensure_ascii=False)
        told = list(session.scalars(select(AuditRow).where(AuditRow.act == "erase")))
        assert len(told) == 1
        assert verify(session)[1] == ""
        kept = [page.body.decode() for page in session.scalars(select(Quarantine))]
    record.close()
    assert kept == [WORDS]  # pages in quarantine have no author: they go by source, or after thirty days
    index = open_index(settings)
    assert set(index.search(Query()).ids) == {document_id("forum", "3"), document_id("paper", "4")}
    index.close()
    bytes_left = pieces(settings.home_path).replace(kept[0].encode(), b"", 1)
    assert WORDS.encode() not in bytes_left  # free pages and the log are overwritten, too


def test_written_work_outlives_the_posts_that_it_answered(settings: Settings) -> None:
    record = Record.open(settings)
    with record.session() as session:
        session.add(
            Draft(issue_id="alone", kind="notice", title="关于停水的通报", text="已恢复。", author="zhang")
        )
        session.add(Statement(issue_id="alone", title="通报", text="已恢复。", body=""))
    erasure.erase(
        record, None, settings, "author", erasure.by_author(Pseudonyms.open(settings), AUTHOR), by="test"
    )
    with record.session(write=False) as session:
        issue = session.get_one(Issue, "alone")
        assert (issue.title, issue.summary) == ("（原文已按要求删除）", "")
        assert session.scalars(select(Draft)).one().text == "已恢复。"
    record.close()


def test_a_source_goes_with_its_pages(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(settings, "purge", "--source", "nowhere", "--yes") == 1
    assert "nowhere" in capsys.readouterr().err
    day = (NOW - timedelta(days=2.5)).isoformat()
    assert run(settings, "purge", "--source", "forum", "--before", day, "--yes") == 0
    assert held(settings) == {OURS, document_id("forum", "2"), document_id("paper", "4")}
    assert run(settings, "purge", "--source", "forum", "--before", "soon", "--yes") == 2
    assert run(settings, "purge", "--source", "forum", "--yes") == 0
    assert held(settings) == {document_id("paper", "4")}
    record = Record.open(settings)
    with record.session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Quarantine)) == 0
        assert session.scalar(select(func.count()).select_from(Visit)) == 0
    record.close()


def test_a_page_goes_by_its_address_and_stays_away(settings: Settings) -> None:
    assert run(settings, "purge", "--url", "http://forum.example/1?utm_source=x", "--opt-out", "--yes") == 0
    assert OURS not in held(settings)
    record = Record.open(settings)
    counts = Intake(record, settings).store(documents())
    assert counts.filtered == 1
    assert counts.new + counts.duplicate == 0
    assert OURS not in held(settings)
    with pytest.raises(NotFound), record.session() as session:
        erasure.by_url(session, "http://forum.example/none")
    record.close()


def test_copies_of_an_erased_first_get_a_new_first(settings: Settings) -> None:
    record = Record.open(settings)
    with record.session() as session:
        for number, first in ((2, OURS), (3, OURS)):
            session.get_one(DocumentRow, document_id("forum", str(number))).duplicate_of = first
    erasure.erase(record, None, settings, "documents", erasure.by_documents([OURS]), by="test")
    with record.session(write=False) as session:
        leads = {
            row.id: row.duplicate_of
            for row in session.scalars(select(DocumentRow).where(DocumentRow.source == "forum"))
        }
    record.close()
    # The earliest that is left leads (numbers count days back).
    assert leads == {document_id("forum", "3"): "", document_id("forum", "2"): document_id("forum", "3")}


def test_a_restored_backup_is_erased_again(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backups" / "one.tar.gz"
    backup(settings, file)
    assert run(settings, "purge", "--author", AUTHOR, "--yes") == 0
    lines = [
        json.loads(line) for line in (file.parent / backup_manifest.NAME).read_text("utf-8").splitlines()
    ]
    assert [next(iter(line)) for line in lines] == ["backup", "erasure"]
    assert AUTHOR not in str(lines)
    assert restore(settings, file)["erasures carried out again"] == 1
    assert held(settings) == {document_id("forum", "3"), document_id("paper", "4")}
    assert open_index(settings).count() == 2
    # On a new machine only the folder of the backups is there.
    elsewhere = Settings(home=str(tmp_path / "elsewhere"))
    assert restore(elsewhere, file)["documents"] == 2
    # A backup that was made after the erasure has nothing to be erased again.
    later = tmp_path / "backups" / "two.tar.gz"
    backup(settings, later)
    assert "erasures carried out again" not in restore(settings, later)
    record = Record.open(settings)
    with record.session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Erasure)) == 1
    record.close()


def test_a_folder_of_backups_that_was_away_is_told_by_the_next_backup(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, away = tmp_path / "disk", tmp_path / "unplugged"
    backup(settings, folder / "one.tar.gz")
    folder.rename(away)
    assert run(settings, "purge", "--author", AUTHOR, "--yes") == 0
    assert str(folder) in capsys.readouterr().err
    away.rename(folder)
    assert "erasure" not in (folder / backup_manifest.NAME).read_text("utf-8")
    backup(settings, folder / "two.tar.gz")
    assert (folder / backup_manifest.NAME).read_text("utf-8").count('"erasure"') == 1
    elsewhere = Settings(home=str(tmp_path / "elsewhere"))
    assert restore(elsewhere, folder / "one.tar.gz")["documents"] == 2


def test_erasures_can_be_carried_out_again_by_hand(settings: Settings, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(settings.home_path, copy)
    assert run(settings, "purge", "--author", AUTHOR, "--yes") == 0
    other = replace(settings, home=str(copy))
    assert run(other, "purge", "--again", str(settings.home_path / backup_manifest.NAME)) == 0
    assert held(other) == {document_id("forum", "3"), document_id("paper", "4")}
    assert run(other, "purge", "--again", str(tmp_path / "none")) == 2


def test_an_interrupted_erasure_is_finished_by_the_job_of_the_night(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, index = Record.open(settings), open_index(settings)
    subject = erasure.by_author(Pseudonyms.open(settings), AUTHOR)

    def cut(*_: object, **__: object) -> None:
        raise SystemExit("the power went")

    monkeypatch.setattr(erasure, "remove_documents", cut)
    with pytest.raises(SystemExit):
        erasure.erase(record, index, settings, "author", subject, by="test")
    monkeypatch.undo()
    index.close()
    record.close()
    assert len(held(settings)) == 4
    purge(settings)
    assert held(settings) == {document_id("forum", "3"), document_id("paper", "4")}


def test_retention_strips_evidence_and_is_written_down(settings: Settings) -> None:
    record = Record.open(settings)
    with record.session() as session:
        session.get_one(Source, "forum").retention_days = 1
    record.close()
    assert purge(settings, NOW + timedelta(hours=1))["documents"] == 3
    record = Record.open(settings)
    with record.session(write=False) as session:
        row = session.scalars(select(Erasure)).one()
        assert (row.kind, row.subject["source"], row.counts["documents"]) == ("age", "forum", 3)
        assert session.scalars(select(Alert)).one().evidence["posts"] == []
        assert session.get_one(Issue, "alone").title == WORDS  # what it was about stays on file; nobody asked
    record.close()
    assert purge(settings, NOW + timedelta(hours=1))["documents"] == 0


def test_a_damaged_manifest_stops_a_restore(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "backups" / "one.tar.gz"
    backup(settings, file)
    with (file.parent / backup_manifest.NAME).open("a") as stream:
        stream.write("{half a line\n")
    assert run(settings, "restore", str(file)) == 2
    assert len(held(settings)) == 4


def test_opt_out_by_the_command_line_reads_a_name_from_standard_input(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(f"{AUTHOR}\n"))
    assert run(settings, "purge", "--author", "-", "--opt-out", "--yes") == 0
    record = Record.open(settings)
    with record.session(write=False) as session:
        row = session.scalars(select(OptOut)).one()
    assert row.value.startswith("o")
    counts = Intake(record, settings).store(documents())
    assert counts.filtered == 2
    with record.session(write=False) as session:
        texts = [c["text"] for row in session.scalars(select(DocumentRow)) for c in row.comments]
    assert texts == ["同问"]
    record.close()


def test_erasing_twice_and_while_documents_come_in_is_safe(settings: Settings) -> None:
    record, index = Record.open(settings), open_index(settings)
    subject = erasure.by_source("forum")
    first, _ = erasure.erase(record, index, settings, "source", subject, by="test")
    second, _ = erasure.erase(record, index, settings, "source", subject, by="test")
    assert (first.counts["documents"], second.counts["documents"]) == (3, 0)
    index.close()
    record.close()
    with sqlite3.connect(settings.home_path / "huiyin.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection.close()

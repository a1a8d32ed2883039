"""The weekly brief: frozen figures, the same in all three formats, never a percentage out of nothing."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from huiyin.errors import UsageError
from huiyin.records import AnalysisRow, Brief, DocumentRow, Issue, IssueDocument, Record, Source
from huiyin.settings import Settings
from response_kits.briefs import make, render
from response_kits.briefs.model import week_window

MONDAY = datetime(2026, 11, 15, 16, tzinfo=UTC)  # Monday 16 November, 0:00 in Shanghai
NOW = MONDAY + timedelta(days=8)
SETTINGS = Settings()


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    made = Record.open(Settings(home=str(tmp_path)))
    with made.session() as session:
        session.add(Source(name="forum", title="云江在线论坛", enabled=True))
        session.add(
            Source(
                name="paper",
                title="云江日报",
                enabled=True,
                state="broken",
                state_reason="列表规则 h3 没有找到链接",
            )
        )
        session.add(
            Issue(id="i1", title="第三小学多名学生就餐后呕吐 <b>", topic="food_drug", level=2, documents=9, folded=9, summary="多名学生送医。",
                  concerns=[{"question": "食材从哪里来？", "kind": "question", "count": 4, "examples": []}])
        )  # fmt: skip
        session.flush()
        for number in range(12):
            when = MONDAY + timedelta(hours=13 * number)
            row = DocumentRow(id=f"d{number}", source="forum", text="呕吐", when=when, state="grouped")
            session.add(row)
            session.flush()
            session.add(
                AnalysisRow(document_id=row.id, topic="food_drug", sentiment=-1 if number % 3 == 0 else 0)
            )
            session.add(IssueDocument(document_id=row.id, issue_id="i1", when=when))
    yield made
    made.close()


def made_brief(record: Record, week: str = "2026-W47") -> Brief:
    with record.session() as session:
        return make(session, SETTINGS, week, by="test", now=NOW)


def text_of(content: bytes, form: str) -> str:
    if form == "html":
        return re.sub(r"<[^>]+>", "", content.decode())
    if form == "docx":
        return re.sub(r"<[^>]+>", "", zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode())
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_the_week_is_monday_to_monday_in_the_offices_zone() -> None:
    window = week_window("2026-W47", SETTINGS)
    assert (window.since, window.until) == (MONDAY, MONDAY + timedelta(days=7))
    for wrong in ("2026-47", "2026-W54", "last"):
        with pytest.raises(UsageError):
            week_window(wrong, SETTINGS)


def test_counts_are_those_of_the_rows(record: Record) -> None:
    model = made_brief(record).model
    assert model["volume"]["total"] == 12
    assert model["volume"]["negative"] == 4
    assert sum(day["count"] for day in model["volume"]["daily"]) == 12
    assert len(model["volume"]["daily"]) == 7
    assert model["events"][0]["count"] == 12
    assert [row["name"] for row in model["coverage"]["failed"]] == ["paper"]


@pytest.mark.parametrize("form", ["html", "docx", "pdf"])
def test_every_format_says_the_same(record: Record, form: str) -> None:
    brief = made_brief(record)
    text = re.sub(r"\s+", "", text_of(render(brief.model, SETTINGS, form), form))
    for words in (
        "云江市舆情周报",
        "信息12条",
        "负面4条",
        "第三小学多名学生就餐后呕吐",
        "食材从哪里来",
        "列表规则h3没有找到链接",
        "上周同期没有数据，无法比较",
    ):
        assert words in text.replace("&lt;", "<"), (form, words)


def test_a_title_cannot_become_markup(record: Record) -> None:
    assert b"<b>" not in render(made_brief(record).model, SETTINGS, "html")


def test_figures_are_frozen_and_a_signed_brief_is_never_changed(record: Record) -> None:
    first = made_brief(record)
    with record.session() as session:
        session.get_one(Brief, first.id).state = "signed"
        session.add(
            DocumentRow(
                id="late", source="forum", text="又一条", when=MONDAY + timedelta(days=1), state="grouped"
            )
        )
    second = made_brief(record)
    assert (second.id != first.id, second.version, second.model["volume"]["total"]) == (True, 2, 13)
    with record.session(write=False) as session:
        assert session.get_one(Brief, first.id).model["volume"]["total"] == 12


def test_a_week_without_documents_says_so(record: Record) -> None:
    with record.session() as session:
        model = make(session, SETTINGS, "2026-W40", by="test", now=NOW).model
    assert "没有采集到内容" in model["lead"]
    assert render(model, SETTINGS, "pdf")[:5] == b"%PDF-"


def test_a_week_to_come_is_wrong_use(record: Record) -> None:
    with pytest.raises(UsageError, match="not begun"):
        made_brief(record, "2026-W50")

"""Briefs of every kind: frozen figures, the same in all three formats, an issue as it was, never a percentage out of nothing."""

from __future__ import annotations

import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from huiyin.errors import Conflict, UsageError
from huiyin.records import (
    AnalysisRow,
    Brief,
    DocumentRow,
    Issue,
    IssueDocument,
    IssueEvent,
    IssueLevel,
    Record,
    Source,
    Statement,
)
from huiyin.settings import Settings
from response_kits.briefs import (
    digest,
    draw,
    edit,
    foreign_figures,
    kinds,
    make,
    periods,
    render,
    sign,
    unaltered,
)
from response_kits.briefs.render import view

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
            Issue(
                id="i1", title="第三小学多名学生就餐后呕吐 <b>", topic="food_drug", level=2, documents=9, folded=9, summary="多名学生送医。", dirty=False,
                concerns=[{"question": "食材从哪里来？", "kind": "question", "count": 4, "examples": []}], first=MONDAY, last=MONDAY + timedelta(hours=143), seen=MONDAY,
                timeline=[{"at": MONDAY.isoformat(), "kind": "first", "text": "首次出现：呕吐", "document": "d0"}], must_answer=[{"kind": "vital", "reason": "学生"}],
            )
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


KEYS = {"weekly": "2026-W47", "daily": "2026-11-16", "special": "i1", "yearly": "2026"}


def made_brief(record: Record, kind: str = "weekly", key: str = "") -> Brief:
    with record.session() as session:
        return make(session, SETTINGS, key or KEYS[kind], by="test", now=NOW, kind_name=kind)


def text_of(content: bytes, form: str) -> str:
    if form == "html":
        text = unescape(re.sub(r"<[^>]+>", "", content.decode()))
    elif form == "docx":
        text = unescape(
            re.sub(r"<[^>]+>", "", zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode())
        )
    else:
        text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        text = re.sub(r"— \d+ —", "", text)  # a page's number may stand in the middle of a paragraph
    return unicodedata.normalize("NFKC", re.sub(r"\s+", "", text))


def said(brief: dict[str, Any]) -> list[str]:
    """Every piece of words and every figure of the blocks."""
    found = [brief["title"], brief["number"], brief["span"]]
    for block in brief["blocks"]:
        found += [
            block.get("text", ""),
            block.get("title", ""),
            block.get("note", ""),
            *block.get("items", ()),
        ]
        if block["kind"] == "table":
            found += [
                *block["head"],
                *(part for row in block["rows"] for cell in row for part in (cell["text"], cell["sub"])),
            ]
    return [unicodedata.normalize("NFKC", re.sub(r"\s+", "", words)) for words in found if words]


@pytest.mark.parametrize("form", ["html", "docx", "pdf"])
@pytest.mark.parametrize("kind", sorted(KEYS))
def test_every_format_says_every_word_and_figure_of_the_one_model(
    record: Record, kind: str, form: str
) -> None:
    brief = made_brief(record, kind)
    text = text_of(render(brief.model, SETTINGS, form), form)
    missing = [words for words in said(view(brief.model, SETTINGS)) if words not in text]
    assert missing == []


def test_every_kind_is_tried() -> None:
    assert set(kinds()) == set(KEYS)


def test_the_week_is_monday_to_monday_in_the_offices_zone() -> None:
    week = periods.week("2026-W47", SETTINGS, NOW)
    assert (week.window.since, week.window.until) == (MONDAY, MONDAY + timedelta(days=7))
    assert week.complete
    for wrong in ("2026-47", "2026-W54", "last"):
        with pytest.raises(UsageError):
            periods.week(wrong, SETTINGS, NOW)


def test_a_running_week_is_compared_with_the_same_days_of_the_week_before() -> None:
    week = periods.week("2026-W47", SETTINGS, MONDAY + timedelta(days=2, hours=3))
    assert not week.complete
    assert (week.before.since, week.before.until) == (
        MONDAY - timedelta(days=7),
        MONDAY - timedelta(days=4, hours=21),
    )


def test_counts_are_those_of_the_rows(record: Record) -> None:
    model = made_brief(record).model
    assert (model["volume"]["total"], model["volume"]["negative"]) == (12, 4)
    assert [row["count"] for row in model["volume"]["buckets"]] == [2, 2, 2, 2, 2, 2, 0]
    assert model["events"][0]["count"] == 12
    assert [row["name"] for row in model["coverage"]["failed"]] == ["paper"]
    assert "上周同期没有数据，无法比较" in model["lead"]


def test_a_day_counts_its_day_only(record: Record) -> None:
    model = made_brief(record, "daily").model
    assert model["volume"]["total"] == 2
    assert [row["count"] for row in model["volume"]["buckets"]] == [1, 0, 0, 0, 1, 0, 0, 0]


def test_a_year_counts_issues_answers_and_their_time(record: Record) -> None:
    with record.session() as session:
        session.add(
            Statement(
                issue_id="i1", title="情况通报", text="已送医。", published=MONDAY + timedelta(hours=30)
            )
        )
    model = made_brief(record, "yearly").model
    assert {key: model["issues"][key] for key in ("total", "must", "answered", "hours", "topics")} == {
        "total": 1, "must": 1, "answered": 1, "hours": 30.0, "topics": [["food_drug", 1, 1]]
    }  # fmt: skip
    assert model["statements"] == {"": 1}


def test_an_issue_stands_in_a_brief_as_it_was_at_the_periods_end(record: Record) -> None:
    later = MONDAY + timedelta(days=9)
    with record.session() as session:
        issue = session.get_one(Issue, "i1")
        issue.summary, issue.level, issue.last, issue.unit = "后来查明是水质问题。", 3, later, "后来的单位"
        issue.timeline = [
            *issue.timeline,
            {"at": later.isoformat(), "kind": "official", "text": "后来的通报", "document": "late"},
        ]
        session.add(
            DocumentRow(
                id="late",
                source="forum",
                kind="notice",
                text="后来查明是水质问题。",
                when=later,
                state="grouped",
            )
        )
        session.flush()
        session.add(AnalysisRow(document_id="late", topic="food_drug", sentiment=0))
        session.add(IssueDocument(document_id="late", issue_id="i1", when=later))
        session.add_all(
            [
                IssueLevel(issue_id="i1", at=MONDAY + timedelta(days=1), level=1, parts={}),
                IssueLevel(issue_id="i1", at=later, level=3, parts={}),
            ]
        )
        session.add(
            IssueEvent(
                issue_id="i1", kind="unit", at=later, data={"before": "市教育局", "after": "后来的单位"}
            )
        )
    with record.session() as session:
        model = make(session, SETTINGS, "2026-W47", by="test", now=NOW + timedelta(days=7)).model
    (event,) = model["events"]
    assert (event["level"], event["unit"], event["count"]) == (1, "市教育局", 12)
    assert "后来" not in json.dumps(model["events"], ensure_ascii=False)


def test_a_title_cannot_become_markup(record: Record) -> None:
    for kind in KEYS:
        assert b"<b>" not in render(made_brief(record, kind).model, SETTINGS, "html")


def test_figures_are_frozen_and_a_signed_brief_is_never_changed(record: Record) -> None:
    first = made_brief(record)
    with record.session() as session:
        signed = sign(session, first.id, SETTINGS, seen=first.at.isoformat(), by="leader", now=NOW)
        session.add(
            DocumentRow(
                id="late", source="forum", text="又一条", when=MONDAY + timedelta(days=1), state="grouped"
            )
        )
    second = made_brief(record)
    assert (second.id != first.id, second.version, second.model["volume"]["total"]) == (True, 2, 13)
    with record.session() as session:
        kept = session.get_one(Brief, first.id)
        assert (kept.model["volume"]["total"], digest(kept.model), unaltered(session, kept)) == (
            12,
            digest(signed.model),
            True,
        )
        with pytest.raises(Conflict, match="已经签发"):
            edit(session, first.id, {"lead": "改"}, seen=kept.at.isoformat(), by="test", now=NOW)
        kept.model = {**kept.model, "lead": "事后改动"}
        session.flush()
        assert not unaltered(session, kept)


def test_nobody_signs_what_they_edited_or_what_changed_since_they_read_it(record: Record) -> None:
    brief = made_brief(record)
    seen = brief.at.isoformat()
    with record.session() as session:
        with pytest.raises(Conflict, match="自己编辑"):
            sign(session, brief.id, SETTINGS, seen=seen, by="test", now=NOW)
        edit(session, brief.id, {"lead": "新的导读"}, seen=seen, by="editor", now=NOW + timedelta(minutes=1))
        with pytest.raises(Conflict, match="已被修改"):
            sign(session, brief.id, SETTINGS, seen=seen, by="leader", now=NOW)
        with pytest.raises(Conflict, match="没有保存"):
            edit(session, brief.id, {"lead": "晚了"}, seen=seen, by="other", now=NOW)


def test_an_editor_writes_words_but_a_new_number_is_noticed(record: Record) -> None:
    brief = made_brief(record)
    assert foreign_figures(brief) == []
    with record.session() as session:
        words = {
            "lead": "本周 12 条，其中 7 条重要。",
            "risks": ["注意天气"],
            "summary:i1": "编辑改写的经过。",
            "volume": "伪造",
        }
        changed = edit(session, brief.id, words, seen=brief.at.isoformat(), by="editor", now=NOW)
        assert (changed.model["volume"]["total"], changed.model["key_events"][0]["summary"]) == (
            12,
            "编辑改写的经过。",
        )
        assert foreign_figures(changed) == ["7"]
        assert "注意天气" in text_of(render(changed.model, SETTINGS, "pdf"), "pdf")


def test_a_week_without_documents_says_so(record: Record) -> None:
    with record.session() as session:
        model = make(session, SETTINGS, "2026-W40", by="test", now=NOW).model
    assert "没有采集到内容" in model["lead"]
    assert render(model, SETTINGS, "pdf")[:5] == b"%PDF-"


@pytest.mark.parametrize(
    ("kind", "key"), [("weekly", "2026-W50"), ("daily", "2026-12-01"), ("yearly", "2027")]
)
def test_a_period_to_come_is_wrong_use(record: Record, kind: str, key: str) -> None:
    with record.session(write=False) as session, pytest.raises(UsageError, match="not begun"):
        draw(session, SETTINGS, key, now=NOW, kind_name=kind)

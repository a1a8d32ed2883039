"""The main job, end to end: crawled over HTTP, analysed, grouped, drafted, signed by people, published, in the weekly brief."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime

import pytest
from sqlalchemy import func, select

from crawler.sample_city import truth
from huiyin.records import Clock, DocumentRow, Draft, Issue, IssueDocument, Preference, Statement
from tests.end_to_end.conftest import System, Visitor, reading, settled, stored

pytestmark = pytest.mark.timeout(600)


def test_every_public_page_of_the_city_is_in_the_record_once(system: System) -> None:
    with reading(system) as session:
        loaded = session.get_one(Preference, "sample").value
        rows = session.execute(
            select(DocumentRow.url, DocumentRow.kind, func.count()).group_by(
                DocumentRow.url, DocumentRow.kind
            )
        ).all()
    assert [row for row in rows if row[2] > 1] == []
    found = {url for url, _, _ in rows}
    real = truth(datetime.fromisoformat(loaded["now"]), loaded["base"])
    missing = [
        url for url, item in real.items() if url not in found and item["where"] != "hot"
    ]  # a hot list forgets
    assert missing == []
    assert len(found) >= 1200


def test_a_document_is_in_one_issue(system: System) -> None:
    with reading(system) as session:
        grouped = session.scalar(select(func.count()).select_from(IssueDocument))
        expected = session.scalar(
            select(func.count()).select_from(DocumentRow).where(DocumentRow.kind != "policy")
        )
        assert grouped == expected
        assert session.scalar(select(func.count()).select_from(Issue).where(Issue.level == 3)) or 0 >= 1


def top_issue(system: System, words: str) -> str:
    with reading(system) as session:
        wanted = (
            select(Issue.id).join(IssueDocument, IssueDocument.issue_id == Issue.id).join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
            .where(DocumentRow.title.contains(words), Issue.merged_into == "").order_by(Issue.documents.desc()).limit(1)
        )  # fmt: skip
        found = session.scalar(wanted)
    assert found, words
    return found


def test_people_sign_a_draft_and_it_is_published(system: System, people: dict[str, Visitor]) -> None:
    issue = top_issue(system, "火灾")
    writer = people["xie"]
    assert "澜泽" in writer.get(f"/issues/{issue}")
    writer.get(f"/issues/{issue}?tab=drafts")
    writer.post(f"/issues/{issue}/drafts", kind="notice")
    number = re.search(r"/drafts/(\d+)", writer.url)
    assert number, (writer.status, writer.text[:1500])
    draft = f"/drafts/{number[1]}"
    assert "截至" in writer.text

    for name, move in (
        ("xie", "submit"),
        ("fang", "approve"),
        ("mi", "approve"),
        ("zhu", "approve"),
        ("lin", "sign"),
        ("fang", "publish"),
    ):
        visitor = people[name]
        visitor.move(draft, move)
        assert visitor.status == 200, (name, move, visitor.text[:1500])

    with reading(system) as session:
        row = session.get_one(Draft, int(number[1]))
        assert row.state == "published"
        assert (
            session.scalar(select(func.count()).select_from(Statement).where(Statement.draft_id == row.id))
            == 1
        )
        assert session.get_one(Issue, issue).state == "answered"
        met = list(session.scalars(select(Clock).where(Clock.issue_id == issue, Clock.met_at.is_not(None))))
        assert met


def test_nobody_signs_their_own_text(system: System, people: dict[str, Visitor]) -> None:
    issue = top_issue(system, "火灾")
    author = people["fang"]
    author.get(f"/issues/{issue}?tab=drafts")
    author.post(f"/issues/{issue}/drafts", kind="rebuttal")
    if not re.search(r"/drafts/(\d+)", author.url):
        author.get(f"/issues/{issue}?tab=drafts")
        author.post(f"/issues/{issue}/drafts", kind="report")
    number = re.search(r"/drafts/(\d+)", author.url)
    assert number, author.text[:1500]
    draft = f"/drafts/{number[1]}"
    author.move(draft, "submit")
    author.move(draft, "approve")
    assert author.status in (403, 409)
    with reading(system) as session:
        assert session.get_one(Draft, int(number[1])).state == "unit"


def test_the_weekly_brief_says_what_the_record_says(system: System, people: dict[str, Visitor]) -> None:
    leader = people["zhu"]
    maker = people["xie"]
    maker.get("/briefs")
    week = re.findall(r"<option(?: selected)?>(\d{4}-W\d{2})</option>", maker.text)[1]
    maker.post("/briefs", week=week)
    number = re.search(r"/briefs/(\d+)", maker.url)
    assert number, maker.text[:800]
    leader.get(f"/briefs/{number[1]}")
    shown = re.search(r"信息 ([\d,]+) 条", leader.text)
    assert shown
    leader.get(f"/briefs/{number[1]}/download.pdf")
    assert leader.body[:5] == b"%PDF-"
    leader.get(f"/briefs/{number[1]}/download.docx")
    text = re.sub(r"<[^>]+>", "", zipfile.ZipFile(io.BytesIO(leader.body)).read("word/document.xml").decode())
    assert f"信息 {shown[1]} 条" in text
    monday = datetime.fromisocalendar(int(week[:4]), int(week[-2:]), 1)
    leader.get(
        f"/search?since={monday:%Y-%m-%d}&until={datetime.fromordinal(monday.toordinal() + 6):%Y-%m-%d}&fold=0"
    )
    counted = re.search(r"<strong>([\d,]+) 条</strong>", leader.text)
    assert counted
    assert counted[1] == shown[1]


def test_search_finds_and_says_where(system: System, people: dict[str, Visitor]) -> None:
    visitor = people["xie"]
    text = visitor.get("/search?q=" + "%E7%94%B5%E6%A2%AF")  # 电梯
    assert "<mark>电梯</mark>" in text
    assert "没有符合条件" not in text


def test_a_kill_in_the_first_crawl_loses_and_doubles_nothing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    hurt = System(tmp_path_factory.mktemp("kill") / "home")
    hurt.start()
    try:
        for least in (60, 400):
            hurt.wait(f"{least} documents", lambda record, least=least: stored(record) >= least)
            hurt.kill()
            hurt.start()
        hurt.wait("the sample city after two kills", settled)
    finally:
        hurt.stop()
    test_every_public_page_of_the_city_is_in_the_record_once(hurt)
    test_a_document_is_in_one_issue(hurt)
    with reading(hurt) as session:
        loaded = session.get_one(Preference, "sample").value
    assert json.loads(json.dumps(loaded))["base"]

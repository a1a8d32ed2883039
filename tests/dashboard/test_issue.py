"""The issue page, documents and facts through the real application."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from answering_city import HOSTILE, ISSUE, OTHER, City, words
from sqlalchemy import func, select

from huiyin.records import (
    AnalysisRow,
    AuditRow,
    Clock,
    Constraint,
    Correction,
    DocumentRow,
    Fact,
    Issue,
    IssueDocument,
    IssueEvent,
)
from huiyin.records.audit import verify

MINE = (
    "issue",
    "issue_acts",
    "facts",
    "documents",
    "drafts",
    "draft_acts",
    "rumours",
    "policies",
    "statements",
    "directory",
)
TABS = ("overview", "documents", "kit", "drafts", "effect", "log")


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def _reading_pages() -> list[str]:
    return [
        *(f"/issues/{ISSUE}?tab={tab}" for tab in TABS), f"/issues/{ISSUE}?tab=documents&fold=0", "/documents/d1", "/documents/d5",
        "/drafts", "/rumours", "/policies", "/policies?q=食品", "/statements", "/directory",
    ]  # fmt: skip


def test_every_page_reads_for_every_role_and_keeps_the_content_policy(city: City) -> None:
    for name in ("zhang", "li", "wang", "zhao", "root"):
        for path in _reading_pages():
            page = city.client(name).get(path)
            assert not re.search(r"<[^>]+\s(style|on\w+)\s*=", page), path
            assert "<script>" not in page, path


def test_hostile_words_are_shown_as_words(city: City) -> None:
    for path in _reading_pages():
        page = city.client("zhang").get(path)
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
    assert HOSTILE.replace(" ", "") in words(city.client("zhang").get("/documents/d1")).replace(" ", "")


def test_an_address_that_is_no_web_address_is_no_link(city: City) -> None:
    assert "javascript:" not in city.client("zhang").get("/documents/d1")
    assert 'rel="noopener nofollow noreferrer"' in city.client("zhang").get("/documents/d2")


def test_no_form_of_these_rooms_works_without_its_token(city: City) -> None:
    browser = city.client("zhang")
    with city.session() as session:
        before = session.scalar(select(func.count()).select_from(AuditRow))
    tried = 0
    for rule in city.app.url_map.iter_rules():
        if rule.endpoint.split(".")[0] in MINE and "POST" in (rule.methods or ()):
            values = {
                name: ISSUE if name == "issue_id" else ("d1" if name == "document_id" else 1)
                for name in rule.arguments
            }
            with city.app.test_request_context():
                path = city.app.url_build_error_handlers is not None and rule.build(values)
            assert path
            answer = browser.client.post(path[1], data={"csrf": "wrong"})
            assert answer.status_code == 403, rule
            tried += 1
    assert tried > 25
    with city.session() as session:
        assert session.scalar(select(func.count()).select_from(AuditRow)) == before


def test_the_overview_says_level_reasons_questions_and_clock(city: City) -> None:
    page = words(city.client("li").get(f"/issues/{ISSUE}"))
    for part in (
        "待定（未见死亡）",
        "近1小时 +6，平时 1",
        "涉及学生",
        "有没有孩子死亡？",
        "还剩",
        "涉及群众切身利益",
        "已有2人死亡",
        "网传伤亡（未核实）",
    ):
        assert part in page


def test_documents_fold_filter_and_open_by_question(city: City) -> None:
    browser = city.client("zhang")

    def shown(query: str) -> set[str]:
        page = browser.get(f"/issues/{ISSUE}?tab=documents&{query}")
        return set(re.findall(r'<h3>.*?href="/documents/(d\d+)"', page))

    assert shown("") == {f"d{n}" for n in range(11)} - {"d5", "d6", "d7"}
    assert len(shown("fold=0")) == 11
    assert shown("fold=0&source=paper") == {"d0", "d3", "d6", "d9"}
    assert shown("fold=0&sentiment=-1") == {"d1", "d3", "d5", "d7", "d9"}
    assert shown("q=第4条") == {"d4"}
    assert shown("q=100%25") == set()
    assert shown("question=有没有孩子死亡？") == {"d1"}
    assert len(shown("claim=已有2人死亡")) == 11
    assert "转载 3 条" in browser.get(f"/issues/{ISSUE}?tab=documents")


def test_a_reprint_whose_first_is_elsewhere_is_not_hidden(city: City) -> None:
    city.client("zhang").post(f"/issues/{ISSUE}/documents", act="move", document="d0", other=OTHER)
    assert 'href="/documents/d5"' in city.client("zhang").get(f"/issues/{ISSUE}?tab=documents")


def test_closing_needs_a_conclusion_and_is_written_down(city: City) -> None:
    browser = city.client("zhang")
    refused = browser.post(f"/issues/{ISSUE}/state", 400, state="closed")
    assert "须写明结论" in refused.text
    browser.post(f"/issues/{ISSUE}/state", state="closed", conclusion="检验结果已公布，学生均已出院。")
    with city.session() as session:
        issue = session.get_one(Issue, ISSUE)
        assert (issue.state, issue.conclusion) == ("closed", "检验结果已公布，学生均已出院。")
        assert verify(session)[1] == ""
    assert "新发现 → 已办结" in words(browser.get(f"/issues/{ISSUE}?tab=log"))


def test_who_may_work_on_issues(city: City) -> None:
    city.client("wang").post(f"/issues/{ISSUE}/merge", 403, other=OTHER)
    city.client("zhao").post(f"/issues/{ISSUE}/documents", 403, act="split", document="d1")
    city.client("wang").post(f"/issues/{ISSUE}/state", 403, state="closed", conclusion="x")
    city.client("wang").post(f"/issues/{ISSUE}/note", text="审核员也可记录")
    assert "并入本事件" not in city.client("wang").get(f"/issues/{ISSUE}?tab=log")


def test_merge_leaves_a_redirect_and_a_constraint(city: City) -> None:
    browser = city.client("zhang")
    browser.post(f"/issues/{ISSUE}/merge", 400, other=ISSUE)
    browser.post(f"/issues/{ISSUE}/merge", other=OTHER)
    moved = browser.client.get(f"/issues/{OTHER}")
    assert moved.status_code == 302
    assert moved.headers["Location"].startswith(f"/issues/{ISSUE}?")
    assert "您打开的事件已并入本事件" in browser.get(moved.headers["Location"])
    browser.post(f"/issues/{OTHER}/note", 409, text="晚了一步")
    with city.session() as session:
        assert session.get_one(IssueDocument, "d11").issue_id == ISSUE
        assert [row.kind for row in session.scalars(select(Constraint))] == ["must"]


def test_split_and_move_keep_every_document(city: City) -> None:
    browser = city.client("zhang")
    made = browser.post(f"/issues/{ISSUE}/documents", act="split", document=["d8", "d9"]).headers["Location"]
    assert "第8条" in browser.get(made)
    browser.post(f"/issues/{ISSUE}/documents", 409, act="split", document="d9")
    browser.post(f"/issues/{ISSUE}/documents", 400, act="move", document="d10")
    browser.post(f"/issues/{ISSUE}/documents", act="move", document="d10", other=OTHER)
    with city.session() as session:
        rows = session.execute(
            select(IssueDocument.issue_id, func.count()).group_by(IssueDocument.issue_id)
        ).all()
        assert sorted(count for _, count in rows) == [2, 2, 8]


def test_reported_time_is_logged_and_cannot_lie_ahead(city: City) -> None:
    browser, zone = city.client("zhang"), city.settings.zone
    ahead = (city.now + timedelta(hours=2)).astimezone(zone).strftime("%Y-%m-%dT%H:%M")
    browser.post(f"/issues/{ISSUE}/reported", 400, reported=ahead)
    browser.post(f"/issues/{ISSUE}/reported", 400, reported="昨天")
    at = (city.now - timedelta(hours=10)).astimezone(zone)
    browser.post(f"/issues/{ISSUE}/reported", reported=at.strftime("%Y-%m-%dT%H:%M"))
    with city.session() as session:
        reported = session.get_one(Issue, ISSUE).reported
        clock = session.scalars(select(Clock).where(Clock.rule == "respond")).one()
        assert clock.start == reported, "the clock starts at the earlier of reported and seen"
        assert clock.due - clock.start == timedelta(hours=48)
        assert reported is not None
        assert reported == at.replace(second=0, microsecond=0)
    assert "接报时间" in words(browser.get(f"/issues/{ISSUE}?tab=log"))


def test_a_correction_is_kept_and_in_force_at_once(city: City) -> None:
    browser = city.client("zhang")
    browser.post("/documents/d2/correct", 400, label="topic", value="no-such-topic")
    browser.post("/documents/d2/correct", label="topic", value="education")
    browser.post("/documents/d2/correct", label="respond", value="0")
    browser.post("/documents/d2/correct", 400, label="respond", value="0")
    with city.session() as session:
        analysis = session.get_one(AnalysisRow, "d2")
        assert (analysis.topic, analysis.respond, analysis.data["topic"]) == ("education", False, "education")
        assert not session.get_one(DocumentRow, "d2").indexed
        assert session.get_one(Issue, ISSUE).dirty
        rows = [
            (c.field, c.old, c.new, c.by) for c in session.scalars(select(Correction).order_by(Correction.id))
        ]
    assert rows == [("topic", "food_drug", "education", "zhang"), ("respond", "1", "0", "zhang")]
    assert "领域 食品药品安全 → 教育招生" in words(browser.get("/documents/d2"))
    city.client("zhao").post("/documents/d2/correct", 403, label="topic", value="health")


def test_nobody_verifies_their_own_fact(city: City) -> None:
    city.client("zhang").post(
        f"/issues/{ISSUE}/facts", text="截至11月24日8时，送医学生23人。", source="市卫生健康委"
    )
    refused = city.client("zhang").post(f"/issues/{ISSUE}/facts/1", 403, act="verify")
    assert "须由另一人核实" in refused.text
    assert "核实无误" not in city.client("zhang").get(f"/issues/{ISSUE}?tab=kit")
    assert "核实无误" in city.client("liu").get(f"/issues/{ISSUE}?tab=kit")
    city.client("liu").post(f"/issues/{ISSUE}/facts/1", act="verify")
    with city.session() as session:
        fact = session.get_one(Fact, 1)
        assert (fact.state, fact.entered_by, fact.verified_by) == ("verified", "zhang", "liu")


def test_completing_a_fact_makes_it_ones_own(city: City) -> None:
    city.client("zhang").post(f"/issues/{ISSUE}/facts", text="学校食堂已经停止供餐。")
    city.client("liu").post(f"/issues/{ISSUE}/facts/1", 409, act="verify")
    city.client("liu").post(f"/issues/{ISSUE}/facts/1", act="source", source="市教育局")
    city.client("liu").post(f"/issues/{ISSUE}/facts/1", 403, act="verify")
    city.client("li").post(f"/issues/{ISSUE}/facts/1", act="verify")
    city.client("li").post(f"/issues/{ISSUE}/facts/1", 400, act="source", source="别的")


def test_a_newer_fact_replaces_the_old_one_when_verified(city: City) -> None:
    zhang, liu = city.client("zhang"), city.client("liu")
    zhang.post(
        f"/issues/{ISSUE}/facts", text="送医学生23人。", source="市卫生健康委", as_of="2026-11-24T08:00"
    )
    liu.post(f"/issues/{ISSUE}/facts/1", act="verify")
    zhang.post(
        f"/issues/{ISSUE}/facts/1",
        act="supersede",
        text="送医学生25人。",
        source="市卫生健康委",
        as_of="2026-11-24T12:00",
    )
    with city.session() as session:
        assert session.get_one(Fact, 1).state == "verified"
    liu.post(f"/issues/{ISSUE}/facts/2", act="verify")
    with city.session() as session:
        assert (session.get_one(Fact, 1).state, session.get_one(Fact, 2).state) == ("superseded", "verified")
    liu.post(f"/issues/{OTHER}/facts/2", 404, act="withdraw", reason="不是这个事件的")


def test_a_fact_of_a_selected_passage_keeps_its_place(city: City) -> None:
    browser = city.client("zhang")
    browser.post("/documents/d3/facts", text="孩子在三小吃完饭吐了", start="4", end="14")
    browser.post("/documents/d3/facts", text="听说已有2人死亡。")
    refused = browser.post("/documents/d3/facts", 400, text="原文里没有的话")
    assert "原文中找不到" in refused.text
    with city.session() as session:
        text = session.get_one(DocumentRow, "d3").text
        facts = list(session.scalars(select(Fact).order_by(Fact.id)))
    assert [text[slice(*fact.span)] for fact in facts] == ["孩子在三小吃完饭吐了", "听说已有2人死亡。"]
    assert {fact.state for fact in facts} == {"unverified"}
    kit = city.client("liu").get(
        f"/issues/{ISSUE}?tab=kit"
    )  # who verifies it can open where it was taken from
    assert kit.count('href="/documents/d3">原文</a>') == 2
    assert 'href="https://example.org/3"' in kit


def test_the_way_without_positions_needs_no_script(city: City) -> None:
    page = city.client("zhang").get("/documents/d3")
    assert re.search(r'<form id="selection" method="post" action="/documents/d3/facts">', page)


def test_an_answer_given_elsewhere_meets_the_clock(city: City) -> None:
    city.client("zhang").post(f"/issues/{ISSUE}/answered", 403, kind="statement", text="x")
    city.client("li").post(f"/issues/{ISSUE}/answered", 400, kind="statement", text="")
    city.client("li").post(f"/issues/{ISSUE}/answered", kind="statement", text="云江发布微信公众号推文")
    with city.session() as session:
        assert session.get_one(Issue, ISSUE).state == "answered"
        kinds = list(session.scalars(select(IssueEvent.kind).where(IssueEvent.issue_id == ISSUE)))
    assert "answer" in kinds
    assert "已完成" in words(city.client("li").get(f"/issues/{ISSUE}"))


def test_a_pause_needs_a_reason_and_a_name(city: City) -> None:
    city.client("zhang").post(f"/issues/{ISSUE}/clocks/1", 403, act="pause", reason="x")
    city.client("li").post(f"/issues/{ISSUE}/clocks/1", 400, act="pause", reason="")
    city.client("li").post(f"/issues/{ISSUE}/clocks/1", act="pause", reason="经市领导同意，等待上级统一发布")
    assert "已暂停" in words(city.client("li").get(f"/issues/{ISSUE}"))
    city.client("li").post(f"/issues/{ISSUE}/clocks/1", act="resume")


def test_what_is_not_there_says_so(city: City) -> None:
    for path in (
        "/issues/none",
        "/documents/none",
        "/drafts/99",
        "/rumours/99",
        "/policies/99",
        "/statements/99",
    ):
        page = city.client("zhang").get(path, 404)
        assert "没有" in words(page) or "not in the library" in words(page)


def test_the_kept_kit_follows_what_people_do(city: City) -> None:
    page = f"/issues/{ISSUE}?tab=kit"
    city.client("zhang").post(f"/issues/{ISSUE}/facts", text="没有学生死亡。", source="市卫生健康委")
    assert "待核实" in words(city.client("li").get(page))
    assert 'href="#fact-1"' not in city.client("li").get(page)
    city.client("liu").post(f"/issues/{ISSUE}/facts/1", act="verify")
    assert 'href="#fact-1"' in city.client("li").get(page), "the question is answered by the fact at once"
    with city.session() as session:
        issue = session.get_one(Issue, ISSUE)
        issue.concerns = [{"question": "什么时候复课？", "count": 9, "kind": "", "examples": []}]
    assert "什么时候复课？" in words(city.client("li").get(page)), "new documents show at once"

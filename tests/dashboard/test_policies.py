"""Policy library, published statements and the directory through the real application."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_city import HOSTILE, ISSUE, City, enter_facts, new_draft, words
from docx import Document
from sqlalchemy import select
from werkzeug.test import TestResponse

from huiyin.records import Organisation, Policy, Promise
from response_kits import statements

RULE = """云江市人民政府关于印发《云江市学校食品安全管理办法》的通知
云政发〔2025〕31号
第一条 为了规范学校食堂食品安全管理，制定本办法。
第二条 学校食堂食材应当从合格供应商采购，并查验检验报告。
第三条 本办法自2026年1月1日起施行。
云江市人民政府
2025年12月1日"""


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def _upload(city: City, data: bytes, name: str, who: str = "zhang", csrf: str = "") -> TestResponse:
    browser = city.client(who)
    return browser.client.post(
        "/policies", data={"csrf": csrf or browser.csrf, "file": (io.BytesIO(data), name)}
    )


def test_an_uploaded_rule_is_read_found_and_shown_by_clause(city: City) -> None:
    made = _upload(city, RULE.encode(), "办法.txt")
    assert made.status_code == 302, words(made.text)
    page = city.client("zhao").get(made.headers["Location"])
    said = words(page)
    for part in ("云政发〔2025〕31号", "2025-12-01", "2026-01-01", "现行有效", "第二条"):
        assert part in said
    assert 'id="clause-1"' in page
    for query in ("食品安全", "云政发[2025]31号", "食材采购应当查验什么"):
        assert "云江市学校食品安全管理办法" in words(city.client("zhao").get(f"/policies?q={query}")), query
    assert "没有标题" in words(city.client("zhao").get("/policies?q=100%25"))
    assert "没有标题" in words(city.client("zhao").get("/policies?status=repealed"))


def test_the_same_text_again_is_the_same_entry_and_word_files_are_told_by_content(city: City) -> None:
    file = Document()
    for line in RULE.splitlines():
        file.add_paragraph(line)
    stream = io.BytesIO()
    file.save(stream)
    first = _upload(city, RULE.encode(), "a.txt").headers["Location"]
    again = _upload(city, stream.getvalue(), "wrong-name.bin").headers["Location"]
    assert first == again
    with city.session() as session:
        assert len(session.scalars(select(Policy)).all()) == 1


def test_uploads_are_refused_plainly(city: City) -> None:
    damaged = _upload(city, b"PK\x03\x04 not a zip", "x.docx")
    assert damaged.status_code == 400
    assert "没有入库" in words(damaged.text)
    assert city.client("zhang").post("/policies", 400).status_code == 400
    assert _upload(city, RULE.encode(), "a.txt", who="zhao").status_code == 403
    assert _upload(city, RULE.encode(), "a.txt", csrf="wrong").status_code == 403
    evil = _upload(city, f"{HOSTILE}办法\n第一条 {HOSTILE}".encode(), f"../../{HOSTILE}.txt")
    assert evil.status_code == 302
    for path in (evil.headers["Location"], "/policies"):
        assert "<script>alert" not in city.client("zhang").get(path)


def test_the_status_is_a_persons_word_with_its_basis(city: City) -> None:
    page = _upload(city, RULE.encode(), "a.txt").headers["Location"]
    city.client("zhang").post(f"{page}/status", 400, status="repealed", note="")
    city.client("zhao").post(f"{page}/status", 403, status="repealed", note="x")
    city.client("zhang").post(f"{page}/status", status="repealed", note="云政发〔2026〕9号第十条")
    assert "已废止（人工：云政发〔2026〕9号第十条）" in words(city.client("zhao").get(page))


def test_a_policy_knows_who_cites_it(city: City) -> None:
    page = _upload(city, RULE.encode(), "a.txt").headers["Location"]
    assert "都没有引用它" in words(city.client("zhao").get(page))
    enter_facts(city)
    draft = new_draft(city, kind="interpretation", policy="1")
    assert draft in city.client("zhao").get(page)


def test_the_risk_assessment_reads_and_downloads(city: City) -> None:
    page = _upload(city, RULE.encode(), "a.txt").headers["Location"]
    said = words(city.client("zhao").get(f"{page}/assess"))
    for part in ("风险等级", "发布、解读和回应的整体方案", "新闻办公室"):
        assert part in said
    made = city.client("zhao").client.get(f"{page}/assess?format=docx")
    assert any(
        "云江市学校食品安全管理办法" in paragraph.text
        for paragraph in Document(io.BytesIO(made.data)).paragraphs
    )


def test_statements_show_figures_promises_and_corrections(city: City) -> None:
    with city.session() as session:
        statements.keep(
            session, title=f"关于三小的通报{HOSTILE}", text="截至24日，共有42名学生就诊。检验结果将于三日内公布。", body="云江市人民政府新闻办公室",
            issue_id=ISSUE, published=city.now, by="li", url="javascript:alert(1)",
        )  # fmt: skip
        promise = session.scalars(select(Promise)).one().id
    page = city.client("zhao").get("/statements/1")
    assert "<script>alert" not in page
    assert "javascript:" not in page
    assert "42名" in words(page)
    assert "检验结果将于三日内公布" in words(city.client("zhao").get("/statements"))
    city.client("wang").post(f"/statements/1/promises/{promise}", 403, note="x")
    city.client("zhang").post(f"/statements/1/promises/{promise}", 400, note="")
    city.client("zhang").post(f"/statements/2/promises/{promise}", 404, note="x")
    city.client("zhang").post(f"/statements/1/promises/{promise}", note="24日发布检验结果")
    assert "已兑现：24日发布检验结果" in words(city.client("zhao").get("/statements/1"))
    city.client("zhang").post("/statements/1/correct", 403, state="corrected", reason="x")
    city.client("zhao").post("/statements/1/correct", state="withdrawn", reason="数字有误")
    assert "已撤回" in words(city.client("zhang").get("/statements?state=withdrawn"))


def test_the_directory_is_kept_by_analysts_and_admins(city: City) -> None:
    for name in ("li", "wang", "zhao"):
        city.client(name).post("/directory", 403, name="市卫生健康委", level="city")
    city.client("root").post(
        "/directory",
        name=f"市卫生健康委{HOSTILE[:60]}",
        level="city",
        topic=["health", "no-such"],
        contact="0000-1",
    )
    city.client("zhang").post("/directory", 409, name="云江市教育局", level="city")
    city.client("zhang").post("/directory", 400, name="", level="city")
    city.client("zhang").post("/directory", 400, name="x", level="galaxy")
    city.client("zhang").post(
        "/directory", id="1", name="云江市教育和体育局", level="city", topic="education"
    )
    page = city.client("li").get("/directory")
    assert "<script>alert" not in page
    assert "云江市教育和体育局" in words(page)
    assert "云江市教育和体育局" not in words(city.client("li").get("/directory?topic=health"))
    with city.session() as session:
        assert session.scalars(
            select(Organisation).where(Organisation.name.startswith("市卫生健康委"))
        ).one().topics == ["health"]
    city.client("zhang").post("/directory/1/remove")
    city.client("zhang").post("/directory/1/remove", 404)

"""Consultation, correction to the last place, texts published elsewhere, and the month's limits, through the real pages."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from answering_city import ISSUE, City, enter_facts, new_draft, step, words
from docx import Document

from huiyin.records import Draft
from response_kits import consult


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def _local(city: City, hours: float) -> str:
    return (city.now + timedelta(hours=hours)).astimezone(city.settings.zone).strftime("%Y-%m-%dT%H:%M")


def test_consulting_asks_for_bodies_and_a_deadline_and_lists_who_is_silent(city: City) -> None:
    enter_facts(city)
    draft = new_draft(city)
    step(city, draft, "zhang", "submit")
    page = city.client("li").get(draft)
    assert 'name="bodies"' in page
    assert 'name="silence"' in page
    fields = {"bodies": "云江市卫生健康委\n云江市市场监管局", "silence": "wait", "version": 1}
    city.client("li").post(f"{draft}/consult", 400, **fields)
    city.client("zhang").post(f"{draft}/consult", 403, due=_local(city, 3), **fields)
    city.client("li").post(f"{draft}/consult", due=_local(city, 3), **fields)
    said = words(city.client("li").get(draft))
    assert "逾期未答复须催办，不得视为同意" in said
    assert said.count("待答复") == 2
    city.client("li").post(
        f"{draft}/consult/answer", body="云江市卫生健康委", stance="change", text="以我委数字为准。"
    )
    said = words(city.client("li").get(draft))
    assert "修改后同意" in said
    assert "云江市卫生健康委：修改后同意。以我委数字为准。" in said
    city.client("li").post(f"{draft}/consult/answer", 409, body="云江市公安局", stance="agree")
    with city.record.session() as session:
        assert consult.lapse(session, city.now + timedelta(hours=4))
    assert "会商逾期须催办" in words(city.client("li").get("/"))
    with city.record.session(write=False) as session:
        assert session.get_one(Draft, int(draft.rsplit("/", 1)[1])).state == "consult"


def test_a_superiors_text_is_recorded_and_its_correction_becomes_tasks(city: City) -> None:
    form = {
        "title": "省卫生健康委通报", "body": "某省卫生健康委", "published": _local(city, -2), "issue": ISSUE,
        "text": "共有50名学生到医院就诊。将于3天内公布检测结果。", "url": "https://example.org/n",
    }  # fmt: skip
    city.client("zhang").post("/statements", 400, **{**form, "published": _local(city, 5)})
    city.client("zhang").post("/statements", 400, **{**form, "url": "javascript:alert(1)"})
    city.client("zhang").post("/statements", 404, **{**form, "issue": "none"})
    city.client("wang").post("/statements", 403, **form)
    where = str(city.client("zhang").post("/statements", **form).headers["Location"])
    assert "将于3天内公布检测结果" in words(city.client("zhang").get("/"))
    enter_facts(city)
    draft = new_draft(city)
    assert "与此前发布不一致" in words(city.client("zhang").get(draft))
    city.client("li").post(f"{where}/correct", state="corrected", reason="人数有误")
    page = city.client("zhang").get(where)
    assert "1 项待办" in words(page)
    assert "发布页《省卫生健康委通报》：更正或撤下" in words(city.client("li").get("/"))
    task = re.search(rf'action="({where}/recall/\d+)"', page)
    assert task is not None
    city.client("zhang").post(task[1], 400, note="")
    city.client("zhang").post(task[1], note="已请省卫生健康委更正")
    assert "已更正：已请省卫生健康委更正" in words(city.client("li").get(where))
    assert "更正或撤下" not in words(city.client("li").get("/"))


def test_the_months_record_is_a_page_a_document_and_a_table(city: City) -> None:
    month = (city.now + timedelta(hours=39)).astimezone(city.settings.zone).strftime("%Y-%m")
    browser = city.client("zhao")
    assert "回应政务舆情" in words(browser.get(f"/compliance?month={month}"))
    assert f"/issues/{ISSUE}" in browser.get(f"/compliance?month={month}")
    assert "本月没有到期的时限" in words(browser.get("/compliance?month=2019-01"))
    browser.get("/compliance?month=2019-1x", 400)
    table = browser.client.get(f"/compliance/record.csv?month={month}")
    assert ISSUE in table.data.decode("utf-8-sig")
    made = browser.client.get(f"/compliance/record.docx?month={month}")
    assert "回应政务舆情" in Document(io.BytesIO(made.data)).tables[0].rows[1].cells[0].text
    assert browser.client.get("/compliance/record.exe").status_code == 404


def test_a_sentence_from_our_own_published_text_opens_that_text(city: City) -> None:
    said = "11月23日中午，三小部分学生就餐后呕吐，市教育局第一时间赶赴现场处置，安排学生送医。"
    city.client("zhang").post(
        "/statements", title="关于三小学生就餐后呕吐的情况通报", body="云江市教育局", published=_local(city, -2), issue=ISSUE, text=said
    )  # fmt: skip
    page = city.client("zhang").get(new_draft(city))
    assert 'href="/statements/1"' in page
    assert "云江市教育局，" in words(page)

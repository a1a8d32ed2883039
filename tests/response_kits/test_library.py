"""The policy library: numbers and dates in every spelling, clauses with spans, files of every kind, what is in force when."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit_world import NOW
from sqlalchemy.orm import Session

from huiyin.errors import HuiyinError, LimitExceeded
from huiyin.records import Policy
from response_kits.library import policies, readers
from response_kits.library.clauses import split
from response_kits.library.compare import compare, of_kind
from response_kits.library.identify import dates, identify, normal_number, number

RULE = """云江市人民政府关于印发《云江市停车管理办法》的通知
云政发〔2026〕5号
各区人民政府：
现将《云江市停车管理办法》印发给你们，请认真贯彻执行，并结合实际抓好落实，不得擅自变更。
第一章　总则
第一条　为了规范停车管理，根据有关法律法规，制定本办法。
第二条　本办法适用于本市城区停车场。
个人自用车位除外。
第二章　收费
第三条　医院停车场每日最高收费20元。
（一）住院陪护车辆首次30分钟免费；
（二）急救车辆免费。
第四条　本办法自2026年7月1日起施行，有效期五年。《云江市停车管理暂行办法》（云政发〔2020〕3号）同时废止。
云江市人民政府
2026年6月1日
"""
OLD = """云江市停车管理暂行办法
云政发〔2020〕3号
第一条　为了规范停车管理，制定本办法。
第二条　医院停车场每日最高收费50元。
第三条　本办法自2020年3月1日起施行。
云江市人民政府
2020年2月1日
"""


@pytest.mark.parametrize(
    "written",
    ["国办发〔2014〕12号", "国办发[2014]12号", "国办发(2014)12号", "国办发【2014】12号", "国办发（２０１４）１２号", "国办发 〔2014〕 第12号",
     "根据国办发〔2014〕12号文件", "国办发［2014］012号"],
)  # fmt: skip
def test_a_document_number_has_one_normal_form(written: str) -> None:
    assert normal_number(written) == "国办发〔2014〕12号"


@pytest.mark.parametrize(
    "written", ["中华人民共和国国务院令第493号公布", "国务院令第４９３号", "国务院令 第四百九十三号"]
)
def test_an_order_number_too(written: str) -> None:
    assert normal_number(written) == "国务院令第493号"


@pytest.mark.parametrize(
    "written",
    [
        "2014年3月17日",
        "二○一四年三月十七日",
        "二〇一四年三月十七日",
        "２０１４年３月１７日",
        "2014 年 3 月 17 日",
    ],
)
def test_a_date_in_every_spelling(written: str) -> None:
    assert [iso for iso, _, _ in dates(f"印发于{written}，")] == ["2014-03-17"]


def test_a_day_that_is_none_is_no_date() -> None:
    assert dates("2014年2月30日") == []


@given(st.integers(1, 9999))
def test_chinese_numbers_come_back(value: int) -> None:
    digits = "零一二三四五六七八九"
    written = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        place = value // unit % 10
        if place:
            written += digits[place] + name
        elif written and not written.endswith("零") and value % unit:
            written += "零"
    assert number(written) == value


@given(st.text(max_size=400))
def test_any_text_is_read_without_a_crash_and_spans_hold(text: str) -> None:
    identify(text)
    for piece in split(text):
        assert 0 <= piece.start <= piece.end <= len(text)


def test_identity_clauses_and_spans(session: Session) -> None:
    policy = policies.add(session, RULE.encode(), "停车.txt", now=NOW)
    assert (policy.number, policy.body, policy.dated, policy.effective) == (
        "云政发〔2026〕5号",
        "云江市人民政府",
        "2026-06-01",
        "2026-07-01",
    )
    assert policies.bare_title(policy.title) == "云江市停车管理办法"
    paths = [clause.path for clause in policy.clauses]
    assert paths[-5:] == ["第一条", "第二条第一款", "第二条第二款", "第三条", "第四条"]
    assert all(policy.text[c.start : c.end] == c.text for c in policy.clauses)
    third = next(c for c in policy.clauses if c.path == "第三条")
    assert "急救车辆免费" in third.text
    assert third.heading == "第二章 收费"
    assert "2026年6月1日" not in policy.clauses[-1].text
    assert policies.citation(policy, third) == "《云江市停车管理办法》（云政发〔2026〕5号）第三条"


def test_the_same_file_twice_is_one_policy(session: Session) -> None:
    first = policies.add(session, RULE.encode(), "a.txt", now=NOW)
    assert policies.add(session, RULE.encode("gb18030"), "b.txt", now=NOW).id == first.id


@pytest.mark.parametrize("order", [(RULE, OLD), (OLD, RULE)])
def test_repeal_is_seen_in_any_order_and_counts_from_its_day(
    session: Session, order: tuple[str, str]
) -> None:
    for text in order:
        policies.add(session, text.encode(), "x.txt", now=NOW)
    old, new = (
        policies.by_number(session, "云政发〔2020〕3号"),
        policies.by_number(session, "云政发〔2026〕5号"),
    )
    assert old is not None
    assert new is not None
    assert (old.status, old.replaced_by) == ("repealed", new.id)
    assert policies.in_force(session, old, date(2026, 6, 30)).in_force
    assert not policies.in_force(session, old, date(2026, 7, 1)).in_force
    assert not policies.in_force(session, new, date(2026, 6, 30)).in_force
    assert policies.in_force(session, new, date(2026, 7, 1)).in_force
    assert "届满" in policies.in_force(session, new, date(2031, 7, 2)).reason


def test_a_person_has_the_last_word_on_a_status(session: Session) -> None:
    old = policies.add(session, OLD.encode(), "old.txt", now=NOW)
    policies.set_status(session, old.id, "in_force", "部分条款继续适用", "admin1", NOW)
    policies.add(session, RULE.encode(), "new.txt", now=NOW)
    assert old.status == "in_force"


def test_what_changed_between_two_texts(session: Session) -> None:
    old = policies.add(session, OLD.encode(), "old.txt", now=NOW)
    new = policies.add(session, RULE.encode(), "new.txt", now=NOW)
    changed = [c for c in compare(old, new) if c.kind == "changed" and c.new and c.new.path == "第三条"]
    assert [figures[:2] for figures in changed[0].figures if figures[0] == "50元"] == [("50元", "20元")]
    assert [c.path for c in of_kind(new, "standards")] == ["第三条"]


def test_an_interpretation_points_to_its_policy(session: Session) -> None:
    rule = policies.add(session, RULE.encode(), "rule.txt", now=NOW)
    text = policies.add(
        session,
        "《云江市停车管理办法》政策解读\n一、为什么制定？为了方便群众停车。".encode(),
        "解读.txt",
        now=NOW,
    )
    assert text.interprets == rule.id


def as_docx(text: str) -> bytes:
    document, buffer = docx.Document(), io.BytesIO()
    for line in text.splitlines():
        document.add_paragraph(line)
    document.save(buffer)
    return buffer.getvalue()


def test_docx_html_and_text_give_the_same_clauses(session: Session) -> None:
    body = "".join(f"<p>{line}</p>" for line in RULE.splitlines())
    page = f"<html><head><script>var a='第九条　无'</script></head><body><nav><a>首页</a></nav>{body}</body></html>"
    texts = [
        readers.read_text(as_docx(RULE), "a.docx"),
        readers.read_text(page.encode(), "a.html"),
        readers.read_text(RULE.encode("utf-16"), "a.txt"),
    ]
    expected = [RULE[p.start : p.end].replace("\u3000", " ") for p in split(RULE.replace("\u3000", " "))]
    for text in texts:
        assert [text[p.start : p.end] for p in split(text)] == expected


def test_pdf_lines_are_joined_again() -> None:
    lines = [
        "第一条 为了规范停车管理，维护停车秩序，方便群众出",
        "行，根据有关规定，制定本办法。",
        "第二条 本办法自发布之日起施行。",
        "- 1 -",
    ]
    assert list(readers.join_lines(lines)) == [
        "第一条 为了规范停车管理，维护停车秩序，方便群众出行，根据有关规定，制定本办法。",
        "第二条 本办法自发布之日起施行。",
    ]


def test_a_real_pdf_is_read(tmp_path: Path) -> None:
    import typst

    source = tmp_path / "a.typ"
    source.write_text(
        '#set text(font: ("Noto Sans CJK SC", "Source Han Sans SC"))\n= Notice\nNumber 42 of 2026\n', "utf-8"
    )
    data = typst.compile(str(source), format="pdf")
    assert "Number 42 of 2026" in readers.read_text(data, "a.pdf")


def bomb(xml: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", xml)
    return buffer.getvalue()


def test_a_zip_bomb_and_an_entity_bomb_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "XML_LIMIT", 1_000_000)
    with pytest.raises(LimitExceeded, match="unpacks to more than"):
        readers.read_text(bomb(b"0" * 5_000_000), "a.docx")
    entity = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    with pytest.raises(HuiyinError, match="XML is not accepted"):
        readers.read_text(bomb(entity), "a.docx")


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"%PDF-1.4 broken", "a.pdf", "cannot be read"),
        (b"PK\x03\x04 broken", "a.docx", "damaged"),
        (b"\xd0\xcf\x11\xe0", "a.doc", "old Word file"),
        (b"\x00\x01\x02", "a.txt", "binary"),
        (b"hello", "a.docx", "no such file"),
        (b"  \n ", "a.txt", "no text"),
        (b"x", "a.exe", "not read"),
    ],
)
def test_a_bad_file_gets_one_sentence(data: bytes, name: str, says: str) -> None:
    with pytest.raises(HuiyinError, match=says):
        readers.read_text(data, name)


def test_a_file_too_large_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        readers.read_text(b"1" * 100, "a.txt", limit=99)


def test_the_state_councils_plan(session: Session, shared_data: Path) -> None:
    file = next((shared_data / "policy").glob("国办发*.txt"))
    policy = policies.add(session, file.read_bytes(), file.name, now=NOW)
    assert (policy.number, policy.body, policy.dated) == ("国办发〔2014〕12号", "国务院办公厅", "2014-03-17")
    assert policy.title == "2014年政府信息公开工作要点"
    assert [c.path for c in policy.clauses][-8:] == list("一二三四五六七八")


def test_the_laws_come_in_with_articles_and_replaced_versions(session: Session, shared_data: Path) -> None:
    files = sorted((shared_data / "policy" / "laws").glob("*.md"))
    chosen = [
        f
        for f in files
        if "保密" not in f.name and any(k in f.name for k in ("突发事件应对", "噪声", "生产安全事故报告"))
    ]
    loaded: list[Policy] = [policies.add(session, f.read_bytes(), f.name, now=NOW) for f in chosen]
    by_date = {(p.title.removeprefix("中华人民共和国"), p.dated[:4]): p for p in loaded}
    assert by_date["突发事件应对法", "2007"].status == "replaced"
    assert by_date["突发事件应对法", "2024"].status == "in_force"
    assert by_date["环境噪声污染防治法", "2018"].status == "repealed"
    order = by_date["生产安全事故报告和调查处理条例", "2007"]
    assert order.number == "国务院令第493号"
    assert "30人以上死亡" in next(c for c in order.clauses if c.path.startswith("第三条")).text

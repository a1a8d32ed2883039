"""The kit editor through the real application: checks, versions, stale saves, four eyes, publication."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from answering_city import HOSTILE, ISSUE, City, enter_facts, new_draft, step, textarea, words
from docx import Document
from sqlalchemy import func, select

from dashboard import official_docx
from dashboard.pages import draft_view
from huiyin.records import Clock, Draft, DraftVersion, Issue, Preference, Signoff, Statement
from huiyin.records.audit import verify


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    enter_facts(made)
    yield made
    made.close()


def text_of(city: City, draft: str, name: str = "zhang") -> str:
    return textarea(city.client(name).get(draft), "e-text")


def test_a_draft_says_what_is_verified_and_shows_what_it_rests_on(city: City) -> None:
    draft = new_draft(city)
    page = city.client("zhang").get(draft)
    text = textarea(page, "e-text")
    assert "42名学生" in text
    assert re.search(rf'href="/issues/{ISSUE}\?tab=kit#fact-2"', page), "the figure does not open its fact"
    assert "✓ 已答 有没有孩子死亡？" in words(page)
    assert "主要领导审签" in words(page), "an orange issue needs the principal"
    with city.session() as session:
        assert session.get_one(Issue, ISSUE).state == "responding"


def test_the_live_check_judges_a_text_that_is_not_saved(city: City) -> None:
    draft = new_draft(city)
    text = text_of(city, draft)
    fine = city.client("zhang").post(f"{draft}/check", 200, title="通报", text=text).text
    bad = (
        city.client("zhang")
        .post(f"{draft}/check", 200, title="通报", text=f"{text}\n共有99名学生死亡。电话13812345678。")
        .text
    )
    assert "<html" not in bad
    assert "99名" in words(bad)
    assert "未见于" in words(bad)
    assert "13812345678" in words(bad)
    assert "未通过" in words(bad)
    assert "99名" not in words(fine)
    assert text_of(city, draft) == text
    with city.session() as session:
        assert session.scalar(select(func.count()).select_from(DraftVersion)) == 1


def test_two_people_save_and_nobody_loses_a_word(city: City) -> None:
    draft = new_draft(city)
    text = text_of(city, draft)
    city.client("li").post(f"{draft}/save", title="李的标题", text=f"{text}\n感谢理解。", version="1")
    answer = city.client("zhang").post(
        f"{draft}/save", 409, title="张的标题", text=f"{text}\n张写的一句。{HOSTILE}", version="1"
    )
    said = words(answer.text)
    assert "您打开的是第 1 版" in said
    assert "li君已先保存了第 2 版" in said
    assert "您的文字没有保存" in said
    assert textarea(answer.text, "e-text") == f"{text}\n张写的一句。{HOSTILE}"
    assert "<script>alert" not in answer.text
    assert "<ins>" in answer.text
    with city.session() as session:
        assert [row.by for row in session.scalars(select(DraftVersion).order_by(DraftVersion.version))] == [
            "zhang",
            "li",
        ]
    # The form of that page carries the present version: having seen the difference, the person can save.
    seen = re.search(r'name="version" value="(\d+)"', answer.text)
    assert seen is not None
    city.client("zhang").post(f"{draft}/save", title="合并", text=f"{text}\n两句都在。", version=seen[1])
    assert text_of(city, draft).endswith("两句都在。")


def test_saving_what_is_there_already_makes_no_version(city: City) -> None:
    draft = new_draft(city)
    page = city.client("zhang").get(draft)
    title = re.search(r'id="e-title"[^>]*value="([^"]+)"', page)
    assert title is not None
    city.client("zhang").post(f"{draft}/save", title=title[1], text=textarea(page, "e-text"), version="1")
    city.client("zhang").post(f"{draft}/save", 400, title="x", text="  ", version="1")
    with city.session() as session:
        assert session.get_one(Draft, 1).version == 1


def test_what_was_typed_and_not_saved_is_offered_again(city: City) -> None:
    draft = new_draft(city)
    city.client("zhang").post(f"{draft}/autosave", 200, title="草", text="写到一半的话", version="1")
    with city.session() as session:
        assert session.scalar(select(func.count()).select_from(DraftVersion)) == 1
    page = city.client("zhang").get(draft)
    assert "没有保存的文字" in words(page)
    assert textarea(page, "kept") == "写到一半的话"
    assert "没有保存的文字" not in words(city.client("li").get(draft))
    city.client("zhang").post(f"{draft}/forget")
    assert "没有保存的文字" not in words(city.client("zhang").get(draft))
    city.client("zhang").post(f"{draft}/autosave", 200, title="草", text="写到一半的话", version="1")
    city.client("zhang").post(f"{draft}/save", title="草", text="写完了。", version="1")
    with city.session() as session:
        kept = session.scalars(select(Preference.name).where(Preference.name.like("autosave:%"))).all()
    assert not kept


def test_four_eyes_from_draft_to_publication(city: City) -> None:
    draft = new_draft(city, by="li")
    step(city, draft, "li", "submit")
    page = city.client("li").get(draft)
    assert "承办部门审核通过" not in words(page)
    assert "您起草或修改过它，不能审批" in words(page)
    assert "不得审批自己起草或修改过的稿件" in step(city, draft, "li", "approve", 403).text
    step(city, draft, "zhang", "approve", 403)
    step(city, draft, "chen", "approve")
    step(city, draft, "chen", "approve", 403)
    assert "待我审核" in words(city.client("wang").get("/"))
    step(city, draft, "wang", "approve")
    assert "报主要领导" in words(city.client("zhao").get(draft))
    step(city, draft, "zhao", "sign", 403)
    step(city, draft, "zhao", "approve")
    step(city, draft, "zhao", "sign", 403)
    step(city, draft, "qian", "sign")
    step(city, draft, "chen", "publish", 400, url="javascript:alert(1)")
    step(city, draft, "chen", "publish", url="https://www.example.org/tongbao")
    with city.session() as session:
        statement = session.scalars(select(Statement)).one()
        assert statement.url == "https://www.example.org/tongbao"
        assert session.get_one(Issue, ISSUE).state == "answered"
        assert session.scalars(select(Clock).where(Clock.rule == "respond")).one().state == "met"
        moves = [(row.move, row.by) for row in session.scalars(select(Signoff).order_by(Signoff.id))]
        assert verify(session)[1] == ""
    assert moves == [
        ("submit", "li"),
        ("approve", "chen"),
        ("approve", "wang"),
        ("approve", "zhao"),
        ("sign", "qian"),
        ("publish", "chen"),
    ]
    assert 'id="e-text"' not in city.client("li").get(draft), "a published text has no editor"
    city.client("li").post(f"{draft}/save", 409, title="x", text="事后改动", version="1")
    record = words(city.client("zhao").get("/statements/1"))
    assert "42名" in record
    assert "首次回应用时" in words(city.client("zhao").get(f"/issues/{ISSUE}?tab=effect"))
    city.client("chen").post("/statements/1/correct", 400, state="withdrawn", reason="数字有误")
    city.client("chen").post("/statements/1/correct", state="corrected", reason="数字有误")
    assert "已更正" in words(city.client("zhao").get("/statements/1"))


def test_a_blocked_text_cannot_be_sent(city: City) -> None:
    draft = new_draft(city)
    text = text_of(city, draft)
    city.client("zhang").post(
        f"{draft}/save", title="通报", text=f"{text}\n家长张某电话13812345678。", version="1"
    )
    page = city.client("zhang").get(draft)
    assert "未通过，修改后才能送审" in words(page)
    refused = city.client("zhang").post(
        f"{draft}/move", 409, move="submit", version="2", override__privacy="没关系"
    )
    assert "这一步没有办理" in words(refused.text)
    assert "未通过检查" in refused.text


def test_an_edit_sends_an_approved_text_back_and_a_return_needs_a_reason(city: City) -> None:
    draft = new_draft(city)
    step(city, draft, "zhang", "submit")
    step(city, draft, "li", "return", 400, reason="")
    step(city, draft, "li", "approve")
    page = city.client("wang").get(draft)
    assert "保存后退回起草状态" in words(page)
    city.client("zhang").post(f"{draft}/save", title="新标题", text=text_of(city, draft), version="1")
    with city.session() as session:
        assert session.get_one(Draft, 1).state == "draft"
    step(city, draft, "zhang", "submit")
    step(city, draft, "li", "return", reason="请补充检验进展")
    assert "退回给我" in words(city.client("zhang").get("/"))
    assert "请补充检验进展" in words(city.client("zhang").get(draft))


def test_a_stale_sign_off_is_refused(city: City) -> None:
    draft = new_draft(city)
    step(city, draft, "zhang", "submit")
    city.client("liu").post(f"{draft}/save", title="改过", text=text_of(city, draft), version="1")
    step(city, draft, "liu", "submit")
    refused = city.client("li").post(f"{draft}/move", 409, move="approve", version="1")
    assert "新版本" in refused.text


def test_consulting_waits_for_an_answer(city: City) -> None:
    draft = new_draft(city)
    step(city, draft, "zhang", "submit")
    step(city, draft, "li", "consult", reason="请市卫生健康委确认就诊人数")
    step(city, draft, "li", "answer", 403)
    city.client("li").post(f"{draft}/remarks", text=f"市卫生健康委：人数无误。{HOSTILE}")
    step(city, draft, "li", "answer")
    page = city.client("li").get(draft)
    assert "<script>alert" not in page
    city.client("li").post(f"{draft}/remarks/1/resolve")
    assert "已处理" in words(city.client("li").get(draft))


def test_versions_show_the_difference_and_can_come_back(city: City) -> None:
    draft = new_draft(city)
    first = text_of(city, draft)
    city.client("zhang").post(
        f"{draft}/save", title="二", text=f"{first}\n{HOSTILE}", version="1", note="加了一句"
    )
    page = city.client("zhao").get(f"{draft}/versions?left=1&right=2")
    assert "diff-new" in page
    assert "加了一句" in words(page)
    assert "<script>alert" not in page
    city.client("zhao").get(f"{draft}/versions?left=abc&right=99999999999999")
    city.client("zhang").post(f"{draft}/restore/1", version="2")
    assert text_of(city, draft) == first
    with city.session() as session:
        assert session.get_one(Draft, 1).version == 3


def test_who_may_write(city: City) -> None:
    draft = new_draft(city)
    page = city.client("root").get(draft)
    assert 'id="e-text"' not in page
    assert "42名学生" in words(page)
    city.client("root").post(f"{draft}/save", 403, title="x", text="y", version="1")
    city.client("root").post(f"/issues/{ISSUE}/drafts", 403, kind="notice")
    city.client("zhang").post(f"/issues/{ISSUE}/drafts", 400, kind="poem")
    city.client("zhang").post(f"/issues/{ISSUE}/drafts", 400, kind="notice", next_update="2020-01-01T00:00")
    city.client("zhang").post("/issues/none/drafts", 404, kind="notice")


def test_the_leader_reads_the_full_text_before_signing(city: City) -> None:
    draft = new_draft(city)
    for name, move in (("zhang", "submit"), ("li", "approve"), ("wang", "approve")):
        step(city, draft, name, move)
    page = city.client("zhao").get(draft)
    text = textarea(page, "e-text")
    before = page.index('id="signoff"')
    assert all(line in words(page[:before]) for line in text.splitlines()), (
        "the text stands before the buttons"
    )


def test_channels_stand_side_by_side(city: City) -> None:
    page = words(city.client("li").get(f"{new_draft(city)}/beside"))
    for name in ("网站通告", "微博（140 字）", "短信", "口播（60 秒）"):
        assert name in page
    assert "不得对外发布" in page


def test_the_document_has_the_official_layout_and_says_that_it_is_not_signed(city: City) -> None:
    draft = new_draft(city)
    answer = city.client("li").client.get(f"{draft}/text.docx")
    assert answer.mimetype == official_docx.MIME
    made = Document(io.BytesIO(answer.data))
    lines = [paragraph.text for paragraph in made.paragraphs if paragraph.text]
    assert "未经签发" in lines[0]
    assert "".join(lines[2:]) == text_of(city, draft).replace("\n", "")
    section = made.sections[0]
    assert (round(section.page_width.mm), round(section.top_margin.mm), round(section.left_margin.mm)) == (
        210,
        37,
        28,
    )
    assert made.paragraphs[-1].alignment is not None


def test_a_document_of_hostile_characters_opens(tmp_path: Path) -> None:
    data = official_docx.document(
        "标题\x00\x0b", f"一、情况\n正文\x1b{HOSTILE}\n云江市人民政府新闻办公室\n2026年11月24日15时05分"
    )
    lines = [paragraph.text for paragraph in Document(io.BytesIO(data)).paragraphs]
    assert lines[0] == "标题"
    assert lines[-1] == "2026年11月24日15时05分"


def test_the_whole_file_carries_its_checksums(city: City) -> None:
    draft = new_draft(city)
    city.client("zhang").post(f"{draft}/archive", 403)
    answer = city.client("li").post(f"{draft}/archive", 200)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert len(manifest["files"]) > 5
        for name, digest in manifest["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == digest


def test_the_verified_part_goes_first(city: City) -> None:
    draft = new_draft(city)
    step(city, draft, "zhang", "submit")
    made = city.client("li").post(f"{draft}/verified-part").headers["Location"]
    assert made != draft
    assert "42名学生" in text_of(city, made)
    assert "关于" in words(city.client("li").get(f"/issues/{ISSUE}?tab=drafts"))


def test_a_changed_fact_shows_in_the_draft_and_is_renewed(city: City) -> None:
    draft = new_draft(city)
    zhang, liu = city.client("zhang"), city.client("liu")
    assert "依据的事实已经变化" not in words(zhang.get(draft))
    zhang.post(
        f"/issues/{ISSUE}/facts/2",
        act="supersede",
        text="共有45名学生到医院就诊，其中3人住院观察。",
        source="云江市卫生健康委",
        as_of="2026-11-24T11:00",
    )
    liu.post(f"/issues/{ISSUE}/facts/6", act="verify")
    assert "依据的事实已经变化" in words(zhang.get(draft))
    zhang.post(f"{draft}/renew")
    text = text_of(city, draft)
    assert "45名学生" in text
    assert "42名学生" not in text


def test_the_spokespersons_pack_is_for_those_who_write(city: City) -> None:
    answer = city.client("li").client.get(f"/issues/{ISSUE}/pack.docx")
    assert any("资料包" in paragraph.text for paragraph in Document(io.BytesIO(answer.data)).paragraphs)
    city.client("root").get(f"/issues/{ISSUE}/pack.docx", 403)
    printed = city.client("li").client.get(f"/issues/{ISSUE}/pack-phone.pdf")
    assert printed.data.startswith(b"%PDF")
    city.client("root").get(f"/issues/{ISSUE}/pack-a4.pdf", 403)
    assert city.client("li").client.get(f"/issues/{ISSUE}/pack-poster.pdf").status_code == 404


def test_huge_texts_are_refused(city: City) -> None:
    draft = new_draft(city)
    for path in (f"{draft}/save", f"{draft}/check", f"{draft}/autosave"):
        refused = city.client("zhang").post(path, 400, title="长", text="长" * 30_001, version="1")
        assert "最多 30,000 字" in refused.text


@pytest.mark.timeout(20)
def test_the_difference_of_huge_texts_ends() -> None:
    """One line of 30,000 letters, and thousands of equal lines: letter by letter these would take minutes."""
    long = draft_view.difference("甲" * 30_000, "乙" * 30_000)
    assert [kind for kind, _ in long] == ["gone", "new"]
    many = draft_view.difference("甲\n" * 15_000, "甲\n乙\n" * 7_500)
    assert {"gone", "new"} & {kind for kind, _ in many}
    changed = draft_view.difference("共有42名学生就诊。", "共有45名学生就诊。")
    assert [str(line) for _, line in changed] == [
        "共有4<del>2</del>名学生就诊。",
        "共有4<ins>5</ins>名学生就诊。",
    ]


def test_a_remark_is_pinned_to_a_passage_and_follows_it(city: City) -> None:
    draft = new_draft(city)
    text = textarea(city.client("zhang").get(draft), "e-text")
    passage = "样品已送检"
    assert passage in text
    city.client("li").post(
        f"{draft}/remarks", text="请写明送检时间。", quote=passage, near=str(text.index(passage))
    )
    longer = text.replace(passage, f"昨天{passage}")
    title = city.client("zhang").get(draft)
    name = re.search(r'name="title" class="wide" required maxlength="300" value="([^"]+)"', title)
    assert name is not None
    city.client("zhang").post(f"{draft}/save", title=unescape(name[1]), text=f"前言。\n{longer}", version="1")
    place = f"前言。\n{longer}".index(passage)
    page = city.client("zhang").get(draft)
    assert f'data-find="{place},{place + len(passage)}"' in page
    reader = city.client("root").get(draft)
    assert re.search(r'id="passage-1"[^>]*>样品已送检<', reader)
    city.client("zhang").post(
        f"{draft}/save", title=unescape(name[1]), text=longer.replace(passage, "样品正在检测"), version="2"
    )
    assert "这段话已改动" in city.client("zhang").get(draft)
    answer = city.client("li").post(f"{draft}/remarks", 400, text="改", quote="正文里没有这句话")
    assert "意见没有提交" in answer.text

"""What an editor looks at: four eyes on facts, the body on duty, usable questions, examples, first answers before we listened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from kit_world import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict
from huiyin.records import (
    Clause,
    Clock,
    DocumentRow,
    Fact,
    Issue,
    IssueDocument,
    Organisation,
    Record,
    Source,
)
from huiyin.settings import Settings
from response_kits import asking, drafts, effect, facts, kit, pack, statements
from response_kits.drafts._examples import examples
from response_kits.duty import body, on_duty
from response_kits.figures import figures
from response_kits.sample_issues import follow
from response_kits.work import tend


def test_nobody_verifies_what_they_entered(session: Session, issue: Issue) -> None:
    fact = facts.add(session, issue.id, "现场已恢复通行。", source="市交通局", by="a", now=NOW)
    with pytest.raises(Conflict, match="另一人"):
        facts.verify(session, fact.id, "a", NOW)
    assert fact.state == "unverified"
    assert facts.verify(session, fact.id, "b", NOW).verified_by == "b"


def test_a_fact_without_a_slot_breaks_neither_kit_nor_pack(
    session: Session, issue: Issue, settings: Settings
) -> None:
    fact = facts.add(session, issue.id, "家长代表已到场。", source="家长", by="a", now=NOW)
    fact.slot = ""
    session.flush()
    made = kit.build(session, issue.id, NOW, settings)
    assert fact.text in {row["text"] for row in made.unknown}
    assert pack.build(session, issue.id, settings, NOW)[:2] == b"PK"


def test_clocks_start_for_what_must_be_answered_whatever_its_level(
    settings: Settings, record: Record
) -> None:
    with record.session() as session:
        must, ordered = [{"kind": 4, "reason": "突发"}], [{"kind": 5, "reason": "上级要求"}]
        for key, kinds, authors in (
            ("i-must", must, 3),
            ("i-ordered", ordered, 1),
            ("i-one", must, 1),
            ("i-idle", [], 9),
        ):
            session.add(
                Issue(
                    id=key,
                    title="小事",
                    level=0,
                    first=NOW,
                    last=NOW,
                    seen=NOW,
                    must_answer=kinds,
                    authors=authors,
                )
            )
    tend(record, settings, NOW)
    with record.session(write=False) as session:
        assert set(session.scalars(select(Clock.issue_id))) == {"i-must", "i-ordered"}


def test_the_unit_on_duty_is_the_one_whose_word_the_facts_are(session: Session, issue: Issue) -> None:
    session.add_all(
        [
            Organisation(name="青山县人民政府", place="青山县", topics=[], contact="0000-1"),
            Organisation(name="云江市应急管理局", place="云江市", topics=[], contact="0000-2"),
            Organisation(name="云江市公安局", place="云江市", topics=[], contact="110"),
        ]
    )
    session.flush()
    entries = list(session.scalars(select(Organisation)))
    assert body("市应急管理局", entries) == "云江市应急管理局"
    assert body("《事故初步报告》", entries) == ""
    issue.unit, issue.place = "青山县人民政府", "云江市"
    told = Fact(source="市应急管理局", slot="deaths", text="无人死亡。")
    assert on_duty(session, issue, [told], [], "新闻办").unit == "云江市应急管理局"
    # A county that has nothing to do with the place is not taken; the office that coordinates is.
    assert on_duty(session, issue, [], [], "云江市人民政府新闻办公室").unit == "云江市人民政府新闻办公室"
    # Nobody is told to ask at an emergency number.
    police = on_duty(session, issue, [Fact(source="市公安局", slot="scale", text="立案3起。")], [], "")
    assert (police.unit, police.ask, police.contact) == ("云江市公安局", "", "")


@pytest.mark.parametrize(
    ("text", "usable", "plain"),
    [
        ("食材从哪里来？", True, True),
        ("学校什么时候复课？", True, True),
        ("我的补贴什么时候到账？", True, False),
        ("要求公开调查全过程", True, False),
        ("有没有本地的朋友说说咋回事", False, False),
        ("一车间是东头那个吗", True, False),
        ("三、公证员是否在场；", False, False),
        ("三天七千多？", False, False),
        ("到底死了多少人？", True, False),
    ],
)
def test_a_question_is_repeated_only_where_it_is_one(text: str, usable: bool, plain: bool) -> None:
    assert asking.usable(text) is usable
    assert asking.plain(text) is plain


def clause(number: int, heading: str, text: str) -> Clause:
    return Clause(
        id=number, policy_id=1, path=f"第{'一二三四五六七八九'[number - 1]}条", heading=heading, text=text
    )


def test_examples_never_mix_two_insurances() -> None:
    pension = clause(1, "第二章 养老保险", "第一条 施行前后的缴费年限合并计算。")
    health = clause(2, "第三章 医疗保险", "第二条 累计缴费年限男满二十年的，不再缴费。")
    general = clause(3, "第四章 经办服务", "第三条 断缴前后的缴费年限合并计算。")
    rate = clause(4, "第二章 养老保险", "第四条 缴费比例为20%。")
    assert examples([pension, health]) == []
    made = examples([pension, health, general, rate])
    assert [e.clauses for e in made] == [(rate,), (general, health)]
    assert "每月缴费1000元" in made[0].text
    assert "已累计缴费10年" in made[1].text
    assert "再缴10年即累计满20年" in made[1].text
    assert examples([clause(1, "", "第一条 面积差额部分按每平方米3000元结算。")]) == []


def test_staff_and_moved_villagers_are_no_casualties() -> None:
    assert [f.what for f in figures("病因为病毒感染，一名帮厨人员未离岗。")] == [""]
    assert [f.what for f in figures("转移群众312人已全部返家。")] == [""]
    assert [f.what for f in figures("42名学生就诊，39人已返家。")] == ["injured", "discharged"]


def test_an_answer_before_we_listened_is_timed_from_the_first_public_text(
    session: Session, issue: Issue, settings: Settings
) -> None:
    session.add(Source(name="forum", kind="html", declaration={}))
    for n in range(3):
        at = NOW - timedelta(hours=10 - n)
        session.add(
            DocumentRow(
                id=f"d{n}",
                source="forum",
                kind="post",
                url=f"http://x/{n}",
                text="吐了",
                when=at,
                fetched=NOW,
            )
        )
        session.flush()
        session.add(IssueDocument(issue_id=issue.id, document_id=f"d{n}", when=at))
    issue.seen, issue.reported = NOW, None
    statements.keep(
        session,
        title="通报",
        text="已派员处置。",
        body="市教育局",
        issue_id=issue.id,
        published=NOW - timedelta(hours=6),
    )
    session.flush()
    row = next(f for f in effect.measure(session, issue.id, settings, NOW) if f.key == "first_response")
    assert row.value == 4.0
    assert "尚未监测到" in row.words


def test_a_policy_has_no_cause_under_investigation(
    session: Session, issue: Issue, settings: Settings
) -> None:
    issue.title = "停车收费标准"
    for fact in facts.of_issue(session, issue.id):
        fact.state = "withdrawn"
    fact = facts.add(
        session, issue.id, "停车每日最高20元。", slot="rule", source="《停车办法》", by="a", now=NOW
    )
    facts.verify(session, fact.id, "b", NOW)
    text = drafts.compose(session, issue.id, "notice", replace(settings), NOW).text
    assert "原因" not in text
    assert "停车每日最高20元" in text


def test_sample_rows_follow_their_story_and_a_persons_stay(session: Session, issue: Issue) -> None:
    other = Issue(id="better", title="同一件事", level=1, first=NOW, last=NOW, seen=NOW)
    session.add(other)
    loaded = facts.add(session, issue.id, "42人就诊。", source="市教育局", by="示例数据", now=NOW)
    own = facts.add(session, issue.id, "校门已开放。", source="市教育局", by="analyst1", now=NOW)
    said = statements.keep(
        session,
        title="通报",
        text="三日内公布结果。",
        body="市教育局",
        issue_id=issue.id,
        published=NOW,
        sample=True,
    )
    places = {("facts", loaded.id): "s01", ("facts", own.id): "s01", ("statements", said.id): "s01"}
    assert follow(session, {"s01": "better"}, places, "示例数据") == ["better"]
    assert (loaded.issue_id, own.issue_id, said.issue_id) == ("better", issue.id, "better")
    assert follow(session, {"s01": "better"}, places, "示例数据") == []


def test_a_title_names_the_matter_not_the_notice(session: Session, issue: Issue, settings: Settings) -> None:
    issue.title = "第三小学学生就餐后呕吐第二次通报"
    title = drafts.compose(session, issue.id, "notice", settings, NOW).title
    assert title == "关于第三小学学生就餐后呕吐的情况通报"

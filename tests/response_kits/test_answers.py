"""Which of the verified and published answers a question, and when a true sentence is no answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kit_world import NOW, add_issue
from sqlalchemy.orm import Session

from huiyin.records import Fact, Issue, Statement
from huiyin.settings import Settings
from response_kits import answers, asking, drafts, facts
from response_kits.library import policies


def fact(text: str, slot: str) -> Fact:
    return Fact(
        id=abs(hash(text)) % 10_000, issue_id="i", text=text, slot=slot, state="verified", source="区政府"
    )


def find(
    question: str, known: list[Fact], texts: list[Statement] | None = None, subject: str = ""
) -> answers.Answer | None:
    return answers.Answers(known, texts or [], subject).find(question)


AGE = fact("涉事电梯使用19年。", "other")
INQUIRY = fact("事故原因由市场监管部门会同检验机构调查。", "investigation")
BACK = fact("已追回42万元。", "measure")
KNOWN = [AGE, INQUIRY, BACK]


def test_a_reason_is_asked_and_only_a_reason_answers() -> None:
    found = find("涉事电梯为何下滑？", KNOWN)
    assert found is not None
    assert found.facts == [INQUIRY]
    assert find("涉事电梯为何下滑？", [AGE]) is None
    assert find("涉事电梯什么时候恢复使用？", [INQUIRY]) is None


def test_a_part_is_said_to_be_a_part() -> None:
    found = find("追回的42万元如何返还？", [BACK, AGE], subject="破获诈骗团伙")
    assert found is None or not found.whole


def test_our_own_published_text_answers_where_no_fact_does() -> None:
    texts = [
        Statement(
            id=1,
            title="说明",
            text="公证处对摇号全程录像，公证员在场监督。网传公证员不在场。",
            state="standing",
            published=NOW,
        ),
        Statement(
            id=2,
            title="旧",
            text="公证员在场情况以本说明为准，公证员全程不在现场。",
            state="withdrawn",
            published=NOW,
        ),
    ]
    found = find("公证员全程是否在场？", KNOWN, texts)
    assert found is not None
    assert [(one.statement, one.text) for one in found.told] == [
        (1, "公证处对摇号全程录像，公证员在场监督。")
    ]
    assert find("谁来打扫操场？", KNOWN, texts) is None


def test_a_count_in_an_older_text_is_left_to_the_facts() -> None:
    text = Statement(
        id=1, title="首报", text="累计就诊学生42名。学校已经停课。", state="standing", published=NOW
    )
    assert find("累计就诊学生多少名？", [], [text]) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("涉事电梯为何下滑，检验机构正在拆检制动器。", "涉事电梯为何下滑？"),
        ("追回的钱如何返还，何时返还", "追回的钱如何返还，何时返还"),
        ("请公布每一台的检测结论。", "请公布每一台的检测结论"),
    ],
)
def test_a_question_ends_where_its_asking_ends(said: str, kept: str) -> None:
    assert asking.cut(said) == kept


def test_a_question_that_leans_on_what_stood_before_is_no_question_for_a_hall() -> None:
    assert not asking.usable("这句话还算不算数？")
    assert asking.usable("夜间施工的规定还算不算数？")


def test_the_office_speaks_to_the_bereaved(session: Session, settings: Settings) -> None:
    issue = add_issue(session)
    for text in ("4人死亡。", "11人受伤。"):
        made = facts.add(
            session, issue.id, text, source="市应急管理局", as_of=NOW - timedelta(hours=1), by="a", now=NOW
        )
        facts.verify(session, made.id, "b", NOW)
    text = drafts.compose(session, issue.id, "notice", settings, NOW).text
    assert "对遇难人员表示沉痛哀悼，向遇难人员家属和受伤人员表示诚挚慰问。" in text
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by="a")
    assert draft.checks["gates"]["evidence"] == "pass"
    other = add_issue(session, "s02")
    none = facts.add(session, other.id, "没有死亡病例。", source="市卫健委", by="a", now=NOW)
    facts.verify(session, none.id, "b", NOW)
    assert "哀悼" not in drafts.compose(session, other.id, "notice", settings, NOW).text


@pytest.mark.parametrize(
    ("said", "dead"),
    [
        ("2人受伤，无人死亡。", False),
        ("没有人员死亡，3人受伤。", False),
        ("1人经抢救无效死亡，3人受伤。", True),
    ],
)
def test_nobody_is_mourned_who_is_not_dead(
    session: Session, settings: Settings, said: str, dead: bool
) -> None:
    other = add_issue(session, "s99")
    fact = facts.add(session, other.id, said, slot="deaths", source="云江市", by="a", now=NOW)
    facts.verify(session, fact.id, "b", NOW)
    text = drafts.compose(session, other.id, "notice", settings, NOW).text
    assert ("对遇难人员表示沉痛哀悼" in text) is dead
    assert "慰问" in text


TWO = """云江市参加社会保险办法
云政发〔2026〕31号
第一章 养老保险
第一条 缴费比例为20%，缴费年限按国家规定执行。
第二章 医疗保险
第二条 累计缴费年限满二十五年的，不再缴费。
第三章 附则
第三条 本办法自2027年1月1日起施行。"""


def test_an_interpretation_names_the_subject_that_only_a_chapter_names(
    session: Session, issue: Issue, settings: Settings
) -> None:
    rule = policies.add_text(session, TWO, "办法", now=NOW)
    text = drafts.compose(session, issue.id, "interpretation", settings, NOW, {"policy": rule.id}).text
    assert "医疗保险方面，累计缴费年限满二十五年的，不再缴费（第二条）。" in text
    assert "全文主要规定了养老保险和医疗保险两个方面的内容。" in text


def test_a_notice_repeats_no_suspicion_of_askers(session: Session, issue: Issue, settings: Settings) -> None:
    issue.concerns = [{"question": "批准它扩建的人是不是收了钱？", "kind": "", "count": 30, "examples": []}]
    text = drafts.compose(session, issue.id, "notice", settings, NOW).text
    assert "收了钱" not in text

"""After an answer: is another one needed, and why; and which passage of an interpretation explains which clause."""

from __future__ import annotations

from datetime import timedelta

from kit_world import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Fact, Issue, Promise, Statement
from huiyin.settings import Settings
from response_kits import effect, facts, second_answer, statements
from response_kits.library import explained, policies


def _say(session: Session, issue: Issue, text: str, hours: float = 0) -> Statement:
    return statements.keep(
        session, title="情况通报", text=text, body="云江市教育局", issue_id=issue.id, draft_id=1, published=NOW + timedelta(hours=hours)
    )  # fmt: skip


def _figure(session: Session, issue: Issue, settings: Settings, hours: float) -> effect.Figure:
    rows = effect.measure(session, issue.id, settings, NOW + timedelta(hours=hours))
    return next(row for row in rows if row.key == "second")


def test_before_the_first_answer_there_is_no_second(
    session: Session, issue: Issue, settings: Settings
) -> None:
    assert _figure(session, issue, settings, 1).value is None


def test_a_question_left_open_a_newer_fact_and_a_broken_promise_each_call_for_another(
    session: Session, issue: Issue, settings: Settings
) -> None:
    said = "没有学生死亡，没有重症。食材是从哪里来的：由本市一家供货商配送。"
    _say(session, issue, said)
    assert _figure(session, issue, settings, 1).value == 0.0
    old = session.scalars(select(Fact).where(Fact.slot == "injured")).one()
    new = facts.supersede(
        session,
        old.id,
        "共有45名学生到医院就诊。",
        source="云江市卫生健康委",
        by="a",
        now=NOW + timedelta(hours=2),
    )
    facts.verify(session, new.id, "b", NOW + timedelta(hours=2))
    figure = _figure(session, issue, settings, 3)
    assert figure.value == 1.0
    assert "又核实 1 条" in figure.words
    assert [f"/issues/{issue.id}?tab=kit#fact-{new.id}", "共有45名学生到医院就诊。"] in figure.rows
    _say(session, issue, f"{said}共有45名学生到医院就诊。24小时内公布检测结果。将于24小时内公布检测结果。", 4)
    assert session.scalars(select(Promise)).all()
    assert _figure(session, issue, settings, 5).value == 0.0
    assert "到期未兑现" in _figure(session, issue, settings, 40).words


def test_must_questions_that_no_sentence_answers_are_named(
    session: Session, issue: Issue, settings: Settings
) -> None:
    _say(session, issue, "学校已停止供餐。")
    signs = second_answer.signs(session, issue, statements.answers(session, issue.id), NOW)
    assert any("没有答到" in sign.reason for sign in signs)
    assert "食材是从哪里来的？" in [words for sign in signs for _, words in sign.links]


def test_a_withdrawn_answer_leaves_nothing_standing(
    session: Session, issue: Issue, settings: Settings
) -> None:
    row = _say(session, issue, "没有学生死亡。食材是从哪里来的：由本市一家供货商配送。")
    statements.correct(session, row.id, "withdrawn", "leader1", "数字有误", NOW + timedelta(hours=1))
    assert "没有有效口径" in _figure(session, issue, settings, 2).words


RULE = """云江市校车管理办法
云政发〔2025〕7号
第一条 使用超过八年的校车，每半年检验一次，结论贴在车内。
第二条 校车发生事故的，学校应当在一小时内报告教育局。
第三条 家长可以申请免收校车费。"""
SAID = """《云江市校车管理办法》解读
旧车怎么办？用了超过八年的校车，半年检验一次，结论就贴在车内。
根据第三条，困难家庭可以申请。
本办法很重要。"""


def test_a_passage_goes_to_the_clause_that_it_explains(session: Session) -> None:
    rule = policies.add_text(session, RULE, "校车", now=NOW)
    said = policies.add_text(session, SAID, "解读", now=NOW)
    assert said.interprets == rule.id
    found = explained.by_clause(session, rule.id)
    by_path = {
        clause.path: [p.text for p in found[clause.id]] for clause in rule.clauses if clause.id in found
    }
    assert by_path["第一条"][0].startswith("旧车怎么办")
    assert by_path["第三条"] == ["根据第三条，困难家庭可以申请。"]
    assert "第二条" not in by_path
    assert all("很重要" not in text for texts in by_path.values() for text in texts)

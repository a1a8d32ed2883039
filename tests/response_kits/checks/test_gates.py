"""Each of the other gates: what it stops or points out, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from response_kits import checks
from response_kits.checks import coverage, tone


def state(gate: str, text: str, *facts: str, **context: Any) -> str:
    given = [checks.FactText(str(n), fact) for n, fact in enumerate(facts)]
    return checks.run(text, given, context=context).gates[gate]


def test_every_gate_is_found_and_has_a_state() -> None:
    report = checks.run("您好。", [])
    assert set(report.gates) == {gate.KEY for gate in checks.gates()}
    assert {
        "evidence",
        "privacy",
        "secrecy",
        "consistency",
        "authority",
        "in_force",
        "no_concealment",
        "cause",
        "tone",
    } <= set(report.gates)
    assert set(report.gates.values()) <= {"pass", "warn", "block"}


@pytest.mark.parametrize(
    "text",
    [
        "联系人电话13812345678。",
        "身份证号110101199003074258。",
        "家住云江市青河区建设路48号3单元502室。",
        "死者王小明，男。",
        "学生李子涵因病住院。",
        "赵大勇确诊患有乙肝。",
    ],
)
def test_personal_data_is_stopped(text: str) -> None:
    assert state("privacy", text, text) == "block"


@pytest.mark.parametrize(
    "text", ["咨询电话：0591-83330000。", "死者王某，男。", "学生在校就餐。", "患者已出院。"]
)
def test_offices_and_masked_names_pass(text: str) -> None:
    assert state("privacy", text, text) == "pass"


def test_a_duty_phone_that_the_facts_publish_may_stand() -> None:
    assert state("privacy", "值班电话13800001234。", "值班电话：13800001234。") == "pass"


def test_only_the_contacts_of_the_office_and_of_the_body_that_answers_are_public() -> None:
    text = "如需咨询，可拨打13800001234。"
    letter = checks.FactText("o-office", "云江市人民政府新闻办公室 我家电话13800001234，请拨打。")
    entry = checks.FactText("o-7", "云江市某局 值班13800001234")

    def verdict(facts: list[checks.FactText], contacts: list[str]) -> str:
        return checks.run(text, facts, context={"contacts": contacts}).gates["privacy"]

    assert verdict([letter], []) == "block"
    assert verdict([entry], []) == "block"
    assert verdict([entry], ["0000-12345"]) == "block"
    assert verdict([entry], ["138 0000 1234"]) == "pass"


@pytest.mark.parametrize(
    "text",
    [
        "机密★1年\n关于有关情况的通报",
        "密级：秘密",
        "本材料为内部资料，请勿外传。",
        "属工作秘密。",
        "（内部）\n情况通报",
    ],
)
def test_marks_of_secrecy_are_stopped(text: str) -> None:
    assert state("secrecy", text, text) == "block"


@pytest.mark.parametrize("text", ["所申请信息不涉及国家秘密。", "楼道内部装修已完成。", "依法不予公开。"])
def test_speaking_of_secrets_passes(text: str) -> None:
    assert state("secrecy", text, text) == "pass"


def test_earlier_statements_are_not_contradicted() -> None:
    earlier = [{"text": "事故造成3人死亡、5人受伤。"}]
    assert state("consistency", "事故造成2人死亡。", statements=earlier) == "block"
    assert state("consistency", "事故造成4人死亡。", statements=earlier) == "pass"  # the count grew
    assert state("consistency", "更正：事故造成2人死亡。", statements=earlier) == "warn"
    assert state("consistency", "事故造成3人死亡。", statements=earlier) == "pass"


def test_lawful_publisher() -> None:
    text = "今日新增确诊病例3例。"
    assert state("authority", text, organisation="云江市教育局") == "warn"
    assert state("authority", text, organisation="云江省卫生健康委员会") == "pass"
    assert state("authority", text) == "pass"


def test_documents_in_force() -> None:
    library = [
        {"title": "某办法", "number": "云政办发〔2020〕1号", "status": "repealed"},
        {"title": "新办法", "number": "云政办发〔2024〕5号", "status": "in_force"},
        {"title": "旧规定", "number": "云政办发〔2021〕2号", "status": "amended"},
    ]
    assert state("in_force", "依据云政办发〔2020〕1号办理。", policies=library) == "block"
    assert state("in_force", "依据云政办发〔2024〕5号办理。", policies=library) == "pass"
    assert state("in_force", "依据云政办发〔2021〕2号办理。", policies=library) == "warn"
    assert state("in_force", "依据云政办发〔2030〕9号办理。", policies=library) == "warn"
    assert state("in_force", "依据云政办发〔2020〕1号办理。") == "pass"


def test_a_known_death_is_not_dropped() -> None:
    fact = "火灾造成2人死亡、5人受伤。"
    assert state("no_concealment", "火灾造成5人受伤。", fact) == "block"
    assert state("no_concealment", "火灾造成2人死亡、5人受伤。", fact) == "pass"
    assert state("no_concealment", "道路已恢复通行。", fact) == "warn"
    assert state("no_concealment", "道路已恢复通行。", "道路已恢复通行。") == "pass"


def test_no_cause_before_a_finding() -> None:
    text = "起火原因是电线老化。"
    assert state("cause", text, "起火原因正在调查。") == "block"
    assert state("cause", text, "经认定，起火原因是电线老化。") == "pass"
    assert state("cause", "起火原因正在调查。", "起火原因正在调查。") == "pass"


def test_words_without_limit() -> None:
    assert state("absolute", "食品百分之百安全，绝不会再发生。", "食品合格。") == "warn"
    assert state("absolute", "绝对值为3。", "绝对值为3。") == "pass"


@pytest.mark.parametrize("text", ["此事与我局无关。", "请您自行解决。", "个别群众不理解、不配合。"])
def test_coldness_and_blame(text: str) -> None:
    assert state("tone", text, text) == "warn"


def test_readability_is_measured() -> None:
    plain, heavy = (
        "道路已修好。",
        "、".join(["高度重视", "狠抓落实", "压实责任", "形成合力", "举一反三"]) * 3 + "。",
    )
    assert tone.measure(plain).stock == 0
    assert tone.measure(heavy).stock > 10
    assert tone.measure(heavy).longest > tone.measure(plain).longest
    assert state("tone", heavy, heavy) == "warn"
    assert state("tone", plain, plain) == "pass"


def test_required_contents_of_a_notice() -> None:
    full = (
        "此事受到社会关注。截至11月24日15时，42名学生就医。学校已停止供餐。原因正在调查。下一次通报将于11月25日10时前发布。"
        "咨询电话：12345。\n云江市教育局\n2026年11月24日15时30分"
    )
    assert state("contents", full, full, kind="notice") == "pass"
    report = checks.run(full.replace("截至", "到"), [checks.FactText("1", full)], context={"kind": "notice"})
    assert report.gates["contents"] == "warn"
    assert any("截至时间" in note["message"] for note in report.notes)


def test_a_rebuttal_quotes_once_and_never_in_the_headline() -> None:
    claim = "已经有5名孩子死亡"
    context = {"kind": "rebuttal", "claims": [claim]}
    body = f"没有学生死亡。网传“{claim}”不实。"
    assert state("rebuttal", body, body, title="关于就餐学生情况的说明", **context) == "pass"
    assert state("rebuttal", body, body, title=f"{claim}？不实", **context) == "block"
    assert state("rebuttal", body + f"“{claim}”是谣言。", body, title="情况说明", **context) == "warn"


def test_which_sentence_answers_which_question() -> None:
    text = "食堂食材由云江配送公司供应。样品已送检。"
    rows = coverage.matrix(["食堂食材是谁供应的？", "家长能不能陪餐？"], text)
    assert [row["answered"] for row in rows] == [True, False]
    assert rows[0]["sentence"].startswith("食堂食材")
    assert text[slice(*rows[0]["span"])] == rows[0]["sentence"]
    assert state("coverage", text, text, questions=["家长能不能陪餐？"]) == "warn"

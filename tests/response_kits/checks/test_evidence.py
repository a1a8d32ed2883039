"""The evidence gate on invented sentences: 400 that say what the facts say, 400 with one planted fault, and rules one by one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from response_kits import checks

HERE = Path(__file__).parent


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / name).read_text("utf-8").splitlines()]


FACTS = {
    row["id"]: [checks.FactText(str(n), text) for n, text in enumerate(row["facts"])]
    for row in rows("facts.jsonl")
}


def supported(text: str, *facts: str, as_of: str = "") -> bool:
    report = checks.run(text, [checks.FactText(str(n), fact, as_of=as_of) for n, fact in enumerate(facts)])
    return all(sentence["supported"] for sentence in report.sentences)


def test_planted_faults_are_caught_and_true_sentences_pass() -> None:
    planted, true = rows("planted.jsonl"), rows("true_sentences.jsonl")
    assert len(planted) >= 400
    assert len(true) >= 400
    missed = [
        row for row in planted if checks.run(row["text"], FACTS[row["of"]]).gates["evidence"] != "block"
    ]
    blocked = [row for row in true if checks.run(row["text"], FACTS[row["of"]]).gates["evidence"] == "block"]
    assert len(missed) <= 0.03 * len(planted), Counter(row["kind"] for row in missed)
    assert len(blocked) <= 0.03 * len(true), [row["text"] for row in blocked]


@pytest.mark.parametrize("row", rows("facts.jsonl"), ids=lambda row: str(row["id"]))
def test_the_facts_themselves_pass(row: dict[str, Any]) -> None:
    report = checks.run("\n".join(row["facts"]), FACTS[row["id"]])
    assert report.gates["evidence"] == "pass"
    assert [s["facts"] for s in report.sentences] == [[f.id] for f in FACTS[row["id"]]]


@pytest.mark.parametrize(
    ("draft", "fact"),
    [
        ("共有二十三人到场。", "共有23人到场。"),
        ("收入为32000元。", "收入为3.2万元。"),
        ("占比达百分之十五。", "占比达15%。"),
        ("会议于11月24日下午3点召开。", "会议于2026年11月24日15时召开。"),
        ("依据国办发[2014]12号文件办理。", "依据国办发〔2014〕12号文件办理。"),
        ("依据国办发(2014)12号文件办理。", "依据国办发〔2014〕第12号文件办理。"),
        ("全长3600米。", "全长3.6公里。"),
        ("参加者约1.2万人。", "参加者为11980人。"),
        ("您好，来信收悉，感谢您的关心。", "道路已修复。"),
        ("原因正在核查，结果将及时公布。", "道路已修复。"),
    ],
)
def test_other_spellings_and_courtesy_pass(draft: str, fact: str) -> None:
    assert supported(draft, fact)


@pytest.mark.parametrize(
    ("draft", "fact"),
    [
        ("共有32人到场。", "共有23人到场。"),
        ("共有120人到场。", "共有120余人到场。"),
        ("死亡5人，受伤3人。", "死亡3人，受伤5人。"),
        ("发现违规排放行为。", "未发现违规排放行为。"),
        ("道路将完成修复。", "道路已完成修复。"),
        ("依据国发〔2014〕12号文件办理。", "依据国办发〔2014〕12号文件办理。"),
        ("负责人表示：“一定解决”。", "负责人表示将研究解决。"),
        ("3名责任人已被立案调查。", "道路已修复。"),
        ("道路已修复，并将赔偿全部损失。", "道路已修复。"),
        ("由市公安局负责。", "由市教育局负责。"),
    ],
)
def test_what_no_fact_says_is_named(draft: str, fact: str) -> None:
    report = checks.run(draft, [checks.FactText("1", fact)])
    assert report.gates["evidence"] == "block"
    for sentence in report.sentences:
        for problem in sentence["problems"]:
            start, end = problem["span"]
            assert 0 <= start < end <= len(draft)
            assert problem["message"]


def test_words_such_as_today_count_from_the_time_of_the_facts() -> None:
    fact = "2026年11月24日召开会议。"
    assert supported("今日召开会议。", fact, as_of="2026-11-24T15:00:00+08:00")
    assert not supported("昨日召开会议。", fact, as_of="2026-11-24T15:00:00+08:00")


def test_a_figure_of_an_unrelated_fact_does_not_count() -> None:
    assert not supported("就诊学生为8600人。", "就诊学生为42人。", "停水影响居民8600户。")


def test_a_claim_may_be_quoted_where_the_context_names_it() -> None:
    facts = [checks.FactText("1", "没有学生死亡。")]
    text = "网传“已经有5名孩子死亡”不实，没有学生死亡。"
    assert checks.run(text, facts).gates["evidence"] == "block"
    assert checks.run(text, facts, context={"claims": ["已经有5名孩子死亡"]}).gates["evidence"] == "pass"


@pytest.mark.parametrize(
    "text", ["", "\n\n", "。。。", "“", "1" * 5000, "万" * 300, "\x00\ufffd", "Hello world."]
)
def test_odd_texts_are_no_crash(text: str) -> None:
    checks.run(text, [checks.FactText("1", text), checks.FactText("2", "")])


def test_no_facts_at_all() -> None:
    assert checks.run("死亡3人。", []).gates["evidence"] == "block"

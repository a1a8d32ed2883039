from __future__ import annotations

import pytest

from nlp.stages import claims


def test_takes_a_sentence_apart() -> None:
    text = "大家好。据消防部门通报，11月20日上午长沙市岳麓区一工厂发生爆炸，造成3人死亡。希望大家平安。"
    (claim,) = claims.find(text)
    start, end = claim["span"]
    assert text[start:end] == claim["text"]
    assert claim["who"] == "消防部门"
    assert claim["where"] == "岳麓区"
    assert claim["when"].startswith("11月20日")
    assert claim["how_many"] == "3人"
    assert "爆炸" in claim["what"]


@pytest.mark.parametrize(
    "text", ["今天天气真好。", "希望领导早日解决发生的问题，2018年就说了。", "", "请问如何办理医保？"]
)
def test_opinions_and_appeals_are_no_claims(text: str) -> None:
    assert claims.find(text) == ()


def test_no_more_than_the_limit() -> None:
    assert len(claims.find("昨天某公司停水3天。" * 30)) == claims.LIMIT

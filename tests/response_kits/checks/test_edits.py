"""A sentence that follows its fact word for word but for one: the difference is found where it stands."""

from __future__ import annotations

import pytest

from response_kits import checks

FACT = (
    "滨江路出口未打通，待出口打通后积水可以缓解。该项目2019年上半年启动，暂未列入近期征收计划。"
    "值班人员在开标当日却不到现场。通道为方便残疾人设置，故不能取消。街道将继续加强巡查。"
)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("滨江路出口打通，待出口打通后积水可以缓解。", "negation"),
        ("该项目2019年上半年启动，暂列入近期征收计划。", "negation"),
        ("值班人员在开标当日却到现场。", "negation"),
        ("通道为方便残疾人设置，故能取消。", "negation"),
        ("街道已继续加强巡查。", "tense"),
        ("该项目2018年上半年启动，暂未列入近期征收计划。", "date"),
    ],
)
def test_one_word_is_another_meaning(said: str, reason: str) -> None:
    report = checks.run(said, [checks.FactText("1", FACT)])
    assert [s["supported"] for s in report.sentences] == [False]
    assert reason in {p["kind"] for s in report.sentences for p in s["problems"]} | {
        p.get("reason") for s in report.sentences for p in s["problems"]
    }


@pytest.mark.parametrize(
    "said",
    [
        "滨江路出口尚未打通，待出口打通后积水可以缓解。",
        "通道为方便残疾人设置，故不得取消。",
        "街道会继续加强巡查。",
        "该项目2019年上半年启动，暂没有列入近期征收计划。",
    ],
)
def test_the_same_in_other_words_passes(said: str) -> None:
    assert all(s["supported"] for s in checks.run(said, [checks.FactText("1", FACT)]).sentences)


def test_long_and_strange_texts_end_soon() -> None:
    report = checks.run("未" * 5000 + "。", [checks.FactText("1", "未" * 4999 + "不。")])
    assert report.sentences

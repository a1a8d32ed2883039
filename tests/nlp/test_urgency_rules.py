from __future__ import annotations

from datetime import UTC, datetime

import pytest

from huiyin.rules import load
from nlp.stages import urgency_rules as rules


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("刚刚工厂爆炸，造成3人死亡、12人受伤！", 3),
        ("我校食堂用餐后30多名学生集体中毒，正在医院抢救。", 3),
        ("小区电梯多次困人掉层，存在重大安全隐患，危及几百户居民生命安全。", 2),
        ("村支书贪污征地款，村民举报后遭打击报复、殴打。", 2),
        ("自来水发黄刺鼻，化工厂偷排污水，全村上百户喝不上水，多人头晕。", 2),
        ("听说我县出现新冠确诊病例？", 2),
    ],
)
def test_danger_shouts(text: str, least: int) -> None:
    judgement = rules.judge(text)
    assert judgement.level >= least
    assert judgement.reasons


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("请问医保卡怎么办理？谢谢。", 1),
        ("市应急局组织消防演练，模拟3人死亡的火灾。", 1),
        ("印度一列车脱轨，288人死亡。", 1),
        ("这部电影的主演说，剧情里爆炸炸死30人。", 1),
        ("我市召开安全生产会议，部署火灾预防宣传。", 1),
        ("小区楼下广场舞噪音扰民，投诉多次没人管。", 1),
        ("今天天气真好，出去玩。", 0),
        ("", 0),
    ],
)
def test_the_rest_does_not(text: str, most: int) -> None:
    assert rules.judge(text).level <= most


def test_reasons_quote_the_text() -> None:
    text = "村支书贪污征地款，村民举报后遭打击报复、殴打。"
    reasons = rules.judge(text).reasons
    assert any("“" in reason for reason in reasons)
    for reason in reasons:
        for word in reason.split("“", 1)[1].rstrip("”").split("、"):
            assert word in text


def test_a_year_in_the_past_mutes_where_the_time_is_known() -> None:
    text = "2015年那家化工厂发生爆炸，火灾造成多人被困，现场惨剧令人痛心。"
    assert rules.judge(text, published=datetime(2026, 11, 1, tzinfo=UTC)).level <= 1


def test_cues_that_straddle_two_words_are_dropped() -> None:
    features = rules.judge("集中毒品查处", words=frozenset(("集中", "毒品", "查处"))).features
    assert "cue_acute" not in features


@pytest.mark.parametrize(
    ("deaths", "hurt", "loss", "grade"),
    [
        (30, 0, 0, "特别重大事故"),
        (29, 0, 0, "重大事故"),
        (10, 0, 0, "重大事故"),
        (9, 0, 0, "较大事故"),
        (3, 0, 0, "较大事故"),
        (2, 0, 0, "一般事故"),
        (1, 100, 0, "特别重大事故"),
        (0, 50, 0, "重大事故"),
        (0, 10, 0, "较大事故"),
        (2, 9, 100000000.0, "特别重大事故"),
        (1, 0, 50000000.0, "重大事故"),
        (1, 0, 9900000.0, "一般事故"),
    ],
)
def test_grades_at_their_limits(deaths: int, hurt: int, loss: float, grade: str) -> None:
    assert rules.event_grade("工地坍塌", deaths, hurt, loss) == grade


def test_classes_without_a_table_stay_open() -> None:
    assert rules.event_grade("发生地震", 40) == "事件等级待定"
    assert rules.event_grade("工厂爆炸", None) == "事件等级待定"
    for row in load("event_grade")["classes"].values():
        assert row["basis"]

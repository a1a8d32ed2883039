"""The rumour score: a share and reasons that name words; comments move it; never a crash."""

from __future__ import annotations

import pytest

from nlp.stages.rumour import RumourScorer, joined, stances

ALARM = "紧急扩散！听说昨晚有人贩子在幼儿园门口抢小孩，已经有三个孩子被偷走，器官都被挖走了，请大家转给有孩子的家长！"
CALM = "今天和朋友去看了电影，晚上一起吃火锅，很开心，明天继续上班，晚安。"


@pytest.fixture(scope="module")
def scorer() -> RumourScorer:
    return RumourScorer.load()


def test_an_alarm_scores_above_everyday_talk_and_says_why(scorer: RumourScorer) -> None:
    high, why = scorer.score(ALARM)
    low, nothing = scorer.score(CALM)
    assert high > 0.8 > 0.3 > low
    assert any("听说" in reason for reason in why)
    assert nothing == ()


def test_doubt_and_denial_in_comments_raise_the_score(scorer: RumourScorer) -> None:
    text = "昨天下午市中心医院门口发生一起事故，多人受伤，救护车都来了。"
    chat = scorer.score(text, ["晚安", "好好休息，喜欢", "哈哈哈真好看"] * 3)[0]
    doubt, why = scorer.score(text, ["真的假的？", "谣言吧，已经辟谣了", "求证", "这是造谣"] * 3)
    assert doubt > chat
    assert any(reason.startswith("12 条评论中有") for reason in why)


def test_reasons_never_give_a_verdict(scorer: RumourScorer) -> None:
    for reason in scorer.score(ALARM, ["谣言", "真的吗"])[1]:
        assert "这是谣言" not in reason
        assert "“" in reason


@pytest.mark.parametrize("text", ["", "   ", "！？", "\ud800", "a" * 100_000, "https://t.cn/abc", "\x00\x01"])
def test_any_text_gets_an_answer(scorer: RumourScorer, text: str) -> None:
    share, reasons = scorer.score(text, ["", "\ud800", "转发微博"])
    assert 0 <= share <= 1
    assert isinstance(reasons, tuple)


def test_blank_comments_are_as_none(scorer: RumourScorer) -> None:
    assert scorer.score(ALARM, ["", " "]) == scorer.score(ALARM)


def test_stances_count_comments_not_words() -> None:
    assert stances(["谣言谣言谣言", "辟谣了", "好"]) == ["3 条评论中有 2 条否认：“谣言”、“辟谣”"]
    assert stances(["转发微博", "转发", "。", "真好"]) == ["4 条评论中有 3 条只是转发"]
    assert stances([]) == []


def test_names_called_in_comments_are_not_read() -> None:
    assert joined(["@谣言粉碎机: 好看", "喜欢 http://t.cn/x"]).split() == ["好看", "喜欢"]

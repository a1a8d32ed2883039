from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from huiyin.rules import load
from nlp.normalise import in_simplified
from nlp.stages import urgency
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


@pytest.mark.parametrize(
    "text",
    [
        "城.管.打.人，老人被打伤",
        "城 管 打 人，老人被打伤",
        "城guan打人，强chai民房",
        "村gan部贪wu征地款，老百姓维quan被报复",
        "弓虽扌斥民房，村民被殴da，有人流血",
        "💥工厂bao炸了，快救命！",
        "小區電梯多次困人，急墜，老人小孩不敢坐電梯",
        "我勒个去，楼下化工厂爆炸啦，冇得命咯，救命！",
        "OMG 学校food poisoning，小学生食物中毒，现在医院抢救！",
    ],
)
def test_hidden_traditional_dialect_and_mixed_spellings_shout(text: str) -> None:
    assert rules.judge(in_simplified([text])[0]).level >= 2


def test_signs_with_gaps_are_named_as_such() -> None:
    assert rules.judge("强.拆.打.人，请求处理").reasons[-1] == "字间有隔断，已连起来读：“强.拆.打.人”"
    plain = rules.judge("甲 乙 丙 丁")
    assert (plain.level, plain.reasons) == (0, ())


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("求转！三岁男孩昨天下午在超市门口被人抱走，家人急疯了", 2),
        ("某某县出现新冠确诊病例？", 2),
        ("明天起全市封城的消息是真的吗", 2),
        ("菜场卖的鱼泡过致癌的催化剂，千万别买", 2),
        ("城管当街殴打卖菜老人", 2),
        ("开发商跑路，三百多户业主房子烂尾", 2),
        ("河堤多处垮塌，汛期马上到了", 2),
        ("小区消防通道长期被车辆堵死", 2),
        ("数百名司机围堵公司大门", 2),
        ("一辆货车失控冲向路边，致2死3伤", 3),
    ],
)
def test_alarms(text: str, least: int) -> None:
    judged = rules.judge(text)
    assert judged.level >= least
    assert any(key.startswith("sign_") for key in judged.features)


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("被拐男孩已获救，三名嫌疑人落网", 1),
        ("“隔夜菜致癌”是谣言，专家这样说", 1),
        ("民警突发心脏病殉职，同事含泪送别", 1),
        ("央视网消息（新闻联播）：多地暴雨，各部门积极应对，转移群众", 1),
        ("跳楼式下跌！哪里还有房子卖", 1),
        ("请在路口设红绿灯，如果发生车祸后果不堪设想", 1),
    ],
)
def test_what_is_over_debunked_or_only_supposed_is_quieter(text: str, most: int) -> None:
    assert rules.judge(text).level <= most


def test_a_long_article_is_judged_by_what_it_says_and_soon() -> None:
    calm = "我市召开会议，部署文明城市创建工作，要求各单位认真落实。" * 700
    began = time.process_time()
    assert rules.judge(calm).level <= 1
    assert rules.judge("化工厂发生爆炸，造成3人死亡，现场正在救援。" + calm).level >= 2
    assert time.process_time() - began < 2


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


@pytest.mark.parametrize("rule", range(4))
@pytest.mark.parametrize("stacked", range(4))
def test_the_heads_move_a_level_by_one_step_at_most(rule: int, stacked: int) -> None:
    given = urgency.limit(rule, stacked)
    assert abs(given - rule) <= 1
    assert abs(given - stacked) == max(abs(rule - stacked) - 1, 0)

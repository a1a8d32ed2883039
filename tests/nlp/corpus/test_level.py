"""Level: three parts apart, the highest counts, no phrase lowers it; statute table of grades to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huiyin.document import Casualties
from huiyin.rules import load
from nlp.corpus.duty import must_answer, voices, who_answers
from nlp.corpus.level import Fact, IssueFacts, casualties, grade

CALM = Fact("a", "小区门口的桂花开了。", topic="urban", author="u1", source="s1")


def official(**numbers: int) -> Fact:
    return Fact(
        "n",
        "情况通报",
        kind="notice",
        topic="safety",
        casualties=Casualties(**numbers),
        author="office",
        source="gov",
    )


@pytest.mark.parametrize(
    ("deaths", "label"),
    [
        (1, "一般"),
        (2, "一般"),
        (3, "较大"),
        (9, "较大"),
        (10, "重大"),
        (29, "重大"),
        (30, "特别重大"),
        (300, "特别重大"),
    ],
)
def test_deaths_grade_as_in_decree_493(deaths: int, label: str) -> None:
    event = grade(IssueFacts([official(deaths=deaths)])).event
    assert event.label == label
    assert f"死亡 {deaths} 人" in event.reasons[0]
    assert "493" in event.reasons[0]
    assert event.value >= load("levels")["event"]["levels"][label]


@pytest.mark.parametrize(
    ("injured", "label"),
    [(9, "一般"), (10, "较大"), (49, "较大"), (50, "重大"), (99, "重大"), (100, "特别重大")],
)
def test_seriously_injured_grade(injured: int, label: str) -> None:
    assert grade(IssueFacts([CALM], seriously_injured=injured)).event.label == label


@pytest.mark.parametrize(
    ("loss", "label"),
    [(9_999_999, "一般"), (10_000_000, "较大"), (50_000_000, "重大"), (100_000_000, "特别重大")],
)
def test_loss_grade(loss: int, label: str) -> None:
    assert grade(IssueFacts([CALM], loss_yuan=loss)).event.label == label


def test_missing_is_shown_beside_deaths_never_added() -> None:
    event = grade(IssueFacts([official(deaths=2, missing=8)])).event
    assert event.label.startswith("一般")
    assert any("下落不明 8 人" in reason for reason in event.reasons)


def test_one_voice_leaves_the_grade_open_and_a_second_confirms_it() -> None:
    one = Fact("a", "爆炸死了十二个人", topic="safety", casualties=Casualties(deaths=12), author="u1")
    alone = grade(IssueFacts([one])).event
    assert alone.label == "待定"
    assert alone.value == 2
    both = grade(IssueFacts([one, replace(one, id="b", author="u2")])).event
    assert (both.label, both.value) == ("重大", 3)
    same_author = grade(IssueFacts([one, replace(one, id="b")])).event
    assert same_author.label == "待定"


def test_deaths_in_a_novel_do_not_count() -> None:
    story = Fact("a", "小说里死了三百人", topic="other", casualties=Casualties(deaths=300))
    assert casualties([story])[0].deaths is None
    assert grade(IssueFacts([story])).level == 0


def test_heat_needs_volume_authors_and_sources() -> None:
    docs = [replace(CALM, id=str(n), author=f"u{n}") for n in range(120)]
    hourly = [0.0] * 48 + [5.0] * 24
    assert grade(IssueFacts(docs, hourly, 120, 3)).heat.value == 2
    assert grade(IssueFacts(docs, hourly, 4, 3)).heat.value == 0
    alone = grade(IssueFacts(docs, hourly, 120, 1)).heat
    assert alone.value == 1
    assert "刷量" in alone.reasons[-1]


def test_sensitivity_names_the_words_it_rests_on() -> None:
    text = "城管殴打七十岁老人，现场有人受伤"
    part = grade(IssueFacts([Fact("a", text, topic="enforcement", urgency=2, author="u")])).sensitivity
    assert part.value == 2
    assert any("城管" in reason and "殴打" in reason for reason in part.reasons)


def test_words_far_apart_are_no_harm() -> None:
    text = "幼儿园孩子表演节目。" + "天气很好。" * 5 + "昨天看了一部有人自杀的电影。"
    assert grade(IssueFacts([Fact("a", text, topic="education")])).sensitivity.value == 1


def test_level_is_the_highest_part_and_parts_stay_apart() -> None:
    found = grade(IssueFacts([official(deaths=12)]))
    assert found.level == max(found.event.value, found.heat.value, found.sensitivity.value) == 3
    assert set(found.parts) == {"event", "heat", "sensitivity"}
    assert found.parts["heat"]["level"] == 0
    assert all(part["reasons"] and part["label"] for part in found.parts.values())


FACTS = st.builds(
    Fact,
    id=st.uuids().map(str),
    text=st.sampled_from(
        [
            "孩子中毒了，请查处。",
            "已解决，感谢。",
            "问题已经圆满解决，谣言已澄清。",
            "城管打人。",
            "停水了。",
            "",
        ]
    ),
    kind=st.sampled_from(["post", "notice", "message"]),
    topic=st.sampled_from(["safety", "education", "other", "urban"]),
    urgency=st.integers(0, 3),
    rumour_score=st.floats(0, 1),
    casualties=st.none() | st.builds(Casualties, deaths=st.integers(0, 40), injured=st.integers(0, 120)),
    author=st.sampled_from(["", "u1", "u2", "u3"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(FACTS, max_size=6), FACTS)
def test_no_further_text_lowers_event_or_sensitivity(facts: list[Fact], more: Fact) -> None:
    before, after = grade(IssueFacts(facts)), grade(IssueFacts([*facts, more]))
    assert after.event.value >= before.event.value
    assert after.sensitivity.value >= before.sensitivity.value


def test_must_answer_quotes_kind_and_cue() -> None:
    found = must_answer("safety", "仓库火灾，有人遇难", 3)
    assert [kind for kind, _ in found] == [4]
    assert "火灾" in found[0][1]
    assert "61号" in found[0][1]
    assert must_answer("other", "今天看了电影", 0) == []
    assert 5 in [kind for kind, _ in must_answer("other", "", 0, by_hand=True)]
    assert 2 in [kind for kind, _ in must_answer("education", "学位不足", 1)]
    assert must_answer("education", "学位不足", 0) == []


DIRECTORY = [
    {"name": "云江市应急管理局", "level": "city", "place": "云江市", "topics": ["safety"]},
    {"name": "云江市教育局", "level": "city", "place": "云江市", "topics": ["education"]},
    {"name": "云江市税务局", "level": "vertical", "place": "云江市", "topics": ["finance"]},
    {"name": "临州市教育局", "level": "city", "place": "临州市", "topics": ["education"]},
]


def test_who_answers_by_place_and_topic() -> None:
    duty = who_answers(["云江市"], "education", "食堂", DIRECTORY)
    assert (duty.scope, duty.first) == ("local", ("云江市教育局",))
    assert who_answers(["云江市"], "finance", "发票", DIRECTORY).scope == "vertical"
    assert who_answers(["云江市", "临州市"], "education", "", DIRECTORY).scope == "several_places"
    assert (
        who_answers(["云江市"], "safety", "", DIRECTORY, event_label="特别重大").scope == "especially_major"
    )
    assert who_answers(["云江市"], "housing", "", DIRECTORY).first == ("涉事责任部门",)
    assert who_answers([], "finance", "", DIRECTORY, policy_body="国务院").scope == "state_council"


def test_a_city_and_its_district_are_one_place() -> None:
    duty = who_answers(["桥西区", "云江市"], "education", "", DIRECTORY)
    assert (duty.scope, duty.first) == ("local", ("云江市教育局",))
    assert who_answers(["桥西区", "桥东区"], "education", "", DIRECTORY).scope == "several_places"
    assert who_answers(["临州市"], "safety", "", DIRECTORY).first == ("涉事责任部门",)


def test_those_who_spoke_answer_and_speakers_only_in_need() -> None:
    rows = [
        *DIRECTORY,
        {"name": "云江市人民政府新闻办公室", "level": "city", "place": "云江市", "topics": ["disclosure"]},
        {"name": "云江市卫生健康委员会", "level": "city", "place": "云江市", "topics": ["health"]},
        {"name": "白石县人民政府", "level": "city", "place": "白石县", "topics": ["other"]},
    ]
    spoke = voices(
        [
            ("云江市人民政府新闻办公室 通报", "市教育局、市卫健委已到校处置"),
            ("市教育局 情况说明", "正在检测"),
        ],
        rows,
    )
    told = {"云江市人民政府新闻办公室": 3, "云江市教育局": 4, "云江市卫生健康委员会": 1}
    assert spoke.items() >= told.items()
    assert who_answers(["云江市"], "education", "", rows, spoke=spoke).first == ("云江市教育局",)
    assert who_answers(["云江市"], "disclosure", "", rows).first == ("云江市人民政府新闻办公室",)
    assert who_answers([], "other", "有人说起白石", rows).first == ("涉事责任部门",)
    assert who_answers(["云江市"], "other", "", rows).first == ("涉事责任部门",)


def test_chatter_and_notices_raise_no_alarm() -> None:
    chatter = [Fact(f"c{n}", "火锅店来了只熊", topic="other", urgency=2, author=f"u{n}") for n in range(3)]
    assert grade(IssueFacts(chatter)).sensitivity.value == 0
    notice = Fact("n", "流感疫苗接种点公告", kind="notice", topic="health", rumour_score=0.9)
    assert grade(IssueFacts([notice])).sensitivity.value == 0
    rumour = Fact("r", "疫苗出事了", kind="post", topic="health", rumour_score=0.9)
    assert grade(IssueFacts([rumour])).sensitivity.value == 2

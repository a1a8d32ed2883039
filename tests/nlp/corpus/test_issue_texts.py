"""What is said of a whole issue: title, summary, keywords, concerns, turns; always somebody's own words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huiyin.document import Casualties
from nlp.corpus import concerns, timeline, titles
from nlp.corpus.posts import Post, passed_on, sentences, tidy

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
TEXTS = (
    "【永兴仓储园发生火灾】今天上午八点，桥西区永兴仓储园一处仓库发生火灾，消防已经到场。附近学校停课了吗？",
    "永兴仓储园火灾还在烧，桥西区都能看到浓烟。附近学校今天停课吗？希望尽快公布伤亡情况。",
    "路过永兴仓储园，仓库火灾浓烟滚滚 http://t.cn/abc @某人 [泪] 希望政府尽快公布伤亡情况！",
    "永兴仓储园的仓库以前就被投诉过，消防通道堵了没人管。请尽快公布伤亡情况。",
    "今天天气不错，适合出门走走。",
)
POSTS = [
    Post(f"p{n}", text, START + timedelta(minutes=20 * n), source=f"s{n}", author=f"u{n}")
    for n, text in enumerate(TEXTS)
]
NOTICE = Post(
    "n1",
    "桥西区应急管理局通报：火灾造成2人死亡，原因正在调查。",
    START + timedelta(hours=5),
    "关于永兴仓储园火灾的情况通报",
    "notice",
    "gov",
    casualties=Casualties(deaths=2),
)


def test_title_is_the_matter() -> None:
    assert titles.title([*POSTS]) == "永兴仓储园发生火灾"
    assert "火灾" in titles.title([NOTICE, *POSTS])
    assert titles.title([]) == ""
    assert len(titles.title([Post("x", "火" * 500, START)])) <= 40


def test_summary_is_made_of_sentences_that_were_written() -> None:
    found = titles.summary(POSTS)
    written = {piece.rstrip("。！？") for post in POSTS for piece in sentences(post.text)}
    for piece in filter(None, found.replace("！", "。").replace("？", "。").split("。")):
        assert any(piece in one for one in written)
    assert "永兴仓储园" in found
    assert "天气不错" not in found
    assert titles.summary([]) == ""


def test_keywords_are_shared_and_rare() -> None:
    found = titles.keywords(POSTS)
    assert "火灾" in found or "仓储" in found or "永兴" in found
    assert "今天" not in found


def test_concerns_are_clustered_with_counts_and_examples() -> None:
    found = concerns.find([*POSTS, NOTICE])
    first = found[0]
    assert first["kind"] == "demand"
    assert "公布伤亡情况" in first["question"]
    assert first["count"] == 3
    assert {example["document"] for example in first["examples"]} == {"p1", "p2", "p3"}
    question = next(row for row in found if row["kind"] == "question")
    assert question["count"] == 2
    assert "停课" in question["question"]


def test_an_office_has_no_concerns() -> None:
    notice = Post("n", "希望广大市民不信谣、不传谣。要求各单位尽快整改。", START, kind="notice")
    assert concerns.find([notice]) == []


def test_timeline_has_its_turns_in_order() -> None:
    later = Post(
        "p9", "死亡人数上升到5人", START + timedelta(hours=6), casualties=Casualties(deaths=5), source="s0"
    )
    found = timeline.find([later, NOTICE, *POSTS])
    assert [turn["at"] for turn in found] == sorted(turn["at"] for turn in found)
    assert found[0]["kind"] == "first"
    assert found[0]["document"] == "p0"
    deaths = [turn for turn in found if turn["kind"] == "casualties"]
    assert [turn["document"] for turn in deaths] == ["n1", "p9"]
    assert "此前最高 2 人" in deaths[1]["text"]
    assert [turn["document"] for turn in found if turn["kind"] == "official"] == ["n1"]
    assert timeline.find([]) == []
    many = [
        Post(f"m{n}", "进展", START + timedelta(hours=n), kind="notice", source=f"s{n}") for n in range(60)
    ]
    assert len(timeline.find(many, limit=10)) <= 10


def test_tidy_leaves_people_out() -> None:
    assert tidy("转发 @某人: 看看[泪] http://t.cn/abc1 真的吗") == "转发 看看 真的吗"


def test_a_copy_gives_no_title_and_its_lead_in_no_words() -> None:
    original = Post("o", "桥西区永兴仓储园仓库起火，附近道路封闭", START)
    copies = [
        Post(f"c{n}", text, START + timedelta(minutes=n + 1), copy=True)
        for n, text in enumerate(
            ("马住//@某人:桥西区永兴仓储园仓库起火，附近道路封闭", "转：桥西区永兴仓储园仓库起火，附近道路")
        )
    ]
    assert titles.title([original, *copies]) == original.text
    assert titles.title(copies[:1]) == original.text
    assert titles.title(copies[1:]) == "桥西区永兴仓储园仓库起火，附近道路"


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Repost//@甲:仓库起火，道路封闭，请绕行", "仓库起火，道路封闭，请绕行"),
        ("扩散！群里转来的 仓库起火，道路封闭", "仓库起火，道路封闭"),
        ("【转】仓库起火，道路封闭", "仓库起火，道路封闭"),
        ("转发微博", "转发微博"),
        ("转诊到市里要办什么手续", "转诊到市里要办什么手续"),
        ("三问//@甲:好", "三问//@甲:好"),
    ],
)
def test_what_is_passed_on(text: str, bare: str) -> None:
    assert passed_on(text) == bare


def test_a_long_title_ends_at_a_mark() -> None:
    text = "永兴仓储园火灾已经扑灭，没有人员伤亡，环城路今晚八点恢复通行，附近学校明天照常上课"
    found = titles.title([Post("x", "", START, text)])
    assert len(found) <= 40
    assert text.startswith(found)
    assert found.endswith(("通行", "伤亡"))
    assert (
        titles.title([Post("h", "永兴仓储园火灾 热度 49.6万", START, "永兴仓储园火灾 热度 49.6万", "hot")])
        == "永兴仓储园火灾"
    )


def test_the_polite_words_of_an_office_are_no_demand() -> None:
    assert concerns.find([Post("p", "给您带来不便敬请谅解。请大家互相转告。", START)]) == []

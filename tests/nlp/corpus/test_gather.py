"""Short posts find their story in the slow pass; chatter does not, and people's word stays law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nlp.corpus.consolidate import apply, consolidate
from nlp.corpus.gather import attractions, holds, originals, window
from nlp.corpus.grouping import Context, Grouper

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
FIRE = (
    "永兴仓储园今天上午发生火灾，浓烟滚滚，消防车已经到场，桥西区环城路封闭",
    "永兴仓储园着火，桥西区都能看到黑烟，消防员正在扑救，环城路封闭",
    "通报：永兴仓储园火灾造成两人受伤，消防员已控制火势，环城路封闭",
    "刚路过永兴仓储园，火灾还没扑灭，环城路封闭，消防员在换班",
    "永兴仓储园火灾现场，消防员累得坐在地上，浓烟还没散",
)
SHORT = "浓烟，消防员还没撤，窗户不敢开"
"""Too little for a likeness of texts; its writer has written about the fire before."""
CHATTER = (
    "今天的晚霞真好看，适合散步",
    "新买的猫粮主子不吃，愁",
    "周末球赛谁去看，差一张票",
    "求推荐靠谱的牙科，智齿疼了三天",
    "考研倒计时，单词背到第三遍",
    "奶奶腌的咸鸭蛋，一筷子下去全是油",
    "地铁里有人弹吉他，挺好听",
    "租房押金退不退，房东一直拖",
    "孩子作业写到十点，谁家也这样",
    "阳台的月季开了第二茬",
    "公司年会让我跳舞，救命",
    "驾校科目二又挂了，倒车入库",
    "早市的豆腐脑还是咸的好吃",
    "手机屏幕碎了，换一块要八百",
    "小区门口新开了一家面馆",
    "丢了一把雨伞，蓝色格子的",
)
FRAGMENT = f"d{len(FIRE) + len(CHATTER)}"


def filled(*more: str, writer: str = "u1") -> Grouper:
    grouper = Grouper()
    for number, text in enumerate([*FIRE, *CHATTER, *more]):
        name = f"d{number}"
        context = Context(author=writer if name == FRAGMENT else f"u{number}")
        grouper.add(name, text, "", START + timedelta(minutes=number), context=context)
    return grouper


def settle(grouper: Grouper) -> None:
    for _ in range(10):
        if not sum(apply(grouper, proposal) is not None for proposal in consolidate(grouper)):
            break


def test_a_clipped_post_joins_its_story_and_chatter_stays_alone() -> None:
    grouper = filled(SHORT)
    settle(grouper)
    story = grouper.issue_of("d0")
    assert grouper.issue_of(FRAGMENT) == story
    for number in range(len(FIRE), len(FIRE) + len(CHATTER)):
        assert grouper.issue_of(f"d{number}") != story
        assert len(grouper.issue(str(grouper.issue_of(f"d{number}"))).members) == 1


def test_what_a_person_held_apart_is_not_gathered() -> None:
    grouper = filled(SHORT)
    grouper.cannot_link("d0", FRAGMENT)
    settle(grouper)
    assert grouper.issue_of(FRAGMENT) != grouper.issue_of("d0")


def test_a_writer_of_the_story_is_heard_more_readily() -> None:
    stranger, writer = filled(SHORT, writer="somebody"), filled(SHORT)

    def score(grouper: Grouper) -> float:
        found = attractions(grouper, window(grouper))
        name = grouper.issue_of(FRAGMENT)
        return next((one.score for one in found if one.fragment == name), 0.0)

    assert score(writer) > score(stranger)


def test_a_story_long_silent_attracts_nothing() -> None:
    grouper = filled()
    grouper.add("late", SHORT, "", START + timedelta(days=20))
    found = attractions(grouper, window(grouper))
    assert grouper.issue_of("late") not in {one.fragment for one in found}


def test_gathered_documents_are_held_against_splits() -> None:
    grouper = filled(SHORT)
    settle(grouper)
    issue = grouper.issue(str(grouper.issue_of("d0")))
    members = originals(issue)
    leaving = [one for one in members if one.id == FRAGMENT]
    rest = [one for one in members if one.id != FRAGMENT]
    assert holds(window(grouper), rest, leaving, issue)
    assert [one for one in consolidate(grouper) if one.kind == "split"] == []


def test_a_repost_goes_where_its_parent_is() -> None:
    grouper = filled()
    found = grouper.add(
        "r", "真的假的？？", "", START + timedelta(hours=2), context=Context(parent="d0", author="x")
    )
    assert found.issue == grouper.issue_of("d0")
    assert found.reason == "转发或答复事件中已有的内容"
    issue = grouper.issue(found.issue)
    assert "r" not in {one.id for one in originals(issue)}


def test_an_empty_grouper_has_nothing_to_gather() -> None:
    grouper = Grouper()
    assert attractions(grouper, window(grouper)) == []
    assert consolidate(grouper) == []


def test_what_is_said_under_a_post_speaks_with_it() -> None:
    grouper = filled("窗户不敢开，头疼", writer="somebody")
    name = str(grouper.issue_of(FRAGMENT))
    assert all(one.fragment != name for one in attractions(grouper, window(grouper)))
    grouper.hear(FRAGMENT, ["永兴仓储园火灾还没扑灭吗", "消防员还在，环城路封闭，浓烟没散"])
    assert any(one.fragment == name for one in attractions(grouper, window(grouper)))


def test_a_story_gone_quiet_attracts_less() -> None:
    found = []
    for days in (0.1, 5.1):
        grouper = filled()
        grouper.add(FRAGMENT, SHORT, "", START + timedelta(days=days), context=Context(author="u1"))
        name = grouper.issue_of(FRAGMENT)
        found.append(any(one.fragment == name for one in attractions(grouper, window(grouper))))
    assert found == [True, False]

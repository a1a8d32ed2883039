"""Grouping: one issue a matter, ids that stay, people's word as law, memory bounded by the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huiyin.errors import NotFound, UsageError
from nlp.corpus.consolidate import Proposal, apply, consolidate
from nlp.corpus.grouping import Grouper

START = datetime(2026, 11, 2, 8, tzinfo=UTC)
FIRE = (
    "云江市桥西区永兴仓储园今天上午发生火灾，浓烟滚滚，消防车已经到场",
    "永兴仓储园着火了，桥西区这边都能看到黑烟，消防员正在救火",
    "刚路过永兴仓储园，仓库火灾还没扑灭，桥西区环城路封了",
)
SCHOOL = (
    "实验二小食堂今天中午的鸡腿是馊的，好几个孩子吃了肚子疼",
    "实验二小食堂鸡腿变质，家长群炸锅，孩子肚子疼到医院了",
    "孩子在实验二小食堂吃了馊鸡腿拉肚子，学校什么时候给说法",
)
OTHER = "周末想去爬山，有没有人知道西山森林公园的停车场几点开门"


def filled(texts: tuple[str, ...] = (*FIRE, *SCHOOL, OTHER)) -> Grouper:
    grouper = Grouper()
    for number, text in enumerate(texts):
        grouper.add(f"d{number}", text, "", START + timedelta(minutes=number))
    return grouper


def groups(grouper: Grouper) -> set[frozenset[str]]:
    return {frozenset(issue.members) for issue in grouper.live.values()}


def test_same_matter_is_one_issue_and_another_matter_is_not() -> None:
    assert groups(filled()) == {
        frozenset({"d0", "d1", "d2"}),
        frozenset({"d3", "d4", "d5"}),
        frozenset({"d6"}),
    }


def test_the_same_stream_gives_the_same_ids() -> None:
    one, other = filled(), filled()
    assert [issue.id for issue in one.live.values()] == [issue.id for issue in other.live.values()]


def test_adding_a_document_again_changes_nothing() -> None:
    grouper = filled()
    before = groups(grouper)
    again = grouper.add("d1", SCHOOL[0], "", START + timedelta(days=1))
    assert again.issue == grouper.issue_of("d0")
    assert groups(grouper) == before


def test_near_duplicate_keeps_what_it_copies() -> None:
    grouper = filled()
    found = grouper.add("copy", "转发：" + FIRE[0] + "！！", "", START + timedelta(hours=2))
    assert found.issue == grouper.issue_of("d0")
    assert found.copy_of == "d0"


def test_same_complaint_by_other_words_elsewhere_stays_apart() -> None:
    grouper = Grouper()
    one = grouper.add("a", "阳光花园小区楼下烧烤店油烟扰民，请城管处理", "", START)
    other = grouper.add("b", "城北中学门口路灯坏了三个月没人修，学生放学很危险", "", START)
    assert one.issue != other.issue


def test_window_closes_silent_issues_and_frees_their_memory() -> None:
    grouper = Grouper(timedelta(days=3))
    for number in range(400):
        grouper.add(
            f"x{number}",
            f"第{number}号路段{number * 7919 % 10007}积水严重，无法通行",
            "",
            START + timedelta(hours=number),
        )
    oldest = (START + timedelta(hours=399 - 72)).timestamp()
    assert all(member.when >= oldest for issue in grouper.live.values() for member in issue.members.values())
    known = {key for posted in grouper._index.values() for key in posted}
    assert known <= grouper.live.keys()
    assert len(grouper._copies) <= len(grouper._home) <= 73
    assert grouper.issue_of("x0") is None


def test_capacity_bounds_documents() -> None:
    grouper = Grouper(capacity=50)
    for number in range(300):
        grouper.add(f"y{number}", f"编号{number * 104729 % 1000003}的单独事项{number}", "", START)
    assert len(grouper._home) <= 51


def test_merge_leaves_a_redirect_and_survives_the_slow_pass() -> None:
    grouper = filled()
    keep, gone = grouper.issue_of("d0"), grouper.issue_of("d3")
    assert keep is not None
    assert gone is not None
    assert grouper.merge(keep, gone) == keep
    assert grouper.resolve(gone) == keep
    assert grouper.issue(gone).id == keep
    assert grouper.issue_of("d4") == keep
    assert not [one for one in consolidate(grouper) if one.kind == "split"]


def test_split_makes_a_new_issue_that_the_slow_pass_does_not_merge() -> None:
    grouper = filled((*FIRE, *[text + "。" * 3 + "现场照片" for text in FIRE]))
    whole = grouper.issue_of("d0")
    assert whole is not None
    created = grouper.split(whole, ["d1", "d2"])
    assert grouper.issue_of("d1") == created != whole
    assert not [one for one in consolidate(grouper) if one.kind == "merge"]
    assert apply(grouper, Proposal("merge", (whole, created), (), 1.0, "")) is None


def test_slow_pass_merges_what_came_apart() -> None:
    grouper = Grouper()
    for number, text in enumerate(FIRE):
        grouper.restore("i1", f"a{number}", text, "", START + timedelta(minutes=number))
        changed = f"网友说{text}，真的吗，担心附近居民和学校，希望早点公布伤亡情况"
        grouper.restore("i2", f"b{number}", changed, "", START + timedelta(minutes=number))
    merges = [one for one in consolidate(grouper) if one.kind == "merge"]
    assert [one.issues for one in merges] == [("i1", "i2")]
    assert apply(grouper, merges[0]) == "i1"
    assert grouper.issue_of("b2") == "i1"
    assert apply(grouper, merges[0]) is None


def test_slow_pass_splits_strangers() -> None:
    grouper = Grouper()
    for number, text in enumerate((*FIRE, *SCHOOL)):
        grouper.restore("i1", f"d{number}", text, "", START + timedelta(minutes=number))
    splits = [one for one in consolidate(grouper) if one.kind == "split"]
    assert len(splits) == 1
    assert set(splits[0].documents) in ({"d0", "d1", "d2"}, {"d3", "d4", "d5"})
    assert apply(grouper, splits[0]) is not None
    assert grouper.issue_of("d0") != grouper.issue_of("d3")


def test_move_and_pairs_are_obeyed() -> None:
    grouper = filled()
    target = grouper.issue_of("d3")
    assert target is not None
    assert grouper.move("d0", target) == target
    assert grouper.issue_of("d0") == target
    grouper.must_link("d6", "later")
    assert grouper.add("later", "完全无关的文字", "", START).issue == grouper.issue_of("d6")
    grouper.cannot_link("d1", "apart")
    assert grouper.add("apart", FIRE[1], "", START).issue != grouper.issue_of("d1")


def test_restored_grouper_goes_on_as_before() -> None:
    grouper, again = filled(), Grouper()
    for issue in grouper.live.values():
        for member in issue.members.values():
            text = (*FIRE, *SCHOOL, OTHER)[int(member.id[1:])]
            again.restore(issue.id, member.id, text, "", datetime.fromtimestamp(member.when, UTC))
    assert groups(again) == groups(grouper)
    new = "永兴仓储园火灾原因查明了吗，桥西区消防通报"
    assert again.add("n", new, "", START).issue == grouper.add("n", new, "", START).issue


def test_wrong_use_is_told_in_a_sentence() -> None:
    grouper = filled()
    issue = grouper.issue_of("d0")
    assert issue is not None
    with pytest.raises(NotFound, match="nowhere"):
        grouper.merge(issue, "nowhere")
    with pytest.raises(UsageError, match="d5"):
        grouper.split(issue, ["d5"])
    with pytest.raises(UsageError, match="3"):
        grouper.split(issue, ["d0", "d1", "d2"])
    with pytest.raises(NotFound, match="dx"):
        grouper.move("dx", issue)


@pytest.mark.parametrize("text", ["", " ", "\x00", "😀" * 50, "a" * 10_000, "1 2 3", "\ud800坏的代理"])
def test_odd_texts_get_an_issue(text: str) -> None:
    grouper = Grouper()
    assert grouper.add("a", text, "", START).issue
    assert grouper.add("b", text, "", START).issue

"""Near-duplicates planted among unrelated posts are found, and nothing else is."""

from __future__ import annotations

import random

import pytest

from crawler.fold import Fold, bare, same

WORDS = [
    "昨晚",
    "今早",
    "东湖",
    "西山",
    "小区",
    "停水",
    "停电",
    "学校",
    "食堂",
    "孩子",
    "呕吐",
    "医院",
    "收费",
    "公交",
    "改线",
    "工地",
    "噪音",
    "路灯",
    "垃圾",
    "物业",
    "电梯",
    "故障",
    "河水",
    "死鱼",
    "味道",
    "社保",
    "工资",
    "拖欠",
    "拆迁",
    "补偿",
    "摇号",
    "幼儿园",
    "大雨",
    "积水",
    "抢修",
    "通知",
    "居民",
    "反映",
    "街道",
    "部门",
    "回应",
    "没人",
    "处理",
    "希望",
    "尽快",
    "解决",
    "三天",
    "五次",
    "电话",
    "投诉",
    "热线",
    "平台",
    "领导",
    "检查",
    "结果",
    "公布",
    "原因",
    "调查",
    "安全",
    "隐患",
]


def post(chance: random.Random, length: int) -> str:
    return "".join(chance.choice(WORDS) + chance.choice("，。！ 了的在又都") for _ in range(length))


def edited(chance: random.Random, text: str) -> str:
    """A light copy, as people make them: a remark, a mark, a link, a few characters, other punctuation."""
    kind = chance.randrange(6)
    if kind == 0:
        return f"转发微博//@某用户{chance.randrange(99)}:{text}"
    if kind == 1:
        return f"【扩散】{text} http://t.cn/{chance.randrange(10**6)}"
    if kind == 2:
        return text.replace("，", " ").replace("。", "!!")
    if kind == 3:
        place = chance.randrange(len(text))
        return text[:place] + chance.choice("呢吧啊哦") + text[place:]
    if kind == 4:
        place = chance.randrange(len(text) - 2)
        return text[:place] + text[place + 1 :] + "[怒][怒]"
    return text + "求转发，大家帮忙看看"


def test_planted_copies() -> None:
    chance = random.Random(7)
    documents, origin = [], {}
    for number in range(1500):
        text = post(chance, chance.randrange(12, 30))
        documents.append((f"o{number}", text))
        for copy in range(chance.randrange(3)):
            documents.append((f"o{number}-{copy}", edited(chance, text)))
            origin[f"o{number}-{copy}"] = f"o{number}"
    chance.shuffle(documents)
    answers = dict(zip((name for name, _ in documents), Fold().add(documents), strict=True))
    family = {name: origin.get(name, name) for name in answers}
    folded = {name: first for name, first in answers.items() if first}
    right = sum(family[name] == family[first] for name, first in folded.items())
    planted = len(documents) - len(set(family.values()))
    assert right / len(folded) >= 0.98
    assert right / planted >= 0.98


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        ("云江路段发生车祸造成3人受伤现场正在救援", "云江路段发生车祸造成5人受伤现场正在救援", False),
        (
            "云江路段发生车祸造成3人受伤现场正在救援",
            "14:20 云江路段发生车祸，造成3人受伤！现场正在救援…",
            True,
        ),
        ("东湖小区已经停水三天了没有人管", "西山小区的路灯坏了一个月没有人修", False),
        ("图书馆延长到晚上十点了！！考研人跪谢", "等官方//@橙子:图书馆延长到晚上十点了！！考研人跪谢", True),
        (
            "图书馆延长到晚上十点了",
            "这事我得好好说两句，本来去年就该延长的，拖到现在还好意思宣传//@橙子:图书馆延长到晚上十点了",
            False,
        ),
    ],
)
def test_what_counts_as_the_same(left: str, right: str, is_same: bool) -> None:
    fold = Fold()
    assert bool(fold.add([("a", left), ("b", right)])[1]) is is_same


def test_short_remarks_are_never_folded() -> None:
    assert (
        Fold().add(
            [("a", "转发微博"), ("b", "转发微博"), ("c", "已收到"), ("d", "已收到"), ("e", ""), ("f", "")]
        )
        == [""] * 6
    )


def test_batching_changes_nothing() -> None:
    chance = random.Random(3)
    documents = [(str(i), post(chance, 20)) for i in range(300)]
    documents += [(f"c{i}", edited(chance, text)) for i, (_, text) in enumerate(documents[:100])]
    whole = Fold().add(documents)
    single = Fold()
    assert [single.add([document])[0] for document in documents] == whole


def test_settled_index_finds_through_the_record() -> None:
    chance = random.Random(5)
    documents = [(str(i), post(chance, 20)) for i in range(400)]
    texts = dict(documents)
    fold = Fold(lambda names: {name: texts[name] for name in names})
    fold._GROW = 50  # type: ignore[misc]
    fold.add(documents)
    fold._bare.clear()
    copies = [(f"c{name}", f"转：{text}") for name, text in documents]
    assert fold.add(copies) == [name for name, _ in documents]


def test_bare_and_same_bounds() -> None:
    assert bare("ＡＢＣ　停水！！http://t.cn/x @某人 [怒]") == "abc停水"
    assert same("", "") == 0.0
    assert same("停水停电", "停水停电") == 1.0

"""Finding passages: spans that are what they say, order, batches, the command, the sample city's policies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huiyin.cli import main
from response_kits.library.retrieval import Finder, Text, windows

LIBRARY = [
    Text("heating", "供热条例", "第一条 居民供热期为11月15日至次年3月15日。\n第二条 室内温度不得低于18摄氏度。温度不达标的，用户可以要求退费。"),
    Text("school", "义务教育招生办法", "适龄儿童按照户籍所在地划片入学。外来务工人员随迁子女凭居住证和务工证明申请入学。"),
    Text("noise", "噪声管理规定", "夜间十时至次日六时，禁止建筑施工作业。因特殊需要必须连续作业的，应当公告附近居民。"),
    Text("reply", "", "网友您好，您反映的“青山小区路灯不亮”的问题收悉。经查，线路老化，已安排更换。"),
]  # fmt: skip


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(LIBRARY)


@pytest.mark.parametrize(
    ("question", "right", "word"),
    [
        ("家里暖气温度不够18度能退费吗", "heating", "退费"),
        ("外来务工人员的孩子怎么申请上学", "school", "随迁子女"),
        ("工地夜间施工太吵，有规定吗", "noise", "施工"),
        ("青山小区路灯不亮什么时候修", "reply", "路灯"),
    ],
)
def test_the_passage_answers(finder: Finder, question: str, right: str, word: str) -> None:
    best = finder.find(question)[0]
    assert best.id == right
    text = next(item.text for item in LIBRARY if item.id == right)
    assert word in text[best.start : best.end]


def test_scores_fall_and_top_bounds_them(finder: Finder) -> None:
    found = finder.find("夜间施工和供热温度", top=2)
    assert [p.id for p in found] == [p.id for p in sorted(found, key=lambda p: -p.score)]
    assert len(found) == 2
    assert all(0 <= p.score <= 1 for p in found)


def test_an_answer_does_not_depend_on_the_other_questions(finder: Finder) -> None:
    questions = ["供热期是几月到几月", "", "路灯", "入学需要什么证明", "😀"]
    assert finder.find_many(questions) == [finder.find(question) for question in questions]


def test_nothing_is_found_for_nothing(finder: Finder) -> None:
    assert finder.find_many(["", "！！！", "qwxz"]) == [[], [], []]
    assert Finder([]).find("供热") == []


@pytest.mark.parametrize(
    "text", ["", "无标点" * 200, "一。" * 300, "\n\n第一条 甲。\n\n第二条 乙！？\n", "  空白。  "]
)
def test_windows_cover_the_text_in_order(text: str) -> None:
    spans = windows(text)
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert spans == sorted(spans)
    covered = {n for start, end in spans for n in range(start, end)}
    assert all(n in covered for n, char in enumerate(text) if not char.isspace())


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library, asked = tmp_path / "lib.jsonl", tmp_path / "q.jsonl"
    library.write_text(
        "".join(json.dumps({"id": t.id, "title": t.title or None, "text": t.text}) + "\n" for t in LIBRARY), "utf-8"
    )  # fmt: skip
    asked.write_text(
        '{"id": 1, "question": "供热温度不达标", "from": "x"}\n{"id": 2, "question": ""}\n', "utf-8"
    )
    assert main(["find", str(asked), "--library", str(library), "--top", "1"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["id"], first["from"], first["passages"][0]["id"]) == (1, "x", "heating")
    start, end = first["passages"][0]["span"]
    assert "温度" in LIBRARY[0].text[start:end]
    assert "question" not in first
    assert (second["id"], second["passages"]) == (2, [])


def test_a_library_without_text_is_refused_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library = tmp_path / "lib.jsonl"
    library.write_text('{"id": 1, "title": "只有标题"}\n', "utf-8")
    assert main(["find", str(library), "--library", str(library)]) == 1
    assert "'text'" in capsys.readouterr().err

"""Casualties on our own table of cases (tests/nlp/casualties_cases.jsonl: every text written for it, none collected)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huiyin import jsonl
from huiyin.document import Casualties
from nlp.reading.numbers import value
from nlp.stages import casualties

CASES = list(jsonl.rows(str(Path(__file__).with_name("casualties_cases.jsonl")), need=("text", "casualties")))


def test_the_table_is_large_and_half_of_it_is_hard() -> None:
    assert len(CASES) >= 200
    assert sum(case["casualties"] is None for case in CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:18])
def test_reads_the_table_exactly(case: dict[str, object]) -> None:
    expected = case["casualties"]
    got = casualties.read(str(case["text"]), abroad=False)
    assert got == (None if expected is None else Casualties(**expected)), casualties.explain(
        str(case["text"])
    )  # type: ignore[arg-type]


def test_a_foreign_event_is_marked_and_counted_only_where_asked() -> None:
    text = "印度一列车脱轨，已造成288人死亡、900多人受伤。"
    assert casualties.read(text) == Casualties(288, 900, None)
    assert casualties.read(text, abroad=False) is None
    assert {mention.status for mention in casualties.explain(text)} == {"abroad"}


def test_explains_with_the_very_words() -> None:
    text = "昨晚起火，至少3人死亡，近百人受伤；网传“死亡50人”系谣言。"
    mentions = casualties.explain(text)
    assert [(m.kind, m.value, m.qualifier, m.status) for m in mentions] == [
        ("deaths", 3, "at-least", "counted"),
        ("injured", 100, "about", "counted"),
        ("deaths", 50, "exact", "negated"),
    ]
    assert all(text[m.span[0] : m.span[1]] == m.words for m in mentions)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("2015年某地爆炸造成165人遇难，至今难忘。", "history"),
        ("全市开展应急演练，模拟3人受伤。", "drill"),
        ("这部电影里有12人死亡。", "fiction"),
        ("一旦垮塌，将造成数十人死亡。", "prevention-statistic"),
    ],
)
def test_says_why_a_count_is_put_aside(text: str, status: str) -> None:
    assert [mention.status for mention in casualties.explain(text)] == [status]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("三", 3),
        ("十", 10),
        ("十二", 12),
        ("廿三", 23),
        ("两百", 200),
        ("一百零五", 105),
        ("1.2万", 12000),
        ("1,200", 1200),
        ("两千三百", 2300),
        ("一万五千", 15000),
        ("数十", 10),
        ("上百", 100),
        ("20余万", 200000),
        ("多", None),
    ],
)
def test_numbers_as_written(written: str, number: int | None) -> None:
    assert value(written) == number


@given(st.text(alphabet="死亡伤0123456789三十百人名，。（）无未造成其中网传谣言\n失联a ", max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    found = casualties.read(text)
    assert found is None or all(
        count is None or count >= 0 for count in (found.deaths, found.injured, found.missing)
    )


@given(deaths=st.integers(1, 9999), injured=st.integers(1, 9999))
def test_plain_reports_are_read_whatever_the_numbers(deaths: int, injured: int) -> None:
    assert casualties.read(f"事故造成{deaths}人死亡、{injured}人受伤。") == Casualties(deaths, injured, None)

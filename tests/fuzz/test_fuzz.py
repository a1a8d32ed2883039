"""A few spoiled files at every door in every run; bench/fuzz_parsers.py brings thousands."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from parsers import DOORS
from runner import case, run

CASES = 40
FAST = [door.name for door in DOORS if door.name not in ("analyse", "check", "backup", "import")]


def test_a_case_is_the_same_every_time() -> None:
    seeds = [b"<p>one</p>" * 20, b"<p>two</p>" * 20]
    assert [case("page", n, seeds) for n in range(60)] == [case("page", n, seeds) for n in range(60)]
    assert len({case("page", n, seeds) for n in range(60)}) > 50


@pytest.mark.parametrize("name", FAST)
def test_spoiled_files_end_in_a_result_or_in_our_own_error(name: str) -> None:
    found = run(name, CASES)
    assert not found.failures
    assert found.read + found.refused == CASES


@pytest.mark.slow
@pytest.mark.parametrize("name", [door.name for door in DOORS if door.name not in FAST])
def test_spoiled_texts_end_as_well(name: str) -> None:
    found = run(name, CASES)
    assert not found.failures
    assert found.read + found.refused == CASES


@pytest.mark.parametrize(
    ("door", "text"),
    [
        ("page", "<p>" + "9" * 4000 + " 页</p>"),  # every cut of a run of digits was tried
        (
            "check",
            "字" * 30_000 + "，见a",
        ),  # from each character a word before an @ was looked for to the end
        ("analyse", "死亡" + "人数" * 60 + "3鑫"),  # linking words that can be cut in two ways
        ("check", "甲" * 6_000),
    ],
)
@pytest.mark.timeout(60)
def test_texts_that_once_took_minutes(door: str, text: str) -> None:
    """CPU time is bounded by the test's own patience: each took more than ten minutes, or grew with the square."""
    next(one for one in DOORS if one.name == door).parse(text.encode())

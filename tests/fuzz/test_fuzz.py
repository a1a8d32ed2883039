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

"""Rumour matching on pairs of claim and rebuttal: every direction, and what is linked without a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from huiyin import jsonl
from nlp.corpus.match import Matcher, weights
from nlp.training import match


@pytest.fixture(scope="module")
def pairs(shared_data: Path) -> list[dict[str, str]]:
    return list(jsonl.rows(str(shared_data / "rumour" / "debunk_pairs.jsonl")))


def test_cross_validated_figures_that_come_with_the_weights() -> None:
    figures = weights()["figures"]
    assert figures["R@1 other post, claims and rebuttals"] >= 0.90
    assert figures["R@1 other post, claims"] >= 0.85
    assert figures["R@1 edited claim, claims"] >= 0.98
    assert figures["R@1 all questions"] >= 0.88
    assert figures["auto precision"] >= 0.98
    assert figures["auto recall"] >= 0.45


def test_shipped_weights_find_the_event(pairs: list[dict[str, str]]) -> None:
    bars = {
        "other post, claims and rebuttals": 0.90,
        "other post, claims": 0.85,
        "rebuttal, claims": 0.75,
        "claim, rebuttals": 0.76,
    }
    for task in match.tasks(pairs, match.events(pairs)):
        if task.name in bars:
            places, close = Matcher(task.library).candidates(task.questions, 5)
            best = close @ np.asarray(weights()["chance"])
            first = places[np.arange(len(places)), best.argmax(axis=1)]
            assert float((task.events[first] == task.right).mean()) >= bars[task.name], task.name


def test_posts_of_other_events_are_not_linked(shared_data: Path, pairs: list[dict[str, str]]) -> None:
    """Everyday posts of the pandemic against the library: hardly one is linked without a person."""
    event = match.events(pairs)
    library = match.tasks(pairs, event)[0].library
    rows = list(jsonl.rows(str(shared_data / "sentiment" / "smp2020_usual.train.jsonl")))[:1_000]
    found = Matcher(library).match([str(row["text"]) for row in rows], top=1)
    assert sum(some[0].decision == "auto" for some in found if some) <= 2

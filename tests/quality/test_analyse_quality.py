"""Pinned scores of the analyser on the labelled development texts. They may rise; a fall fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from huiyin.settings import Settings
from nlp import training

FLOORS = {
    "topic": {"accuracy": 0.785, "macro_f1_10": 0.73},
    "sentiment": {"macro_f1_10": 0.77},
    "urgency": {"kappa": 0.71, "recall_2_3": 0.73, "precision_2_3": 0.51},
    "respond": {"f1_true": 0.93},
}
"""About one and a half points under what was measured."""


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_no_score_falls(name: str, shared_data: Path) -> None:
    found = training.trainer(name).evaluate(
        [str(shared_data / "gold" / "dev.jsonl")], Settings(), models=None
    )
    low = {score: (found[score], floor) for score, floor in FLOORS[name].items() if found[score] < floor}
    assert not low, f"{name}: {low}"

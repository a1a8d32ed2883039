"""Urgency: the rules' level, which the learned head may move by one step, and why, in Chinese."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np

from nlp.heads import Scores, softmax
from nlp.stages import urgency_rules


def shares(logits: Scores, empty: Sequence[bool]) -> Scores:
    """Share of each level 0–3 for each text; a text that says nothing is level 0."""
    found = softmax(logits)
    found[np.asarray(empty, dtype=bool)] = (1, 0, 0, 0)
    return found


def decide(
    share: Any, text: str, *, title: str, words: frozenset[str], published: datetime | str | None
) -> tuple[int, tuple[str, ...]]:
    """(level, reasons)."""
    judgement = urgency_rules.judge(text, title=title, words=words, published=published)
    return judgement.level, judgement.reasons

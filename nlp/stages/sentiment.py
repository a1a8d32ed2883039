"""Sentiment: the writer's stance, −1, 0 or 1, with its calibrated share."""

from __future__ import annotations

from collections.abc import Sequence

from nlp.heads import Scores, softmax


def decide(logits: Scores, classes: Sequence[str], empty: Sequence[bool]) -> list[tuple[int, float]]:
    """For each text (sentiment, share). A text that says nothing is neutral."""
    shares = softmax(logits)
    best = shares.argmax(axis=1).tolist()
    values = shares.max(axis=1).tolist()
    marks = [int(name) for name in classes]
    return [
        (0, 1.0) if nothing else (marks[place], value)
        for nothing, place, value in zip(empty, best, values, strict=True)
    ]

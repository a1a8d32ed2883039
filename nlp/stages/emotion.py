"""Emotion: anger, fear, sadness, joy or surprise, where one is plain to see; else an empty string."""

from __future__ import annotations

from collections.abc import Sequence

from nlp.heads import Scores, softmax

PLAIN = 0.5
"""Share from which an emotion is named."""


def decide(logits: Scores, classes: Sequence[str], empty: Sequence[bool]) -> list[str]:
    """For each text the emotion's name or an empty string; the class `none` is never named."""
    shares = softmax(logits)
    best = shares.argmax(axis=1).tolist()
    values = shares.max(axis=1).tolist()
    return [
        "" if nothing or value < PLAIN or classes[place] == "none" else classes[place]
        for nothing, place, value in zip(empty, best, values, strict=True)
    ]

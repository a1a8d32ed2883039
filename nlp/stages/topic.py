"""Topic: the best of the twenty classes, its rivals, and `other` where the heads see nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nlp.heads import Scores, softmax

SHOWN = 3
FLOOR = 0.08
"""A rival is named where its calibrated share reaches FLOOR, at most SHOWN classes in all."""


def decide(
    logits: Scores, classes: Sequence[str], empty: Sequence[bool]
) -> list[tuple[tuple[str, float], ...]]:
    """For each text its classes with shares, best first. An `empty` text (no n-gram known) is `other` for certain."""
    shares = softmax(logits)
    best = np.argsort(-shares, axis=1, kind="stable")[:, :SHOWN]
    values = np.take_along_axis(shares, best, axis=1).tolist()
    result: list[tuple[tuple[str, float], ...]] = []
    for nothing, places, found in zip(empty, best.tolist(), values, strict=True):
        if nothing:
            result.append((("other", 1.0),))
            continue
        result.append(
            tuple(
                [
                    (classes[k], v)
                    for n, (k, v) in enumerate(zip(places, found, strict=True))
                    if not n or v >= FLOOR
                ]
            )
        )
    return result

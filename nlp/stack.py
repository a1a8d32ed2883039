"""The second opinion: urgency and respond decided from all heads and the rules together.

A few hundred numbers of logistic regression in `models/stack/head.json`, fitted by `huiyin train stack` on texts that the heads
had not learnt from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ahocorasick_rs import AhoCorasick
from numpy.typing import NDArray

from huiyin.errors import HuiyinError
from nlp.heads import MODELS

ORDER = ("topic", "sentiment", "urgency", "respond")
DECISIONS = ("urgency_1", "urgency_2", "urgency_3", "respond")
GAIN = 4.0
"""Raw head scores lie near 0 to 1; times GAIN they weigh like the rest."""

Floats = NDArray[np.float64]


SIGNS: tuple[tuple[str, ...], ...] = (
    ("？", "?"), ("！", "!"), ("我", "咱"), ("请", "希望"), ("举报", "投诉", "反映", "维权", "求助"),
    ("部门", "政府", "领导", "物业"), ("市民", "居民", "业主"), ("#",), ("【",), ("@",), ("http", "网页链接"), ("[",), ("转发",),
    ("通报", "发布", "记者", "召开"), ("谣言", "辟谣", "网传"),
)  # fmt: skip
"""Signs of who speaks to whom: plain words, counted up to three times each."""
READ = 900
"""Signs are counted in the first READ characters."""


def signs(texts: Sequence[str]) -> Floats:
    """Shape (texts, 1 + signs): logarithm of the length, and how often each group of SIGNS stands in the text."""
    automaton, of_word = _automaton()
    counts = np.zeros((len(texts), 1 + len(SIGNS)))
    for row, text in enumerate(texts):
        found = [0] * len(SIGNS)
        for hit in automaton.find_matches_as_indexes(text[:READ]):
            found[of_word[hit[0]]] += 1
        counts[row, 1:] = found
    result: Floats = np.minimum(counts, 3) / 1.5
    result[:, 0] = np.log1p(np.fromiter(map(len, texts), dtype=float, count=len(texts))) / 3
    return result


@cache
def _automaton() -> tuple[AhoCorasick, tuple[int, ...]]:
    """One pass for all signs; no word of SIGNS overlaps another, so counts are those of each alone."""
    pairs = [(word, group) for group, words in enumerate(SIGNS) for word in words]
    return AhoCorasick([word for word, _ in pairs]), tuple(group for _, group in pairs)


def features(
    raw: Mapping[str, NDArray[Any]], levels: Sequence[int], points: Sequence[float], texts: Sequence[str]
) -> Floats:
    """Features (texts, n): raw scores of the heads in ORDER, level of the rules, their points up to 4, signs of the text."""
    parts = [raw[name] * GAIN for name in ORDER]
    parts += [
        np.eye(4)[np.asarray(levels, dtype=int)],
        np.minimum(np.asarray(points, dtype=float), 4.0)[:, None],
        signs(texts),
    ]
    return np.hstack(parts).astype(np.float64)


@dataclass(frozen=True)
class Stack:
    """`weights` (features, decisions), `bias` (decisions,); `thresholds` of urgency 1, 2, 3 and respond."""

    weights: Floats
    bias: Floats
    thresholds: tuple[float, ...]

    @classmethod
    def load(cls, folder: Path = MODELS) -> Stack:
        file = folder / "stack" / "head.json"
        try:
            meta = json.loads(file.read_text("utf-8"))
        except FileNotFoundError as error:
            raise HuiyinError(
                f"model 'stack': {file} is missing; train it with huiyin train stack"
            ) from error
        return cls(np.array(meta["weights"]), np.array(meta["bias"]), tuple(meta["thresholds"]))

    def save(self, folder: Path, **notes: Any) -> None:
        place = folder / "stack"
        place.mkdir(parents=True, exist_ok=True)
        meta = {
            "decisions": list(DECISIONS),
            "thresholds": list(self.thresholds),
            "bias": np.round(self.bias, 4).tolist(),
            "weights": np.round(self.weights, 4).tolist(),
            **notes,
        }
        (place / "head.json").write_text(json.dumps(meta) + "\n", "utf-8")

    def shares(self, found: Floats) -> Floats:
        """Share of each decision being true, shape (texts, decisions)."""
        result: Floats = 1.0 / (1.0 + np.exp(-(found @ self.weights + self.bias)))
        return result

    def levels(self, shares: Floats) -> NDArray[np.int64]:
        """Urgency level of each text: 3 only where 2 holds too."""
        one, two, three = (shares[:, k] >= self.thresholds[k] for k in range(3))
        return np.where(two, np.where(three, 3, 2), np.where(one, 1, 0)).astype(np.int64)

"""The shared vocabulary: which n-gram buckets of the training texts become columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nlp.features import SPACE, Vocabulary, buckets
from nlp.normalise import normalise_many

_STEP = 2_000


def of_folder(folder: Path, texts: Sequence[str]) -> Vocabulary:
    """The vocabulary of a models folder; a new folder gets one from `texts`."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "vocabulary.npz").exists():
        build(texts).save(folder)
    return Vocabulary.load(folder)


def build(texts: Sequence[str], *, least: int = 3, most: int = 120_000) -> Vocabulary:
    """Buckets that at least `least` texts hold, at most the `most` commonest; idf = ln((1+n)/(1+df)) + 1."""
    frequency = np.zeros(SPACE, dtype=np.int32)
    for start in range(0, len(texts), _STEP):
        found, offsets = buckets(normalise_many(texts[start : start + _STEP]))
        for begin, end in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True):
            frequency[np.unique(found[begin:end])] += 1
    frequency[0] = frequency[SPACE - 1] = 0
    kept = np.flatnonzero(frequency >= least)
    if len(kept) > most:
        order = np.argsort(-frequency[kept], kind="stable")[:most]
        kept = np.sort(kept[order])
    idf = np.log((1 + len(texts)) / (1 + frequency[kept])) + 1
    return Vocabulary(kept.astype(np.uint32), idf.astype(np.float32))

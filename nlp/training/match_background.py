"""The background table of `nlp/corpus/grams.py`: in how many general texts each hashed term stands."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.corpus.grams import SPACE, character_counts, cut, word_counts
from nlp.normalise import normalise_many


def build(texts: Iterable[str], path: Path, *, least: int = 2) -> int:
    """Count over `texts` and write eighths of a power of two as bytes; buckets below `least` are 0. Returns the texts."""
    words = np.zeros(SPACE, dtype=np.int64)
    characters = np.zeros(SPACE, dtype=np.int64)
    total = 0
    stream = iter(texts)
    while part := list(islice(stream, 2_000)):
        spellings = normalise_many([text[:600] for text in part])
        words += np.bincount(word_counts(cut(spellings)).indices, minlength=SPACE)
        characters += np.bincount(character_counts(spellings).indices, minlength=SPACE)
        total += len(part)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, texts=total, words=_packed(words, least), characters=_packed(characters, least))
    return total


def _packed(counts: NDArray[Any], least: int) -> NDArray[Any]:
    return np.where(counts >= least, np.rint(8 * np.log2(np.maximum(counts, 1))), 0).astype(np.uint8)

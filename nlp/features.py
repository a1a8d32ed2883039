"""Character 1- to 3-grams of a whole batch as one sparse matrix.

Chinese topics and tones are read well from characters; no segmentation error gets in the way, and a batch can be hashed as
one numpy array of code points. An n-gram is hashed to `SPACE` buckets, and a bucket that the vocabulary knows leads to a
column; the others are dropped, so that what training never saw adds no noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nlp.normalise import codes

BITS = 22
SPACE = 1 << BITS
ORDERS = (1, 2, 3)
HEAD = 700
TAIL = 200
"""A text is read from its first HEAD and last TAIL characters: what it is about and what it asks stands there."""

_MULTIPLIERS = tuple(np.uint32(m) for m in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D))
_EDGE = "\x02"

Ints = NDArray[np.int64]


def _fold() -> NDArray[np.uint32]:
    """Digits count as one digit; the hash reads code points below 2**16 through this table."""
    table = np.arange(0x10000, dtype=np.uint32)
    table[ord("0") : ord("9") + 1] = ord("0")
    return table


_FOLD = _fold()


def clip(spelling: str) -> str:
    """The part of a normalised text that the models read."""
    if len(spelling) <= HEAD + TAIL:
        return spelling
    return spelling[:HEAD] + "\n" + spelling[-TAIL:]


def buckets(spellings: Sequence[str]) -> tuple[NDArray[np.uint32], Ints]:
    """Bucket of every n-gram of every text, shape (characters, 3), and the offsets of the texts, shape (texts + 1,).

    `spellings` are normalised. Each text stands between edges, so that its first and last characters are seen as such;
    no n-gram reaches over two texts, and so a text's buckets do not depend on its batch.
    """
    clipped = [_EDGE + clip(text) + _EDGE for text in spellings]
    points = codes("".join(clipped))
    points = (
        _FOLD[points]
        if not len(points) or points.max() < 0x10000
        else np.where(points < 0x10000, _FOLD[np.minimum(points, 0xFFFF)], points)
    )
    lengths = np.fromiter(map(len, clipped), dtype=np.int64, count=len(clipped))
    offsets = np.zeros(len(clipped) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    count = len(points)
    found = np.empty((count, len(ORDERS)), dtype=np.uint32)
    running = np.zeros(count + len(ORDERS), dtype=np.uint32)
    with np.errstate(over="ignore"):
        for order, multiplier in zip(ORDERS, _MULTIPLIERS, strict=True):
            # h(n) at i = h(n-1) at i, turned, plus the character at i+n-1; each order ends with its own spread.
            running = running * np.uint32(31) + np.uint32(order)
            running[: count - order + 1] += points[order - 1 :] * multiplier
            found[:, order - 1] = (running[:count] * np.uint32(0x9E3779B1)) >> np.uint32(32 - BITS)
    # An n-gram that would begin near the end and reach into the next text is put into the bucket of nothing.
    ends = offsets[1:]
    filled = lengths > 0
    found[ends[filled] - 1, 1:] = SPACE - 1
    longer = lengths > 1
    found[ends[longer] - 2, 2] = SPACE - 1
    return found, offsets


@dataclass(frozen=True)
class Vocabulary:
    """Which buckets are columns, and what an n-gram in them weighs.

    `bucket`: ascending buckets, uint32, shape (n,); `idf`: float32, shape (n,). Column 0 is the column of nothing, so a
    matrix has n + 1 columns.
    """

    bucket: NDArray[np.uint32]
    idf: NDArray[np.float32]

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        with np.load(folder / "vocabulary.npz", allow_pickle=False) as file:
            return cls(np.cumsum(file["step"], dtype=np.uint32), file["idf"].astype(np.float32))

    def save(self, folder: Path) -> None:
        step = np.diff(self.bucket, prepend=np.uint32(0))
        np.savez_compressed(folder / "vocabulary.npz", step=step, idf=self.idf.astype(np.float16))

    def columns(self) -> NDArray[np.int32]:
        """Bucket → column, int32, shape (SPACE,); 0 for a bucket that is no column."""
        table = np.zeros(SPACE, dtype=np.int32)
        table[self.bucket] = np.arange(1, len(self.bucket) + 1, dtype=np.int32)
        table[SPACE - 1] = 0
        return table


class Reader:
    """Texts → sparse rows: the count of each known n-gram; `scale` makes rows comparable across lengths."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._columns = vocabulary.columns()
        self.width = len(vocabulary.bucket) + 1

    def read(self, spellings: Sequence[str]) -> tuple[csr_matrix, NDArray[np.float32]]:
        """Counts (texts, width) float32, repeats unsummed, and the scale of each row, shape (texts, 1).

        A row times a weight column (idf folded in) times its scale is the text's score.
        """
        found, offsets = buckets(spellings)
        # `take` with clip and machine integers looks up without a check of each: three times as quick.
        columns = self._columns.take(found.ravel().astype(np.intp), mode="clip")
        known = np.flatnonzero(columns)
        kept = columns.take(known, mode="clip")
        indptr = np.searchsorted(known, offsets * len(ORDERS))
        data = np.ones(len(kept), dtype=np.float32)
        matrix = csr_matrix((data, kept, indptr), shape=(len(spellings), self.width))
        lengths = np.maximum(np.diff(indptr), 1).astype(np.float32)
        return matrix, np.reciprocal(np.sqrt(lengths), dtype=np.float32)[:, None]


@lru_cache(maxsize=4)
def reader(folder: Path) -> Reader:
    """The reader of a models folder, made once."""
    return Reader(Vocabulary.load(folder))

"""Texts as sparse counts of words and of character 1- to 3-grams, hashed: what matching and passage finding compare.

Two families, words and character n-grams, live in one space of `SPACE` buckets a family. How rare a term is comes from the
library itself and from a background table, so that a library of ten entries weighs terms as sensibly as one of ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from nlp.normalise import codes
from nlp.segment import words_of

BITS = 20
SPACE = 1 << BITS
BACKGROUND = Path(__file__).parent.parent / "models" / "match" / "background.npz"
_SHIFT = np.uint32(32 - BITS)
_SPREAD = np.uint32(0x9E3779B1)
_TURNS = tuple(np.uint32(m) for m in (0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F))

Floats = NDArray[np.float32]


@lru_cache(maxsize=1)
def _letters() -> NDArray[np.bool_]:
    """Which code points below 2**16 are letters or digits; no n-gram reaches over any other."""
    return np.fromiter((chr(code).isalnum() for code in range(0x10000)), dtype=bool, count=0x10000)


def character_counts(spellings: Sequence[str]) -> csr_matrix:
    """Counts of the character 1-, 2- and 3-grams of normalised texts, float32, shape (texts, SPACE)."""
    lengths = np.fromiter((len(text) + 1 for text in spellings), dtype=np.int64, count=len(spellings))
    points = codes("\n".join(spellings) + "\n") if spellings else np.zeros(0, dtype=np.uint32)
    texts = np.repeat(np.arange(len(spellings), dtype=np.int64), lengths)
    valid = _letters()[np.minimum(points, 0xFFFF)] | (points >= 0x20000)
    keys = []
    running = np.zeros(len(points), dtype=np.uint32)
    whole = np.ones(len(points), dtype=bool)
    for order, turn in enumerate(_TURNS):
        count = max(len(points) - order, 0)
        running[:count] = (running[:count] ^ (points[order:] * turn)) * _SPREAD
        whole[:count] &= valid[order:]
        held = np.flatnonzero(whole[:count])
        keys.append((texts[held] << BITS) | (running[held] >> _SHIFT))
    return _counted(np.concatenate(keys), len(spellings))


def word_counts(cuts: Sequence[Sequence[str]]) -> csr_matrix:
    """Counts of the words of texts that are cut already, float32, shape (texts, SPACE)."""
    keys = [
        (row << BITS) | (crc32(word.encode()) & (SPACE - 1)) for row, cut in enumerate(cuts) for word in cut
    ]
    return _counted(np.asarray(keys, dtype=np.int64), len(cuts))


def cut(spellings: Sequence[str]) -> list[tuple[str, ...]]:
    """Words of each normalised text, as the search index has them."""
    return [words_of(text) for text in spellings]


def _counted(keys: NDArray[np.int64], texts: int) -> csr_matrix:
    found, counts = np.unique(keys, return_counts=True)
    indptr = np.searchsorted(found, np.arange(texts + 1, dtype=np.int64) << BITS)
    return csr_matrix(
        (counts.astype(np.float32), (found & (SPACE - 1)).astype(np.int32), indptr), shape=(texts, SPACE)
    )


@lru_cache(maxsize=1)
def background() -> dict[str, Floats]:
    """Share of general Chinese texts that hold a bucket's terms: {"words": (SPACE,), "characters": (SPACE,)}."""
    with np.load(BACKGROUND, allow_pickle=False) as stored:
        texts = float(stored["texts"])
        return {
            family: np.where(
                stored[family] > 0, np.exp2(stored[family].astype(np.float32) / 8) / texts, 0.3 / texts
            )
            for family in ("words", "characters")
        }


def rarity(counts: csr_matrix, family: str, weight: float) -> Floats:
    """Inverse document frequency of every bucket, shape (SPACE,): the library counts as `len` texts, the background as `weight`."""
    inside = np.bincount(counts.indices, minlength=SPACE).astype(np.float32)
    total = counts.shape[0] + weight
    found = np.log((total + 1) / (inside + weight * background()[family] + 0.5)).clip(0.05)
    return np.asarray(found, dtype=np.float32)


@dataclass(frozen=True)
class Side:
    """One family of the library's texts, ready to be compared with queries.

    `columns` leads from a bucket to the library's column, −1 where no text has it. `turned` is (columns, texts).
    """

    idf: Floats
    columns: NDArray[np.int32]
    cosine: Any
    bm25: Any
    binary: Any
    mass: Floats

    @classmethod
    def of(cls, counts: csr_matrix, idf: Floats, *, k1: float = 0.9, b: float = 0.9) -> Side:
        present = np.unique(counts.indices)
        columns = np.full(SPACE, -1, dtype=np.int32)
        columns[present] = np.arange(len(present), dtype=np.int32)
        slim = csr_matrix(
            (counts.data, columns[counts.indices], counts.indptr), shape=(counts.shape[0], len(present))
        )
        here = idf[present][slim.indices]
        rows = np.repeat(np.arange(slim.shape[0]), np.diff(slim.indptr))
        lengths = np.bincount(rows, weights=slim.data, minlength=slim.shape[0])
        norm = k1 * (1 - b + b * lengths[rows] / max(float(lengths.mean()) if len(lengths) else 0.0, 1.0))
        mass = np.bincount(rows, weights=here, minlength=slim.shape[0]).astype(np.float32)
        return cls(
            idf,
            columns,
            _unit(_like(slim, (1 + np.log(slim.data)) * here)).T.tocsr(),
            _like(slim, slim.data * (k1 + 1) / (slim.data + norm) * here).T.tocsr(),
            _like(slim, np.ones_like(slim.data)).T.tocsr(),
            np.maximum(mass, 1e-6),
        )

    def asked(self, counts: csr_matrix) -> Asked:
        """Weigh queries. Terms that the library lacks count in a query's length and mass, and match nothing."""
        weight = self.idf[counts.indices]
        cosine = _unit(_like(counts, (1 + np.log(counts.data)) * weight))
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
        mass = np.bincount(rows, weights=weight, minlength=counts.shape[0]).astype(np.float32)
        kept = self.columns[counts.indices] >= 0
        sums = np.zeros(len(kept) + 1, dtype=np.int64)
        np.cumsum(kept, out=sums[1:])
        place = (self.columns[counts.indices[kept]], sums[counts.indptr])
        shape = (counts.shape[0], self.cosine.shape[0])
        return Asked(
            csr_matrix((cosine.data[kept], *place), shape=shape),
            csr_matrix((counts.data[kept], *place), shape=shape),
            csr_matrix((weight[kept], *place), shape=shape),
            np.maximum(mass, 1e-6),
        )


@dataclass(frozen=True)
class Asked:
    """Queries as a Side compares them: unit rows, counts, rarities; `mass` the sum of the rarities of all terms."""

    cosine: csr_matrix
    counts: csr_matrix
    rarity: csr_matrix
    mass: Floats


def dense(left: Any, right: Any) -> Floats:
    """Product of two sparse matrices as an array, float32."""
    product: Floats = (left @ right).toarray()
    return product


def _like(matrix: csr_matrix, data: NDArray[Any]) -> csr_matrix:
    return csr_matrix((data.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def _unit(matrix: csr_matrix) -> csr_matrix:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    norm = np.sqrt(np.bincount(rows, weights=matrix.data.astype(np.float64) ** 2, minlength=matrix.shape[0]))
    return _like(matrix, matrix.data / np.maximum(norm, 1e-9)[rows])

"""Near-duplicates of a stream: MinHash over character triples, bands as keys, a window as bound.

Reprints, copies with a new first line, cut copies. Two texts count as copies where the estimated Jaccard index of their
triples reaches COPY. Simhash was not taken: it misses most edited short posts.
"""

from __future__ import annotations

from array import array

from rensa import RMinHash

PERMUTATIONS = 64
BANDS = 16
ROWS = PERMUTATIONS // BANDS
COPY = 0.7
"""Least estimated Jaccard index of two copies; its standard error at 64 permutations is 0.06."""
SHORTEST = 12
"""A text with fewer characters says too little for its triples to prove a copy; it must be equal."""
READ = 600


class NearDuplicates:
    """Finds for each text an earlier one that it copies. `key` is the text's id."""

    def __init__(self) -> None:
        self._bands: dict[int, str] = {}
        self._kept: dict[str, tuple[array[int], tuple[int, ...]]] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, cleaned: str, key: str) -> tuple[str, float] | None:
        """(key, similarity 0..1) of the text that this one copies; None and remembered under `key` where there is none.

        A copy is not remembered: the first of its kind stands for all, so that chains of small edits do not drift.
        """
        digest, bands = _signature(cleaned)
        best: tuple[str, float] | None = None
        tried: set[str] = set()
        for band in bands:
            other = self._bands.get(band)
            if other is None or other in tried:
                continue
            tried.add(other)
            theirs = self._kept[other][0]
            same = sum([a == b for a, b in zip(digest, theirs, strict=True)]) / PERMUTATIONS
            if same >= (COPY if len(cleaned) >= SHORTEST else 1.0) and (best is None or same > best[1]):
                best = other, same
        if best is None:
            self._kept[key] = array("I", digest), bands
            for band in bands:
                self._bands.setdefault(band, key)
        return best

    def forget(self, key: str) -> None:
        """Drop a remembered text; nothing happens where it is not remembered."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            for band in kept[1]:
                if self._bands.get(band) == key:
                    del self._bands[band]


def _signature(cleaned: str) -> tuple[list[int], tuple[int, ...]]:
    text = "".join(filter(str.isalnum, cleaned))[:READ]
    triples = [text[at : at + 3] for at in range(max(len(text) - 2, 1))]
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=7)
    sketch.update(triples)
    digest: list[int] = sketch.digest()
    bands = tuple([hash((at, *digest[at : at + ROWS])) for at in range(0, PERMUTATIONS, ROWS)])
    return digest, bands

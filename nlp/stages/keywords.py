"""Keywords: the words of a text that say most, by TF-IDF over the general language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

LIMIT = 6
READ = 150
"""Only the first READ words of a text are weighed: what comes later repeats."""
_LEXICON = Path(__file__).parent.parent / "lexicons" / "word_weights.txt"


@lru_cache(maxsize=1)
def weights() -> Mapping[str, float]:
    """Word → weight: idf for words that can be keywords (two characters and more, no function words)."""
    table: dict[str, float] = {}
    for line in _LEXICON.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            value, _, words = line.partition("\t")
            table.update(dict.fromkeys(words.split(" "), float(value)))
    return table


def count(words: Sequence[str]) -> Counter[str]:
    """How often each word stands in the part that is read, in order of appearance."""
    return Counter(words[:READ])


def find(counts: Mapping[str, int], table: Mapping[str, float]) -> tuple[str, ...]:
    """Up to LIMIT of the counted words, the weightiest first; ties in order of appearance."""
    weight = table.get
    # Single signs are no keywords: half of the looking up is saved.
    sums = {w: found * times for w, times in counts.items() if len(w) > 1 and (found := weight(w))}
    return tuple(sorted(sums, key=sums.__getitem__, reverse=True)[:LIMIT])

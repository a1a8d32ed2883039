"""Keywords: the words of a text that say most, by TF-IDF over the general language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

LIMIT = 6
_READ = 150
"""Only the first _READ words of a text are weighed: what comes later repeats."""
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


def find(words: Sequence[str], table: Mapping[str, float]) -> tuple[str, ...]:
    """Up to LIMIT words, the weightiest first; ties in order of appearance."""
    counts = Counter(words[:_READ])
    sums = {word: table[word] * count for word, count in counts.items() if word in table}
    return tuple(sorted(sums, key=sums.__getitem__, reverse=True)[:LIMIT])

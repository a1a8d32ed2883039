"""Texts as small sparse vectors: rare words and pairs of neighbouring words, weighed by how rare they are.

How rare is learnt twice: from a background table that is committed (`nlp/models/background_df.npz`, counts over some
60,000 Chinese texts), and from the stream itself. Both are tables of fixed size indexed by a hash, so memory does not grow.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from functools import lru_cache
from math import log, sqrt
from pathlib import Path
from zlib import crc32

import numpy as np

from nlp.normalise import normalise
from nlp.segment import words_of

BACKGROUND = Path(__file__).parent.parent / "models" / "background_df.npz"
BITS = 20
_MASK = (1 << BITS) - 1
_FORGET = 400_000
PAIR = 0.5
"""Weight of a pair of neighbouring words against one word: pairs hold names the dictionary cuts apart (丽发 新城)."""
FEATURES = 96
"""Most features of one text; of a long one the heaviest are kept."""
READ = 1500
"""Characters of a text that are read: what a long article is about stands in its first paragraphs."""

_NOISE = re.compile(r"https?://[\w./?=&%#~:+-]+|www\.\S+|&[a-z]+;|\[[\u4e00-\u9fff]{1,4}\]|@[\w-]+|网页链接")
_STOP_FILE = Path(__file__).with_name("stop_words.txt")

Vector = dict[int, float]


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Words that say nothing of what a text is about."""
    lines = _STOP_FILE.read_text("utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


def clean(text: str, title: str = "") -> str:
    """Normalised text without addresses, mentions and emoticons; the title in front where the text does not open with it."""
    whole = text[:READ] if not title or text.startswith(title) else f"{title}\n{text[:READ]}"
    return _NOISE.sub(" ", normalise(whole))


def noisy(text: str) -> bool:
    """Whether a text holds anything that `clean` takes out."""
    return _NOISE.search(text) is not None


def terms(text: str, title: str = "") -> tuple[str, ...]:
    """The words of a document in order, as `Weights.vector` takes them."""
    return words_of(clean(text, title))


def features(words: Sequence[str]) -> dict[int, list[float]]:
    """Hash → [count, weight of its kind] for the words (two characters or more, or digits) and for neighbouring pairs."""
    found: dict[int, list[float]] = {}
    last, last_stop, stops = 0, True, stop_words()
    for word in words:
        code = crc32(word.encode())
        stop = word in stops
        if not stop and (len(word) > 1 or word.isdigit()):
            if code in found:
                found[code][0] += 1
            else:
                found[code] = [1.0, 1.0]
        if last and not (stop and last_stop):
            pair = (last * 0x9E3779B1 + code) & 0xFFFFFFFF
            if pair in found:
                found[pair][0] += 1
            else:
                found[pair] = [1.0, PAIR]
        last, last_stop = code, stop
    return found


@lru_cache(maxsize=1)
def background() -> tuple[int, array[int]]:
    """Number of texts, and for each hash bucket the number of texts that hold one of its features (0 where fewer than 3)."""
    with np.load(BACKGROUND) as stored:
        table = np.where(stored["log2x8"] > 0, np.round(np.exp2(stored["log2x8"] / 8.0)), 0)
        counts = array("I", table.astype(np.uint32).tobytes())
        return int(stored["texts"]), counts


def background_count(code: int) -> int:
    """Background texts that hold a feature of this hash (0 where fewer than 3)."""
    return background()[1][code & _MASK]


def rarity(word: str) -> float:
    """Natural logarithm of how many background texts there are for each that holds the word; at least 0."""
    texts, known = background()
    return max(log((texts + 1) / (known[crc32(word.encode()) & _MASK] + 0.5)), 0.0)


class Weights:
    """Inverse document frequencies, background and stream together."""

    def __init__(self) -> None:
        self._texts, self._known = background()
        self._seen = array("I", bytes(4 << BITS))
        self._count = 0

    def vector(self, words: Sequence[str], *, learn: bool = True) -> Vector:
        """Unit vector of at most FEATURES features, heaviest first; empty where there is no word.

        With `learn` the words are counted before they are weighed.
        """
        found = features(words)
        seen, known = self._seen, self._known
        if learn:
            self._count += 1
            for code in found:
                seen[code & _MASK] += 1
            if self._count >= _FORGET:
                self._forget()
        total = self._texts + self._count + 1
        weighed = []
        for code, (count, kind) in found.items():
            slot = code & _MASK
            ratio = total / (known[slot] + seen[slot] + 0.5)
            if ratio > 1:
                weight = kind * log(ratio)
                weighed.append((weight if count == 1 else weight * (1 + log(count)), code))
        weighed.sort(reverse=True)
        del weighed[FEATURES:]
        norm = sqrt(sum(weight * weight for weight, _ in weighed)) or 1.0
        return {code: weight / norm for weight, code in weighed}

    def _forget(self) -> None:
        """Halve the stream's counts, so that yesterday's vocabulary fades and no count overflows."""
        self._seen = array("I", (np.frombuffer(self._seen, dtype=np.uint32) >> 1).tobytes())
        self._count >>= 1


def dot(left: Vector, keys: array[int], weights: array[float]) -> float:
    """Product of a vector with one that is packed as two arrays. Most pairs share a few features only, so these are
    found first, in C, and looked up one by one."""
    common = left.keys() & keys
    if len(common) > 24:
        get = left.get
        return sum([weight * get(key, 0.0) for key, weight in zip(keys, weights, strict=True)])
    return sum([left[key] * weights[keys.index(key)] for key in common])

"""Fold near-duplicates: which of the texts seen so far says the same?

Character bigrams of the bare text → MinHash (96 permutations) → 24 bands of 4 → candidates → exact Jaccard on the bigrams.
Everything is numpy over a batch. The index keeps band keys and ids only; texts of candidates come from the record. It is
derived: after a restart it is rebuilt from recent rows. SimHash was measured and left: it finds under 12 % of edited posts.
"""

from __future__ import annotations

import re
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

PERMUTATIONS = 96
BANDS = 24
ROWS = PERMUTATIONS // BANDS
LEAST = 8
"""Bare characters below which a text says too little to be called the same as another (转发微博, 已收到)."""
THRESHOLD = 0.6
CONTAINED = 0.85
LEAST_SHARE = 0.55
"""A text that stands almost whole (CONTAINED) in one that is not twice as long (LEAST_SHARE) is the same with a remark."""
_REPOST = re.compile(r"//@[\w\-·一-鿿]{1,30}[:：]")
_NOISE = re.compile(
    r"https?://[\w./?=&%#:~+-]+|(?://|回复)?@[\w\-·一-鿿]{1,30}[:：]?|\[[^\[\]\s]{1,8}\]|转发微博|网页链接|展开全文|收起全文"
)
_BARE = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_HEAD = 6000
U32 = NDArray[np.uint32]


def bare(text: str) -> str:
    """The letters and digits of a text: NFKC, lower case, without links, mentions, emoticons, punctuation; the first 6,000."""
    plain = unicodedata.normalize("NFKC", text[: 2 * _HEAD]).lower()
    if "//@" in plain:
        *remarks, original = _REPOST.split(plain)
        letters = _bare(original)
        # 真的假的//@某人:原文 says what the original says; a longer remark is a text of its own.
        if len(letters) >= LEAST and sum(len(_bare(remark)) for remark in remarks) <= max(
            15, len(letters) // 2
        ):
            return letters
    return _bare(plain)


def _bare(plain: str) -> str:
    return _BARE.sub("", _NOISE.sub("", plain))[:_HEAD]


def _numbers(text: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(text))


def same(left: str, right: str) -> float:
    """How much two bare texts say the same, 0 to 1: Jaccard of their bigrams, at least THRESHOLD where one stands in the other;
    0 where a number was exchanged in a short one.

    “3 人受伤” and “5 人受伤” are two reports, not a report and its copy. Numbers that only one of them has (a time added in
    reposting) do not count.
    """
    if len(left) <= 400 and len(right) <= 400:
        one, other = _numbers(left), _numbers(right)
        if one - other and other - one:
            return 0.0
    a, b = _bigrams(left), _bigrams(right)
    shared = len(a & b)
    less, more = sorted((len(a), len(b)))
    if not less:
        return 0.0
    jaccard = shared / (less + more - shared)
    if shared >= CONTAINED * less and less >= LEAST_SHARE * more:
        return max(jaccard, THRESHOLD)
    return jaccard


def _bigrams(text: str) -> set[str]:
    return {text[i : i + 2] for i in range(len(text) - 1)}


def _multipliers() -> tuple[U32, U32]:
    generator = np.random.default_rng(20260519)
    odd = generator.integers(0, 2**32, PERMUTATIONS, dtype=np.uint32) | np.uint32(1)
    return odd, generator.integers(0, 2**32, PERMUTATIONS, dtype=np.uint32)


_ODD, _ADD = _multipliers()


def band_keys(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Band keys of bare texts of at least two characters: (count, BANDS). Equal keys in one column: candidates."""
    joined = "".join(texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    ends = np.cumsum(lengths)
    pairs = codes[:-1] * np.uint32(0x9E3779B1) ^ codes[1:] * np.uint32(0x85EBCA6B)
    pairs ^= pairs >> np.uint32(15)
    pairs *= np.uint32(0x2C1B3C6D)
    pairs ^= pairs >> np.uint32(13)
    inside = np.ones(len(pairs), dtype=bool)
    inside[ends[:-1] - 1] = False  # a bigram must not span two texts
    hashes = pairs[inside]
    starts = np.concatenate(([0], np.cumsum(lengths - 1)[:-1]))
    signature = np.empty((len(texts), PERMUTATIONS), dtype=np.uint32)
    work = np.empty_like(hashes)
    for number in range(PERMUTATIONS):
        np.multiply(hashes, _ODD[number], out=work)
        np.add(work, _ADD[number], out=work)
        signature[:, number] = np.minimum.reduceat(work, starts)
    wide = signature.reshape(len(texts), BANDS, ROWS).astype(np.uint64)
    keys = np.full((len(texts), BANDS), 0xCBF29CE484222325, dtype=np.uint64)
    keys ^= np.arange(BANDS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for row in range(ROWS):
        keys = (keys ^ wide[:, :, row]) * np.uint64(0x100000001B3)
        keys ^= keys >> np.uint64(29)
    return keys


class Fold:
    """An index of the firsts. `add` gives for each text the id of the first that says the same, or "".

    `texts_of(ids)` gives the texts of documents that the index knows by id only; an id it no longer knows is passed over.
    Memory: about 300 bytes a document that is a first.
    """

    _GROW = 20_000
    _CHUNK = 2_000

    def __init__(self, texts_of: Callable[[Iterable[str]], Mapping[str, str]] | None = None) -> None:
        self._texts_of = texts_of or (lambda ids: {})
        self.ids: list[str] = []
        self._fresh: dict[int, int] = {}
        self._keys: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._where: NDArray[np.int32] = np.empty(0, dtype=np.int32)
        self._bare: OrderedDict[str, str] = OrderedDict()  # recent bare texts, bounded

    def __len__(self) -> int:
        return len(self.ids)

    def add(
        self, documents: Sequence[tuple[str, str]], *, known: Mapping[str, str] | None = None
    ) -> list[str]:
        """Take (id, text) pairs in order; for each the id of an earlier first with the same text, else "" (now a first).

        `known`: ids whose answer the record already holds: id → first ("" where it is a first). They are only indexed.
        """
        answers: list[str] = []
        for start in range(0, len(documents), self._CHUNK):
            answers += self._chunk(documents[start : start + self._CHUNK], known or {})
        return answers

    def _chunk(self, documents: Sequence[tuple[str, str]], known: Mapping[str, str]) -> list[str]:
        bares = [bare(text) for _, text in documents]
        chosen = [i for i, text in enumerate(bares) if len(text) >= LEAST and not known.get(documents[i][0])]
        answers = [known.get(name, "") for name, _ in documents]
        if not chosen:
            return answers
        keys = band_keys([bares[i] for i in chosen])
        old = self._lookup(keys)
        self._prefetch({self.ids[c] for candidates in old for c in candidates})
        for row, i in enumerate(chosen):
            name = documents[i][0]
            first = "" if name in known else self._first(bares[i], keys[row].tolist(), old[row], name)
            answers[i] = first
            if not first:
                self._insert(name, bares[i], keys[row].tolist())
        return answers

    def _lookup(self, keys: NDArray[np.uint64]) -> list[list[int]]:
        """Candidates of each row in the sorted part."""
        found: list[list[int]] = [[] for _ in range(len(keys))]
        if len(self._keys):
            flat = keys.ravel()
            places = np.searchsorted(self._keys, flat)
            places[places == len(self._keys)] = 0
            for hit in np.flatnonzero(self._keys[places] == flat).tolist():
                found[hit // BANDS].append(int(self._where[places[hit]]))
        return found

    def _first(self, text: str, keys: list[int], old: list[int], name: str) -> str:
        fresh = self._fresh
        candidates = dict.fromkeys(old)
        candidates.update(dict.fromkeys(fresh[key] for key in keys if key in fresh))
        best, score = "", THRESHOLD
        for index in candidates:
            other = self.ids[index]
            if other == name:
                continue
            if other not in self._bare:
                self._prefetch({other})
            kept = self._bare.get(other)
            if kept is None:
                continue  # the record has forgotten it (retention)
            value = same(text, kept)
            if value >= score:
                best, score = other, value + 1e-9
        return best

    def _insert(self, name: str, text: str, keys: list[int]) -> None:
        index = len(self.ids)
        self.ids.append(name)
        for key in keys:
            self._fresh.setdefault(key, index)
        self._remember(name, text)
        if len(self._fresh) > BANDS * max(self._GROW, len(self._keys) // BANDS // 4):
            self._settle()

    def _remember(self, name: str, text: str) -> None:
        self._bare[name] = text
        self._bare.move_to_end(name)
        while len(self._bare) > 50_000:
            self._bare.popitem(last=False)

    def _prefetch(self, names: set[str]) -> None:
        missing = [name for name in names if name not in self._bare]
        if missing:
            for name, text in self._texts_of(missing).items():
                self._remember(name, bare(text))

    def _settle(self) -> None:
        """Move the young part into the sorted arrays; of equal keys the earliest document stays."""
        count = len(self._fresh)
        keys = np.concatenate((self._keys, np.fromiter(self._fresh.keys(), dtype=np.uint64, count=count)))
        where = np.concatenate((self._where, np.fromiter(self._fresh.values(), dtype=np.int32, count=count)))
        order = np.argsort(keys, kind="stable")
        keys, where = keys[order], where[order]
        first = np.ones(len(keys), dtype=bool)
        first[1:] = keys[1:] != keys[:-1]
        self._keys, self._where = keys[first], where[first]
        self._fresh = {}

"""Does a post say what a known rumour says? Claims, their variants and their rebuttals against any text.

Each entry of the library is seen twice: as what was claimed (claim, variants, what the rebuttal quotes of it) and as the
rebuttal. Cosines and shares of rare terms of words and character n-grams are weighed by a ranking model; the best candidates
are then read closely (numbers, denials, distance to the next best) for a calibrated chance that they are the same claim.
Two thresholds on that chance give the decision, as fact-checkers work: `auto` may be linked without a person, `suggest` is
for a person to confirm. Weights: `nlp/models/match/weights.json`, made by `nlp/training/match.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack

from nlp.corpus.grams import Asked, Floats, Side, character_counts, cut, dense, rarity, word_counts
from nlp.normalise import normalise_many

WEIGHTS = Path(__file__).parent.parent / "models" / "match" / "weights.json"
BACKGROUND_TEXTS = 300.0
"""How many texts the background table counts as, beside the library's own."""
READ = 1_500
"""Characters of a text that are read."""
CANDIDATES = 5
"""Entries that are read closely for each text, at least."""
BASE = 9
"""Signals of one text and one entry; all are 0 where the two share nothing."""
CELLS = 4_000_000
"""Most scores (texts x library rows) held at once."""

_NOISE = re.compile(r"https?://[\w./?=&%#~:+-]+|@[\w-]+|[<>]|的微博视频|网页链接|全文$")
_NOTICE = re.compile(r"(?:被(?:举报|投诉)人|现根据《|上述处理在|详情:).*", re.DOTALL)
_QUOTE = re.compile(r"[“\"「『]([^“”\"「」『』]{6,120})[”\"」』]")
_ALIAS = re.compile(
    r"(?:2019)?新型?冠(?:状)?病毒(?:感染)?(?:的?肺炎)?|新冠(?:病毒|肺炎)?(?:感染)?|新型肺炎|武汉肺炎|covid-?(?:19)?|2019-ncov|sars-cov-2"
)
"""One disease under many names; the commonest subject of debunked posts so far. One name makes the rest of a claim count."""
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_DENIAL = re.compile(
    r"不(?!断|仅|但|过|少|久|同|管|论|如|妨)|没|未(?!来|成年)|无(?!论|锡|人机)|非(?!常|洲|典|法)|假|谣|否认"
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One entry of a rumour library."""

    id: str
    claim: str
    variants: tuple[str, ...] = ()
    rebuttal: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A library entry that a text may repeat. `score`: chance 0–1 that it does; `decision`: auto, suggest or none."""

    id: str
    score: float
    decision: str


@lru_cache(maxsize=1)
def weights() -> dict[str, Any]:
    """Weights of the ranking and of the chance, and the two thresholds."""
    loaded: dict[str, Any] = json.loads(WEIGHTS.read_text("utf-8"))
    return loaded


def spellings(texts: Sequence[str]) -> list[str]:
    """Normalised texts without addresses, names called and the boilerplate of platform notices."""
    plain = normalise_many([text[:READ] for text in texts])
    return [_ALIAS.sub("新冠", _NOTICE.sub("", _NOISE.sub(" ", text)) or text) for text in plain]


class Matcher:
    """A library made ready; cheap to ask, safe to share between threads."""

    def __init__(self, library: Sequence[Claim], model: dict[str, Any] | None = None) -> None:
        """`library` may be empty. Building takes about a second for 10,000 entries."""
        self.entries = list(library)
        self._model = weights() if model is None else model
        said, owners = [], []
        for place, entry in enumerate(self.entries):
            quotes = _QUOTE.findall(entry.rebuttal)[:2]
            for text in dict.fromkeys((entry.claim, *entry.variants, *quotes)):
                said.append(text)
                owners.append(place)
        self._said = spellings(said)
        self._starts = np.flatnonzero(np.diff(np.asarray(owners, dtype=np.int64), prepend=-1))
        rebuttals = spellings([entry.rebuttal for entry in self.entries])
        counts = {
            "words": (word_counts(cut(self._said)), word_counts(cut(rebuttals))),
            "characters": (character_counts(self._said), character_counts(rebuttals)),
        }
        self._sides: dict[str, tuple[Side, Side]] = {}
        for family, (claims, answers) in counts.items():
            idf = rarity(vstack([claims, answers]).tocsr(), family, BACKGROUND_TEXTS)
            self._sides[family] = Side.of(claims, idf), Side.of(answers, idf)
        self._lengths = _length([entry.claim for entry in self.entries])
        self._details = [_details(text) for text in spellings([entry.claim for entry in self.entries])]

    def match(self, texts: Sequence[str], top: int = 3) -> list[list[Match]]:
        """The `top` most likely entries of each text, best first; entries that share nothing with it are left out."""
        if not self.entries:
            return [[] for _ in texts]
        step = max(1, CELLS // len(self._said))
        found: list[list[Match]] = []
        for start in range(0, len(texts), step):
            found += self._part(texts[start : start + step], top)
        return found

    def _part(self, texts: Sequence[str], top: int) -> list[list[Match]]:
        places, close = self.candidates(texts, max(top, CANDIDATES))
        touched = np.asarray(close[:, :, :BASE].any(axis=2))
        chances = _logistic(close @ np.asarray(self._model["chance"]) + self._model["chance_bias"])
        auto, suggest = self._model["auto"], self._model["suggest"]
        result = []
        for row, some, met in zip(places, chances, touched, strict=True):
            order = np.argsort(-some, kind="stable")[:top]
            result.append([
                Match(
                    self.entries[row[n]].id,
                    round(float(some[n]), 4),
                    "auto" if some[n] >= auto else "suggest" if some[n] >= suggest else "none",
                )
                for n in order
                if met[n]
            ])  # fmt: skip
        return result

    def features(self, texts: Sequence[str]) -> Floats:
        """What the ranking weighs, float32, shape (texts, entries, features); each text alone decides its row."""
        plain = spellings(texts)
        base = np.stack(self._signals(plain), axis=2)
        long = _length(plain)
        return np.concatenate([base, base * long[:, None, None], base * self._lengths[None, :, None]], axis=2)

    def _signals(self, plain: Sequence[str]) -> list[Floats]:
        """The BASE signals, each (texts, entries)."""
        words, characters = word_counts(cut(plain)), character_counts(plain)
        by_word, by_character = self._sides["words"], self._sides["characters"]
        asked = [side.asked(words) for side in by_word] + [side.asked(characters) for side in by_character]
        return [
            self._best(dense(asked[0].cosine, by_word[0].cosine)),
            self._best(dense(asked[2].cosine, by_character[0].cosine)),
            *self._shares(asked[0], by_word[0]),
            *self._shares(asked[2], by_character[0]),
            dense(asked[1].cosine, by_word[1].cosine),
            dense(asked[3].cosine, by_character[1].cosine),
            dense(asked[3].rarity, by_character[1].binary) / asked[3].mass[:, None],
        ]

    def candidates(self, texts: Sequence[str], most: int) -> tuple[NDArray[np.int64], Floats]:
        """Places of the likeliest entries, (texts, k), and what is seen of them closely, (texts, k, features)."""
        plain = spellings(texts)
        signals, long = self._signals(plain), _length(plain)
        weights = np.asarray(self._model["rank"], dtype=np.float32).reshape(3, BASE)
        # The product with `features`, without the array of all features: that would be most of the time.
        flat, by_text, by_entry = (
            sum((signal * value for signal, value in zip(signals, row, strict=True)), np.float32(0))
            for row in weights
        )
        scores = np.asarray(flat + by_text * long[:, None] + by_entry * self._lengths[None, :])
        count = min(most, scores.shape[1])
        places = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        order = np.argsort(-np.take_along_axis(scores, places, axis=1), axis=1, kind="stable")
        places = np.take_along_axis(places, order, axis=1)
        value = np.take_along_axis(scores, places, axis=1)
        base = np.stack([np.take_along_axis(signal, places, axis=1) for signal in signals], axis=2)
        seen = [base, base * long[:, None, None], base * self._lengths[places][:, :, None]]
        return places, np.concatenate([*seen, *self._close(plain, places, value, base)], axis=2)

    def _close(
        self, plain: Sequence[str], places: NDArray[np.int64], value: Floats, base: Floats
    ) -> list[Floats]:
        other = np.full_like(value, value.min(initial=0.0))
        if value.shape[1] > 1:
            other[:, 1:] = value[:, :1]
            other[:, 0] = value[:, 1]
        own = [_details(text) for text in plain]
        extra = np.asarray(
            [
                [_compare(mine, self._details[place]) for place in row]
                for mine, row in zip(own, places.tolist(), strict=True)
            ],
            dtype=np.float32,
        )
        gap = np.clip(value - other, -6, 6)
        return [value[:, :, None], gap[:, :, None], np.minimum(gap, 1.0)[:, :, None], base**2, extra]

    def _best(self, rows: Floats) -> Floats:
        best: Floats = np.maximum.reduceat(rows, self._starts, axis=1)
        return best

    def _shares(self, asked: Asked, side: Side) -> tuple[Floats, Floats]:
        """Shares of the rare terms: of what was claimed that the text has, and of the text that the claim has."""
        common = dense(asked.rarity, side.binary)
        return self._best(common / side.mass[None, :]), self._best(common / asked.mass[:, None])


def _length(texts: Sequence[str]) -> Floats:
    """Length of each text on a scale on which 40 characters are 0 and seven times as many 2."""
    sizes = np.asarray([len(text) + 1 for text in texts], dtype=np.float32)
    return np.asarray(np.log(sizes / np.float32(40)).clip(-2, 2), dtype=np.float32)


def _details(text: str) -> tuple[frozenset[str], int]:
    return frozenset(_NUMBER.findall(text)), len(_DENIAL.findall(text))


def _compare(text: tuple[frozenset[str], int], claim: tuple[frozenset[str], int]) -> tuple[float, ...]:
    """Numbers of the claim that the text has and that it lacks (shares), and whether only one of the two denies."""
    numbers, denials = claim
    shared = len(numbers & text[0]) / len(numbers) if numbers else 0.0
    lacking = 1.0 - shared if numbers and text[0] else 0.0
    return shared, lacking, float((denials == 0) != (text[1] == 0))


def _logistic(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30, 30))), dtype=np.float32)

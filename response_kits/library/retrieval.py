"""Passages of a policy library that answer a question.

Documents are compared as wholes (BM25 and cosines over words and character n-grams, what they quote, the places and numbers
that they name) and by their best passage, a window of a few sentences. A small ranking model weighs these; its weights
(`find.json`) come from citizens' messages and the official replies to them (`fit_retrieval.py`).
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

from nlp.corpus.grams import Asked, Floats, Side, character_counts, cut, dense, rarity, word_counts
from nlp.normalise import normalise_many

WEIGHTS = Path(__file__).with_name("find.json")
BACKGROUND_TEXTS = 300.0
WINDOW = 160
"""Characters of a passage, about: whole sentences are taken until it is reached."""
READ = 20_000
"""Characters of a document that are read."""
CELLS = 8_000_000
"""Most scores (questions x windows) held at once."""
RAW = 10
SIGNALS = 2 * RAW - 1
"""Features of one question and one document: RAW signals, and all but the last of them relative to the question's best."""
TITLE = 8
TITLE_WEIGHT = 0.5
"""Place and weight of the title's cosine; the fit has no titles to learn it from."""
POOL = 100
"""Documents whose scores are made comparable and weighed, for each question."""

_SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]*")
_QUOTE = re.compile(r"[“\"「『《【]([^“”\"「」『』《》【】\n]{4,60})[”\"」』》】]")
_NAME = re.compile(r"[a-z]\d+(?=市|县|区)|\d+(?:\.\d+)?(?=号|路|栋|期|国道|省道|中)")


@dataclass(frozen=True, slots=True)
class Text:
    """One document or clause of the library."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of the document `id`: text[start:end]; `score` 0–1 compares the passages of one question."""

    id: str
    start: int
    end: int
    score: float


@lru_cache(maxsize=1)
def weights() -> NDArray[np.float64]:
    return np.asarray(json.loads(WEIGHTS.read_text("utf-8"))["weights"])


def windows(text: str, size: int = WINDOW) -> list[tuple[int, int]]:
    """Spans of neighbouring sentences, half overlapping, each about `size` characters; at least one."""
    ends = [match.end() for match in _SENTENCE.finditer(text[:READ]) if match.end() > match.start()]
    starts = [0, *ends[:-1]]
    spans: list[tuple[int, int]] = []
    place = 0
    while place < len(ends):
        last = place
        while last + 1 < len(ends) and ends[last] - starts[place] < size:
            last += 1
        spans.append(_trimmed(text, starts[place], ends[last]))
        if last + 1 >= len(ends):
            break
        half = starts[place] + max((ends[last] - starts[place]) // 2, 1)
        place = next(n for n in range(place + 1, last + 2) if starts[n] >= half or n == last + 1)
    return spans or [(0, min(len(text), READ))]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return start + left, max(start + left, start + len(piece.rstrip()))


class Finder:
    """A library made ready; cheap to ask, safe to share between threads."""

    def __init__(self, library: Sequence[Text], model: NDArray[np.float64] | None = None) -> None:
        """`library` may be empty; about 1,500 documents a second are read."""
        self.library = list(library)
        self._model = weights() if model is None else model
        if not self.library:
            return
        self._spans = [windows(item.text) for item in self.library]
        sizes = [len(some) for some in self._spans]
        self._starts = np.cumsum([0, *sizes])[:-1]
        wholes = normalise_many([f"{item.title}\n{item.text[:READ]}" for item in self.library])
        pieces = normalise_many(
            [
                item.text[start:end]
                for item, spans in zip(self.library, self._spans, strict=True)
                for start, end in spans
            ]
        )
        words, characters = word_counts(cut(wholes)), character_counts(wholes)
        self._word_idf = rarity(words, "words", BACKGROUND_TEXTS)
        self._character_idf = rarity(characters, "characters", BACKGROUND_TEXTS)
        self._words = Side.of(words, self._word_idf)
        self._characters = Side.of(characters, self._character_idf, k1=0.4)
        self._pieces = Side.of(character_counts(pieces), self._character_idf)
        self._titles = Side.of(
            character_counts(normalise_many([item.title for item in self.library])), self._character_idf
        )
        quotes = [_QUOTE.findall(whole)[:6] or [""] for whole in wholes]
        self._quoted = np.cumsum([0, *map(len, quotes)])[:-1]
        self._quotes = Side.of(
            character_counts([one for some in quotes for one in some]), self._character_idf
        )
        self._names = [frozenset(_NAME.findall(whole)) for whole in wholes]

    def find(self, question: str, top: int = 5) -> list[Passage]:
        """The `top` passages for one question, one a document, best first."""
        return self.find_many([question], top)[0]

    def find_many(self, questions: Sequence[str], top: int = 5) -> list[list[Passage]]:
        """`find` for each question; what is found does not depend on the other questions."""
        if not self.library:
            return [[] for _ in questions]
        step = max(1, CELLS // (len(self._starts) + self._pieces.cosine.shape[1]))
        found: list[list[Passage]] = []
        for start in range(0, len(questions), step):
            found += self._part(questions[start : start + step], top)
        return found

    def _part(self, questions: Sequence[str], top: int) -> list[list[Passage]]:
        places, seen, pieces = self.candidates(questions)
        scores = seen @ self._model
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        result = []
        for question, row in enumerate(places):
            order = np.argsort(-scores[question], kind="stable")[:top].tolist()
            result.append([
                self._passage(int(row[n]), pieces[question], float(shares[question, n]))
                for n in order
                if seen[question, n, 2] > 0  # a document without one common character is no answer
            ])  # fmt: skip
        return result

    def _passage(self, place: int, pieces: Floats, share: float) -> Passage:
        start = int(self._starts[place])
        best = int(pieces[start : start + len(self._spans[place])].argmax())
        return Passage(self.library[place].id, *self._spans[place][best], round(share, 4))

    def features(self, questions: Sequence[str]) -> tuple[Floats, Floats]:
        """Raw signals, (questions, documents, signals), and the cosines of all windows, (questions, windows)."""
        plain = normalise_many([question[:2_000] for question in questions])
        words, characters = word_counts(cut(plain)), character_counts(plain)
        by_word, by_character = self._words.asked(words), self._characters.asked(characters)
        pieces = dense(self._pieces.asked(characters).cosine, self._pieces.cosine)
        best = np.maximum.reduceat(pieces, self._starts, axis=1)
        signals = [
            dense(by_word.cosine, self._words.cosine),
            dense(by_word.counts, self._words.bm25),
            dense(by_character.cosine, self._characters.cosine),
            dense(by_character.counts, self._characters.bm25),
            dense(by_word.rarity, self._words.binary) / by_word.mass[:, None],
            dense(by_character.rarity, self._characters.binary) / by_character.mass[:, None],
            best,
            self._quote(characters),
            dense(self._titles.asked(characters).cosine, self._titles.cosine),
            self._named(plain),
        ]
        return np.stack(signals, axis=2), pieces

    def _quote(self, characters: Any) -> Floats:
        asked: Asked = self._quotes.asked(characters)
        best: Floats = np.maximum.reduceat(dense(asked.cosine, self._quotes.cosine), self._quoted, axis=1)
        return best

    def _named(self, plain: Sequence[str]) -> Floats:
        """1 where document and question name the same place or number, −1 where both name some and none is common."""
        rows = np.zeros((len(plain), len(self.library)), dtype=np.float32)
        for n, text in enumerate(plain):
            mine = frozenset(_NAME.findall(text))
            if mine:
                rows[n] = [
                    0.0 if not theirs else len(mine & theirs) / len(mine) if mine & theirs else -1.0
                    for theirs in self._names
                ]
        return rows

    def candidates(self, questions: Sequence[str]) -> tuple[NDArray[np.int64], Floats, Floats]:
        """The likeliest documents, (questions, k), what the ranking weighs of them, (.., features), all windows' cosines."""
        raw, pieces = self.features(questions)
        rough = raw[:, :, 2] + raw[:, :, 0] + raw[:, :, 6]
        count = min(POOL, rough.shape[1])
        places = np.argsort(-rough, axis=1, kind="stable")[:, :count]
        seen = np.take_along_axis(raw, places[:, :, None], axis=1)
        # A question's own scale: its BM25 sums grow with its length.
        top = np.maximum(seen.max(axis=1, keepdims=True), 1e-6)
        relative = seen[:, :, : RAW - 1] / top[:, :, : RAW - 1]
        return places, np.concatenate([seen, relative], axis=2), pieces

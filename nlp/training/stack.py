"""Trainer of the second opinion (nlp/stack.py): heads are trained on two thirds, it learns from what they say of the rest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from huiyin.settings import Settings
from nlp import training
from nlp.heads import MODELS
from nlp.stack import DECISIONS, ORDER, Stack, features
from nlp.stages import urgency, urgency_rules
from nlp.training import scores
from nlp.training.data import digest
from nlp.training.task import Bench, Task, bench_of, learn

FOLDS = 10
THRESHOLDS = (0.5, 0.095, 0.4, 0.5)
"""A missed danger costs more than a false alarm: orange from a low share, chosen on held-out texts of training."""


class _Stack:
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
        folder = output or MODELS
        bench = bench_of(data, settings, folder=folder, aux=aux, barred=barred, corrections=corrections)
        known = Known.of(bench)
        figures = across(known)
        new, old = _worth(figures), _old(folder)
        if old is not None and new <= old and not force:
            return f"stack: kept the old model ({old:.3f} in cross-validation; the new one {new:.3f})"
        fit(known, np.ones(len(known.level), dtype=bool)).save(folder, texts=len(known.level))
        scores.save(folder / "stack", figures)
        (folder / "stack" / "MODEL_CARD.md").write_text(_card(figures, data, len(known.level)), "utf-8")
        lines = [f"{name}: {value:.3f}" for name, value in figures.items()]
        return "\n".join([f"stack: saved to {folder / 'stack'}, from {len(known.level):,} texts", *lines])

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        """The stack speaks through urgency: measured there."""
        return training.trainer("urgency").evaluate(data, settings, models=models)


@dataclass(frozen=True)
class Known:
    """The labelled texts as the stack sees them. `level` and `answer` are −1 where that label is not known; `rule` is the
    rules' level; `given`: which texts are of the files asked for; `fold`: 0 to FOLDS − 1, by the text alone."""

    found: NDArray[Any]
    level: NDArray[np.int64]
    answer: NDArray[np.int64]
    rule: NDArray[np.int64]
    given: NDArray[np.bool_]
    fold: NDArray[np.int64]

    @classmethod
    def of(cls, bench: Bench) -> Known:
        """All labelled texts, each read by trial heads that learnt from the other two thirds."""
        tasks = [task for name in ORDER if isinstance(task := training.trainer(name), Task)]
        some = {"urgency", "respond"}
        places = np.array([p for p, row in enumerate(bench.rows) if some & row.labels.keys()])
        keys = [int(digest(bench.rows[p].text), 16) for p in places]
        thirds = np.array([key % 3 for key in keys])
        raw = {task.name: np.zeros((len(places), len(task.classes)), dtype=np.float32) for task in tasks}
        for third in range(3):
            held = places[thirds == third]
            for task, (weights, bias) in zip(tasks, learn(tasks, bench, held), strict=True):
                raw[task.name][thirds == third] = bench.matrix[held] @ weights + bias
        texts = [bench.rows[p].text for p in places]
        judged = [urgency_rules.judge(text) for text in texts]
        points = [j.features.get("points", 0.0) for j in judged]
        answers = {"true": 1, "false": 0}
        return cls(
            features(raw, [j.level for j in judged], points, texts),
            np.array([int(bench.rows[p].labels.get("urgency", -1)) for p in places]),
            np.array([answers.get(bench.rows[p].labels.get("respond", ""), -1) for p in places]),
            np.array([j.level for j in judged]),
            places < bench.given,
            np.array([key // 3 % FOLDS for key in keys]),
        )


def fit(known: Known, part: NDArray[np.bool_]) -> Stack:
    """Four logistic regressions on the same features, each on the texts of `part` whose label is known."""
    models = []
    for aim, there in (
        (known.level >= 1, known.level >= 0),
        (known.level >= 2, known.level >= 0),
        (known.level >= 3, known.level >= 0),
        (known.answer == 1, known.answer >= 0),
    ):
        kept = part & there
        models.append(LogisticRegression(C=0.1, max_iter=2_000).fit(known.found[kept], aim[kept]))
    return Stack(
        np.stack([m.coef_[0] for m in models], axis=1),
        np.array([m.intercept_[0] for m in models]),
        THRESHOLDS,
    )


def across(known: Known) -> dict[str, float]:
    """Scores of ten-fold cross-validation of the stack over the given texts, which the heads had not learnt from either."""
    shares = np.zeros((len(known.level), len(DECISIONS)))
    for number in range(FOLDS):
        held = known.fold == number
        if held.any():
            shares[held] = fit(known, ~held).shares(known.found[held])
    judge = Stack(np.zeros((1, 1)), np.zeros(1), THRESHOLDS)
    kept = known.given & (known.level >= 0) & (known.answer >= 0)
    stacked = judge.levels(shares[kept]).tolist()
    said = [urgency.limit(a, b) for a, b in zip(known.rule[kept].tolist(), stacked, strict=True)]
    level, answer = known.level[kept], known.answer[kept] == 1
    kinds = [""] * len(said)
    of_level = scores.measure(
        "urgency", "0123", [str(v) for v in level.tolist()], [str(v) for v in said], None, kinds
    )
    share = shares[kept, 3]
    of_answer = scores.measure(
        "respond",
        ("false", "true"),
        [str(v).lower() for v in answer.tolist()],
        [str(v).lower() for v in (share >= THRESHOLDS[3]).tolist()],
        np.maximum(share, 1 - share).tolist(),
        kinds,
    )
    return {
        "texts": float(len(said)),
        "urgency kappa": of_level["kappa"],
        "urgency 2-3 recall": of_level["recall_2_3"],
        "urgency 2-3 precision": of_level["precision_2_3"],
        "respond F1": of_answer["f1_true"],
        "respond accuracy": of_answer["accuracy"],
        "respond ECE": of_answer["ece"],
    }


def _worth(figures: dict[str, float]) -> float:
    """The one number by which a new stack replaces an old one: agreement on urgency and on respond, halved."""
    return (figures["urgency kappa"] + figures["respond F1"]) / 2


def _old(folder: Path) -> float | None:
    file = folder / "stack" / "scores.json"
    if not file.is_file():
        return None
    figures = json.loads(file.read_text("utf-8"))
    return _worth(figures) if {"urgency kappa", "respond F1"} <= figures.keys() else None


def _card(figures: dict[str, float], data: list[str], texts: int) -> str:
    names = " ".join(Path(file).name for file in data)
    rows = "\n".join(f"| {name} | {value:.3f} |" for name, value in figures.items())
    return f"""# stack

Four logistic regressions (urgency ≥1, ≥2, ≥3; respond) over the raw scores of the heads topic, sentiment, urgency and
respond, the level and points of the urgency rules, and plain signs of the text (length, question marks, whom it addresses). Thresholds {", ".join(map(str, THRESHOLDS))}: orange from a low share, because a
missed danger costs more than a false alarm.

## Data
{texts:,} labelled texts ({names} and labels of `nlp/training/labels.tsv`), each read by trial heads that were trained on
the other two thirds. Labels were given by a
language model after the annotation guide; no person has checked them.

## Scores
Cross-validation over the texts of {names}, heads and stack both unseen; with the rules' limit on how far a level may move.
`huiyin evaluate urgency` and `huiyin evaluate respond` measure the shipped heads, rules and stack together.

| score | value |
| --- | --- |
{rows}

## Limits
It is tied to the scale of the heads: after training a head anew, train it again.

## Retrain
`huiyin train stack --data {names} --aux FOLDER`
"""


TRAINER = _Stack()

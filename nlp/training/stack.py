"""Trainer of the second opinion (nlp/stack.py): heads are trained on two thirds, it learns from what they say of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from huiyin.settings import Settings
from nlp import training
from nlp.heads import MODELS
from nlp.stack import DECISIONS, ORDER, Stack, features
from nlp.stages import urgency, urgency_rules
from nlp.training import scores
from nlp.training.data import digest
from nlp.training.task import Task, bench_of, learn

FOLDS = 10
THRESHOLDS = (0.5, 0.17, 0.4, 0.55)
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
    ) -> str:
        folder = output or MODELS
        bench = bench_of(data, settings, folder=folder, aux=aux, barred=barred)
        given = np.array([p for p in range(bench.given) if all(n in bench.rows[p].labels for n in ORDER)])
        thirds = np.array([int(digest(bench.rows[p].text), 16) % 3 for p in given])
        tasks = [task for name in ORDER if isinstance(task := training.trainer(name), Task)]
        raw = {task.name: np.zeros((len(given), len(task.classes)), dtype=np.float32) for task in tasks}
        for third in range(3):
            held = given[thirds == third]
            for task in tasks:
                weights, bias = learn(task, bench, np.setdiff1d(bench.labelled(task), held), held)
                raw[task.name][thirds == third] = bench.matrix[held] @ weights + bias
        judged = [urgency_rules.judge(bench.rows[p].text) for p in given]
        found = features(
            raw,
            [j.level for j in judged],
            [j.features.get("points", 0.0) for j in judged],
            [bench.rows[p].text for p in given],
        )
        level = np.array([int(bench.rows[p].labels["urgency"]) for p in given])
        answer = np.array([bench.rows[p].labels["respond"] == "true" for p in given])
        figures = across(found, level, answer, np.array([j.level for j in judged]))
        fit(found, level, answer).save(folder, texts=len(given))
        scores.save(folder / "stack", figures)
        (folder / "stack" / "MODEL_CARD.md").write_text(_card(figures, data, len(given)), "utf-8")
        lines = [f"{name}: {value:.3f}" for name, value in figures.items()]
        return "\n".join([f"stack: saved to {folder / 'stack'}, from {len(given):,} texts", *lines])

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        """The stack speaks through urgency: measured there."""
        return training.trainer("urgency").evaluate(data, settings, models=models)


def fit(found: Any, level: Any, answer: Any) -> Stack:
    """Four logistic regressions on the same features."""
    models = [
        LogisticRegression(C=0.1, max_iter=2_000).fit(found, aim)
        for aim in (level >= 1, level >= 2, level >= 3, answer)
    ]
    return Stack(
        np.stack([m.coef_[0] for m in models], axis=1),
        np.array([m.intercept_[0] for m in models]),
        THRESHOLDS,
    )


def across(found: Any, level: Any, answer: Any, rule: Any) -> dict[str, float]:
    """Scores of ten-fold cross-validation of the stack over texts that the heads had not learnt from either."""
    fold = np.random.default_rng(0).integers(0, FOLDS, len(found))
    shares = np.zeros((len(found), len(DECISIONS)))
    for number in range(FOLDS):
        shares[fold == number] = fit(
            found[fold != number], level[fold != number], answer[fold != number]
        ).shares(found[fold == number])
    judge = Stack(np.zeros((1, 1)), np.zeros(1), THRESHOLDS)
    said = [urgency.limit(a, b) for a, b in zip(rule.tolist(), judge.levels(shares).tolist(), strict=True)]
    ones = [1.0] * len(found)
    of_level = scores.measure(
        "urgency", "0123", [str(value) for value in level], [str(v) for v in said], ones, [""] * len(found)
    )
    replies = shares[:, 3] >= THRESHOLDS[3]
    of_answer = scores.measure(
        "respond",
        ("false", "true"),
        [str(bool(value)).lower() for value in answer],
        [str(bool(value)).lower() for value in replies],
        np.maximum(shares[:, 3], 1 - shares[:, 3]).tolist(),
        [""] * len(found),
    )
    return {
        "texts": float(len(found)),
        "urgency kappa": of_level["kappa"],
        "urgency 2-3 recall": of_level["recall_2_3"],
        "urgency 2-3 precision": of_level["precision_2_3"],
        "respond F1": of_answer["f1_true"],
        "respond accuracy": of_answer["accuracy"],
    }


def _card(figures: dict[str, float], data: list[str], texts: int) -> str:
    names = " ".join(Path(file).name for file in data)
    rows = "\n".join(f"| {name} | {value:.3f} |" for name, value in figures.items())
    return f"""# stack

Four logistic regressions (urgency ≥1, ≥2, ≥3; respond) over the raw scores of the heads topic, sentiment, urgency and
respond, the level and points of the urgency rules, and plain signs of the text (length, question marks, whom it addresses). Thresholds {", ".join(map(str, THRESHOLDS))}: orange from a low share, because a
missed danger costs more than a false alarm.

## Data
{texts:,} texts of {names}, each read by trial heads that were trained on the other two thirds. Labels were given by a
language model after the annotation guide; no person has checked them.

## Scores
Cross-validation over those texts, heads and stack both unseen; with the rules' limit on how far a level may move.
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

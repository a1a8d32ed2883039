"""Trainer of the second opinion (nlp/stack.py): heads are trained on two thirds, it learns from what they say of the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from huiyin.settings import Settings
from nlp import training
from nlp.heads import MODELS
from nlp.stack import ORDER, Stack, features
from nlp.stages import urgency_rules
from nlp.training.data import digest
from nlp.training.task import Task, bench_of, learn

THRESHOLDS = (0.5, 0.2, 0.4, 0.5)
"""A missed danger costs more than a false alarm: orange from a share of 0.2."""


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
        found = features(raw, [j.level for j in judged], [j.features.get("points", 0.0) for j in judged])
        level = np.array([int(bench.rows[p].labels["urgency"]) for p in given])
        answer = np.array([bench.rows[p].labels["respond"] == "true" for p in given])
        fit(found, level, answer).save(folder, texts=len(given))
        return f"stack: saved to {folder / 'stack'}, from {len(given):,} texts"

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        """The stack speaks through urgency: measured there."""
        return training.trainer("urgency").evaluate(data, settings, models=models)


def fit(found: Any, level: Any, answer: Any) -> Stack:
    """Four logistic regressions on the same features."""
    models = [
        LogisticRegression(C=0.3, max_iter=1_000).fit(found, aim)
        for aim in (level >= 1, level >= 2, level >= 3, answer)
    ]
    return Stack(
        np.stack([m.coef_[0] for m in models], axis=1),
        np.array([m.intercept_[0] for m in models]),
        THRESHOLDS,
    )


TRAINER = _Stack()

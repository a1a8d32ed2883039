"""Scores of a head: what `huiyin evaluate` prints and what the model cards carry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_fscore_support


def measure(
    name: str,
    classes: Sequence[str],
    truth: Sequence[str],
    said: Sequence[str],
    shares: Sequence[float] | None,
    kinds: Sequence[str],
) -> dict[str, Any]:
    """All scores. `shares` is the calibrated share of the class said, ECE is over ten equal bins of it; None where none is given."""
    labels = [c for c in classes if c in set(truth) | set(said)]
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, said, labels=labels, zero_division=0
    )
    per_class = {
        label: {"precision": float(p), "recall": float(r), "f1": float(f), "texts": int(s)}
        for label, p, r, f, s in zip(labels, precision, recall, f1, support, strict=True)
    }
    right = np.asarray(truth) == np.asarray(said)
    enough = [row["f1"] for row in per_class.values() if row["texts"] >= 10]
    result: dict[str, Any] = {
        "model": name,
        "texts": len(truth),
        "accuracy": float(right.mean()) if len(truth) else 0.0,
        "macro_f1_10": float(np.mean(enough)) if enough else 0.0,
        **({} if shares is None else {"ece": _ece(right, np.asarray(shares, dtype=float))}),
        "classes": per_class,
        "confusion": {"labels": labels, "rows": _confusion(truth, said, labels)},
        "kinds": {
            kind: {"texts": int(chosen.sum()), "accuracy": float(right[chosen].mean())}
            for kind in sorted(set(kinds))
            if (chosen := np.asarray(kinds) == kind).any()
        },
    }
    if name == "urgency":
        high, found = np.asarray(truth) >= "2", np.asarray(said) >= "2"
        result["kappa"] = _kappa(list(map(int, truth)), list(map(int, said)))
        result["recall_2_3"] = float((high & found).sum() / max(high.sum(), 1))
        result["precision_2_3"] = float((high & found).sum() / max(found.sum(), 1))
    if name == "respond":
        result["f1_true"] = per_class.get("true", {"f1": 0.0})["f1"]
    return result


def _confusion(truth: Sequence[str], said: Sequence[str], labels: Sequence[str]) -> list[list[int]]:
    table = [[0] * len(labels) for _ in labels]
    for right, given in zip(truth, said, strict=True):
        table[labels.index(right)][labels.index(given)] += 1
    return table


def _kappa(truth: Sequence[int], said: Sequence[int]) -> float:
    """Quadratic-weighted kappa; 1 where nothing could differ by chance."""
    one, two = np.asarray(truth, dtype=float), np.asarray(said, dtype=float)
    seen = float(((one - two) ** 2).sum())
    chance = float(((one[:, None] - two[None, :]) ** 2).sum()) / max(len(one), 1)
    return 1.0 - seen / chance if chance else 1.0


def _ece(right: Any, shares: Any) -> float:
    """Expected calibration error: the mean gap between share and accuracy, weighted by texts."""
    bins = np.minimum((shares * 10).astype(int), 9)
    gap = 0.0
    for number in range(10):
        inside = bins == number
        if inside.any():
            gap += float(inside.mean()) * abs(float(right[inside].mean()) - float(shares[inside].mean()))
    return gap


def headline(result: dict[str, Any]) -> float:
    """The one number by which a new model replaces an old one."""
    for name in ("kappa", "f1_true"):
        if name in result:
            return float(result[name])
    return float(result["macro_f1_10"] + result["accuracy"]) / 2


def flat(result: dict[str, Any]) -> dict[str, float]:
    """The scores that are one number each, by name, without the tables."""
    return {name: round(value, 4) for name, value in result.items() if isinstance(value, (int, float))}


def save(place: Path, figures: dict[str, float]) -> None:
    """Write `scores.json` into a model's folder: measured scores, name → number; the system page shows them."""
    place.mkdir(parents=True, exist_ok=True)
    rounded = {name: round(value, 4) for name, value in figures.items()}
    (place / "scores.json").write_text(json.dumps(rounded, ensure_ascii=False, indent=1) + "\n", "utf-8")


def table(result: dict[str, Any]) -> str:
    """The scores as Markdown, for people and cards."""
    names = ("accuracy", "macro_f1_10", "kappa", "recall_2_3", "precision_2_3", "f1_true", "ece")
    lines = [f"{result['model']}: {result['texts']} texts", ""]
    lines += ["| score | value |", "| --- | --- |"]
    lines += [f"| {name} | {result[name]:.3f} |" for name in names if name in result]
    lines += ["", "| class | texts | precision | recall | F1 |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {name} | {row['texts']} | {row['precision']:.2f} | {row['recall']:.2f} | {row['f1']:.2f} |"
        for name, row in result["classes"].items()
    ]
    lines += ["", "| kind | texts | accuracy |", "| --- | --- | --- |"]
    lines += [
        f"| {name or '–'} | {row['texts']} | {row['accuracy']:.3f} |" for name, row in result["kinds"].items()
    ]
    labels = result["confusion"]["labels"]
    lines += ["", "Confusion (rows: truth, columns: said)", "", "| | " + " | ".join(labels) + " |"]
    lines += ["| --- |" + " --- |" * len(labels)]
    lines += [
        f"| {label} | " + " | ".join(map(str, row)) + " |"
        for label, row in zip(labels, result["confusion"]["rows"], strict=True)
    ]
    return "\n".join(lines)

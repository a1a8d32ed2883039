"""One trainer for all heads that tell classes apart: teacher, student, calibration, card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags

from huiyin.errors import UsageError
from huiyin.settings import Settings
from nlp.features import Reader
from nlp.heads import MODELS, Head, softmax
from nlp.normalise import normalise_many
from nlp.training import scores, vocabulary
from nlp.training.data import Row, digest, pool, read
from nlp.training.student import ridge
from nlp.training.teacher import Views, teach

SHRINK = 0.3
"""Rows are idf × count × this, so that penalties mean the same for all lengths."""
PENALTY = 0.5
STEPS = 30
TRUST = 3.0
"""How much more a labelled text weighs than one that only the teacher has read."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Task:
    """A head to train: its name and classes, in order. `balance`: how much the teacher favours rare classes (0–1)."""

    name: str
    classes: tuple[str, ...]
    balance: float = 0.5
    lift: float = 0.0
    """Raw score added to a class: lift × −ln(its share), so that rare classes are said as often as they are meant."""

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
        return fit_many([self], data, settings, output=output, aux=aux, barred=barred, force=force)

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        from nlp.analyse import Analyser

        rows = [row for row in read(data) if self.name in row.labels]
        analyser = Analyser.load(settings, models=Path(models) if models else MODELS)
        said, shares = [], []
        for analysis in analyser.many({"text": row.text} for row in rows):
            answer = getattr(analysis, self.name)
            said.append(str(answer).lower())
            share = {
                "topic": analysis.topics[0][1],
                "sentiment": analysis.sentiment_score,
                "respond": analysis.respond_score if analysis.respond else 1 - analysis.respond_score,
            }.get(self.name, 1.0)
            shares.append(share)
        truth = [row.labels[self.name] for row in rows]
        return scores.measure(self.name, self.classes, truth, said, shares, [row.kind for row in rows])


@dataclass(frozen=True)
class Bench:
    """What all tasks of one run share."""

    rows: list[Row]
    given: int
    views: Views
    matrix: Any
    factor: Floats

    def labelled(self, task: Task) -> NDArray[Any]:
        return np.array(
            [place for place, row in enumerate(self.rows) if row.labels.get(task.name) in task.classes]
        )


def fit_many(
    tasks: Sequence[Task],
    data: list[str],
    settings: Settings,
    *,
    output: Path | None,
    aux: Path,
    barred: list[str],
    force: bool,
) -> str:
    """Train heads that share one reading of the texts. Raises UsageError where the data carry no labels."""
    folder = output or MODELS
    bench = bench_of(data, settings, folder=folder, aux=aux, barred=barred)
    return "\n".join(_fit(task, bench, folder, data, force) for task in tasks)


def bench_of(data: list[str], settings: Settings, *, folder: Path, aux: Path, barred: list[str]) -> Bench:
    """Read all texts once, in every way that teacher and student read."""
    known = read(data)
    rows = known + (pool(aux, known, read(barred)) if aux.is_dir() else [])
    reader = Reader(vocabulary.of_folder(folder, [row.text for row in rows]))
    factor = np.concatenate([[0], reader.vocabulary.idf]).astype(np.float32) * np.float32(SHRINK)
    counts, scale = reader.read(normalise_many([row.text for row in rows]))
    counts.sum_duplicates()
    matrix = (diags(scale[:, 0]) @ counts @ diags(factor)).tocsr().astype(np.float32)
    labelled = [place for place, row in enumerate(rows) if row.labels]
    if not labelled:
        raise UsageError(f"no row of {', '.join(data)} carries a label")
    views = Views.of(rows, labelled, settings.home_path / "cache" / "embeddings.npz")
    return Bench(rows, len(known), views, matrix, factor)


def _fit(task: Task, bench: Bench, folder: Path, data: list[str], force: bool) -> str:
    places = bench.labelled(task)
    given = places[places < bench.given]
    if len(given) < 50:
        raise UsageError(f"{len(given)} labelled texts for {task.name!r}: at least 50 are needed")
    # The same fifth is held back in every training, whatever the order of the file.
    held = np.array([place for place in given if int(digest(bench.rows[place].text), 16) % 5 == 0])
    trial, bias = learn(task, bench, np.setdiff1d(places, held), held)
    raw = bench.matrix[held] @ trial + bias
    truth = [bench.rows[place].labels[task.name] for place in held]
    temperature = _temperature(raw, np.array([task.classes.index(label) for label in truth]))
    shares = softmax(raw / temperature)
    said = [task.classes[place] for place in shares.argmax(axis=1)]
    kinds = [bench.rows[place].kind for place in held]
    result = scores.measure(task.name, task.classes, truth, said, shares.max(axis=1).tolist(), kinds)
    new, old = scores.headline(result), _old(task, folder)
    if old is not None and new <= old and not force:
        return f"{task.name}: kept the old model ({old:.3f} on the held-back fifth; the new one {new:.3f})"
    weights, bias = learn(task, bench, places, np.array([], dtype=int))
    head = Head.pack(task.name, task.classes, weights * bench.factor[:, None], bias, temperature)
    head.save(folder, held_back=round(new, 4), lift=task.lift, labelled=len(places), read=len(bench.rows))
    scores.save(folder / task.name, scores.flat(result))
    _card(task, bench, folder, data, result, len(places))
    return f"{task.name}: saved to {folder / task.name}; on the held-back fifth {new:.3f}" + (
        f", the old model {old:.3f}" if old is not None else ""
    )


def learn(task: Task, bench: Bench, known: NDArray[Any], hidden: NDArray[Any]) -> tuple[Floats, Floats]:
    """Teacher on `known`, student on all but `hidden`; weights per feature and bias."""
    everything = np.arange(len(bench.rows))
    aims = np.eye(len(task.classes), dtype=np.float32)[
        [task.classes.index(bench.rows[place].labels[task.name]) for place in known]
    ]
    asked = np.setdiff1d(everything, hidden)
    targets = teach(bench.views, known, aims, asked, balance=task.balance)
    trust = np.where(np.isin(asked, known), TRUST, 1.0).astype(np.float32)
    weights, bias = ridge(bench.matrix[asked], targets, trust, penalty=PENALTY, steps=STEPS)
    share = np.maximum(aims.mean(axis=0), 1 / len(known))
    return weights, (bias - task.lift * np.log(share)).astype(np.float32)


def _temperature(raw: Floats, truth: NDArray[Any]) -> float:
    """The divisor of the scores that makes the held-back labels most likely."""
    choices = np.geomspace(0.03, 1.0, 40)
    losses = [-np.log(softmax(raw / t)[np.arange(len(truth)), truth] + 1e-9).mean() for t in choices]
    return float(choices[int(np.argmin(losses))])


def _old(task: Task, folder: Path) -> float | None:
    import json

    file = folder / task.name / "head.json"
    if not file.exists():
        return None
    value = json.loads(file.read_text("utf-8")).get("held_back")
    return None if value is None else float(value)


def _card(
    task: Task, bench: Bench, folder: Path, data: list[str], result: dict[str, Any], labelled: int
) -> None:
    sources = sorted({row.source for row in bench.rows if row.source != "given"})
    ways = ", ".join(bench.views.matrices)
    text = f"""# {task.name}

Linear head over hashed character 1- to 3-grams, 8-bit weights. It learnt from a slower teacher (kernel ridge regression;
ways of reading: {ways}), which learnt from {labelled:,} labelled texts and labelled {len(bench.rows):,} texts for it.

## Data
Labelled: {", ".join(Path(file).name for file in data)}, and labels of `nlp/training/labels.tsv`. Labels were given by a
language model after the annotation guide; no person has checked them.
Read without labels: {", ".join(sources) or "nothing else"}.
Licences: as their publishers state; where none is stated the texts served training only. No text is kept in the weights.

## Scores of the head alone, on a fifth held back (the head that is saved has then learnt from that fifth too)
{scores.table(result)}

## Limits
Labels are few, rare classes most of all. The boundary of urgency 1 and 2 is soft even to careful readers. Irony, dialect,
images and links are not read; a text counts by its first 700 and last 200 characters.

## Retrain
`huiyin train {task.name} --data {" ".join(Path(file).name for file in data)} --aux FOLDER`
"""
    (folder / task.name / "MODEL_CARD.md").write_text(text, "utf-8")

"""One trainer for all heads that tell classes apart: teacher, student, calibration, card."""

from __future__ import annotations

import json
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
from nlp.training import corrections as corrected
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

ANSWERS = "held_back.json"
"""Beside a head: what its trial said of the held-back texts (digests, no texts); the next model is compared on the same."""
COMMON = 50
"""Held-back texts that old and new must have in common to be compared on them; else their whole scores are."""

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
        corrections: bool = False,
    ) -> str:
        folder = output or MODELS
        bench = bench_of(data, settings, folder=folder, aux=aux, barred=barred, corrections=corrections)
        return fit_many([self], bench, data, folder=folder, force=force)

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        from nlp.analyse import Analyser

        rows = [row for row in read(data) if self.name in row.labels]
        analyser = Analyser.load(settings, models=Path(models) if models else MODELS)
        said, shares = [], []
        for analysis in analyser.many({"text": row.text} for row in rows):
            said.append(str(getattr(analysis, self.name)).lower())
            share = {
                "topic": analysis.topics[0][1],
                "sentiment": analysis.sentiment_score,
                "respond": analysis.respond_score if analysis.respond else 1 - analysis.respond_score,
            }.get(self.name)
            if share is not None:  # rules and heads together give no share of a level
                shares.append(share)
        truth = [row.labels[self.name] for row in rows]
        kinds = [row.kind for row in rows]
        return scores.measure(self.name, self.classes, truth, said, shares or None, kinds)


@dataclass(frozen=True)
class Bench:
    """What all tasks of one run share. `rows`: first `given` rows of the files, then texts that analysts corrected, then others;
    `weight`: what a label of each row weighs."""

    rows: list[Row]
    given: int
    views: Views
    matrix: Any
    factor: Floats
    weight: Floats

    def labelled(self, task: Task) -> NDArray[Any]:
        return np.array(
            [place for place, row in enumerate(self.rows) if row.labels.get(task.name) in task.classes]
        )


def fit_many(tasks: Sequence[Task], bench: Bench, data: list[str], *, folder: Path, force: bool) -> str:
    """Train heads over one reading of the texts, each kept where it is better; what was done, a line each."""
    # The same fifth is held back in every training, whatever the order of the file.
    held = np.array(
        [place for place in range(bench.given) if int(digest(bench.rows[place].text), 16) % 5 == 0], dtype=int
    )
    for task in tasks:
        if (count := len(given := bench.labelled(task)[bench.labelled(task) < bench.given])) < 50:
            raise UsageError(f"{count} labelled texts for {task.name!r}: at least 50 are needed")
        if not np.isin(given, held).any():
            raise UsageError(f"no text for {task.name!r} falls into the fifth that is held back")
    trials = learn(tasks, bench, held)
    tried = [_Trial.of(task, bench, folder, held, *trial) for task, trial in zip(tasks, trials, strict=True)]
    better = [trial for trial in tried if force or trial.old is None or trial.new > trial.old]
    lines = [
        f"{trial.task.name}: kept the old model ({trial.old:.3f} on the held-back fifth; the new one {trial.new:.3f})"
        for trial in tried
        if trial not in better
    ]
    made = learn([trial.task for trial in better], bench, np.array([], dtype=int)) if better else []
    for trial, (weights, bias) in zip(better, made, strict=True):
        trial.save(bench, folder, data, weights, bias)
        lines.append(
            f"{trial.task.name}: saved to {folder / trial.task.name}; on the held-back fifth {trial.new:.3f}"
            + (f", the old model {trial.old:.3f}" if trial.old is not None else "")
        )
    return "\n".join(lines)


def bench_of(
    data: list[str],
    settings: Settings,
    *,
    folder: Path,
    aux: Path,
    barred: list[str],
    corrections: bool = False,
) -> Bench:
    """Read all texts once, in every way that teacher and student read. Raises UsageError where the data carry no labels."""
    known, kept_out = read(data), read(barred)
    mended = corrected.read(settings, [row.text for row in kept_out]) if corrections else []
    rows = known + mended + (pool(aux, [*known, *mended], kept_out) if aux.is_dir() else [])
    weight = np.ones(len(rows), dtype=np.float32)
    weight[len(known) : len(known) + len(mended)] = corrected.WEIGHT
    reader = Reader(vocabulary.of_folder(folder, [row.text for row in rows]))
    factor = np.concatenate([[0], reader.vocabulary.idf]).astype(np.float32) * np.float32(SHRINK)
    counts, scale = reader.read(normalise_many([row.text for row in rows]))
    counts.sum_duplicates()
    matrix = (diags(scale[:, 0]) @ counts @ diags(factor)).tocsr().astype(np.float32)
    labelled = [place for place, row in enumerate(rows) if row.labels]
    if not labelled:
        raise UsageError(f"no row of {', '.join(data)} carries a label")
    views = Views.of(rows, labelled, matrix, settings.home_path / "cache" / "embeddings.npz")
    return Bench(rows, len(known), views, matrix, factor, weight)


@dataclass(frozen=True, eq=False)
class _Trial:
    """A head that learnt from all but the held-back texts: what it says of them, and how it does beside the old one's trial."""

    task: Task
    temperature: float
    result: dict[str, Any]
    said: dict[str, str]
    new: float
    old: float | None

    @classmethod
    def of(
        cls, task: Task, bench: Bench, folder: Path, held: NDArray[Any], weights: Floats, bias: Floats
    ) -> _Trial:
        rows = [bench.rows[place] for place in np.intersect1d(held, bench.labelled(task))]
        raw = bench.matrix[np.intersect1d(held, bench.labelled(task))] @ weights + bias
        truth = [row.labels[task.name] for row in rows]
        temperature = _temperature(raw, np.array([task.classes.index(label) for label in truth]))
        shares = softmax(raw / temperature)
        said = [task.classes[place] for place in shares.argmax(axis=1)]
        kinds = [row.kind for row in rows]
        result = scores.measure(task.name, task.classes, truth, said, shares.max(axis=1).tolist(), kinds)
        answers = {digest(row.text): answer for row, answer in zip(rows, said, strict=True)}
        before = _answers(folder / task.name)
        both = [n for n, row in enumerate(rows) if digest(row.text) in before]
        if len(both) >= COMMON:  # on the same texts, whatever came to the file or left it since
            right = [truth[n] for n in both]
            new = _worth(task, right, [said[n] for n in both])
            old: float | None = _worth(task, right, [before[digest(rows[n].text)] for n in both])
        else:
            new, old = scores.headline(result), _noted(folder / task.name)
        return cls(task, temperature, result, answers, new, old)

    def save(self, bench: Bench, folder: Path, data: list[str], weights: Floats, bias: Floats) -> None:
        """Write the head that learnt from everything, with the scores and the answers of the trial."""
        task, labelled = self.task, len(bench.labelled(self.task))
        head = Head.pack(task.name, task.classes, weights * bench.factor[:, None], bias, self.temperature)
        noted = round(scores.headline(self.result), 4)
        head.save(folder, held_back=noted, lift=task.lift, labelled=labelled, read=len(bench.rows))
        answers = json.dumps(dict(sorted(self.said.items())), ensure_ascii=False, indent=0)
        (folder / task.name / ANSWERS).write_text(answers + "\n", "utf-8")
        scores.save(folder / task.name, scores.flat(self.result))
        _card(task, bench, folder, data, self.result, labelled)


def _worth(task: Task, truth: list[str], said: list[str]) -> float:
    nothing = [1.0] * len(truth)
    return scores.headline(scores.measure(task.name, task.classes, truth, said, nothing, [""] * len(truth)))


def _answers(place: Path) -> dict[str, str]:
    """What the trial of the model in `place` said of its held-back texts, by digest; empty where that was not kept."""
    file = place / ANSWERS
    return dict(json.loads(file.read_text("utf-8"))) if file.is_file() else {}


def _noted(place: Path) -> float | None:
    """The held-back score that the model in `place` was saved with; None where there is no model."""
    file = place / "head.json"
    if not file.is_file():
        return None
    value = json.loads(file.read_text("utf-8")).get("held_back")
    return None if value is None else float(value)


def learn(tasks: Sequence[Task], bench: Bench, hidden: NDArray[Any]) -> list[tuple[Floats, Floats]]:
    """Teachers on all labelled texts but `hidden`, students on all texts but those, in one fit: weights and bias of each task."""
    asked = np.setdiff1d(np.arange(len(bench.rows)), hidden)
    targets, shares = [], []
    for task in tasks:
        known = np.setdiff1d(bench.labelled(task), hidden)
        aims = np.eye(len(task.classes), dtype=np.float32)[
            [task.classes.index(bench.rows[place].labels[task.name]) for place in known]
        ]
        targets.append(
            teach(bench.views, known, aims, asked, balance=task.balance, trust=bench.weight[known])
        )
        shares.append(np.maximum(aims.mean(axis=0), 1 / len(known)))
    labelled = np.isin(asked, bench.views.labelled)
    trust = np.where(labelled, TRUST * bench.weight[asked], 1.0).astype(np.float32)
    weights, bias = ridge(bench.matrix[asked], np.hstack(targets), trust, penalty=PENALTY, steps=STEPS)
    made, start = [], 0
    for task, share in zip(tasks, shares, strict=True):
        span = slice(start, start := start + len(task.classes))
        made.append((weights[:, span], (bias[span] - task.lift * np.log(share)).astype(np.float32)))
    return made


def _temperature(raw: Floats, truth: NDArray[Any]) -> float:
    """The divisor of the scores that makes the held-back labels most likely."""
    choices = np.geomspace(0.03, 1.0, 40)
    losses = [-np.log(softmax(raw / t)[np.arange(len(truth)), truth] + 1e-9).mean() for t in choices]
    return float(choices[int(np.argmin(losses))])


def _card(
    task: Task, bench: Bench, folder: Path, data: list[str], result: dict[str, Any], labelled: int
) -> None:
    sources = sorted({row.source for row in bench.rows if row.source != "given"})
    mended = int((bench.weight != 1).sum())
    people = (
        f"{mended} texts that analysts corrected, each weighing {corrected.WEIGHT:g} times a labelled one"
        if mended
        else "no corrections of analysts (`--corrections` adds those of the record, each weighing"
        f" {corrected.WEIGHT:g} times a labelled text)"
    )
    ways = ", ".join(bench.views.matrices)
    text = f"""# {task.name}

Linear head over hashed character 1- to 3-grams, 8-bit weights. It learnt from a slower teacher (kernel ridge regression;
ways of reading: {ways}), which learnt from {labelled:,} labelled texts and labelled {len(bench.rows):,} texts for it.

## Data
Labelled: {", ".join(Path(file).name for file in data)}, and labels of `nlp/training/labels.tsv`. Labels were given by a
language model after the annotation guide; no person has checked them. Beside them {people}.
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

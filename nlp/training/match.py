"""Fit the weights of rumour matching on pairs of claim and rebuttal, and measure them by cross-validation over events.

Pairs whose claims or rebuttals are nearly the same text are one event (`events`). Four kinds of question are made of them:
another post of the event, the claim edited, the rebuttal put to the claims, the claim put to the rebuttals; and for each
the same library without the event, which is what most posts of a day meet. Run: `python -m nlp.training.match PAIRS.jsonl
[OTHER.jsonl …]`; OTHER are posts that no entry matches.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from huiyin import jsonl
from nlp.corpus.grams import Side, character_counts, dense, rarity
from nlp.corpus.match import CANDIDATES, WEIGHTS, Claim, Matcher, spellings
from nlp.training import scores
from nlp.training.ranking import chance, choice

PAIRS = Path(__file__).with_name("match_pairs.tsv")
FOLDS = 5
PRECISION = {"auto": 0.99, "suggest": 0.6}
"""What the thresholds aim at on questions of events that the fit has not seen, absent events included."""
_BEFORE = ("真的吗？", "求证：", "转发", "网传", "朋友圈都在传，", "听说", "大家注意了！", "有人说", "")
_AFTER = ("，是真的吗？", "[怒]", "太可怕了", "大家快转", "求辟谣", "，这谁信啊", "")


@dataclass
class Task:
    """Questions to one library. `right`: for each question its event; `events`: the event of each entry."""

    name: str
    library: list[Claim]
    events: NDArray[np.int64]
    questions: list[str]
    right: NDArray[np.int64]


def read_pairs() -> list[tuple[str, str, str]]:
    """(id, id, same | unsure): what reading near pairs one by one gave."""
    lines = PAIRS.read_text("utf-8").splitlines()
    parts = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(left, right, word) for left, right, word in parts]


def events(pairs: Sequence[dict[str, Any]], *, alike: float = 0.5) -> NDArray[np.int64]:
    """Number of the event of each pair.

    Pairs whose claims or rebuttals have a character cosine of `alike` are one event, and pairs that were read as the same.
    """
    parent = np.arange(len(pairs))
    place = {row["id"]: n for n, row in enumerate(pairs)}
    for one, other, word in read_pairs():
        if word == "same" and one in place and other in place:
            a, b = parent[place[one]], parent[place[other]]
            parent[parent == a] = b
    for name in ("claim", "rebuttal"):
        counts = character_counts(spellings([row[name] for row in pairs]))
        side = Side.of(counts, rarity(counts, "characters", 300.0))
        near = np.argwhere(np.tril(dense(side.asked(counts).cosine, side.cosine), -1) >= alike)
        for left, right in near.tolist():
            a, b = parent[left], parent[right]
            parent[parent == a] = b
    return np.unique(parent, return_inverse=True)[1]


def unsure(pairs: Sequence[dict[str, Any]], event: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which events nobody can tell apart for certain, (events, events): they count neither as right nor as wrong."""
    count = int(event.max()) + 1
    found = np.zeros((count, count), dtype=bool)
    place = {row["id"]: int(number) for row, number in zip(pairs, event, strict=True)}
    for one, other, word in read_pairs():
        if word == "unsure" and one in place and other in place:
            a, b = place[one], place[other]
            found[a, b] = found[b, a] = a != b
    return found


def tasks(pairs: Sequence[dict[str, Any]], event: NDArray[np.int64], seed: int = 3) -> list[Task]:
    """The four kinds of question, with and without rebuttals in the library."""
    rng = random.Random(seed)
    first = np.unique(event, return_index=True)[1]
    rest = np.setdiff1d(np.arange(len(pairs)), first)
    full = [Claim(str(i), pairs[i]["claim"], (), pairs[i]["rebuttal"]) for i in first]
    bare = [Claim(str(i), pairs[i]["claim"]) for i in first]
    turned = [Claim(str(i), pairs[i]["rebuttal"]) for i in first]
    claims = [str(row["claim"]) for row in pairs]
    answers = [str(row["rebuttal"]) for row in pairs]

    def task(name: str, library: list[Claim], of: NDArray[Any], texts: Sequence[str]) -> Task:
        return Task(name, library, event[first], [texts[i] for i in of], event[of])

    edited = [edit(text, rng) for text in claims]
    return [
        task("other post, claims and rebuttals", full, rest, claims),
        task("other post, claims", bare, rest, claims),
        task("edited claim, claims and rebuttals", full, first, edited),
        task("edited claim, claims", bare, first, edited),
        task("rebuttal, claims", bare, first, answers),
        task("claim, rebuttals", turned, first, claims),
    ]


def edit(text: str, rng: random.Random) -> str:
    """A claim as a post may say it: a part of it, words before and after, characters lost."""
    if rng.random() < 0.35 and len(text) > 24:
        size = rng.randint(len(text) // 2, len(text) - 4)
        start = rng.randint(0, len(text) - size)
        text = text[start : start + size]
    text = rng.choice(_BEFORE) + text + rng.choice(_AFTER)
    return "".join(char for char in text if rng.random() > 0.04)


def fit_rank(some: Sequence[Task], held: int | None) -> NDArray[Any]:
    """Weights of the ranking, from questions outside fold `held`."""
    lists, right = [], []
    for task in some:
        grid = _grid(task)
        for row, event in zip(grid, task.right, strict=True):
            good = task.events == event
            if held is not None and event % FOLDS == held:
                continue
            near = np.argsort(-(row[:, 0] + row[:, 1] + row[:, 6] + row[:, 7]), kind="stable")[:40]
            kept = np.union1d(near, np.flatnonzero(good))
            lists.append(row[kept])
            right.append(good[kept])
    return choice(lists, right, penalty=10.0)


_GRIDS: dict[int, NDArray[Any]] = {}


def _grid(task: Task) -> NDArray[Any]:
    if id(task) not in _GRIDS:
        _GRIDS[id(task)] = Matcher(task.library, {}).features(task.questions)
    return _GRIDS[id(task)]


@dataclass
class Batch:
    """Candidates of some questions: features (n, k, f), right (n, k), doubtful (n, k), event of each question (n,)."""

    task: Task
    seen: NDArray[Any]
    right: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    event: NDArray[np.int64]
    absent: bool


def close_rows(
    some: Sequence[Task], others: Sequence[str], model: dict[str, Any], doubt: NDArray[np.bool_]
) -> Iterator[Batch]:
    """For each task and each absent half of it what its candidates look like; `others` are absent all."""
    for task in some:
        whole = Matcher(task.library, model)
        places, seen = whole.candidates(task.questions, CANDIDATES)
        found = task.events[places]
        yield Batch(
            task, seen, found == task.right[:, None], doubt[task.right[:, None], found], task.right, False
        )
        for half in range(
            2
        ):  # the other half of the events remains, so that the questions of this half are absent
            left = np.flatnonzero(task.events // FOLDS % 2 != half)
            asked = np.flatnonzero(task.right // FOLDS % 2 == half)
            part = Matcher([task.library[i] for i in left], model)
            places, seen = part.candidates([task.questions[i] for i in asked], CANDIDATES)
            open_ = doubt[task.right[asked][:, None], task.events[left][places]]
            yield Batch(task, seen, np.zeros(places.shape, dtype=bool), open_, task.right[asked], True)
    whole = Matcher(some[0].library, model)
    places, seen = whole.candidates(others, CANDIDATES)
    nothing = np.zeros(places.shape, dtype=bool)
    yield Batch(some[0], seen, nothing, nothing, np.arange(len(others)), True)


def measure(pairs: Sequence[dict[str, Any]], others: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the model fitted on all, the figures of cross-validation over events)."""
    event = events(pairs)
    every, doubt = tasks(pairs, event), unsure(pairs, event)
    found: dict[str, list[NDArray[Any]]] = {}
    pooled: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
    for held in range(FOLDS):
        rank = fit_rank(every, held)
        model = {"rank": rank}
        batches = list(close_rows(every, others, model, doubt))
        weights, bias = _fit_chance(batches, held)
        for batch in batches:
            mine = batch.event % FOLDS == held
            share = 1 / (1 + np.exp(-(batch.seen[mine] @ weights + bias)))
            top = share.argmax(axis=1)
            line = np.arange(len(top))
            good = batch.right[mine][line, top]
            clear = ~batch.doubtful[mine][line, top]
            pooled.append((share[line, top][clear], good[clear], np.full(clear.sum(), batch.absent)))
            if not batch.absent:
                found.setdefault(batch.task.name, []).append(good)
    rank = fit_rank(every, None)
    weights, bias = _fit_chance(list(close_rows(every, others, {"rank": rank}, doubt)), None)
    share, good, absent = (np.concatenate(part) for part in zip(*pooled, strict=True))
    cuts = {name: _cut(share, good, aim) for name, aim in PRECISION.items()}
    fitted: dict[str, Any] = {
        "rank": _short(rank), "chance": _short(weights), "chance_bias": round(bias, 5),
        **{name: round(value, 4) for name, value in cuts.items()},
    }  # fmt: skip
    figures: dict[str, Any] = {
        f"R@1 {name}": round(float(np.concatenate(g).mean()), 4) for name, g in found.items()
    }
    every_answer = np.concatenate([part for parts in found.values() for part in parts])
    figures["R@1 all questions"] = round(float(every_answer.mean()), 4)
    for name, value in cuts.items():
        taken = share >= value
        figures[f"{name} precision"] = round(float(good[taken].mean()), 4)
        figures[f"{name} recall"] = round(float(good[taken & ~absent].sum() / (~absent).sum()), 4)
    return fitted, figures


def _fit_chance(batches: Sequence[Batch], held: int | None) -> tuple[NDArray[Any], float]:
    rows, aims = [], []
    for batch in batches:
        kept = ~batch.doubtful if held is None else ~batch.doubtful & (batch.event % FOLDS != held)[:, None]
        rows.append(batch.seen[kept])
        aims.append(batch.right[kept])
    return chance(np.concatenate(rows), np.concatenate(aims), penalty=3.0)


def _cut(share: NDArray[Any], good: NDArray[Any], aim: float) -> float:
    """The least chance at and above which precision stays at `aim`."""
    order = np.argsort(-share, kind="stable")
    held = np.flatnonzero(np.cumsum(good[order]) / np.arange(1, len(order) + 1) >= aim)
    return float(share[order][held[-1]]) if len(held) else 1.0


def _short(values: NDArray[Any]) -> list[float]:
    return [float(f"{value:.5g}") for value in values]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs")
    parser.add_argument("others", nargs="*")
    parser.add_argument("-o", "--output", type=Path, default=WEIGHTS)
    args = parser.parse_args()
    others = [str(row["text"]) for file in args.others for row in jsonl.rows(file)]
    random.Random(1).shuffle(others)
    model, figures = measure(list(jsonl.rows(args.pairs)), others[:4_000])
    scores.save(args.output.parent, figures)
    args.output.write_text(json.dumps({**model, "figures": figures}, indent=1) + "\n", "utf-8")
    for name, value in figures.items():
        print(f"{name:50} {value:.3f}")


if __name__ == "__main__":
    main()

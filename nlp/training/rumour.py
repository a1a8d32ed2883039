"""Trainer of the rumour heads: posts with `label` (rumor, nonrumor …) and, in a second kind of file, their reposts.

Measured where it counts: on one source after training on the others, near twins taken out, and, with comments, on the last
third in time. Posts of other kinds (everyday microblogs, news, citizens' messages) are added as what rumours are not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import diags, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from huiyin.errors import UsageError
from huiyin.settings import Settings
from nlp.corpus.grams import Side, character_counts, dense, rarity
from nlp.features import Reader
from nlp.heads import MODELS, Head
from nlp.normalise import normalise_many
from nlp.segment import words_of
from nlp.stages.rumour import COMMENTS, COMMENTS_READ, HEAD, TOLD, RumourScorer, joined, plain
from nlp.training import rumour_cards as cards
from nlp.training import scores, vocabulary
from nlp.training.rumour_posts import Post, others, read

CLASSES = ("false", "true")
TWIN = 0.5
"""Posts with this cosine of character n-grams to a training post are twins; they are not measured on."""


class _Rumour:
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
        """Fit both heads and their join on all posts; the scores of the card come from splits by source and by time."""
        if corrections:
            raise UsageError(
                "analysts correct topic, urgency, sentiment and respond; rumour has no corrections to learn from"
            )
        folder = output or MODELS
        posts = read(data)
        bench = _Bench(
            posts,
            Reader(vocabulary.of_folder(folder, [post.text for post in posts])),
            aux,
            {post.text for post in read(barred)} if barred else set(),
        )
        figures = bench.across() | bench.in_time()
        everything = np.arange(len(bench.posts))
        bench.model(everything).save(folder, **{name: round(value, 4) for name, value in figures.items()})
        told = [n for n, post in enumerate(bench.posts) if post.comments]
        if told:
            join, *heads = bench.comments(np.asarray(told))
            for head in heads:
                head.save(folder)
                told_figures = {name: value for name, value in figures.items() if head.name in name}
                scores.save(folder / head.name, told_figures)
                (folder / head.name / "MODEL_CARD.md").write_text(
                    cards.beside(head.name, told_figures, data, len(told)), "utf-8"
                )
        else:
            join = {"text": 1.0, "comments": 0.0, "count": 0.0, "bias": 0.0}
        place = folder / HEAD
        (place / "join.json").write_text(json.dumps(join, indent=1) + "\n", "utf-8")
        words = bench.telling()
        (place / "words.txt").write_text(
            "# Words much commoner in debunked posts than in others, from the training posts; the heaviest first\n"
            + "\n".join(words) + "\n",
            "utf-8",
        )  # fmt: skip
        scores.save(place, figures)
        (place / "MODEL_CARD.md").write_text(
            cards.rumour(figures, data, posts=len(bench.posts), others=bench.used), "utf-8"
        )
        lines = [f"{name}: {value:.3f}" for name, value in figures.items()]
        return "\n".join([f"rumour: saved to {place}", *lines])

    def evaluate(self, data: list[str], settings: Settings, *, models: str | None) -> dict[str, Any]:
        """Scores of the stage as the analyser uses it, with the comments where the data has them; `auc` beside the usual."""
        posts = read(data)
        scorer = RumourScorer.load(Path(models) if models else MODELS)
        shares = [scorer.score(post.text, post.comments or ())[0] for post in posts]
        truth = [str(post.rumour).lower() for post in posts]
        said = [str(share >= 0.5).lower() for share in shares]
        sure = [max(share, 1 - share) for share in shares]
        result = scores.measure("rumour", CLASSES, truth, said, sure, [post.source for post in posts])
        if len(set(truth)) == 2:
            result["auc"] = float(roc_auc_score([post.rumour for post in posts], shares))
        return result


class _Bench:
    """Posts and other texts as matrices, and the fits on parts of them."""

    def __init__(self, posts: list[Post], reader: Reader, aux: Path, barred: set[str]) -> None:
        self.posts = [post for post in posts if post.text not in barred]
        self.reader = reader
        self.factor = np.concatenate([[0], reader.vocabulary.idf]).astype(np.float32)
        self.truth = np.array([post.rumour for post in self.posts])
        self.sources = np.array([post.source for post in self.posts])
        self.plain = [plain(post.text) for post in self.posts]
        self.rows = self._matrix(self.plain)
        self.as_read = self._matrix(normalise_many([post.text for post in self.posts]))
        texts, aims, weights = others(aux)
        self.used = len(texts)
        self.other = self._matrix(texts) if texts else None
        self.other_truth, self.other_weight = np.asarray(aims, dtype=bool), np.asarray(weights)

    def _matrix(self, spellings: Sequence[str]) -> Any:
        counts, scale = self.reader.read(spellings)
        counts.sum_duplicates()
        return (diags(scale[:, 0]) @ counts @ diags(self.factor)).tocsr()

    def _fit(self, part: NDArray[Any], *, alone: bool = False) -> LogisticRegression:
        rows, aims, weights = self.rows[part], self.truth[part], np.ones(len(part))
        if self.other is not None and not alone:
            rows = vstack([rows, self.other]).tocsr()
            aims = np.concatenate([aims, self.other_truth])
            weights = np.concatenate([weights, self.other_weight])
        return _regression(1.0).fit(rows, aims, sample_weight=weights)

    def model(self, part: NDArray[Any]) -> Head:
        """The text head fitted on `part`, its log-odds calibrated on folds of it that were left out."""
        model = self._fit(part)
        margin = np.zeros(len(part))
        fold = np.random.default_rng(0).integers(0, 4, len(part))
        for number in range(4):
            held = fold == number
            margin[held] = self._fit(part[~held]).decision_function(self.as_read[part[held]])
        line = LogisticRegression(C=100.0).fit(margin[:, None], self.truth[part])
        slope = float(line.coef_[0, 0])
        model.coef_ *= slope
        model.intercept_ = model.intercept_ * slope + line.intercept_
        return _head(HEAD, model, self.factor)

    def across(self) -> dict[str, float]:
        """AUC on each source after training on the others; with near twins of training posts, and without."""
        figures = {}
        for source in sorted(set(self.sources)):
            mine, rest = np.flatnonzero(self.sources == source), np.flatnonzero(self.sources != source)
            if not len(rest) or len(set(self.truth[mine])) < 2 or len(set(self.truth[rest])) < 2:
                continue
            margin = self._fit(rest).decision_function(self.as_read[mine])
            alone = ~_twins([self.plain[n] for n in mine], [self.plain[n] for n in rest])
            name = f"text, {source}, learnt from the other sources"
            figures[f"AUC {name}, near twins taken out"] = float(
                roc_auc_score(self.truth[mine][alone], margin[alone])
            )
            figures[f"AUC {name}, twins left in"] = float(roc_auc_score(self.truth[mine], margin))
        return figures

    def in_time(self) -> dict[str, float]:
        """AUC on the last 30 % in time of the posts with comments: text alone, and with the early comments."""
        told = np.array([n for n, post in enumerate(self.posts) if post.comments is not None], dtype=int)
        if len(told) < 100:
            return {}
        order = told[np.argsort([self.posts[n].when for n in told], kind="stable")]
        first, last = order[: int(0.7 * len(order))], order[int(0.7 * len(order)) :]
        before = self.posts[last[0]].when
        learn = np.array([n for n, post in enumerate(self.posts) if post.when < before])
        join, answers, told_text = self.comments(first)
        margin = _apply(self.model(learn), self._counts(normalise_many([self.posts[n].text for n in last])))
        texts = self._counts([self.plain[n] for n in last])
        reads = _apply(answers, self._counts(self._joined(last)))
        count = np.array([len(self.posts[n].comments or ()) for n in last])
        both = np.where(
            count > 0,
            join["text"] * _apply(told_text, texts)
            + join["comments"] * reads
            + join["count"] * np.log1p(count)
            + join["bias"],
            margin,
        )
        truth = self.truth[last]
        heard = count > 0
        return {
            f"AUC comments alone ({COMMENTS})": float(roc_auc_score(truth[heard], reads[heard])),
            f"AUC text of posts with comments ({TOLD})": float(
                roc_auc_score(truth[heard], _apply(told_text, texts)[heard])
            ),
            "share of them with a comment in 30 minutes": float(heard.mean()),
            "AUC of these, text and comments": float(roc_auc_score(truth[heard], both[heard])),
            "AUC text, last 30 % in time": float(roc_auc_score(truth, margin)),
            "AUC text and comments of 30 minutes, last 30 % in time": float(roc_auc_score(truth, both)),
        }

    def _joined(self, part: NDArray[Any]) -> list[str]:
        return normalise_many([joined((self.posts[n].comments or ())[:COMMENTS_READ]) for n in part])

    def _counts(self, spellings: Sequence[str]) -> Any:
        """Rows as `Heads` reads them: counts by scale."""
        counts, scale = self.reader.read(spellings)
        return (diags(scale[:, 0]) @ counts).tocsr()

    def comments(self, part: NDArray[Any]) -> tuple[dict[str, float], Head, Head]:
        """The join, the head that reads comments and the text head beside it, fitted on `part` alone.

        The join sees held-out answers only. Posts without comments would pull the text head away from such posts.
        """
        part = np.array([n for n in part if self.posts[n].comments])
        rows, truth = self._matrix(self._joined(part)), self.truth[part]
        fold = np.random.default_rng(0).integers(0, 5, len(part))
        seen = np.zeros((len(part), 3))
        seen[:, 2] = [np.log1p(len(self.posts[n].comments or ())) for n in part]
        for number in range(5):
            left, held = part[fold != number], fold == number
            seen[held, 0] = self._fit(left, alone=True).decision_function(self.rows[part[held]])
            seen[held, 1] = (
                _regression(1.0)
                .fit(rows[fold != number], truth[fold != number])
                .decision_function(rows[held])
            )
        join = LogisticRegression(C=10.0).fit(seen, truth)
        names = ("text", "comments", "count")
        found = {name: round(float(value), 4) for name, value in zip(names, join.coef_[0], strict=True)}
        found["bias"] = round(float(join.intercept_[0]), 4)
        answers = _head(COMMENTS, _regression(1.0).fit(rows, truth), self.factor)
        return found, answers, _head(TOLD, self._fit(part, alone=True), self.factor)

    def telling(self, most: int = 300) -> list[str]:
        """Words of two characters and more that debunked posts have much oftener, heaviest first."""
        counts = {True: {}, False: {}}  # type: dict[bool, dict[str, int]]
        for text, rumour in zip(self.plain, self.truth.tolist(), strict=True):
            for word in set(words_of(text)):
                if len(word) > 1 and not word.isascii():
                    counts[rumour][word] = counts[rumour].get(word, 0) + 1
        yes, no = int(self.truth.sum()), int((~self.truth).sum())
        weighed = [
            (np.sqrt(n) * np.log(((n + 2) / yes) / ((counts[False].get(word, 0) + 2) / no)), word)
            for word, n in counts[True].items()
            if n >= 12 and (n / yes) > 3 * ((counts[False].get(word, 0) + 1) / no)
        ]
        return [word for _, word in sorted(weighed, reverse=True)[:most]]


def _regression(strength: float) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=60, solver="liblinear", class_weight="balanced")


def _head(name: str, model: LogisticRegression, factor: NDArray[Any]) -> Head:
    """A two-class head with the rarities folded into its weights."""
    half = (model.coef_[0] / 2 * factor)[:, None]
    bias = np.array([-model.intercept_[0], model.intercept_[0]]) / 2
    return Head.pack(name, CLASSES, np.concatenate([-half, half], axis=1), bias, 1.0)


def _apply(head: Head, rows: Any) -> NDArray[Any]:
    """Log-odds of rows under a packed head."""
    weights = np.asarray(head.weights, dtype=np.float32) * head.scale
    result: NDArray[Any] = rows @ (weights[:, 1] - weights[:, 0]) + float(head.bias[1] - head.bias[0])
    return result


def _twins(texts: Sequence[str], known: Sequence[str]) -> NDArray[np.bool_]:
    counts, others = character_counts(texts), character_counts(known)
    side = Side.of(others, rarity(others, "characters", 300.0))
    asked = side.asked(counts).cosine
    parts = [dense(asked[at : at + 200], side.cosine).max(axis=1) for at in range(0, len(texts), 200)]
    return np.concatenate(parts) >= TWIN


TRAINER = _Rumour()

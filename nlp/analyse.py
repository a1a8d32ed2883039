"""The analyser: rows of text in, `Analysis` out, in order, about a thousand at a time.

All heads of a batch are one matrix product; rules run only on texts whose characters can meet them. What is said of a
text never depends on its neighbours.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from huiyin.document import Analysis
from huiyin.settings import Settings
from nlp.heads import MODELS, Heads, Scores
from nlp.moment import moment
from nlp.normalise import in_simplified, normalise_many
from nlp.segment import cutter, words_of
from nlp.stack import ORDER, Stack, features
from nlp.stages import (
    casualties,
    claims,
    emotion,
    keywords,
    pii,
    places,
    respond,
    sentiment,
    topic,
    urgency,
    urgency_rules,
)
from nlp.stages.rumour import RumourScorer
from nlp.stages.urgency_rules import Judgement

BATCH = 1_000
BATCH_CHARACTERS = 2_000_000
"""A batch ends at BATCH rows or BATCH_CHARACTERS characters, so that huge texts do not make huge batches."""
TEXT_LIMIT = Settings().text_limit
HEADS = ("topic", "sentiment", "urgency", "respond", "emotion", "rumour")


class Analyser:
    """Makes an Analysis of each text. Cheap to keep, safe to share between threads that only read."""

    def __init__(
        self, heads: Heads, stack: Stack, rumours: RumourScorer, *, text_limit: int = TEXT_LIMIT
    ) -> None:
        self._heads = heads
        self._stack = stack
        self._rumours = rumours
        self._limit = text_limit
        self._weights = keywords.weights()

    @classmethod
    def load(cls, settings: Settings | None = None, *, models: Path = MODELS) -> Analyser:
        """Read the weights. Raises HuiyinError naming the model that is missing or damaged."""
        cutter()
        limit = TEXT_LIMIT if settings is None else settings.text_limit
        return cls(Heads.load(HEADS, models), Stack.load(models), RumourScorer.load(models), text_limit=limit)

    def one(
        self,
        text: str,
        *,
        title: str = "",
        published: datetime | str | None = None,
        comments: Sequence[str] = (),
    ) -> Analysis:
        """The analysis of one text."""
        return next(self.many([{"text": text, "title": title, "published": published, "comments": comments}]))

    def many(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Analysis]:
        """One Analysis for each row (`text`, optional `title`, `published`, `comments`), order kept, streaming."""
        for batch in _batches(rows):
            yield from self._batch(batch)

    def _batch(self, batch: Sequence[Mapping[str, Any]]) -> list[Analysis]:
        titles = [_text(row.get("title"))[: self._limit] for row in batch]
        bodies = [_text(row.get("text"))[: self._limit] for row in batch]
        texts = [
            body if not title or body.startswith(title) else f"{title}\n{body}"
            for title, body in zip(titles, bodies, strict=True)
        ]
        spellings = normalise_many(texts)
        words = [words_of(spelling) for spelling in spellings]
        with _undisturbed():
            return self._analyses(batch, titles, bodies, texts, spellings, words)

    def _analyses(
        self,
        batch: Sequence[Mapping[str, Any]],
        titles: Sequence[str],
        bodies: Sequence[str],
        texts: Sequence[str],
        spellings: Sequence[str],
        words: Sequence[tuple[str, ...]],
    ) -> list[Analysis]:
        # Stage by stage over the batch, not text by text: each stage finds its tables in the processor's cache.
        scores = self._heads.scores(spellings)
        empty = [not any(map(str.isalnum, spelling[:2000])) for spelling in spellings]
        classes = self._heads.classes
        margins = (scores["rumour"][:, 1] - scores["rumour"][:, 0]).tolist()
        topics = topic.decide(scores["topic"], classes("topic"), empty)
        feelings = sentiment.decide(scores["sentiment"], classes("sentiment"), empty)
        emotions = emotion.decide(scores["emotion"], classes("emotion"), empty)
        counts = [keywords.count(found) for found in words]
        # Most texts are counted whole: the count then serves as their set of words.
        bags = [
            bag.keys() if len(found) <= keywords.READ else frozenset(found)
            for found, bag in zip(words, counts, strict=True)
        ]
        told = [casualties.explain(text) for text in texts]
        plain = in_simplified(texts)
        moments = [moment(row.get("published")) for row in batch]
        judged = [
            urgency_rules.judge(text, "", bag, when, hurt)
            for text, bag, when, hurt in zip(plain, bags, moments, told, strict=True)
        ]
        levels, answers = self._stacked(scores, judged, texts, empty)
        keys = [keywords.find(found, self._weights) for found in counts]
        moved = self._weighty([keys[p] if levels[p] != judged[p].level else () for p in range(len(batch))])
        located = [places.mentions(text) for text in plain]
        said = [claims.find(text, found) for text, found in zip(texts, located, strict=True)]
        private = [pii.find(body) for body in bodies]
        rumours = [
            self._rumours.decide(margin, text, _comments(row.get("comments")))
            for margin, text, row in zip(margins, texts, batch, strict=True)
        ]
        return [
            Analysis(
                topic=topics[place][0][0],
                topics=topics[place],
                sentiment=feeling,
                sentiment_score=feeling_score,
                urgency=level,
                urgency_reasons=urgency.reasons(judged[place], level, moved[place]),
                respond=answer,
                respond_score=answer_score,
                rumour_score=rumour,
                rumour_reasons=why,
                places=places.distinct(located[place]),
                keywords=keys[place],
                casualties=casualties.counted(told[place]),
                pii=private[place],
                emotion=emotions[place],
                opinion_kind=respond.opinion_kind(
                    bags[place], respond=answer, sentiment=feeling, urgency=level, rumour=rumour
                ),
                claims=said[place],
                words=words[place],
            )
            for place, ((feeling, feeling_score), level, (answer, answer_score), (rumour, why)) in enumerate(
                zip(feelings, levels, answers, rumours, strict=True)
            )
        ]

    def _stacked(
        self,
        scores: Mapping[str, Scores],
        judged: Sequence[Judgement],
        texts: Sequence[str],
        empty: Sequence[bool],
    ) -> tuple[list[int], list[tuple[bool, float]]]:
        """Urgency level and (respond, share) of each text, from heads and rules together."""
        raw = {name: scores[name] * self._heads.heads[name].temperature for name in ORDER}
        rule = [judgement.level for judgement in judged]
        found = features(raw, rule, [j.features.get("points", 0.0) for j in judged], texts)
        shares = self._stack.shares(found)
        stacked = self._stack.levels(shares).tolist()
        levels = [
            0 if nothing else urgency.limit(a, b) for nothing, a, b in zip(empty, rule, stacked, strict=True)
        ]
        return levels, respond.decide(shares[:, 3], self._stack.thresholds[3], empty)

    def _weighty(self, groups: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
        """Of each group of words the two that speak most for urgency; empty groups stay empty."""
        flat = [word for group in groups for word in group]
        if not flat:
            return [() for _ in groups]
        calm = dict(zip(flat, self._heads.scores(flat)["urgency"][:, 0].tolist(), strict=True))
        return [tuple(sorted(group, key=calm.__getitem__)[:2]) for group in groups]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """No garbage collection within: a batch makes no cycles, and each pass would walk all lexicons, a quarter of the time."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _text(value: Any) -> str:
    """A field as text: absent is empty; bytes are read as UTF-8, numbers as they are written.

    Lone surrogates become U+FFFD, one for one, so that spans still fit the text as given.
    """
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        return value
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _comments(value: Any) -> tuple[str, ...]:
    """Comments as texts; a comment may be a string or an object with `text`."""
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple([_text(item.get("text") if isinstance(item, Mapping) else item) for item in value])


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    batch: list[Mapping[str, Any]] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(_text(row.get("text")))
        if len(batch) >= BATCH or size >= BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch

"""The analyser: rows of text in, `Analysis` out, in order, about a thousand at a time.

All heads of a batch are one matrix product; rules run only on texts whose characters can meet them. What is said of a
text never depends on its neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any


from huiyin.document import Analysis
from huiyin.settings import Settings
from nlp.heads import MODELS, Heads
from nlp.normalise import normalise_many
from nlp.segment import cutter, words_of
from nlp.stages import casualties, claims, emotion, keywords, pii, places, respond, sentiment, topic, urgency
from nlp.stages.rumour import RumourScorer

BATCH = 1_000
BATCH_CHARACTERS = 2_000_000
"""A batch ends at BATCH rows or BATCH_CHARACTERS characters, so that huge texts do not make huge batches."""
TEXT_LIMIT = Settings().text_limit
HEADS = ("topic", "sentiment", "urgency", "respond", "emotion")


class Analyser:
    """Makes an Analysis of each text. Cheap to keep, safe to share between threads that only read."""

    def __init__(self, heads: Heads, rumours: RumourScorer, *, text_limit: int = TEXT_LIMIT) -> None:
        self._heads = heads
        self._rumours = rumours
        self._limit = text_limit
        self._weights = keywords.weights()

    @classmethod
    def load(cls, settings: Settings | None = None, *, models: Path = MODELS) -> Analyser:
        """Read the weights. Raises HuiyinError naming the model that is missing or damaged."""
        cutter()
        limit = TEXT_LIMIT if settings is None else settings.text_limit
        return cls(Heads.load(HEADS, models), RumourScorer.load(), text_limit=limit)

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
        scores = self._heads.scores(spellings)
        empty = [not any(map(str.isalnum, spelling[:2000])) for spelling in spellings]
        named = {
            "topic": topic.decide(scores["topic"], self._heads.classes("topic"), empty),
            "sentiment": sentiment.decide(scores["sentiment"], self._heads.classes("sentiment"), empty),
            "respond": respond.decide(scores["respond"], self._heads.classes("respond"), empty),
            "emotion": emotion.decide(scores["emotion"], self._heads.classes("emotion"), empty),
        }
        shares = urgency.shares(scores["urgency"], empty)
        result = []
        for place, row in enumerate(batch):
            body, title, words = bodies[place], titles[place], words_of(spellings[place])
            bag = frozenset(words)
            comments = _comments(row.get("comments"))
            rumour, why = self._rumours.score(texts[place], comments)
            feeling, certain = named["sentiment"][place]
            answer, answer_score = named["respond"][place]
            level, reasons = urgency.decide(
                shares[place], texts[place], title=title, words=bag, published=row.get("published")
            )
            result.append(
                Analysis(
                    topic=named["topic"][place][0][0],
                    topics=named["topic"][place],
                    sentiment=feeling,
                    sentiment_score=certain,
                    urgency=level,
                    urgency_reasons=reasons,
                    respond=answer,
                    respond_score=answer_score,
                    rumour_score=rumour,
                    rumour_reasons=why,
                    places=places.find(texts[place]),
                    keywords=keywords.find(words, self._weights),
                    casualties=casualties.read(texts[place]),
                    pii=pii.find(body),
                    emotion=named["emotion"][place],
                    opinion_kind=respond.opinion_kind(
                        bag, respond=answer, sentiment=feeling, urgency=level, rumour=rumour
                    ),
                    claims=claims.find(texts[place]),
                    words=words,
                )
            )
        return result


def _text(value: Any) -> str:
    """A field as text: absent is empty; bytes are read as UTF-8, numbers as they are written."""
    if isinstance(value, str):
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

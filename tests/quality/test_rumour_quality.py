"""The rumour score: figures of the card, from splits by source and time, and what the shipped model does on its own kind."""

from __future__ import annotations

import json
from pathlib import Path

from sklearn.metrics import roc_auc_score

from huiyin import jsonl
from nlp.heads import MODELS
from nlp.stages.rumour import RumourScorer


def test_figures_of_the_card() -> None:
    figures = json.loads((MODELS / "rumour" / "head.json").read_text("utf-8"))
    assert figures["AUC text, CED, learnt from the other sources, near twins taken out"] >= 0.82
    assert figures["AUC text, CED, learnt from the other sources, twins left in"] >= 0.88
    assert (
        figures["AUC text, Weibo-Jin2017(EANN), learnt from the other sources, near twins taken out"] >= 0.775
    )
    assert figures["AUC of these, text and comments"] >= 0.92


def test_debunked_titles_score_above_news(shared_data: Path) -> None:
    """Headlines of a broadcaster against claims of debunking sites: neither looks like the microblogs learnt from."""
    scorer = RumourScorer.load()
    claims = [str(row["claim"]) for row in jsonl.rows(str(shared_data / "rumour" / "debunk_pairs.jsonl"))][
        :200
    ]
    news = [
        str(row["title"]) for row in jsonl.rows(str(shared_data / "news" / "xinwenlianbo_2026-05_08.jsonl"))
    ][:200]
    shares = [scorer.score(text)[0] for text in claims + news]
    assert roc_auc_score([1] * len(claims) + [0] * len(news), shares) >= 0.9

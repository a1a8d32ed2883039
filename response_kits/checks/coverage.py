"""Which sentence answers which question that people ask; a question that none answers is named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from response_kits.checks import Page, Problem
from response_kits.wording import sentences
from response_kits.words import overlap, words

KEY = "coverage"
ENOUGH = 0.5
"""Least share of a question's content words that an answering sentence has."""


def matrix(questions: Sequence[str], text: str) -> list[dict[str, Any]]:
    """[{question, answered, sentence, span, score}] in the order of the questions; a sentence that only repeats the question is none."""
    rows = [(s, a, b) for s, a, b in sentences(text) if not s.rstrip("”」").endswith(("？", "?"))]
    found = []
    for question in questions:
        best = max(rows, key=lambda row: overlap(question, row[0]) if words(row[0]) else 0.0, default=None)
        score = overlap(question, best[0]) if best else 0.0
        hit = best is not None and score >= ENOUGH
        found.append({"question": question, "answered": hit, "sentence": best[0] if hit and best else "", "span": [best[1], best[2]] if hit and best else [],
                      "score": round(score, 3)})  # fmt: skip
    return found


def check(page: Page) -> Iterator[Problem]:
    """A warning for each of `context["questions"]` that no sentence answers."""
    for row in matrix([str(q) for q in page.context.get("questions", ())], page.text):
        if not row["answered"]:
            yield Problem(f"没有回答大家问的“{row['question']}”", state="warn", reason="question")

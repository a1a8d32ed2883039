"""Passage finding against plain BM25 on the same segmentation, in one run: quality and speed as a ratio.

`python bench/retrieval.py QUESTIONS.jsonl LIBRARY.jsonl`; QUESTIONS: id, question, answer (an id of LIBRARY: id, title, text).
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from huiyin import jsonl
from nlp.segment import words
from response_kits.library.retrieval import Finder, Text


class PlainBM25:
    """BM25 (k1 1.5, b 0.75) over index words, as a search engine has it."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(words(text)) for text in texts]
        lengths = [sum(count.values()) or 1 for count in counts]
        mean = sum(lengths) / max(len(lengths), 1)
        self._holders: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, count in enumerate(counts):
            for word, seen in count.items():
                weight = seen * 2.5 / (seen + 1.5 * (0.25 + 0.75 * lengths[number] / mean))
                self._holders[word].append((number, weight))
        self._total = len(texts)

    def find(self, question: str, top: int = 5) -> list[int]:
        """Numbers of the best texts, best first."""
        scores: dict[int, float] = defaultdict(float)
        for word in words(question):
            held = self._holders.get(word, [])
            rarity = math.log(1 + (self._total - len(held) + 0.5) / (len(held) + 0.5))
            for number, weight in held:
                scores[number] += rarity * weight
        return sorted(scores, key=lambda number: -scores[number])[:top]


def compare(
    questions: Sequence[dict[str, Any]], library: Sequence[dict[str, Any]]
) -> dict[str, dict[str, float]]:
    """R@1, R@5 and questions a second of both."""
    asked = [str(row["question"]) for row in questions]
    right = [row["answer"] for row in questions]
    plain = PlainBM25([f"{row.get('title') or ''}\n{row['text']}" for row in library])
    start = time.perf_counter()
    by_words = [[library[n]["id"] for n in plain.find(question)] for question in asked]
    middle = time.perf_counter()
    finder = Finder([Text(row["id"], str(row.get("title") or ""), str(row["text"])) for row in library])
    ready = time.perf_counter()
    found = [[passage.id for passage in some] for some in finder.find_many(asked)]
    end = time.perf_counter()
    return {
        "BM25": {**_recalls(by_words, right), "questions a second": len(asked) / (middle - start)},
        "find": {**_recalls(found, right), "questions a second": len(asked) / (end - ready)},
    }


def _recalls(found: Sequence[Sequence[Any]], right: Sequence[Any]) -> dict[str, float]:
    count = len(right)
    return {
        f"R@{top}": sum(answer in some[:top] for some, answer in zip(found, right, strict=True)) / count
        for top in (1, 5)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions")
    parser.add_argument("library")
    args = parser.parse_args()
    result = compare(list(jsonl.rows(args.questions)), list(jsonl.rows(args.library)))
    print("| | " + " | ".join(result["find"]) + " |\n| --- | --- | --- | --- |")
    for name, scores in result.items():
        print(f"| {name} | " + " | ".join(f"{value:,.3f}" for value in scores.values()) + " |")


if __name__ == "__main__":
    main()

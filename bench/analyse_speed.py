"""Speed of analysis against segmentation alone and against a plain pipeline; the same texts, one run, one core.

`python bench/analyse_speed.py FILE.jsonl [--plain]` prints a Markdown table. Ratios are what counts: times differ by machine.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def best(work: Callable[[], Any], runs: int) -> float:
    """Seconds of the quickest of `runs` runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--plain", action="store_true", help="measure the plain jieba pipeline too (slow)")
    args = parser.parse_args()
    import rjieba

    from nlp.analyse import Analyser

    with open(args.file, encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    texts = [f"{row.get('title') or ''}\n{row['text']}" for row in rows]
    analyser = Analyser.load()
    list(analyser.many(rows[:20]))
    rjieba.cut("预热")
    cut = full = float("inf")
    for _ in range(args.runs):
        # By turns: what else the machine does then weighs on both.
        cut = min(cut, best(lambda: [rjieba.cut(text) for text in texts], 1))
        full = min(full, best(lambda: list(analyser.many(rows)), 1))
    print("| what | µs a text | against segmentation |", "| --- | --- | --- |", sep="\n")
    print(f"| rjieba alone | {cut / len(rows) * 1e6:.0f} | 1.0 |")
    print(f"| huiyin analyse | {full / len(rows) * 1e6:.0f} | {full / cut:.1f} |")
    if args.plain:
        slow = plain(texts)
        print(
            f"| jieba + TfidfVectorizer + five LinearSVC | {slow / len(rows) * 1e6:.0f} | {slow / cut:.1f} |"
        )
        print(f"\nanalyse takes 1/{slow / full:.1f} of the plain pipeline")


def plain(texts: list[str]) -> float:
    """Seconds that a pipeline as tutorials build it takes to predict: words and characters, five classifiers."""
    import jieba
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from sklearn.svm import LinearSVC

    union = make_union(
        TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, min_df=2),
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2),
    )
    matrix = union.fit_transform(texts)
    models = [
        LinearSVC().fit(matrix, [(i * 7 + k) % size for i in range(len(texts))])
        for k, size in enumerate((20, 3, 4, 2, 2))
    ]
    start = time.perf_counter()
    found = union.transform(texts)
    for model in models:
        model.predict(found)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()

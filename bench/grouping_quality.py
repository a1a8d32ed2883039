"""Quality and cost of grouping against peers, in one run on the same files, each peer at the threshold that suits it best.

    python bench/grouping_quality.py STREAM.jsonl… [--curve]

STREAM: id, text, published, event (null: not judged), optional title; in order of time. Peers: single pass over TF-IDF (as
river users write it), TF-IDF + SVD + HDBSCAN (BERTopic's order of work; its sentence embeddings are a download and are left out),
+ k-means, + agglomerative. The peers are fitted on the whole file and shown twice: with the first parameter of their list,
the library's default where it has one, and with the one that is best for the events of this very file. Ours has fixed
parameters and sees one text at a time; “slow pass” is what the running system shows in the end.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from grouping_score import scores
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from huiyin.jsonl import rows
from nlp.corpus import grouping
from nlp.corpus.consolidate import settle
from nlp.segment import words

Result = tuple[str, list[str]]


def ours(stream: list[dict[str, Any]], threshold: float = grouping.THRESHOLD) -> list[str]:
    grouper = grouping.Grouper(threshold=threshold)
    return [
        grouper.add(
            str(row["id"]), row["text"], row.get("title") or "", datetime.fromisoformat(row["published"])
        ).issue
        for row in stream
    ]


def ours_late(stream: list[dict[str, Any]], every: int = 300) -> list[str]:
    """With the slow pass after every so many texts; what left the window keeps the issue that it had."""
    grouper = grouping.Grouper()
    found: dict[str, str] = {}
    for at, row in enumerate(stream, 1):
        when = datetime.fromisoformat(row["published"])
        found[str(row["id"])] = grouper.add(str(row["id"]), row["text"], row.get("title") or "", when).issue
        if at % every == 0 or at == len(stream):
            settle(grouper)
            found |= {one: grouper.issue_of(one) or found[one] for one in found}
    return [grouper.resolve(found[str(row["id"])]) for row in stream]


def tfidf(stream: list[dict[str, Any]]) -> Any:
    texts = [f"{row.get('title') or ''} {row['text']}" for row in stream]
    return TfidfVectorizer(analyzer=words, sublinear_tf=True, min_df=1).fit_transform(texts)


def single_pass(stream: list[dict[str, Any]]) -> Iterator[Result]:
    """Each text joins the issue with the nearest mean, else founds one; every mean is compared."""
    matrix = tfidf(stream)
    for threshold in (0.1, 0.15, 0.2, 0.25, 0.3, 0.4):
        if matrix.shape[0] * matrix.shape[1] > 4e7:
            yield f"threshold {threshold}", _single_pass_sparse(matrix, threshold)
            continue
        means = np.zeros(matrix.shape, np.float32)
        labels, used = [], 0
        for at in range(matrix.shape[0]):
            row = matrix[at]
            near = (row @ means[:used].T).ravel() if used else np.zeros(0)
            norms = np.linalg.norm(means[:used], axis=1) if used else np.ones(0)
            best = int(np.argmax(near / norms)) if used else -1
            if best < 0 or near[best] / norms[best] < threshold:
                best, used = used, used + 1
            means[best, row.indices] += row.data
            labels.append(str(best))
        yield f"threshold {threshold}", labels


def _single_pass_sparse(matrix: Any, threshold: float) -> list[str]:
    """The same with the first text of an issue in the place of its mean: dense means of a large file do not fit in memory."""
    columns = matrix.tocsc()
    founders: list[int] = []
    place = np.full(matrix.shape[0], -1)
    labels = []
    for at in range(matrix.shape[0]):
        row = matrix[at]
        near = np.zeros(max(len(founders), 1))
        for column, value in zip(row.indices, row.data, strict=True):
            start, end = columns.indptr[column], columns.indptr[column + 1]
            holders = place[columns.indices[start:end]]
            known = holders >= 0
            near[holders[known]] += value * columns.data[start:end][known]
        best = int(np.argmax(near)) if founders else -1
        if best < 0 or near[best] < threshold:
            best = len(founders)
            founders.append(at)
            place[at] = best
        labels.append(str(best))
    return labels


def hdbscan(stream: list[dict[str, Any]]) -> Iterator[Result]:
    reduced = normalize(TruncatedSVD(100, random_state=0).fit_transform(tfidf(stream)))
    for smallest in (5, 2, 3, 8):
        found = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(reduced)
        # HDBSCAN's noise is no cluster: each such text is alone.
        yield (
            f"smallest cluster {smallest}",
            [f"n{at}" if label < 0 else str(label) for at, label in enumerate(found)],
        )


def kmeans(stream: list[dict[str, Any]]) -> Iterator[Result]:
    reduced = normalize(TruncatedSVD(100, random_state=0).fit_transform(tfidf(stream)))
    for share in (0.2, 0.35, 0.5):
        clusters = int(len(stream) * share)
        found = MiniBatchKMeans(clusters, random_state=0, n_init=1).fit_predict(reduced)
        yield f"{clusters} clusters", [str(label) for label in found]


def agglomerative(stream: list[dict[str, Any]]) -> Iterator[Result]:
    reduced = normalize(TruncatedSVD(100, random_state=0).fit_transform(tfidf(stream)))
    for distance in (0.5, 0.3, 0.4, 0.6):
        found = AgglomerativeClustering(
            None, distance_threshold=distance, metric="cosine", linkage="average"
        ).fit_predict(reduced)
        yield f"distance {distance}", [str(label) for label in found]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("--curve", action="store_true", help="show our quality around the threshold in use")
    args = parser.parse_args()
    peers: dict[str, Callable[[list[dict[str, Any]]], Iterator[Result]]] = {
        "single pass TF-IDF": single_pass,
        "TF-IDF+SVD+HDBSCAN": hdbscan,
        "TF-IDF+SVD+k-means": kmeans,
        "TF-IDF+SVD+agglomer.": agglomerative,
    }
    for file in args.files:
        stream = list(rows(file, need=("id", "text", "published", "event")))
        events = [row["event"] for row in stream]
        print(f"\n{Path(file).name}: {len(stream):,} documents")
        ours(stream[:50])
        start = time.perf_counter()
        labels = ours(stream)
        own = time.perf_counter() - start
        _show("huiyin", "fixed", scores(events, labels), own, own)
        start = time.perf_counter()
        labels = ours_late(stream)
        _show("huiyin + slow pass", "fixed", scores(events, labels), time.perf_counter() - start, own)
        if args.curve:
            for threshold in (0.09, 0.10, 0.11, 0.12, 0.13, 0.14, 0.16):
                _show("huiyin", f"threshold {threshold}", scores(events, ours(stream, threshold)), own, own)
        for name, peer in peers.items():
            start = time.perf_counter()
            tried = [(scores(events, labels), label) for label, labels in peer(stream)]
            spent = (time.perf_counter() - start) / len(tried)
            best, label = max(tried, key=lambda one: one[0]["bcubed_f1"])
            _show(f"{name}", f"untuned {tried[0][1]}", tried[0][0], spent, own)
            _show(f"{name}", f"tuned {label}", best, spent, own)


def _show(name: str, parameter: str, got: dict[str, float], spent: float, own: float) -> None:
    numbers = "  ".join(f"{key} {value:.3f}" for key, value in got.items())
    print(f"{name:20} {parameter:28} {numbers}  {spent:6.2f} s  {spent / own:5.1f}×")


if __name__ == "__main__":
    main()

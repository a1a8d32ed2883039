"""Search p50 and p95 on tantivy and Elasticsearch over the same documents, the same queries by turns, in one run.

    python bench/search_scale.py [--documents 1000000] [--queries 200] [--days 365] [--elasticsearch URL] [--folder DIR]

The texts are the sample city's, analysed by the real models, each told anew with a piece of another and an address of its own; times
lie over `days`. Queries are of the kinds that the search page and the overview ask; words are drawn from the texts by their
frequency. Both engines must give the same totals, and by time the same ids. Times are of whole calls from this process: for
Elasticsearch they include HTTP on loopback. URL is HUIYIN_TEST_ELASTICSEARCH where it is not given (deploy/testing/elasticsearch/start).
Without an Elasticsearch only tantivy is measured.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from _city_at_scale import KINDS, PLACES, STREETS, Told, pool

from huiyin.progress import progress
from huiyin.search import Entry, Index, Query
from huiyin.search.elastic import ElasticIndex
from huiyin.search.tantivy import TantivyIndex
from nlp.segment import words as segment

BATCH = 5_000
FACETS = ("topic", "source", "kind", "sentiment", "urgency", "place")
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
FOLD = {"duplicate": ("false",)}


def entries(texts: Sequence[Told], count: int, days: int) -> Iterator[Entry]:
    """`count` entries, oldest first."""
    chance = random.Random(7)
    titles = {told.item.title: tuple(segment(told.item.title)) for told in texts}
    for number in range(count):
        told, other = texts[number * 7919 % len(texts)], texts[chance.randrange(len(texts))]
        cut = chance.randrange(max(1, len(other.analysis.words)))
        extra = segment(f"{STREETS[number % 10]} {number % 997}号")
        analysis = told.analysis
        yield Entry(
            f"scale-{number}",
            NOW - timedelta(seconds=(count - number) / count * days * 86_400),
            (*analysis.words, *other.analysis.words[cut : cut + 30], *extra),
            titles[told.item.title],
            {
                "source": f"scale-{number * 31 % 300}", "kind": KINDS.get(told.item.where, "post"), "topic": analysis.topic,
                "place": PLACES[number * 7 % len(PLACES)], "urgency": str(analysis.urgency), "sentiment": str(analysis.sentiment),
                "respond": str(analysis.respond).lower(), "duplicate": str(number % 4 == 3).lower(), "sample": "false",
            },
        )  # fmt: skip


def kinds(texts: Sequence[Told]) -> dict[str, Callable[[random.Random], Query]]:
    """Name → a maker of random queries of that kind."""
    spoken = [word for told in texts for word in told.analysis.words if len(word) > 1]
    phrases = [told.analysis.words for told in texts if len(told.analysis.words) > 8]

    def word(chance: random.Random) -> str:
        return chance.choice(spoken)

    def phrase(chance: random.Random) -> tuple[str, ...]:
        words = chance.choice(phrases)
        start = chance.randrange(len(words) - 3)
        return tuple(words[start : start + chance.randint(2, 3)])

    def week(chance: random.Random) -> datetime:
        return NOW - timedelta(days=chance.randint(7, 90))

    return {
        "one word, newest, all facets": lambda c: Query(words=(word(c),), filters=FOLD, facets=FACETS),
        "two words, newest, all facets": lambda c: Query(words=(word(c), word(c)), filters=FOLD, facets=FACETS),
        "phrase, all facets": lambda c: Query(phrases=(phrase(c),), filters=FOLD, facets=FACETS),
        "word without another, one week": lambda c: Query(
            words=(word(c),), exclude=(word(c),), since=(start := week(c)), until=start + timedelta(days=7), facets=FACETS
        ),
        "two words, by relevance": lambda c: Query(words=(word(c), word(c)), order="relevance", filters=FOLD),
        "word and topic, page 10": lambda c: Query(
            words=(word(c),), filters={**FOLD, "urgency": ("1", "2")}, offset=180
        ),
        "no word, 30 days by the day": lambda c: Query(
            since=NOW - timedelta(days=30), filters=FOLD, facets=FACETS, limit=0, histogram=timedelta(days=1),
            histogram_offset=timedelta(hours=-8),
        ),
        "no word, newest, all facets": lambda c: Query(filters=FOLD, facets=FACETS),
    }  # fmt: skip


def fill(engines: dict[str, Index], texts: Sequence[Told], count: int, days: int) -> dict[str, float]:
    """Put all entries into every engine, by turns. Seconds of each."""
    spent = dict.fromkeys(engines, 0.0)
    batch: list[Entry] = []
    for entry in progress(entries(texts, count, days), "documents", count):
        batch.append(entry)
        if len(batch) == BATCH:
            _add(engines, batch, spent)
            batch = []
    _add(engines, batch, spent)
    return spent


def _add(engines: dict[str, Index], batch: list[Entry], spent: dict[str, float]) -> None:
    for name, index in engines.items():
        start = time.perf_counter()
        index.add(batch)
        spent[name] += time.perf_counter() - start


def ask(
    engines: dict[str, Index], make: Callable[[random.Random], Query], count: int
) -> dict[str, list[float]]:
    """Milliseconds of `count` queries on every engine, asked by turns after a tenth for warmth; the answers must agree."""
    chance, times = random.Random(11), {name: list[float]() for name in engines}
    for number in range(count + count // 10):
        query = make(chance)
        answers = []
        for name in random.Random(number).sample(sorted(engines), len(engines)):
            start = time.perf_counter()
            answers.append(engines[name].search(query))
            if number >= count // 10:
                times[name].append((time.perf_counter() - start) * 1000)
        for answer in answers[1:]:
            same = answer.total == answers[0].total and answer.histogram == answers[0].histogram
            same = same and dict(answer.facets) == dict(answers[0].facets)
            if not same or (query.order != "relevance" and answer.ids != answers[0].ids):
                raise SystemExit(f"the engines differ on {query}: {answer} {answers[0]}")
    return times


def share(times: Sequence[float], part: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=200, help="of each kind")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--elasticsearch", default=os.environ.get("HUIYIN_TEST_ELASTICSEARCH", ""))
    parser.add_argument("--folder", help="where tantivy's files go (default: a temporary folder)")
    args = parser.parse_args()
    texts = pool()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        engines: dict[str, Index] = {"tantivy": TantivyIndex(Path(folder))}
        if args.elasticsearch:
            engines["Elasticsearch"] = ElasticIndex(f"{args.elasticsearch}?index=bench-search")
            engines["Elasticsearch"].clear()
        try:
            _measure(engines, texts, args.documents, args.days, args.queries)
        finally:
            engines.get("Elasticsearch", engines["tantivy"]).clear()


def _measure(
    engines: dict[str, Index], texts: Sequence[Told], documents: int, days: int, queries: int
) -> None:
    spent = fill(engines, texts, documents, days)
    held = {name: index.count() for name, index in engines.items()}
    print(
        f"{documents:,} documents over {days} days; {queries} queries of each kind, by turns, one at a time\n"
    )
    print("| engine | entries | indexed a second |", "| --- | --- | --- |", sep="\n")
    for name in engines:
        print(f"| {name} | {held[name]:,} | {documents / spent[name]:,.0f} |")
    columns = " | ".join(f"{name} p50 | p95" for name in engines)
    print(f"\n| query (milliseconds) | {columns} |", "| --- |" + " --- | --- |" * len(engines), sep="\n")
    every = {name: list[float]() for name in engines}
    for kind, make in kinds(texts).items():
        times = ask(engines, make, queries)
        cells = " | ".join(
            f"{share(times[name], 0.5):.1f} | {share(times[name], 0.95):.1f}" for name in engines
        )
        print(f"| {kind} | {cells} |", flush=True)
        for name in engines:
            every[name] += times[name]
    cells = " | ".join(f"{share(every[name], 0.5):.1f} | {share(every[name], 0.95):.1f}" for name in engines)
    print(f"| all | {cells} |")


if __name__ == "__main__":
    main()

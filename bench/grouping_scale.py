"""Cost per document of grouping at 10,000 and at 1,000,000 documents, and the memory that it holds.

    python bench/grouping_scale.py [--documents 1000000] [--window DAYS]

The stream is made here: words drawn by Zipf from the dictionary of the segmenter, 10,000 texts a day; three of four
texts stand alone, the others belong to events of Zipf-distributed size that fade within days, each with a place, names and
words of its own which its texts mix with common ones; one in ten is a near copy.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jieba
import numpy as np

from nlp.corpus.grouping import Grouper
from nlp.corpus.vectors import Weights, terms

DAY = 10_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def vocabulary(size: int = 60_000) -> list[str]:
    """The commonest words of the dictionary, two or three characters, most common first."""
    lines = (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines()
    entries = [(int(line.split()[1]), line.split()[0]) for line in lines]
    return [word for _, word in sorted(entries, reverse=True) if 2 <= len(word) <= 3][:size]


def stream(count: int, seed: int = 5) -> Iterator[tuple[str, str, datetime]]:
    """(id, text, time): `count` texts of 15 to 60 words."""
    chance = np.random.default_rng(seed)
    known = vocabulary()
    live: list[tuple[list[str], int]] = []
    last = ""
    for number in range(count):
        when = START + timedelta(days=number / DAY)
        length = int(chance.integers(15, 60))
        common = [known[int(at) % len(known)] for at in chance.zipf(1.25, length)]
        draw = chance.random()
        if draw < 0.1 and last:
            yield f"d{number}", last + common[0], when
            continue
        if draw < 0.3:
            if not live or chance.random() < 0.08:
                own = [known[int(at)] for at in chance.integers(2_000, len(known), 14)]
                live.append((own, int(min(chance.zipf(1.6), 3_000)) + 1))
            at = int(chance.integers(len(live)))
            own, left = live[at]
            taken = [own[int(one)] for one in chance.integers(0, len(own), 8)]
            common[: len(taken)] = taken
            live[at] = (own, left - 1)
            if left <= 1:
                live[at] = live[-1]
                live.pop()
        else:
            common[:4] = [known[int(one)] for one in chance.integers(2_000, len(known), 4)]
        last = "".join(common)
        yield f"d{number}", last, when


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--window", type=float, default=14.0)
    args = parser.parse_args()
    grouper = Grouper(timedelta(days=args.window))
    yardstick = Weights()
    block = 10_000
    spent = 0.0
    first = 0.0
    batch: list[tuple[str, str, datetime]] = []
    print(
        "documents   CPU µs/document   against the first 10,000   live documents   issues   peak memory MB",
        flush=True,
    )
    for number, item in enumerate(stream(args.documents), 1):
        batch.append(item)
        if len(batch) < block:
            continue
        # Cutting and weighing the same texts is the yardstick: its cost cannot grow, so neighbours on the machine cancel out.
        start = time.process_time()
        for _, text, _ in batch:
            yardstick.vector(terms(text))
        unit = (time.process_time() - start) / block
        start = time.process_time()
        for name, text, when in batch:
            grouper.add(name, text, "", when)
        cost = (time.process_time() - start) / block
        spent = cost / unit
        batch.clear()
        first = first or spent
        if number == block or number % max(args.documents // 10, block) == 0:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{number:9,}   {cost * 1e6:15.0f}   {spent:12.2f}   {spent / first:14.2f}   {len(grouper._home):14,}   {len(grouper.live):6,}   {memory:8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()

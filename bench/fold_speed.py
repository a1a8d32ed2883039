"""Near-duplicate folding: posts a second, against the cost of segmenting the same posts.

    python bench/fold_speed.py [POSTS.jsonl] [--count 20000]

Without a file the sample city's texts are spread into posts. Both run in this process, one after the other; the ratio counts.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import time
from pathlib import Path


def posts(file: str | None, count: int) -> list[str]:
    """`count` short posts: the file's `text` fields, else light variations on the sample city's microblogs."""
    if file:
        with Path(file).open(encoding="utf-8") as lines:
            return [json.loads(line)["text"] for line in itertools.islice(lines, count)]
    from crawler.sample_city import build

    chance = random.Random(1)
    texts = [item.text for item in build().items if item.where in ("weibo", "video") and len(item.text) > 20]
    made = []
    for _ in range(count):
        if chance.random() < 0.3:
            made.append(f"转发：{chance.choice(texts)}")
        else:
            pool = chance.choice(texts) + chance.choice(texts)
            made.append("".join(chance.sample(pool, k=min(60, len(pool)))))
    return made


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?")
    parser.add_argument("--count", type=int, default=20_000)
    args = parser.parse_args()
    import rjieba

    from crawler.fold import Fold

    texts = posts(args.file, args.count)
    rjieba.cut("加载词典")
    began = time.process_time()
    for text in texts:
        rjieba.cut(text)
    segmenting = time.process_time() - began
    fold = Fold()
    began = time.process_time()
    folded = sum(map(bool, fold.add([(str(number), text) for number, text in enumerate(texts)])))
    folding = time.process_time() - began
    print(
        f"{len(texts):,} posts, {sum(map(len, texts)) / len(texts):.0f} characters on average, {folded:,} folded"
    )
    print(f"{'segmenting (rjieba)':<24}{len(texts) / segmenting:>12,.0f} posts a second of processor time")
    print(f"{'folding':<24}{len(texts) / folding:>12,.0f} posts a second of processor time")
    print(f"{'folding / segmenting':<24}{folding / segmenting:>12.2f} of the cost")


if __name__ == "__main__":
    main()

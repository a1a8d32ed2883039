"""Make nlp/models/background_df.npz: in how many texts each word and pair occurs. Texts in EXCLUDE are left out.

python bench/grouping_background.py TEXTS.jsonl… --exclude DEV.jsonl…
"""

from __future__ import annotations

import argparse

import numpy as np

from huiyin.jsonl import rows
from nlp.corpus.vectors import BACKGROUND, BITS, features, terms

LEAST = 3
"""A feature in fewer texts is as good as unseen; without it the table stays small and names nobody."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+")
    parser.add_argument("--exclude", nargs="*", default=[])
    args = parser.parse_args()
    left_out = {str(row.get("text")) for file in args.exclude for row in rows(file)}
    counts: dict[int, int] = {}
    texts = 0
    for file in args.files:
        for row in rows(file):
            text = str(row.get("text") or row.get("claim") or row.get("title") or "")
            if text in left_out:
                continue
            texts += 1
            for code in features(terms(text, str(row.get("title") or ""))):
                counts[code] = counts.get(code, 0) + 1
    table = np.zeros(1 << BITS, dtype=np.uint32)
    for code, count in counts.items():
        if count >= LEAST:
            table[code & ((1 << BITS) - 1)] += count
    packed = np.where(table > 0, np.round(8 * np.log2(np.maximum(table, 1))), -128).astype(np.int16)
    packed = np.where(packed < 0, 0, packed).astype(np.uint8)
    np.savez_compressed(BACKGROUND, log2x8=packed, texts=np.int64(texts))
    print(f"{texts:,} texts, {int((table > 0).sum()):,} buckets, {BACKGROUND.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

"""Find the passages of a policy library that answer questions.

In: rows with `id` and `question`; LIB: rows with `id`, `text`, optional `title`. Out: `id` and the other input fields but
`question`, and `passages`: [{id, span: [start, end], score}], best first; text[start:end] is the passage.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import islice
from typing import Any

from huiyin import jsonl
from huiyin.errors import UsageError
from huiyin.progress import progress
from huiyin.settings import Settings

_BATCH = 200


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="JSONL; - or nothing: standard input"
    )
    parser.add_argument("--library", required=True, metavar="LIB.jsonl", help="the documents or clauses")
    parser.add_argument(
        "--top", type=int, default=5, metavar="K", help="passages of a question at most (default: 5)"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    if args.top < 1:
        raise UsageError(f"--top is {args.top}; it takes a number from 1")
    jsonl.write(_answered(args))
    return 0


def _answered(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    # Loading numpy here keeps `huiyin find --help` quick.
    from response_kits.library.retrieval import Finder, Text

    library = jsonl.rows(args.library, need=("id", "text"))
    finder = Finder(
        [Text(row["id"], jsonl.text(row.get("title")), jsonl.text(row["text"])) for row in library]
    )
    rows = iter(progress(jsonl.rows(args.file, need=("id", "question")), "find"))
    while batch := list(islice(rows, _BATCH)):
        found = finder.find_many([jsonl.text(row["question"]) for row in batch], args.top)
        for row, passages in zip(batch, found, strict=True):
            passed = {name: value for name, value in row.items() if name != "question"}
            out = [{"id": p.id, "span": [p.start, p.end], "score": p.score} for p in passages]
            yield {**passed, "passages": out}

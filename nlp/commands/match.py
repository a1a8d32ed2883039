"""Match posts with a library of known rumours.

In: rows with `id` and `text`; LIB: rows with `id` and `claim`, optional `rebuttal`, `variants` (a list), `verdict`.
Out: `id` and the other input fields but `text`, and `matches`: [{id, score, decision}], best first; decision is auto,
suggest or none.
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

_BATCH = 500


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="JSONL; - or nothing: standard input"
    )
    parser.add_argument("--library", required=True, metavar="LIB.jsonl", help="the known rumours")
    parser.add_argument(
        "--top", type=int, default=3, metavar="K", help="matches of a text at most (default: 3)"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    if args.top < 1:
        raise UsageError(f"--top is {args.top}; it takes a number from 1")
    jsonl.write(_matched(args))
    return 0


def _matched(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    # Loading numpy here keeps `huiyin match --help` quick.
    from nlp.corpus.match import Matcher

    matcher = Matcher([_claim(row) for row in jsonl.rows(args.library, need=("id", "claim"))])
    rows = iter(progress(jsonl.rows(args.file, need=("id", "text")), "match"))
    while batch := list(islice(rows, _BATCH)):
        found = matcher.match([jsonl.text(row["text"]) for row in batch], args.top)
        for row, matches in zip(batch, found, strict=True):
            passed = {name: value for name, value in row.items() if name != "text"}
            yield {
                **passed,
                "matches": [{"id": m.id, "score": m.score, "decision": m.decision} for m in matches],
            }


def _claim(row: dict[str, Any]) -> Any:
    from nlp.corpus.match import Claim

    variants = row.get("variants")
    return Claim(
        row["id"],
        jsonl.text(row["claim"]),
        tuple(map(jsonl.text, variants)) if isinstance(variants, list) else (),
        jsonl.text(row.get("rebuttal")),
        jsonl.text(row.get("verdict")),
    )

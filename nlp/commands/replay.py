"""Replay past data on its own clock: lead time before the peak, misses and false alarms at each level.

Input (JSONL): id, text, published; optional title, source, author, kind, and event (what really belongs together: equal =
one event, null = none; without the field, the issues that grouping makes stand for events). Rows are put in order of time.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from huiyin import jsonl
from huiyin.document import Analysis
from huiyin.errors import HuiyinError, UsageError
from huiyin.progress import progress
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="JSONL; - or nothing: standard input")
    parser.add_argument(
        "--window", type=float, metavar="DAYS", help="days of silence after which an issue is closed"
    )
    parser.add_argument(
        "--size", type=int, default=20, metavar="N", help="documents of a big event (default: 20)"
    )
    parser.add_argument(
        "--heat-only", action="store_true", help="leave the analysis of texts out: faster, heat alone"
    )
    parser.add_argument("--json", action="store_true", help="print an object instead of a table")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from nlp.corpus.replay import Replay

    if args.size < 2:
        raise UsageError(f"--size is {args.size}; it takes a number of documents, 2 or more")
    if args.window is not None and not args.window > 0:
        raise UsageError(f"--window is {args.window:g}; it takes a number of days above 0")
    # The clock needs order, and past data fits in memory: that is why this command does not stream.
    timed = sorted(
        (
            (_when(row, settings), at, row)
            for at, row in enumerate(jsonl.rows(args.file, need=("id", "text", "published")))
        ),
        key=lambda item: item[:2],
    )
    replay = Replay(None if args.window is None else timedelta(days=args.window))
    rows = [{**row, "published": when} for when, _, row in timed]
    analyses = _analyses(rows, settings, args.heat_only)
    for (when, _, row), analysis in zip(progress(timed, "replayed", len(timed)), analyses, strict=True):
        replay.add(row, when, analysis)
    _print(
        {
            "documents": len(rows),
            "issues": len(replay.issues),
            "thresholds": [one.row() for one in replay.outcomes(args.size)],
        },
        args.json,
    )
    return 0


def _when(row: Mapping[str, Any], settings: Settings) -> datetime:
    try:
        read = datetime.fromisoformat(str(row["published"]))
    except ValueError as error:
        raise HuiyinError(
            f"row {row['id']}: published is {row['published']!r}, not an ISO 8601 time"
        ) from error
    return read if read.tzinfo else read.replace(tzinfo=settings.zone)


def _analyses(rows: list[dict[str, Any]], settings: Settings, heat_only: bool) -> Iterable[Analysis | None]:
    if heat_only:
        return (None for _ in rows)
    from nlp.analyse import Analyser

    found: Iterator[Analysis] = Analyser.load(settings).many(rows)
    return found


def _print(result: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
        return
    print(f"{result['documents']:,} documents, {result['issues']:,} issues")
    head = ("part", "threshold", "big events", "before peak", "missed", "median lead h", "false a day")
    print("".join(f"{name:>14}" for name in head))
    for row in result["thresholds"]:
        lead = "–" if row["median_lead_hours"] is None else f"{row['median_lead_hours']:.2f}"
        cells = (
            row["part"],
            row["threshold"],
            row["big_events"],
            row["caught_before_peak"],
            row["missed"],
            lead,
            row["false_alarms_a_day"],
        )
        print("".join(f"{cell!s:>14}" for cell in cells))

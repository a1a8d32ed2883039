"""Topic, sentiment, urgency, places and more for each text of a JSONL file.

In: rows with `id` and `text`, optional `title`, `published`, `source`, `url`, `comments` (a list of strings).
Out: the same rows, in order, with the analysis added; `text`, `title` and `comments` are left out unless --keep is given.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import tee
from typing import Any

from huiyin import jsonl
from huiyin.progress import progress
from huiyin.settings import Settings

_LEFT_OUT = ("text", "title", "comments")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="JSONL; - or nothing: standard input"
    )
    parser.add_argument("--keep", action="store_true", help="write text, title and comments out again too")


def run(args: argparse.Namespace, settings: Settings) -> int:
    jsonl.write(_rows(args, settings))
    return 0


def _rows(args: argparse.Namespace, settings: Settings) -> Iterator[dict[str, Any]]:
    # Loading numpy and the weights here keeps `huiyin analyse --help` quick.
    from nlp.analyse import Analyser

    analyser = Analyser.load(settings)
    source, copy = tee(jsonl.rows(args.file, need=("id", "text")))
    for row, analysis in zip(copy, progress(analyser.many(source), "analyse"), strict=False):
        given = row if args.keep else {name: value for name, value in row.items() if name not in _LEFT_OUT}
        yield {**given, **analysis.as_dict()}

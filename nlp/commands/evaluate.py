"""Measure a model on labelled texts: scores, table by class and kind, confusion, calibration.

The analyser as people use it is measured, with its rules, not the head alone.
"""

from __future__ import annotations

import argparse
import json

from huiyin.errors import UsageError
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="topic, sentiment, urgency, respond, rumour …")
    parser.add_argument(
        "--data",
        nargs="+",
        required=True,
        metavar="FILE",
        help="JSONL in gold format: id, text and the label",
    )
    parser.add_argument("--models", metavar="DIR", help="measure the models of this folder")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from nlp import training

    result = training.trainer(args.name).evaluate(args.data, settings, models=args.models)
    if not result["texts"]:
        raise UsageError(f"no row of {', '.join(args.data)} carries the label {args.name!r}")
    if args.json:
        print(json.dumps(result, ensure_ascii=False))
        return 0
    from nlp.training.scores import table

    print(table(result))
    return 0

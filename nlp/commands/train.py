"""Train a model, keep it only where it is better on a held-back part, and write its card.

`huiyin train topic --data gold/train.jsonl` also learns from the public texts of the folder --aux, where it exists.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="topic, sentiment, urgency, respond, rumour …")
    parser.add_argument("--data", nargs="+", required=True, metavar="FILE", help="JSONL in gold format")
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="folder for the model (default: the models of this installation)",
    )
    parser.add_argument(
        "--aux", metavar="DIR", default="../shared/data", help="folder of public texts (default: %(default)s)"
    )
    parser.add_argument(
        "--bar",
        nargs="*",
        default=[],
        metavar="FILE",
        help="texts that must not be learnt from, even unlabelled",
    )
    parser.add_argument(
        "--force", action="store_true", help="replace the old model even where the new one is not better"
    )
    parser.add_argument(
        "--corrections",
        action="store_true",
        help="also learn from the labels that analysts corrected in the record; such a text weighs double",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from nlp import training

    print(
        training.trainer(args.name).train(
            args.data,
            settings,
            output=Path(args.output) if args.output else None,
            aux=Path(args.aux),
            barred=args.bar,
            force=args.force,
            corrections=args.corrections,
        )
    )
    return 0

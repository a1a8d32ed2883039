"""copy record and secrets into one file while the system runs"""

from __future__ import annotations

import argparse
from pathlib import Path

from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="the backup to write, for example huiyin-2026-11-24.tar.gz; holds secrets: keep it safe",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from dashboard.operations import backup

    counts = backup(settings, Path(args.file))
    print(f"{args.file}: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    return 0

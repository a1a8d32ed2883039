"""put a backup in place of the record and rebuild the index; the system must be stopped

The present record is kept beside the restored one, with the ending .before-restore.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a file written by `huiyin backup`")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from dashboard.operations import restore

    counts = restore(settings, Path(args.file))
    print("restored: " + ", ".join(f"{count:,} {name}" for name, count in counts.items()))
    return 0

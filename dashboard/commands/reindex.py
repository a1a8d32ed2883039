"""rebuild the search index from the record"""

from __future__ import annotations

import argparse

from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace, settings: Settings) -> int:
    from dashboard.operations import reindex

    print(f"{reindex(settings):,} entries in the index")
    return 0

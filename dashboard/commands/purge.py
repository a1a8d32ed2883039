"""remove what is past its source's retention, from record and index"""

from __future__ import annotations

import argparse

from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(args: argparse.Namespace, settings: Settings) -> int:
    from dashboard.operations import purge

    print(", ".join(f"{count:,} {name} removed" for name, count in purge(settings).items()))
    return 0

"""Crawl the enabled or the named sources once, in the foreground, and print what came of each.

States: ok, unchanged, empty, filtered, duplicate, broken, blocked. Exit status 1 where a source is broken or blocked.
"""

from __future__ import annotations

import argparse

from huiyin.settings import Settings

_COLUMNS = ("fetched", "new", "changed", "duplicate", "filtered", "unchanged", "broken")


def configure(parser: argparse.ArgumentParser) -> None:
    """Names and options."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="sources (default: all that are enabled)")
    parser.add_argument(
        "--sample-base", default="", metavar="URL", help="address of the sample city; switches its sources on"
    )
    parser.add_argument(
        "--replay",
        action="store_true",
        help="read quarantined pages again, after a fix; only articles that a kept list names are asked for",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Crawl and print the table; 1 where something is broken or blocked."""
    from crawler.run import crawl
    from crawler.tables import show

    results = crawl(settings, args.names or None, sample_base=args.sample_base, replay=args.replay)
    if not results:
        print(
            "nothing to crawl: no source is enabled (huiyin source list)"
            if not args.replay
            else "the quarantine is empty"
        )
        return 0
    rows = [
        [r.source, r.state, *(f"{getattr(r, name):,}" for name in _COLUMNS), f"{r.seconds:.1f} s"]
        for r in results
    ]
    total = ["total", "", *(f"{sum(getattr(r, name) for r in results):,}" for name in _COLUMNS), ""]
    print(show(["source", "state", *_COLUMNS, "time"], [*rows, total]))
    for result in results:
        if result.reason:
            print(f"{result.source}: {result.reason}")
    return int(any(result.state in ("broken", "blocked") for result in results))

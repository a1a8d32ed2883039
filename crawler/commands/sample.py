"""Serve the bundled sample city 云江市, or list what is true of its documents.

serve: all its sites on one local port, until interrupted. truth: JSONL of address, native id, story, rumour, claim.
"""

from __future__ import annotations

import argparse
import threading
from datetime import datetime

from huiyin import jsonl
from huiyin.errors import Unavailable, UsageError
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the two actions and their options."""
    actions = parser.add_subparsers(dest="action", required=True)
    serve = actions.add_parser("serve", help="serve the city until interrupted")
    serve.add_argument("--port", type=int, default=8100, help="local port; 0 picks a free one (default 8100)")
    truth = actions.add_parser("truth", help="JSONL: address and native id of every document → story")
    truth.add_argument(
        "--base", default="", help="address to put before each path, for example http://127.0.0.1:8100"
    )
    for action in (serve, truth):
        action.add_argument(
            "--now", default="", help="ISO 8601 moment that the 21 days end at (default: the present)"
        )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Serve or list; raises UsageError for a bad moment, Unavailable where the port is taken."""
    now = _moment(args.now, settings)
    if args.action == "truth":
        from crawler.sample_city.build import truth

        jsonl.write({"url": url, **row} for url, row in truth(now, args.base).items())
        return 0
    from crawler.sample_city.server import serve

    try:
        server, address = serve(args.port, now, live=True)
    except (OSError, OverflowError) as error:
        raise Unavailable(
            f"port {args.port} cannot be served: {error}; choose another with --port"
        ) from error
    print(f"云江市: {address}/", flush=True)
    try:
        threading.Event().wait()
    finally:
        server.close()
    return 0


def _moment(value: str, settings: Settings) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise UsageError(
            f"--now is {value!r}; it takes an ISO 8601 moment such as 2026-11-24T09:00+08:00"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.zone)

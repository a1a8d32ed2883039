"""Read a saved page: title, time, author, 来源, text and kind as JSON."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from huiyin import jsonl
from huiyin.errors import HuiyinError, UsageError
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "page", nargs="?", default="-", metavar="PAGE.html", help="saved page; - or nothing: standard input"
    )
    parser.add_argument(
        "--url",
        default="",
        help="the address that the page came from; helps with dates and with the next page",
    )
    parser.add_argument(
        "--content-type", default="", metavar="VALUE", help="the HTTP header, for its charset"
    )
    parser.add_argument("--links", action="store_true", help="with the links of pages that are no article")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from crawler.extract import extract

    data = _read(args.page, settings.page_limit)
    row = extract(data, args.url, content_type=args.content_type).as_dict()
    if not args.links:
        del row["links"]
    jsonl.write([row])
    return 0


def _read(name: str, limit: int) -> bytes:
    """The page's bytes, cut at `limit`: a page without its end is still read."""
    if name == "-":
        return sys.stdin.buffer.read(limit)
    path = Path(name)
    try:
        with path.open("rb") as stream:
            return stream.read(limit)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except OSError as error:
        raise HuiyinError(f"{path}: cannot be read: {error.strerror}") from error

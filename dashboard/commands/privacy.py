"""opt-outs and pseudonym keys: list, opt-out KIND VALUE, end NUMBER, rotate

Who asks to be left out is heard from the next document on. What is there already goes with `huiyin purge --author` or `--url`.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from huiyin.settings import Settings

if TYPE_CHECKING:
    from huiyin.records import Record


def configure(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="opt-outs in force, and the state of the keys")
    adding = acts.add_parser("opt-out", help="collect nothing of an author, a page or a site from now on")
    adding.add_argument("kind", choices=("author", "url", "site"))
    adding.add_argument(
        "value", help="name as the platform shows it, address, or host; - reads it from standard input"
    )
    adding.add_argument("--reason", default="", help="why, as it is kept; name no person in it")
    ending = acts.add_parser("end", help="take an opt-out back")
    ending.add_argument("number", type=int)
    turning = acts.add_parser(
        "rotate", help="a new key for author pseudonyms; the old one is kept for requests only"
    )
    turning.add_argument(
        "--keep-days",
        type=int,
        help="days for which the old key is kept (default: as long as documents made with it)",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from crawler import opt_outs
    from crawler.pseudonym import Pseudonyms, rotate
    from dashboard.retention import keep_until
    from huiyin.records import Record
    from huiyin.records.audit import append

    record, now = Record.open(settings), datetime.now(UTC)
    try:
        if args.act == "list":
            return _list(record, settings, now)
        if args.act == "rotate":
            until = (
                keep_until(record, settings, now)
                if args.keep_days is None
                else (now + timedelta(days=args.keep_days)).date()
            )
            rotate(settings, until)
            with record.session() as session:
                append(
                    session,
                    "command line",
                    "pseudonym-keys",
                    "retention",
                    {"changed": True, "until": until.isoformat()},
                )
            print(
                f"author pseudonyms have a new key; the old one is kept until {until} for requests of persons"
            )
            return 0
        with record.session() as session:
            if args.act == "end":
                opt_outs.end(session, args.number, by="command line")
                return 0
            value = sys.stdin.readline().strip() if args.value == "-" else args.value
            row = opt_outs.add(
                session, args.kind, value, Pseudonyms.open(settings), reason=args.reason, by="command line"
            )
            print(f"opt-out {row.id}: {row.kind} {row.value}")
        return 0
    finally:
        record.close()


def _list(record: Record, settings: Settings, now: datetime) -> int:
    from crawler.pseudonym import age_of_key, old_keys
    from huiyin.records import OptOut

    with record.session(write=False) as session:
        for row in session.scalars(select(OptOut).where(OptOut.ended.is_(None)).order_by(OptOut.id)):
            print(
                f"{row.id}\t{row.kind}\t{row.value}\t{row.by}\t{row.at.astimezone(settings.zone):%Y-%m-%d}\t{row.reason}"
            )
    print(f"the key of author pseudonyms is {age_of_key(settings, now).days} days old", file=sys.stderr)
    for file, until in old_keys(settings):
        print(f"{file.name} is kept until {until}", file=sys.stderr)
    return 0

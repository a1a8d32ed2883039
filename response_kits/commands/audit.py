"""The audit chain: verify that no row was changed or lost, or list what was done."""

from __future__ import annotations

import argparse

from sqlalchemy import select

from huiyin import jsonl
from huiyin.errors import HuiyinError
from huiyin.records import AuditRow, Record, audit
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("verify", help="walk the chain; exit 1 names the first bad row")
    listing = actions.add_parser("list", help="what was done, newest first")
    listing.add_argument("--thing", default="", help="only rows of this thing, for example draft/3")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="at most N rows (default 50)")
    listing.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    record = Record.open(settings)
    try:
        with record.session(write=False) as session:
            if args.action == "verify":
                count, wrong = audit.verify(session)
                if wrong:
                    raise HuiyinError(f"the audit chain is broken after {count} good rows: {wrong}")
                print(f"audit chain: {count} rows, unbroken")
                return 0
            query = select(AuditRow).order_by(AuditRow.number.desc()).limit(args.limit)
            rows = list(session.scalars(query.where(AuditRow.thing == args.thing) if args.thing else query))
    finally:
        record.close()
    if args.json:
        jsonl.write(
            {
                "number": r.number,
                "at": r.at.isoformat(),
                "by": r.by,
                "act": r.act,
                "thing": r.thing,
                "data": r.data,
            }
            for r in rows
        )
    else:
        for r in rows:
            print(
                f"{r.number:>6}  {r.at.astimezone(settings.zone):%Y-%m-%d %H:%M:%S}  {r.by or '系统'}  {r.act}  {r.thing}"
            )
    return 0

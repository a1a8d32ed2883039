"""Fact records of an issue: add, verify, supersede, withdraw, list, or read candidates from a report."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from huiyin.errors import UsageError
from huiyin.records import Record
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="enter a fact, not yet verified")
    add.add_argument("issue")
    add.add_argument("text")
    add.add_argument(
        "--slot",
        default="",
        help="what it answers: deaths, measure, cause … (read from the text where left out)",
    )
    add.add_argument("--source", default="", help="who says so")
    listing = actions.add_parser("list", help="facts of an issue")
    listing.add_argument("issue")
    verify = actions.add_parser("verify", help="mark as verified")
    verify.add_argument("id", type=int)
    newer = actions.add_parser("supersede", help="enter the newer state of a fact")
    newer.add_argument("id", type=int)
    newer.add_argument("text")
    newer.add_argument("--source", required=True)
    withdraw = actions.add_parser("withdraw", help="take a fact back")
    withdraw.add_argument("id", type=int)
    withdraw.add_argument("--reason", required=True)
    report = actions.add_parser(
        "report", help="candidate facts of an accident report, sorted into its six items; nothing is stored"
    )
    report.add_argument("file")
    for sub in (add, verify, newer, withdraw):
        sub.add_argument("--by", required=True, help="who does this")
    for sub in (add, listing, verify, newer, withdraw, report):
        sub.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from response_kits import facts
    from response_kits.kit import fact_row

    if args.action == "report":
        return _report(args, settings)
    now = datetime.now(UTC)
    record = Record.open(settings)
    try:
        with record.session(write=args.action != "list") as session:
            if args.action == "add":
                rows = [
                    facts.add(
                        session,
                        args.issue,
                        args.text,
                        slot=args.slot,
                        source=args.source,
                        by=args.by,
                        now=now,
                    )
                ]
            elif args.action == "verify":
                rows = [facts.verify(session, args.id, args.by, now)]
            elif args.action == "supersede":
                rows = [facts.supersede(session, args.id, args.text, source=args.source, by=args.by, now=now)]
            elif args.action == "withdraw":
                rows = [facts.withdraw(session, args.id, args.by, args.reason, now)]
            else:
                rows = facts.of_issue(session, args.issue, states=tuple(facts.STATES))
            shown = [fact_row(row) for row in rows]
    finally:
        record.close()
    for row in shown:
        words = f"{row['id']:>5}  {row['state_name']}  {row['slot_name']}  {row['text']}  {row['source']}"
        print(json.dumps(row, ensure_ascii=False) if args.json else words)
    return 0


def _report(args: argparse.Namespace, settings: Settings) -> int:
    from response_kits import facts
    from response_kits.library.readers import read_text

    path = Path(args.file)
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    for found in facts.from_report(read_text(path.read_bytes(), path.name, limit=settings.upload_limit)):
        row = {"item": found.item, "slot": found.slot, "text": found.text, "span": [found.start, found.end]}
        print(json.dumps(row, ensure_ascii=False) if args.json else f"{found.item}  {found.text}")
    return 0

"""The rumour library: add, judge, publish, pause, withdraw, hand over, list, show."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from huiyin.records import Record, Rumour
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser("add", help="enter a claim")
    add.add_argument("claim")
    add.add_argument("--issue", default="", help="the issue it belongs to")
    judge = actions.add_parser("judge", help="give the verdict: 属实, 部分属实, 不实, 待核")
    judge.add_argument("id", type=int)
    judge.add_argument("verdict")
    judge.add_argument("--rebuttal", default="")
    judge.add_argument("--source", default="", help="title of what the verdict rests on")
    moves = [
        actions.add_parser(name, help=f"{name} an entry")
        for name in ("publish", "pause", "withdraw", "reopen")
    ]
    for move in moves:
        move.add_argument("id", type=int)
        move.add_argument("--reason", default="")
    packet = actions.add_parser("handover", help="freeze a packet for the authorities: JSON with its hash")
    packet.add_argument("id", type=int)
    packet.add_argument("--to", required=True)
    listing = actions.add_parser("list", help="all entries, newest first")
    show = actions.add_parser("show", help="one entry with its spread")
    show.add_argument("id", type=int)
    for sub in (add, judge, packet, *moves):
        sub.add_argument("--by", required=True, help="who does this")
    for sub in (add, judge, listing, show, *moves):
        sub.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace, settings: Settings) -> int:
    record = Record.open(settings)
    try:
        with record.session(write=args.action not in ("list", "show")) as session:
            if args.action == "handover":
                from response_kits.library import rumours

                print(
                    json.dumps(
                        rumours.hand_over(session, args.id, args.to, args.by, datetime.now(UTC)),
                        ensure_ascii=False,
                    )
                )
                return 0
            for row in _rows(session, args, datetime.now(UTC)):
                words = f"{row['id']:>5}  {row['verdict']}  {row['state_name']}  {row['claim']}"
                print(json.dumps(row, ensure_ascii=False) if args.json else words)
    finally:
        record.close()
    return 0


def _rows(session: Session, args: argparse.Namespace, now: datetime) -> list[dict[str, Any]]:
    from response_kits.library import rumours

    if args.action == "list":
        return [_row(r) for r in rumours.listing(session)]
    if args.action == "show":
        spread = {"spread": rumours.spread(session, args.id), "waves": rumours.recurrence(session, args.id)}
        return [{**_row(rumours.get(session, args.id)), **spread}]
    if args.action == "add":
        return [_row(rumours.add(session, args.claim, issue_id=args.issue, by=args.by, now=now))]
    if args.action == "judge":
        sources = ({"title": args.source},) if args.source else ()
        return [_row(rumours.judge(session, args.id, args.verdict, args.rebuttal, sources, args.by, now))]
    return [_row(rumours.move(session, args.id, args.action, args.by, args.reason, now))]


def _row(rumour: Rumour) -> dict[str, Any]:
    from response_kits.library.rumours import STATES

    return {"id": rumour.id, "claim": rumour.claim, "variants": rumour.variants, "verdict": rumour.verdict, "rebuttal": rumour.rebuttal,
            "sources": rumour.sources, "state": rumour.state, "state_name": STATES[rumour.state], "issue": rumour.issue_id,
            "published": rumour.published.isoformat() if rumour.published else None}  # fmt: skip

"""The current issues: level with its three parts and reasons, size, times, clocks, state."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from sqlalchemy import select

from huiyin import jsonl
from huiyin.records import Issue, Record
from huiyin.settings import Settings

_LEVELS = ("蓝", "黄", "橙", "红")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument(
        "--all", action="store_true", help="closed issues, false alarms and those of others too"
    )
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="at most N issues (default 200)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from response_kits.kit import issue_row

    record = Record.open(settings)
    now = datetime.now(UTC)
    query = (
        select(Issue)
        .where(Issue.merged_into == "")
        .order_by(Issue.level.desc(), Issue.heat.desc(), Issue.last.desc(), Issue.id)
    )
    if not args.all:
        query = query.where(Issue.state.not_in(("closed", "not_ours", "false_alarm")))
    try:
        with record.session(write=False) as session:
            rows = [issue_row(session, issue, now) for issue in session.scalars(query.limit(args.limit))]
    finally:
        record.close()
    if args.json:
        jsonl.write(rows)
        return 0
    for row in rows:
        clock = next(
            (
                c["name"] + c["words"]
                for c in row["clocks"]
                if c["state"] in ("running", "missed") and not c["met_at"]
            ),
            "",
        )
        print(f"{_LEVELS[min(row['level'], 3)]}  {row['id']}  {row['title']}  {row['documents']} 篇 {row['sources']} 源  "
              f"{row['state_name']}  {clock}")  # fmt: skip
    if not rows:
        print("没有正在处理的事件：尚未采集，或者采集到的文本还没有归并")
    return 0

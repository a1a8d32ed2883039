"""The monthly record of response limits: what fell due, what was met in time, late or missed, with the issue of each row."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from huiyin.errors import UsageError
from huiyin.records import Record
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--month", default="", metavar="2026-11", help="the present month where left out")
    parser.add_argument("--json", action="store_true", help="the whole record as one JSON object")
    parser.add_argument(
        "-o", "--output", default="", metavar="FILE", help="write it as FILE.docx or FILE.csv too"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from response_kits import compliance

    now = datetime.now(UTC)
    target = Path(args.output)
    if args.output and target.suffix not in (".docx", ".csv"):
        raise UsageError(f"{args.output}: write .docx or .csv")
    opened = Record.open(settings)
    try:
        with opened.session(write=False) as session:
            month = args.month or now.astimezone(settings.zone).strftime("%Y-%m")
            made = compliance.record(session, month, settings, now)
    finally:
        opened.close()
    if args.output:
        csv = target.suffix == ".csv"
        target.write_bytes(compliance.as_csv(made) if csv else compliance.as_docx(made, settings, now))
    if args.json:
        print(json.dumps(made.as_dict(), ensure_ascii=False))
        return 0
    for row in made.sums:
        share = "–" if row["share"] is None else f"{row['share']:.0%}"
        counts = "  ".join(f"{word} {row[key]}" for key, word in compliance.KINDS.items())
        print(f"{row['name']}（{row['basis']}）  到期 {row['total']}  {counts}  按时率 {share}")
    if not made.sums:
        print(f"{month} 没有到期的时限")
    return 0

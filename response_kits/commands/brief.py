"""a brief (weekly, daily, special report, yearly section) as HTML, DOCX or PDF

Without --week, --day, --issue or --year it is the last whole week. The figures are frozen in the record, so that a later copy
says the same.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from huiyin.settings import Settings

OPTIONS = {"week": "weekly", "day": "daily", "issue": "special", "year": "yearly"}


def configure(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--week", metavar="2026-W47", help="ISO week; the last whole week where nothing is given"
    )
    which.add_argument("--day", metavar="2026-11-24", help="the brief of one day")
    which.add_argument("--issue", metavar="ID", help="the special report on one issue")
    which.add_argument(
        "--year", metavar="2026", help="the yearly report's section on answering public opinion"
    )
    parser.add_argument(
        "--format", choices=("html", "docx", "pdf"), help="default: by the ending of FILE, else html"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="file to write")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from huiyin.records import Record, utcnow
    from response_kits.briefs import draw, keep, render

    now = utcnow()
    chosen = [(kind, getattr(args, option)) for option, kind in OPTIONS.items() if getattr(args, option)]
    last_week = (now.astimezone(settings.zone) - timedelta(days=7)).strftime("%G-W%V")
    kind, key = chosen[0] if chosen else ("weekly", last_week)
    target = Path(args.output)
    format = args.format or target.suffix.lstrip(".").lower() or "html"
    record = Record.open(settings)
    with record.session(write=False) as session:
        model = draw(session, settings, key, now=now, kind_name=kind)
    content = render(model, settings, format)
    with record.session() as session:
        title = keep(session, model, by="command line", now=now).title
    record.close()
    target.write_bytes(content)
    print(f"{title}: {target} ({len(content):,} bytes)")
    return 0

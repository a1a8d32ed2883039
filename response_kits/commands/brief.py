"""the weekly brief as HTML, DOCX or PDF

Without --week it is the last whole week. The figures are frozen in the record, so that a later copy says the same.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from pathlib import Path

from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--week", metavar="2026-W47", help="ISO week; the last whole week where it is not given"
    )
    parser.add_argument(
        "--format", choices=("html", "docx", "pdf"), help="default: by the ending of FILE, else html"
    )
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="file to write")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from huiyin.records import Record, utcnow
    from response_kits.briefs import make, render

    now = utcnow()
    week = args.week or (now.astimezone(settings.zone) - timedelta(days=7)).strftime("%G-W%V")
    target = Path(args.output)
    format = args.format or target.suffix.lstrip(".").lower() or "html"
    with Record.open(settings).session() as session:
        brief = make(session, settings, week, by="command line", now=now)
        content = render(brief.model, settings, format)
        title = brief.title
    target.write_bytes(content)
    print(f"{title}: {target} ({len(content):,} bytes)")
    return 0

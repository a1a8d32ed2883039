"""remove what is past its source's retention; or, on request, a source, an author, a page, documents

Without options: the job of the night. With one of --source, --author, --url, --document: erases it from record, index, what
was worked out of it, and the backups' manifest, so that a restored backup erases it again. It cannot be taken back.
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from huiyin.errors import UsageError
from huiyin.settings import Settings

if TYPE_CHECKING:
    from huiyin.records import Record


def configure(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--source", metavar="NAME", help="all documents of a source; with --before the older ones"
    )
    what.add_argument(
        "--author",
        metavar="NAME",
        help="what a person wrote, by the name that the platform shows; - reads it from standard input, so that it stands in no history",
    )
    what.add_argument("--url", metavar="ADDRESS", help="the document of a page, and what answers it")
    what.add_argument("--document", metavar="ID", nargs="+", help="documents by id")
    what.add_argument(
        "--again",
        metavar="FILE",
        help="carry out the erasures of a backups' manifest (huiyin-backups.jsonl), for example after pg_restore",
    )
    parser.add_argument(
        "--before", metavar="DATE", help="with --source: documents before this day, 2026-11-24"
    )
    parser.add_argument("--reason", default="", help="why, as it is kept; name no person in it")
    parser.add_argument(
        "--opt-out",
        action="store_true",
        help="with --author or --url: also collect nothing of it from now on",
    )
    parser.add_argument("--yes", action="store_true", help="do it; without, only count")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from huiyin.records import Record

    if args.again:
        return _again(Path(args.again), settings)
    if not (args.source or args.author or args.url or args.document):
        from dashboard.retention import purge

        print(", ".join(f"{count:,} {name} removed" for name, count in purge(settings).items()))
        return 0
    record = Record.open(settings)
    try:
        return _erase(args, record, settings)
    finally:
        record.close()


def _erase(args: argparse.Namespace, record: Record, settings: Settings) -> int:
    from crawler import opt_outs
    from crawler.pseudonym import Pseudonyms
    from dashboard import erasure
    from huiyin.search import open_index

    names = Pseudonyms.open(settings)
    author = (sys.stdin.readline() if args.author == "-" else args.author or "").strip()
    kind, subject = _subject(args, author, record, settings, names)
    if not args.yes:
        print(f"{erasure.count(record, subject):,} documents would be erased; add --yes to do it")
        return 0
    if args.opt_out and kind in ("author", "url"):
        with record.session() as session:  # first, so that nothing comes in again between
            opt_outs.add(session, kind, author or args.url, names, reason=args.reason, by="command line")
    index = open_index(settings)
    try:
        row, missed = erasure.erase(
            record, index, settings, kind, subject, by="command line", reason=args.reason
        )
    finally:
        index.close()
    print(", ".join(f"{count:,} {name} erased" for name, count in row.counts.items()))
    for folder in missed:
        print(
            f"huiyin purge: the manifest in {folder} could not be written; the next backup there makes up for it",
            file=sys.stderr,
        )
    return 0


def _subject(
    args: argparse.Namespace, author: str, record: Record, settings: Settings, names: Any
) -> tuple[str, dict[str, Any]]:
    from dashboard import erasure

    if args.before and not args.source:
        raise UsageError("--before goes with --source")
    with record.session(write=False) as session:
        if args.source:
            erasure.require_source(session, args.source)
            return "source", erasure.by_source(
                args.source, _day(args.before, settings) if args.before else None
            )
        if args.url:
            return "url", erasure.by_url(session, args.url)
    if args.document:
        return "documents", erasure.by_documents(args.document)
    return "author", erasure.by_author(names, author)


def _day(given: str, settings: Settings) -> datetime:
    try:
        at = datetime.fromisoformat(given)
    except ValueError as error:
        raise UsageError(f"--before is {given!r}; write a day as 2026-11-24") from error
    return at if at.tzinfo else at.replace(tzinfo=settings.zone)


def _again(file: Path, settings: Settings) -> int:
    from dashboard import backup_manifest, erasure
    from dashboard.operations import reindex
    from huiyin.records import Record

    if not file.exists():
        raise UsageError(f"{file}: no such file")
    record = Record.open(settings)
    try:
        count = erasure.again(record, backup_manifest.erasures(file))
    finally:
        record.close()
    print(f"{count:,} erasures carried out again, {reindex(settings):,} entries in the index")
    return 0

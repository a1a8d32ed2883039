"""move the whole record to another database, for example from SQLite to PostgreSQL; all of it or nothing

Stop everything that uses the record first. The target must be empty. Afterwards set `database` to the new address, start again and
run `huiyin reindex`; the folder <home>/secrets stays where it is or moves with the office. The password of a PostgreSQL address is
better left to PGPASSWORD or ~/.pgpass than written here.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from contextlib import ExitStack, closing
from pathlib import Path

from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="source",
        metavar="ADDRESS",
        help="sqlite:///huiyin.db or postgresql://user@host/name (default: the record of the settings)",
    )
    parser.add_argument("--to", dest="target", metavar="ADDRESS", required=True, help="the empty database")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from huiyin.errors import UsageError
    from huiyin.lock import only_one
    from huiyin.progress import progress
    from huiyin.records import Record
    from huiyin.records.transfer import transfer

    old = dataclasses.replace(settings, database=args.source or settings.database_url)
    new = dataclasses.replace(settings, database=args.target)
    folders = {settings.home_path}
    for side in (old, new):
        file = _file(side)
        if file is not None:
            folders.add(file.parent)
    file = _file(old)
    if file is not None and not file.is_file():
        raise UsageError(f"{file}: there is no such record")
    if old.database == new.database:
        raise UsageError("source and target are the same database")
    with ExitStack() as stack:
        for folder in sorted(folders):
            for name in ("up", "work"):
                stack.enter_context(only_one(folder, name))
        source = stack.enter_context(closing(Record.open(old)))
        target = stack.enter_context(closing(Record.open(new)))
        moved = transfer(source, target, lambda rows, table, count: progress(rows, table, count))
    width = max(len(item.table) for item in moved)
    for item in moved:
        print(f"{item.table:<{width}} {item.source:>12,} {item.target:>12,}")
    print(f"{sum(item.target for item in moved):,} rows in {len(moved)} tables moved; the audit chain holds")
    print("now set `database` to the new address and run `huiyin reindex`", file=sys.stderr)
    return 0


def _file(settings: Settings) -> Path | None:
    """The file of a SQLite record; None for a server or an address that is none (Record.open says so)."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        return None
    return Path(url.database).resolve() if url.get_backend_name() == "sqlite" and url.database else None

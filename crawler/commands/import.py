"""Bring a file into the record: CSV, XLSX, JSON, JSONL, WARC; repeatable without doubles.

Columns are recognised by their names: MediaCrawler's exports, commercial platforms' (标题, 正文, 发布时间, 媒体, 作者, 链接 …),
registers of letters, hotline calls and disclosure applications. --map 列名=text says what a column is where its name does not.
Fields: title text published origin author url id likes reposts replies province reply reply_time reply_unit.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huiyin.errors import UsageError
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """File and options."""
    parser.add_argument(
        "file", metavar="FILE", help="the file; its suffix says what it is; - reads JSONL from standard input"
    )
    parser.add_argument(
        "--source", default="", metavar="NAME", help="source to store under (default: by what the file is)"
    )
    parser.add_argument("--map", nargs="+", default=[], metavar="COLUMN=FIELD", help="what a column is")


@contextmanager
def _opened(name: str, settings: Settings) -> Iterator[Path]:
    """The file; of standard input a copy on disk, no longer than an upload may be (one byte more, so that the check sees it)."""
    if name != "-":
        yield Path(name)
        return
    with tempfile.NamedTemporaryFile(prefix="huiyin-", suffix=".jsonl") as copy:
        copy.write(sys.stdin.buffer.read(settings.upload_limit + 1))
        copy.flush()
        yield Path(copy.name)


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Import and print the counts; raises what `import_file` raises."""
    from crawler.import_file import import_file
    from huiyin.records import Record

    told: dict[str, str] = {}
    for pair in args.map:
        column, _, field = pair.rpartition("=")
        if not column:
            raise UsageError(f"--map takes COLUMN=FIELD, not {pair!r}")
        told[column] = field
    record = Record.open(settings)
    try:
        with _opened(args.file, settings) as path:
            result = import_file(path, record, settings, source=args.source, told=told)
    finally:
        record.close()
    c = result.counts
    print(
        f"{result.rows:,} rows into {result.source}: {c.new:,} new, {c.duplicate:,} duplicates of earlier texts, {c.changed:,} changed,"
        f" {c.updated:,} with new counters, {c.unchanged:,} unchanged, {result.comments:,} comments, {result.skipped:,} left out"
    )
    for remark in result.remarks:
        print(f"  {remark}")
    return 0

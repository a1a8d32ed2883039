"""Group a stream of documents into issues, in one pass.

Input (JSONL, time order): id, text; optional title, published, parent (id of the text that it reposts or answers).
Output: id, issue (equal = the same issue), score, reason, copy_of where the text reprints an earlier one; other input fields but the texts pass through; order is kept.
--late: with the late merges and splits of the running system; rows come out at the end, with the issue that they have then; the texts' vectors are held meanwhile, not the texts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any

from huiyin import jsonl
from huiyin.errors import UsageError
from huiyin.progress import progress
from huiyin.settings import Settings

if TYPE_CHECKING:  # the models are large; help and errors do not need them
    from nlp.corpus.grouping import Grouper

PASS = timedelta(hours=6)
"""Time between two slow passes, on the clock of the data."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="JSONL; - or nothing: standard input")
    parser.add_argument(
        "--window",
        type=float,
        metavar="DAYS",
        help="days of silence after which an issue is closed (default: 400)",
    )
    parser.add_argument(
        "--late", action="store_true", help="with late merges and splits; writes when the input has ended"
    )


def moment(value: Any, zone: tzinfo, otherwise: datetime) -> datetime:
    """A time as the input gives it (ISO 8601; naive: in `zone`); `otherwise` where it is absent or unreadable."""
    if not isinstance(value, str) or not value.strip():
        return otherwise
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        return otherwise
    try:
        return (read if read.tzinfo else read.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        return otherwise


def grouped(rows: Iterator[dict[str, Any]], grouper: Grouper, zone: tzinfo) -> Iterator[Mapping[str, Any]]:
    """One output row for each input row. A row without a time is taken to come at the time of the one before it."""
    from nlp.corpus.grouping import Context

    when = datetime(1970, 1, 1, tzinfo=UTC)
    for row in rows:
        when = moment(row.get("published"), zone, when)
        context = Context(str(row.get("parent") or ""), str(row.get("author") or ""))
        found = grouper.add(
            str(row["id"]), str(row.get("text") or ""), str(row.get("title") or ""), when, context=context
        )
        passed = {key: value for key, value in row.items() if key not in ("text", "title")}
        out = {**passed, "issue": found.issue, "score": round(found.score, 3), "reason": found.reason}
        yield {**out, "copy_of": found.copy_of} if found.copy_of else out


def settled(
    found: Iterator[Mapping[str, Any]], grouper: Grouper, zone: tzinfo
) -> Iterator[Mapping[str, Any]]:
    """The rows under the issues that they have in the end. A document that left the window keeps the issue it had then."""
    from nlp.corpus.consolidate import settle

    held = []
    due: datetime | None = None
    for row in found:
        held.append(dict(row))
        when = moment(row.get("published"), zone, datetime.min.replace(tzinfo=UTC))
        if due is None or when >= due:
            settle(grouper)
            due = when + PASS
            for one in held:
                one["issue"] = grouper.issue_of(str(one["id"])) or one["issue"]
    settle(grouper)
    for one in held:
        issue = grouper.issue_of(str(one["id"])) or grouper.resolve(one["issue"])
        yield {**one, "issue": issue}


def run(args: argparse.Namespace, settings: Settings) -> int:
    if args.window is not None and not args.window > 0:
        raise UsageError(f"--window is {args.window:g}; it takes a number of days above 0")
    from nlp.corpus.grouping import WINDOW, Grouper

    grouper = Grouper(WINDOW if args.window is None else timedelta(days=min(args.window, 36_500)))
    rows = progress(jsonl.rows(args.file, need=("id", "text")), "grouped")
    found = grouped(iter(rows), grouper, settings.zone)
    jsonl.write(settled(found, grouper, settings.zone) if args.late else found)
    return 0

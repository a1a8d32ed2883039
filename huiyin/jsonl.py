"""JSONL in and out: bounded lines, one-sentence errors, `-` for standard input and output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO

from huiyin.errors import HuiyinError, LimitExceeded, UsageError

LINE_LIMIT = 32_000_000
"""Longest line in characters; a longer one is refused, not cut."""


def rows(file: str | None, *, need: Iterable[str] = ()) -> Iterator[dict[str, Any]]:
    """Objects of a JSONL file (`-` or None: standard input), one at a time; blank lines are passed over.

    Raises UsageError (no such file), HuiyinError (a line that is no JSON object, or lacks a field in `need`), each naming
    the line. A byte that is no UTF-8 is read as U+FFFD, so that one bad character does not lose a file.
    """
    if file in (None, "-"):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        yield from _read(sys.stdin, "standard input", tuple(need))
        return
    path = Path(str(file))
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            yield from _read(stream, str(path), tuple(need))
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file") from error
    except (IsADirectoryError, PermissionError) as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error


def _read(stream: TextIO, name: str, need: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    number = 0
    while line := stream.readline(LINE_LIMIT + 1):
        number += 1
        if len(line) > LINE_LIMIT:
            raise LimitExceeded(f"{name}, line {number}: longer than {LINE_LIMIT:,} characters")
        if number == 1:
            line = line.removeprefix("\ufeff")
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise HuiyinError(f"{name}, line {number}: not JSON: {error}") from error
        if not isinstance(row, dict):
            raise HuiyinError(f"{name}, line {number}: not a JSON object")
        for field in need:
            if field not in row:
                raise HuiyinError(f"{name}, line {number}: the field {field!r} is missing")
        yield row


def text(value: Any) -> str:
    """A field as text: "" for null, a number as it is written. Rows of others are not always what they should be."""
    return value if isinstance(value, str) else "" if value is None else str(value)


def dump(row: Mapping[str, Any]) -> str:
    """One line of JSON, without the line feed. Lone surrogates are escaped: they cannot be written as UTF-8."""
    line = json.dumps(row, ensure_ascii=False, separators=(", ", ": "))
    try:
        line.encode()
    except UnicodeEncodeError:
        line = json.dumps(row, separators=(", ", ": "))
    return line


def write(output: Iterable[Mapping[str, Any]], stream: TextIO | None = None) -> int:
    """Write rows to a stream (standard output) and return how many."""
    target = stream or sys.stdout
    if target is sys.stdout:
        sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    count = 0
    for row in output:
        target.write(dump(row) + "\n")
        count += 1
    target.flush()
    return count

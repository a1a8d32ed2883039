"""JSONL, and JSON files that hold a list of objects (as MediaCrawler writes them)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from crawler.extraction.charset import decode
from crawler.importers import Row
from huiyin import jsonl
from huiyin.errors import HuiyinError
from huiyin.settings import Settings

SUFFIXES = (".jsonl", ".ndjson", ".json")
_LISTS = ("data", "rows", "items", "list", "records", "result", "results")


def read(path: Path, settings: Settings) -> Iterator[Row]:
    """Objects; places are lines of JSONL, positions in a list."""
    if path.suffix.lower() == ".json":
        text, _ = decode(path.read_bytes())
        if text.lstrip("\ufeff \t\r\n")[:1] == "[" or "\n{" not in text.strip():
            yield from _list(text, path.name)
            return
    for number, row in enumerate(jsonl.rows(str(path)), 1):
        yield f"第 {number} 行", row


def _list(text: str, name: str) -> Iterator[Row]:
    try:
        data: Any = json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise HuiyinError(f"{name}: not JSON: {error}") from error
    if isinstance(data, dict):
        data = next((data[key] for key in _LISTS if isinstance(data.get(key), list)), [data])
    if not isinstance(data, list):
        raise HuiyinError(f"{name}: holds {type(data).__name__}, not a list of objects")
    for number, row in enumerate(data, 1):
        if not isinstance(row, dict):
            raise HuiyinError(f"{name}, item {number}: not an object")
        yield f"第 {number} 条", row

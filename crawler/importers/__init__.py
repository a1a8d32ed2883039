"""Files that people bring: tables, JSON, web archives → Documents.

A reader is a file of this package with `SUFFIXES` and `read(path, settings) -> Iterator[(place, row)]`, found by its suffix;
a row is a dict of columns, `place` names it in messages (“第 7 行”). crawler/importers/columns.py says what columns mean.
"""

from __future__ import annotations

import pkgutil
import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from huiyin.errors import LimitExceeded, UsageError
from huiyin.settings import Settings

Row = tuple[str, dict[str, Any]]
Reader = Callable[[Path, Settings], Iterator[Row]]


def readers() -> dict[str, Reader]:
    """Suffix → reader, over all files of this package."""
    found: dict[str, Reader] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = import_module(f"{__name__}.{module.name}")
        for suffix in getattr(loaded, "SUFFIXES", ()):
            found[suffix] = loaded.read
    return found


def read_rows(path: Path, settings: Settings) -> Iterator[Row]:
    """Rows of a file by its suffix. Raises UsageError (no such file, unknown kind), LimitExceeded (too large)."""
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    size = path.stat().st_size
    if size > settings.upload_limit:
        raise LimitExceeded(
            f"{path.name} has {size:,} bytes; upload_limit allows {settings.upload_limit:,} (split the file or raise the setting)"
        )
    known = readers()
    suffix = next((s for s in sorted(known, key=len, reverse=True) if path.name.lower().endswith(s)), "")
    if not suffix:
        raise UsageError(
            f"{path.name}: this kind of file is not known; use one of {', '.join(sorted(known))}"
        )
    return known[suffix](path, settings)


def check_zip(path: Path, settings: Settings) -> None:
    """Refuse an archive that unpacks to more than ten times upload_limit or two hundred times its own size (zip bomb)."""
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(item.file_size for item in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError) as error:
        raise UsageError(f"{path.name}: damaged, or not of the kind its name says ({error})") from error
    most = min(10 * settings.upload_limit, max(200 * path.stat().st_size, 10_000_000))
    if total > most:
        raise LimitExceeded(f"{path.name} unpacks to {total:,} bytes; {most:,} are allowed for it")


def is_comment(row: Mapping[str, Any]) -> bool:
    """Is this a row of a MediaCrawler comment file: a comment's id beside the id of what it comments on."""
    return bool(row.get("comment_id")) and any(
        row.get(name) for name in ("note_id", "aweme_id", "content_id", "video_id")
    )

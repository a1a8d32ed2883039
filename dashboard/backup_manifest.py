"""The manifest beside backups: which were written, and what was erased since, so that a restore erases it again.

`huiyin-backups.jsonl` lies in each folder that holds backups, and in <home>; a line is {"backup": …} or {"erasure": …}.
It names no person: an erasure holds pseudonyms, ids of documents or a source and a date.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from huiyin.errors import UsageError
from huiyin.records import Erasure
from huiyin.settings import Settings

NAME = "huiyin-backups.jsonl"


def entry(row: Erasure) -> dict[str, Any]:
    """What the manifest keeps of an erasure."""
    return {"id": row.id, "at": row.at.isoformat(), "kind": row.kind, "subject": row.subject}


def note_backup(settings: Settings, file: Path, made: str, digest: str, erasures: Iterable[Erasure]) -> None:
    """Write down a new backup, here and beside it, with the erasures that its folder does not know yet."""
    line = {"backup": {"file": str(file.resolve()), "made": made, "sha256": digest}}
    known = {found["id"] for found in _lines(file.parent / NAME, "erasure")}
    missing = [{"erasure": entry(row)} for row in erasures if row.id not in known]
    _append(file.parent / NAME, [line, *missing])
    _append(settings.home_path / NAME, [line])


def note_erasure(settings: Settings, row: Erasure) -> list[str]:
    """Write down an erasure, here and beside every backup that we know of; the folders that could not be reached."""
    home = settings.home_path / NAME
    folders = {Path(found["file"]).parent for found in _lines(home, "backup")}
    _append(home, [{"erasure": entry(row)}])
    missed = []
    for folder in sorted(folders):
        if (folder / NAME) == home:
            continue
        try:
            if not folder.is_dir():
                raise FileNotFoundError(folder)
            _append(folder / NAME, [{"erasure": entry(row)}])
        except OSError:
            missed.append(str(folder))
    return missed


def erasures(*files: Path) -> list[dict[str, Any]]:
    """Erasures that the manifests know, each once, oldest first. Files that are not there count as empty."""
    found = {line["id"]: line for file in files for line in _lines(file, "erasure")}
    return sorted(found.values(), key=lambda line: (str(line["at"]), str(line["id"])))


def _lines(file: Path, kind: str) -> Iterator[dict[str, Any]]:
    if not file.exists():
        return
    for number, text in enumerate(file.read_text("utf-8").splitlines(), 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError as error:
            raise UsageError(
                f"{file}: line {number} is not JSON; put the file right before going on"
            ) from error
        if isinstance(line, dict) and isinstance(line.get(kind), dict):
            yield line[kind]


def _append(file: Path, lines: list[dict[str, Any]]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    torn = file.exists() and file.stat().st_size > 0 and not file.read_bytes().endswith(b"\n")
    with file.open("a", encoding="utf-8") as stream:
        stream.write("\n" if torn else "")
        stream.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        stream.flush()
        os.fsync(stream.fileno())
    file.chmod(0o600)

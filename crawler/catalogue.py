"""The catalogue: declarations of sources, found in crawler/sources/*.toml, and kept in step with the record.

A file is one source (its stem is the name) or a family: common values, and `[[source]]` tables that each add or change
some. docs/add-a-source.md tells the fields. A pasted source has its declaration in the record's `sources.declaration`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from crawler.declaration import SOURCE_KINDS, Declaration, as_table, parse
from huiyin.errors import NotFound, UsageError
from huiyin.records import Record
from huiyin.records import Source as SourceRow

__all__ = ["FOLDER", "SOURCE_KINDS", "Declaration", "as_table", "from_row", "load", "parse", "sync"]
FOLDER = Path(str(files("crawler"))) / "sources"


def load(folder: Path = FOLDER) -> dict[str, Declaration]:
    """All declarations by name. Raises UsageError for a bad file or a name that two files give."""
    found: dict[str, Declaration] = {}
    for file in sorted(folder.glob("*.toml")):
        for declaration in _read(file):
            if declaration.name in found:
                raise UsageError(f"{file.name}: the name {declaration.name} is taken by another file")
            found[declaration.name] = declaration
    return found


def _read(file: Path) -> Iterator[Declaration]:
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name}: not a TOML file: {error}") from error
    members = table.pop("source", None)
    if members is None:
        yield parse(file.stem, table)
        return
    for member in members:
        if "name" not in member:
            raise UsageError(f"{file.name}: a [[source]] has no name")
        merged: dict[str, Any] = {"family": file.stem, **table}
        for key, value in member.items():
            # Tables of a member add to the family's table; plain values replace it.
            merged[key] = (
                {**merged[key], **value}
                if isinstance(value, dict) and isinstance(merged.get(key), dict)
                else value
            )
        yield parse(str(member["name"]), merged)


def sync(record: Record, declarations: Mapping[str, Declaration]) -> None:
    """Give every declaration its row. What people decided (enabled, base address, retention) stays; all is off at first."""
    with record.session() as session:
        rows = {row.name: row for row in session.query(SourceRow)}
        for source in declarations.values():
            row = rows.get(source.name)
            if row is None:
                row = SourceRow(
                    name=source.name, enabled=False, interval_seconds=source.interval, retention_days=source.retention_days
                )  # fmt: skip
                session.add(row)
            row.title, row.kind, row.sample = source.title, source.kind, source.sample
            row.legal_basis, row.notes = source.legal_basis, source.notes


def from_row(row: SourceRow, declarations: Mapping[str, Declaration]) -> Declaration:
    """The declaration that a row stands for: the catalogue's with the row's variables, or the pasted one.

    Raises NotFound where neither exists (its file was removed).
    """
    kept = dict(row.declaration or {})
    known = declarations.get(row.name)
    if known is not None:
        variables = {**known.variables, **kept.get("variables", {})}
        return parse(row.name, {**as_table(known), "variables": variables})
    if not kept:
        raise NotFound(
            f"source {row.name} has neither a file in crawler/sources nor a declaration of its own"
        )
    table = {"title": row.title or row.name, "legal_basis": row.legal_basis, "notes": row.notes, **kept}
    table.pop("name", None)
    return parse(row.name, table)

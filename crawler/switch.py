"""People's decisions on sources: switch on, switch off, add a pasted one. Each is written to the audit chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from crawler import catalogue
from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import Record
from huiyin.records import Source as SourceRow
from huiyin.records.audit import append


def _row(session: Session, name: str) -> SourceRow:
    row = session.get(SourceRow, name)
    if row is None:
        raise NotFound(f"no source {name!r}; `huiyin source list` names them")
    return row


def enable(record: Record, name: str, *, by: str, base: str = "") -> SourceRow:
    """Switch a source on, due at once. `base`: what {base} in its addresses stands for. The decision is `by`'s.

    Raises NotFound, and UsageError where the source needs a base address that is not given.
    """
    declarations = catalogue.load()
    if base and urlsplit(base).scheme not in ("http", "https"):
        raise UsageError(f"base is {base!r}; it takes an http or https address")
    with record.session() as session:
        row = _row(session, name)
        if base:
            kept = dict(row.declaration or {})
            row.declaration = {**kept, "variables": {**kept.get("variables", {}), "base": base}}
        source = catalogue.from_row(row, declarations)
        if not source.sample:
            _ = source.addresses  # raises where the base address is missing
        row.enabled, row.next_run, row.decided_by = True, None, by
        if row.state == "blocked":
            row.state, row.state_reason = "new", ""
        append(session, by, "source.enable", f"source/{name}", {"base": base} if base else {})
        return row


def disable(record: Record, name: str, *, by: str, reason: str = "") -> SourceRow:
    """Switch a source off; its documents stay until their retention ends. Raises NotFound."""
    with record.session() as session:
        row = _row(session, name)
        row.enabled, row.next_run, row.decided_by = False, None, by
        row.state_reason = reason or row.state_reason
        append(session, by, "source.disable", f"source/{name}", {"reason": reason})
        return row


def add(record: Record, name: str, declaration: Mapping[str, Any], *, by: str) -> SourceRow:
    """Keep a pasted declaration as a source, switched off. Raises UsageError (invalid), Conflict (the name is taken)."""
    source = catalogue.parse(name, declaration)
    with record.session() as session:
        if session.get(SourceRow, name) is not None or name in catalogue.load():
            raise Conflict(f"the name {name} is taken; choose another")
        row = SourceRow(
            name=name, title=source.title, kind=source.kind, declaration=dict(declaration), legal_basis=source.legal_basis,
            notes=source.notes, interval_seconds=source.interval, retention_days=source.retention_days, enabled=False, decided_by=by,
        )  # fmt: skip
        session.add(row)
        append(session, by, "source.add", f"source/{name}", {"start": list(source.start)})
        return row

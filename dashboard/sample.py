"""The sample city in a running installation: serve it, switch its sources on, load its library, take it all away again."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from crawler import catalogue
from huiyin.errors import Unavailable
from huiyin.records import (
    Alert,
    Brief,
    DocumentRow,
    Draft,
    Issue,
    IssueDocument,
    Organisation,
    Policy,
    Preference,
    Quarantine,
    Record,
    Rumour,
    Source,
    Statement,
    Visit,
    utcnow,
)  # fmt: skip
from huiyin.records.audit import append
from huiyin.search import Index
from huiyin.settings import Settings

KEY = "sample"
LIFE = timedelta(days=2)
"""After so long the sample's clock is set anew at the next start, so that its three weeks end now again."""


def state(session: Session) -> dict[str, Any]:
    """{base, port, now} of the loaded sample; empty where there is none."""
    row = session.get(Preference, KEY)
    return dict(row.value) if row else {}


def start(record: Record, settings: Settings, *, wanted: bool | None) -> str:
    """Serve the sample where it is loaded or wanted, and load it the first time. Returns its address, or "".

    `wanted` None keeps what is; False serves nothing and loads nothing (what was loaded stays until it is removed).
    """
    from crawler.sample_city.server import serve
    from response_kits.sample import load_sample

    with record.session(write=False) as session:
        known = state(session)
        removed = session.get(Preference, "sample_removed") is not None
    if wanted is False or not (known or (wanted and not removed)):
        return ""
    now = datetime.fromisoformat(known["now"]) if known else utcnow()
    _server, base = _serve_on(serve, int(known.get("port", 0)), now)
    with record.session() as session:
        if not known:
            port = int(base.rsplit(":", 1)[1])
            session.add(Preference(name=KEY, value={"base": base, "port": port, "now": now.isoformat()}))
            append(session, "huiyin up", "load-sample", "sample")
    _install(record, base)
    if not known:
        load_sample(record, settings, now, base)
    return base


def _install(record: Record, base: str) -> None:
    """Give the sample's sources their address and switch on those that nobody switched off."""
    catalogue.sync(record, catalogue.load())
    with record.session() as session:
        for row in session.scalars(select(Source).where(Source.sample)):
            row.declaration = {**row.declaration, "variables": {"base": base}}
            row.enabled = row.enabled or row.decided_by == ""


def _serve_on(serve: Any, port: int, now: datetime) -> tuple[Any, str]:
    try:
        server, base = serve(port, now, live=True)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise Unavailable(
            f"port {port}, on which the sample city was crawled, is in use; end that program or use --no-sample"
        ) from error
    return server, base


def remove(record: Record, index: Index, by: str) -> int:
    """Take the sample away: documents, issues, library, sources. What is real stays. Returns the documents removed."""
    with record.session() as session:
        documents = list(session.scalars(select(DocumentRow.id).where(DocumentRow.sample)))
        names = list(session.scalars(select(Source.name).where(Source.sample)))
        session.execute(
            delete(IssueDocument).where(
                IssueDocument.document_id.in_(select(DocumentRow.id).where(DocumentRow.sample))
            )
        )
        session.execute(delete(DocumentRow).where(DocumentRow.sample))
        emptied = ~select(IssueDocument.document_id).where(IssueDocument.issue_id == Issue.id).exists()
        gone = list(session.scalars(select(Issue.id).where(Issue.sample, emptied)))
        left = select(Draft.id).where(Draft.issue_id.in_(gone))
        for draft in session.scalars(left).all():
            # What people typed into its drafts and did not save.
            session.execute(delete(Preference).where(Preference.name.startswith(f"autosave:{draft}:")))
        for table, column in (
            (Alert, Alert.issue_id),
            (Statement, Statement.issue_id),
            (Draft, Draft.issue_id),
            (Issue, Issue.id),
        ):
            for part in _parts(gone):
                session.execute(delete(table).where(column.in_(part)))
        for library in (Policy, Rumour, Organisation, Statement):
            session.execute(delete(library).where(library.sample))
        session.execute(delete(Visit).where(Visit.source.in_(names)))
        session.execute(delete(Quarantine).where(Quarantine.source.in_(names)))
        session.execute(delete(Source).where(Source.sample))
        session.execute(delete(Brief).where(Brief.state == "draft"))
        session.execute(
            delete(Preference).where(Preference.name.in_((KEY, "sample_answers", "sample_waiting")))
        )
        session.merge(Preference(name="sample_removed", value={"by": by}))
        append(session, by, "remove-sample", "sample", {"documents": len(documents), "issues": len(gone)})
    for part in _parts(documents):
        index.remove(part)
    return len(documents)


def loaded(session: Session) -> bool:
    """Whether any sample document or source is in the record (the banner)."""
    return bool(session.scalar(select(func.count()).select_from(Source).where(Source.sample)))


def _parts(values: Sequence[str], size: int = 500) -> list[Sequence[str]]:
    return [values[at : at + size] for at in range(0, len(values), size)]

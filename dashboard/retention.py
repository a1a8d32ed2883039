"""The job of the night: what is past its time goes, keys that are past theirs go, erasures that were interrupted are finished."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, select

from crawler.pseudonym import age_of_key, forget_old_keys, old_keys, rotate
from dashboard import erasure
from huiyin.records import (
    Access,
    DocumentRow,
    Fetch,
    IdempotencyKey,
    LoginSession,
    Quarantine,
    Record,
    Source,
    utcnow,
)
from huiyin.records.audit import append
from huiyin.search import open_index
from huiyin.settings import Settings

QUARANTINE_DAYS, RUNS_DAYS, PUSH_KEY_DAYS, COPY_DAYS = 30, 90, 7, 30
log = logging.getLogger("huiyin.retention")


def days_of(record: Record, settings: Settings) -> dict[str, int]:
    """Days for which each source's documents are kept: its own, else the setting. Every source that has documents is there."""
    with record.session(write=False) as session:
        named = {
            str(name): int(days or settings.retention_days)
            for name, days in session.execute(select(Source.name, Source.retention_days))
        }
        names = list(session.scalars(select(DocumentRow.source).distinct()))
    return dict.fromkeys(names, settings.retention_days) | named


def longest(kept: dict[str, int], settings: Settings) -> int:
    """Days after which no source may have a document left; `kept` as `days_of` gives it."""
    return max([settings.retention_days, *kept.values()])


def purge(settings: Settings, now: datetime | None = None) -> dict[str, int]:
    """Remove what is past its source's retention, from record and index; also what the system keeps for a while only."""
    record, index, now = Record.open(settings), open_index(settings), now or utcnow()
    try:
        removed = {"documents": 0, "quarantine": 0}
        erasure.resume(record, index)
        kept = days_of(record, settings)
        for name, days in sorted(kept.items()):
            before = now - timedelta(days=days)
            with record.session(write=False) as session:
                due = session.scalar(
                    select(func.count())
                    .select_from(DocumentRow)
                    .where(DocumentRow.source == name, DocumentRow.when < before)
                )
            if due:
                done, _ = erasure.erase(
                    record, index, settings, "age", erasure.by_source(name, before), by="purge"
                )
                removed["documents"] += int(done.counts["documents"])
        # Months that are past every source's retention go from the index as a whole: on Elasticsearch, by dropping their indices.
        index.drop_before(now - timedelta(days=longest(kept, settings)))
        removed |= _short_lived(record, settings, now)
        _keys(record, settings, now)
        _copies(settings, now)
        return removed
    finally:
        index.close()
        record.close()


def _short_lived(record: Record, settings: Settings, now: datetime) -> dict[str, int]:
    with record.session() as session:
        month = now - timedelta(days=QUARANTINE_DAYS)
        pages = int(session.execute(delete(Quarantine).where(Quarantine.fetched < month)).rowcount)  # type: ignore[attr-defined]
        looked = delete(Access).where(Access.at < now - timedelta(days=settings.access_log_days))
        accesses = int(session.execute(looked).rowcount)  # type: ignore[attr-defined]
        session.execute(delete(Fetch).where(Fetch.started < now - timedelta(days=RUNS_DAYS)))
        session.execute(delete(LoginSession).where(LoginSession.expires < now))
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < now - timedelta(days=PUSH_KEY_DAYS)))
        if pages or accesses:
            append(session, "purge", "purge", "retention", {"quarantine": pages, "accesses": accesses})
    return {"quarantine": pages, "accesses": accesses}


def _keys(record: Record, settings: Settings, now: datetime) -> None:
    """A new key of pseudonyms where the present one has had its time; the old one stays as long as documents made with it."""
    forgotten = forget_old_keys(settings, now.date())
    turned = 0 < settings.author_key_days <= age_of_key(settings, now).days
    if turned:
        rotate(settings, keep_until(record, settings, now))
    if forgotten or turned:
        with record.session() as session:
            append(
                session,
                "purge",
                "pseudonym-keys",
                "retention",
                {"changed": turned, "forgotten": forgotten, "kept": len(old_keys(settings))},
            )


def keep_until(record: Record, settings: Settings, now: datetime) -> date:
    """The last day on which documents with pseudonyms of the present key may be in the record."""
    days = longest(days_of(record, settings), settings)
    return (now + timedelta(days=days + 1)).date()


def _copies(settings: Settings, now: datetime) -> None:
    """Records that a restore put aside hold what has been erased since."""
    for file in settings.home_path.glob("*.before-restore"):
        if file.stat().st_mtime < (now - timedelta(days=COPY_DAYS)).timestamp():
            file.unlink(missing_ok=True)
            log.warning("%s was older than %d days and is gone", file.name, COPY_DAYS)

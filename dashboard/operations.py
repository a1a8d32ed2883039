"""Backup, restore and purge: each safe to repeat, each leaving the record whole whenever it is stopped."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from huiyin.errors import HuiyinError, UsageError
from huiyin.lock import only_one
from huiyin.records import (
    DocumentRow,
    Fetch,
    IdempotencyKey,
    Issue,
    IssueDocument,
    LoginSession,
    Quarantine,
    Record,
    Source,
    utcnow,
)
from huiyin.records.audit import append, verify
from huiyin.search import open_index
from huiyin.settings import Settings

FORMAT = 1
PART = 500


def backup(settings: Settings, target: Path) -> dict[str, int]:
    """Write a consistent copy of record and secrets to `target` (.tar.gz) while the system runs; counts of the copy.

    The file appears under its name only when it is complete. SQLite only: PostgreSQL has pg_dump, which the message names.
    """
    source = _sqlite_file(settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / "huiyin.db"
        with closing(sqlite3.connect(source)) as living, closing(sqlite3.connect(copy)) as kept:
            living.backup(kept, pages=2048)
        counts = _counts(copy)
        manifest = {"format": FORMAT, "made": utcnow().isoformat(), "sha256": _digest(copy), "counts": counts}
        (Path(folder) / "manifest.json").write_text(
            json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8"
        )
        written = Path(folder) / "backup.tar.gz"
        with gzip.open(written, "wb", 6) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            archive.add(Path(folder) / "manifest.json", "manifest.json")
            archive.add(copy, "huiyin.db")
            secrets = settings.home_path / "secrets"
            for file in sorted(secrets.glob("*")) if secrets.is_dir() else ():
                if file.name == "author.key":
                    continue  # without it nobody can match a pseudonym in a lost backup with a name
                archive.add(file, f"secrets/{file.name}")
        written.chmod(0o600)
        with written.open("rb") as done:
            os.fsync(done.fileno())
        os.replace(written, target)
    return counts


def restore(settings: Settings, file: Path) -> dict[str, int]:
    """Put a backup in place of the record and rebuild the index. The present record is kept beside it as *.before-restore.

    Raises UsageError for a file that is no backup, Unavailable while the system runs.
    """
    place = _sqlite_file(settings)
    with only_one(settings.home_path, "up"), only_one(settings.home_path, "work"), _unpacked(file) as folder:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        if _digest(folder / "huiyin.db") != manifest["sha256"]:
            raise HuiyinError(
                f"{file}: the copy of the record is damaged (its checksum differs); nothing was changed"
            )
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            with (
                closing(sqlite3.connect(place)) as old,
                closing(sqlite3.connect(f"{place}.before-restore")) as kept,
            ):
                old.backup(kept)
        with (
            closing(sqlite3.connect(folder / "huiyin.db")) as saved,
            closing(sqlite3.connect(place)) as record,
        ):
            saved.backup(record)
        for secret in (folder / "secrets").glob("*") if (folder / "secrets").is_dir() else ():
            goal = settings.home_path / "secrets" / secret.name
            goal.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(secret, goal)
            goal.chmod(0o600)
        counts = _counts(place)
    reindex(settings)
    return counts


def reindex(settings: Settings) -> int:
    """Rebuild the index from the record; returns the entries it has then."""
    from nlp.work import reindex as rebuild

    return rebuild(Record.open(settings), open_index(settings))


def purge(settings: Settings) -> dict[str, int]:
    """Remove what is past its source's retention, from record and index; also dead sessions and old push keys."""
    record, index, now = Record.open(settings), open_index(settings), utcnow()
    removed = {"documents": 0, "quarantine": 0}
    with record.session(write=False) as session:
        kept = {
            name: days or settings.retention_days
            for name, days in session.execute(select(Source.name, Source.retention_days))
        }
        names = list(session.scalars(select(DocumentRow.source).distinct()))
    for name in names:
        before = now - timedelta(days=kept.get(name, settings.retention_days))
        while True:
            with record.session() as session:
                old = list(
                    session.scalars(
                        select(DocumentRow.id)
                        .where(DocumentRow.source == name, DocumentRow.when < before)
                        .limit(PART)
                    )
                )
                session.execute(delete(IssueDocument).where(IssueDocument.document_id.in_(old)))
                session.execute(delete(DocumentRow).where(DocumentRow.id.in_(old)))
            if not old:
                break
            index.remove(old)
            removed["documents"] += len(old)
    with record.session() as session:
        month = now - timedelta(days=30)
        removed["quarantine"] = session.execute(delete(Quarantine).where(Quarantine.fetched < month)).rowcount  # type: ignore[attr-defined]
        session.execute(delete(Fetch).where(Fetch.started < now - timedelta(days=90)))
        session.execute(delete(LoginSession).where(LoginSession.expires < now))
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < now - timedelta(days=7)))
        if any(removed.values()):
            append(session, "purge", "purge", "retention", dict(removed))
    return removed


def _sqlite_file(settings: Settings) -> Path:
    from sqlalchemy.engine import make_url

    url = make_url(settings.database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UsageError(
            "this command copies a SQLite record; for PostgreSQL use pg_dump and pg_restore, then `huiyin reindex`"
        )
    return Path(url.database)


def _counts(file: Path) -> dict[str, int]:
    """Rows of the tables that matter, after a check of the whole file and of the audit chain."""
    import dataclasses

    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("PRAGMA quick_check").fetchone()[0]
        if found != "ok":
            raise HuiyinError(f"{file.name}: the database is damaged: {found}")
    record = Record.open(dataclasses.replace(Settings(), database=f"sqlite:///{file}"))
    with record.session(write=False) as session:
        audited, problem = verify(session)
        if problem:
            raise HuiyinError(f"{file.name}: the audit chain is broken after row {audited}: {problem}")
        documents = session.scalar(select(func.count()).select_from(DocumentRow)) or 0
        issues = session.scalar(select(func.count()).select_from(Issue)) or 0
    record.close()
    return {"documents": documents, "issues": issues, "audit": audited}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def _unpacked(file: Path) -> Iterator[Path]:
    try:
        with (
            tempfile.TemporaryDirectory(prefix="huiyin-restore-") as folder,
            tarfile.open(file, "r:gz") as archive,
        ):
            members = [
                m
                for m in archive.getmembers()
                if (m.isfile() and m.name in ("manifest.json", "huiyin.db")) or m.name.startswith("secrets/")
            ]
            archive.extractall(folder, members=members, filter="data")
            if not (Path(folder) / "manifest.json").exists() or not (Path(folder) / "huiyin.db").exists():
                raise UsageError(f"{file} is not a backup made by `huiyin backup`")
            yield Path(folder)
    except FileNotFoundError as error:
        raise UsageError(f"{file}: no such file") from error
    except (tarfile.TarError, gzip.BadGzipFile, EOFError) as error:
        raise UsageError(f"{file} is not a backup made by `huiyin backup`: {error}") from error

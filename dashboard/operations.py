"""Backup and restore: each safe to repeat, each leaving the record whole whenever it is stopped."""

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
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from dashboard import backup_manifest, erasure
from huiyin.errors import HuiyinError, UsageError
from huiyin.lock import only_one
from huiyin.records import DocumentRow, Erasure, Issue, Record, utcnow
from huiyin.records.audit import verify
from huiyin.search import open_index
from huiyin.settings import Settings

FORMAT = 1


def backup(settings: Settings, target: Path) -> dict[str, int]:
    """Write a consistent copy of record and secrets to `target` (.tar.gz) while the system runs; counts of the copy.

    The file appears under its name only when it is complete. SQLite only: PostgreSQL has pg_dump, which the message names.
    """
    source = _sqlite_file(settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    made = (
        utcnow().isoformat()
    )  # before the copy: what is erased while it is made is erased again by a restore
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / "huiyin.db"
        with closing(sqlite3.connect(source)) as living, closing(sqlite3.connect(copy)) as kept:
            living.backup(kept, pages=2048)
        counts = _counts(copy)
        manifest = {"format": FORMAT, "made": made, "sha256": _digest(copy), "counts": counts}
        (Path(folder) / "manifest.json").write_text(
            json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8"
        )
        written = Path(folder) / "backup.tar.gz"
        with gzip.open(written, "wb", 6) as stream, tarfile.open(fileobj=stream, mode="w") as archive:
            archive.add(Path(folder) / "manifest.json", "manifest.json")
            archive.add(copy, "huiyin.db")
            secrets = settings.home_path / "secrets"
            for file in sorted(secrets.glob("*")) if secrets.is_dir() else ():
                if file.name.startswith("author.key"):
                    continue  # without it nobody can match a pseudonym in a lost backup with a name
                archive.add(file, f"secrets/{file.name}")
        written.chmod(0o600)
        with written.open("rb") as done:
            os.fsync(done.fileno())
        os.replace(written, target)
    backup_manifest.note_backup(settings, target, made, str(manifest["sha256"]), _erasures(settings))
    return counts


def _erasures(settings: Settings) -> list[Erasure]:
    """What the living record knows to be erased; nothing where there is no record."""
    if not _sqlite_file(settings).exists():
        return []
    record = Record.open(settings)
    try:
        with record.session(write=False) as session:
            return list(session.scalars(select(Erasure).order_by(Erasure.at)))
    finally:
        record.close()


def restore(settings: Settings, file: Path) -> dict[str, int]:
    """Put a backup in place of the record and rebuild the index. The present record is kept beside it as *.before-restore.

    What was erased after the backup was made is erased again, as the present record and the manifests know it.
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
        known = [backup_manifest.entry(row) for row in _erasures(settings)]
        told = backup_manifest.erasures(
            settings.home_path / backup_manifest.NAME, file.parent / backup_manifest.NAME
        )
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
        erased = _erase_again(settings, [*known, *told], str(manifest["made"]))
        counts = _counts(place) | ({"erasures carried out again": erased} if erased else {})
    reindex(settings)
    return counts


def _erase_again(settings: Settings, entries: list[dict[str, Any]], made: str) -> int:
    once = {str(line["id"]): line for line in entries}
    record = Record.open(settings)
    try:
        erasure.resume(record, None)
        return erasure.again(record, sorted(once.values(), key=lambda line: str(line["at"])), after=made)
    finally:
        record.close()


def reindex(settings: Settings) -> int:
    """Rebuild the index from the record; returns the entries it has then."""
    from nlp.work import reindex as rebuild

    return rebuild(Record.open(settings), open_index(settings))


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

"""Keyed pseudonyms of authors: the same person of the same installation is the same word; nobody can turn it back.

HMAC-SHA-256 under a random key in `<home>/secrets/author.key` (mode 0600). Losing the key only means that old and new
posts of one author no longer meet; whoever has both key and record could test a guessed name, so backups leave it out.

Keys are changed now and then (`rotate`). The old key stays until a date that its file's name says, for one use: to find what
a person wrote when that person asks for erasure or to be left out. It makes no new pseudonyms, and after its date it is deleted;
from then on nobody can tell who stood behind the older words. Opt-outs have a key of their own that stays: who asked to be left
out stays left out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from huiyin.errors import Conflict, HuiyinError
from huiyin.settings import Settings

_MADE = re.compile(r"^u[0-9a-f]{16}$")
_OLD = re.compile(r"^author\.key\.until-(\d{4}-\d\d-\d\d)(?:\.\d+)?$")


class Pseudonyms:
    """`name(author)` → `u` and 16 hex digits, "" for nobody. A pseudonym stays as it is, so that storing twice is safe."""

    def __init__(self, key: bytes, old: tuple[bytes, ...] = (), opt_out: bytes = b"") -> None:
        self._key, self._old, self._opt_out = key, old, opt_out or key
        self._settings: Settings | None = None
        self._stamp: tuple[tuple[str, int], ...] = ()

    @classmethod
    def open(cls, settings: Settings, *, today: date | None = None) -> Pseudonyms:
        """Read the keys, or make them the first time. Raises HuiyinError where a file cannot be read or is too short."""
        folder = settings.home_path / "secrets"
        today = today or datetime.now(UTC).date()
        old = tuple(_read(file) for file, until in old_keys(settings) if until >= today)
        made = cls(_open(folder / "author.key"), old, _open(folder / "opt-out.key"))
        made._settings, made._stamp = settings, _stamp(folder)
        return made

    def fresh(self) -> Pseudonyms:
        """Itself, or the keys as they are now where somebody has changed them: processes run for weeks."""
        if self._settings is None or _stamp(self._settings.home_path / "secrets") == self._stamp:
            return self
        return Pseudonyms.open(self._settings)

    def name(self, author: str) -> str:
        author = author.strip()
        if not author or _MADE.match(author):
            return author
        return _hashed(self._key, "u", author)

    def names(self, author: str) -> tuple[str, ...]:
        """All pseudonyms under which the record may hold this author: by the present key, by old ones that are still kept."""
        author = author.strip()
        if not author or _MADE.match(author):
            return (author,) if author else ()
        return tuple(dict.fromkeys(_hashed(key, "u", author) for key in (self._key, *self._old)))

    def opt_out(self, author: str) -> str:
        """What stands for this author in the list of opt-outs, whatever key makes pseudonyms now."""
        author = author.strip()
        return author if _MADE.match(author) else _hashed(self._opt_out, "o", author)


def rotate(settings: Settings, keep_until: date) -> date:
    """Put a fresh key in the present one's place, and keep that until the end of `keep_until`. Returns that day.

    Raises Conflict where the key was changed less than a minute ago: two rotations at once are a mistake.
    """
    folder = settings.home_path / "secrets"
    file = folder / "author.key"
    _open(file)
    if datetime.now(UTC).timestamp() - file.stat().st_mtime < 60 and old_keys(settings):
        raise Conflict("the key of author pseudonyms was changed less than a minute ago; nothing was done")
    name, number = f"author.key.until-{keep_until.isoformat()}", 0
    while (folder / (f"{name}.{number}" if number else name)).exists():
        number += 1
    # The old key has its second name before the first is given away: killed at any moment, no key is lost.
    os.link(file, folder / (f"{name}.{number}" if number else name))
    draft = _draft(file)
    os.replace(draft, file)
    return keep_until


def age_of_key(settings: Settings, now: datetime) -> timedelta:
    """How long the present key has been in use."""
    file = settings.home_path / "secrets" / "author.key"
    if not file.exists():
        return timedelta(0)
    return now - datetime.fromtimestamp(file.stat().st_mtime, UTC)


def old_keys(settings: Settings) -> list[tuple[Path, date]]:
    """Files of old keys with the last day on which they may be used."""
    return list(_old_files(settings.home_path / "secrets"))


def forget_old_keys(settings: Settings, today: date) -> int:
    """Delete the keys whose day has passed; how many there were."""
    over = [file for file, until in old_keys(settings) if until < today]
    for file in over:
        file.unlink(missing_ok=True)
    return len(over)


def _old_files(folder: Path) -> Iterator[tuple[Path, date]]:
    for file in sorted(folder.glob("author.key.until-*")):
        if found := _OLD.match(file.name):
            yield file, date.fromisoformat(found[1])


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    files = [folder / "author.key", folder / "opt-out.key", *(file for file, _ in _old_files(folder))]
    return tuple((file.name, file.stat().st_mtime_ns) for file in files if file.exists())


def _hashed(key: bytes, mark: str, author: str) -> str:
    return mark + hmac.new(key, author.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]


def _open(file: Path) -> bytes:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not file.exists():
            _create(file)
    except OSError as error:
        raise HuiyinError(f"{file}: the key of author pseudonyms cannot be made ({error})") from error
    return _read(file)


def _read(file: Path) -> bytes:
    try:
        key = bytes.fromhex(file.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise HuiyinError(
            f"{file}: the key of author pseudonyms cannot be read ({error}); restore it or remove it to start anew"
        ) from error
    if len(key) < 32:
        raise HuiyinError(f"{file}: the key of author pseudonyms is {len(key)} bytes long, it needs 32")
    return key


def _create(file: Path) -> None:
    """Write a fresh key in one step: of two processes that start together one wins, both read the same."""
    draft = _draft(file)
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()


def _draft(file: Path) -> Path:
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return draft

"""Keyed pseudonyms of authors: the same person of the same installation is the same word; nobody can turn it back.

HMAC-SHA-256 under a random key in `<home>/secrets/author.key` (mode 0600). Losing the key only means that old and new
posts of one author no longer meet; whoever has both key and record could test a guessed name, so backups leave it out.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from huiyin.errors import HuiyinError
from huiyin.settings import Settings

_MADE = re.compile(r"^u[0-9a-f]{16}$")


class Pseudonyms:
    """`name(author)` → `u` and 16 hex digits, "" for nobody. A pseudonym stays as it is, so that storing twice is safe."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, settings: Settings) -> Pseudonyms:
        """Read the key, or make it the first time. Raises HuiyinError where the file cannot be read or is too short."""
        folder = settings.home_path / "secrets"
        file = folder / "author.key"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not file.exists():
                _create(file)
            key = bytes.fromhex(file.read_text("ascii").strip())
        except (OSError, ValueError) as error:
            raise HuiyinError(
                f"{file}: the key of author pseudonyms cannot be read ({error}); restore it or remove it to start anew"
            ) from error
        if len(key) < 32:
            raise HuiyinError(f"{file}: the key of author pseudonyms is {len(key)} bytes long, it needs 32")
        return cls(key)

    def name(self, author: str) -> str:
        author = author.strip()
        if not author or _MADE.match(author):
            return author
        return (
            "u"
            + hmac.new(self._key, author.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:16]
        )


def _create(file: Path) -> None:
    """Write a fresh key in one step: of two processes that start together one wins, both read the same."""
    draft = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, file)
        except FileExistsError:
            return
    finally:
        draft.unlink()

"""The key of this installation, and what is sealed under it. One file, made at the first need, readable by its owner only."""

from __future__ import annotations

import base64
import hmac
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from huiyin.errors import HuiyinError


def app_key(home: Path) -> bytes:
    """The 32 bytes of <home>/secrets/app.key; made where there are none."""
    file = home / "secrets" / "app.key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = file.with_suffix(f".{secrets.token_hex(4)}")
        temporary.touch(mode=0o600)
        temporary.write_bytes(secrets.token_bytes(32))
        try:
            # link() does not replace: two processes that start together agree on the first key.
            file.hardlink_to(temporary)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return file.read_bytes()


def keyed(home: Path, purpose: str, text: str) -> str:
    """Hex digest of `text` under a key of its own for each purpose."""
    return hmac.new(_derived(home, purpose), text.encode("utf-8", "replace"), "sha256").hexdigest()


def seal(home: Path, text: str) -> str:
    """`text` encrypted and signed, for a column of the record: a copy of the database alone does not open it."""
    return _box(home).encrypt(text.encode()).decode()


def unseal(home: Path, sealed: str) -> str:
    """What was sealed. Raises HuiyinError where the key is another one."""
    try:
        return _box(home).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise HuiyinError(
            "本机的密钥文件（secrets/app.key）与数据库不匹配，不能读取两步验证的密钥；请恢复备份中的密钥文件，或由管理员重置该账号。"
        ) from error


def _derived(home: Path, purpose: str) -> bytes:
    return hmac.new(app_key(home), b"huiyin:" + purpose.encode(), "sha256").digest()


def _box(home: Path) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_derived(home, "seal")))

"""Tokens of the API: made, found, revoked; what each may do; how often it may ask."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.limits import Limiter
from huiyin.errors import NotFound, UsageError
from huiyin.records import Token, User, utcnow
from huiyin.records.audit import append

__all__ = ["SCOPES", "Limiter", "digest", "find", "make", "revoke", "stale"]

SCOPES = {
    "read": "读取文档、事件、预警",
    "write": "确认预警、标为误报",
    "push": "推送文档",
    "calendar": "订阅时限日历（令牌可写在地址中，只给日历程序）",
}
PREFIX = "hy_"
MOST = 100
"""Live tokens of an installation; more than that is a mistake."""
USED_EVERY = timedelta(minutes=5)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def make(session: Session, name: str, scopes: Collection[str], *, user: str, by: str) -> str:
    """Make a token for `user` and return its secret, of which only the hash is kept. Raises UsageError, NotFound."""
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise UsageError("请给令牌起一个 60 字以内的名字，说明由哪个系统使用。")
    if not scopes or set(scopes) - set(SCOPES):
        raise UsageError(f"请至少选择一项权限：{'、'.join(SCOPES)}。")
    if "calendar" in scopes and len(set(scopes)) > 1:
        # Its secret stands in addresses, which proxies and calendars write down.
        raise UsageError("日历订阅的令牌会写在地址中，只能单独使用；请为其他权限另建令牌。")
    if session.get(User, user) is None:
        raise NotFound("没有这个账号。")
    alive = session.scalar(select(func.count()).select_from(Token).where(Token.revoked.is_(False))) or 0
    if alive >= MOST:
        raise UsageError(f"有效的令牌已有 {MOST} 个；请先停用不再使用的。")
    secret = f"{PREFIX}{secrets.token_urlsafe(32)}"
    token = Token(id=digest(secret), name=name, user=user, scopes=[s for s in SCOPES if s in scopes])
    session.add(token)
    append(
        session,
        by,
        "make-token",
        f"token:{token.id[:12]}",
        {"name": name, "scopes": token.scopes, "user": user},
    )
    return secret


def revoke(session: Session, token_id: str, *, by: str) -> None:
    """End a token at once. Again: no change. Raises NotFound."""
    token = session.get(Token, token_id)
    if token is None:
        raise NotFound("没有这个令牌；请刷新页面。")
    if not token.revoked:
        token.revoked = True
        append(session, by, "revoke-token", f"token:{token.id[:12]}", {"name": token.name})


def find(session: Session, secret: str) -> tuple[Token, User] | None:
    """The live token with its owner; None where it is unknown, revoked, or its owner is disabled."""
    if not secret.startswith(PREFIX) or len(secret) > 200:
        return None
    token = session.get(Token, digest(secret))
    owner = session.get(User, token.user) if token is not None and not token.revoked else None
    return (token, owner) if token is not None and owner is not None and owner.enabled else None


def stale(token: Token) -> bool:
    """Whether `used` should be written again; not at every request, each of which would take the write lock."""
    return token.used is None or utcnow() - token.used > USED_EVERY

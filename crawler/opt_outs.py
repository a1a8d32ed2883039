"""Who asked to be left out: authors, pages, sites. The intake stores nothing of them and drops their comments."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawler.addresses import canonical
from crawler.pseudonym import Pseudonyms
from huiyin.document import Comment, Document
from huiyin.errors import NotFound, UsageError
from huiyin.records import OptOut, utcnow
from huiyin.records.audit import append
from huiyin.records.privacy import OPT_OUT_KINDS


@dataclass(frozen=True, slots=True)
class OptOuts:
    """The list as sets, read once for a batch. Empty sets cost nothing."""

    authors: Collection[str] = frozenset()
    urls: Collection[str] = frozenset()
    sites: Collection[str] = frozenset()

    @classmethod
    def load(cls, session: Session) -> OptOuts:
        rows = session.execute(select(OptOut.kind, OptOut.value).where(OptOut.ended.is_(None))).all()
        by = {kind: frozenset(value for k, value in rows if k == kind) for kind in OPT_OUT_KINDS}
        return cls(by["author"], by["url"], by["site"])

    def refuse(self, document: Document, names: Pseudonyms) -> bool:
        """Whether nothing of this document may be stored. Asked before pseudonyms are made."""
        if self.authors and document.author and self._author(document.author, names):
            return True
        if not document.url or not (self.urls or self.sites):
            return False
        if self.urls and url_value(document.url) in self.urls:
            return True
        host = site_of(document.url)
        return any(host == site or host.endswith(f".{site}") for site in self.sites)

    def keeps(self, comment: Comment, names: Pseudonyms) -> bool:
        """Whether a comment under a document may be stored."""
        return not (self.authors and comment.author and self._author(comment.author, names))

    def _author(self, author: str, names: Pseudonyms) -> bool:
        return names.opt_out(author) in self.authors or any(
            name in self.authors for name in names.names(author)
        )


def site_of(address: str) -> str:
    """Host of an address or of a bare host name, lower case, without www."""
    try:
        host = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    except ValueError:
        return ""
    return host.lower().rstrip(".").removeprefix("www.")


def url_value(address: str) -> str:
    """What stands for a page in the list: its canonical address, a hash where that is longer than the column."""
    plain = canonical(address)
    return (
        plain
        if len(plain) <= 1000
        else "sha256:" + hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
    )


def value_of(kind: str, given: str, names: Pseudonyms) -> str:
    """What the list keeps of what a person typed. Raises UsageError."""
    given = given.strip()
    if kind not in OPT_OUT_KINDS:
        raise UsageError(f"opt-outs are of an author, a url or a site, not {kind!r}")
    if kind == "author":
        value = names.opt_out(given) if given and len(given) <= 200 else ""
    elif kind == "url":
        value = url_value(given) if given.startswith(("http://", "https://")) and len(given) <= 5000 else ""
    else:
        value = site_of(given) if "." in given and len(given) <= 300 else ""
    if not value:
        raise UsageError(
            f"“{given[:60]}”不能作为{OPT_OUT_KINDS[kind]}识别；网页请填写完整地址，网站请填写域名。"
        )
    return value


def add(session: Session, kind: str, given: str, names: Pseudonyms, *, reason: str, by: str) -> OptOut:
    """Put on the list. Again: no change; one that was ended is taken up again. Raises UsageError."""
    value = value_of(kind, given, names)
    row = session.scalars(select(OptOut).where(OptOut.kind == kind, OptOut.value == value)).first()
    if row is not None and row.ended is None:
        return row
    if row is None:
        row = OptOut(kind=kind, value=value)
        session.add(row)
    row.reason, row.by, row.at, row.ended, row.ended_by = reason, by, utcnow(), None, ""
    session.flush()
    append(session, by, "opt-out", f"opt-out:{row.id}", {"kind": kind})
    return row


def end(session: Session, number: int, *, by: str) -> None:
    """Take off the list. Again: no change. Raises NotFound."""
    row = session.get(OptOut, number)
    if row is None:
        raise NotFound("名单中没有这一项；请刷新页面。")
    if row.ended is None:
        row.ended, row.ended_by = utcnow(), by
        append(session, by, "opt-out-end", f"opt-out:{row.id}", {"kind": row.kind})

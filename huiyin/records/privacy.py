"""Tables of the duties towards people who are heard: opt-outs, impact assessments, erasures, and who looked at what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from huiyin.records.base import Base, key, utcnow

OPT_OUT_KINDS = {"author": "作者", "url": "网页", "site": "网站"}
RISKS = {"low": "低", "medium": "中", "high": "高"}
ERASURE_KINDS = {
    "age": "到期清除", "source": "按来源删除", "author": "按作者删除", "url": "按网址删除", "documents": "按条目删除",
}  # fmt: skip


class OptOut(Base):
    """Who asked to be left out: the intake stores nothing of it while `ended` is empty.

    `value`: of an author a keyed hash (never the name), of a page its canonical address or a hash of a longer one, of a site its
    host; hosts below it count as well.
    """

    __tablename__ = "opt_outs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(key(8))
    value: Mapped[str] = mapped_column(key(1024))
    reason: Mapped[str] = mapped_column(default="")
    by: Mapped[str] = mapped_column(key(), default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)
    ended: Mapped[datetime | None] = mapped_column(default=None)
    ended_by: Mapped[str] = mapped_column(key(), default="")
    __table_args__ = (UniqueConstraint("kind", "value"),)


class Impact(Base):
    """One record of a personal information protection impact assessment (个人信息保护法第五十五、五十六条)."""

    __tablename__ = "impacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    scope: Mapped[str] = mapped_column(default="")  # names of sources, or what processing it is about
    purpose: Mapped[str] = mapped_column(default="")
    data_kinds: Mapped[str] = mapped_column(default="")
    legal_basis: Mapped[str] = mapped_column(default="")
    necessity: Mapped[str] = mapped_column(default="")
    risks: Mapped[str] = mapped_column(default="")
    measures: Mapped[str] = mapped_column(default="")
    risk: Mapped[str] = mapped_column(key(8), default="medium")
    by: Mapped[str] = mapped_column(key(), default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)
    approved_by: Mapped[str] = mapped_column(key(), default="")
    approved_at: Mapped[datetime | None] = mapped_column(default=None)
    review_due: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class Access(Base):
    """A person saw or took out what may hold personal data: a document, a list of them, an export, a quarantined page."""

    __tablename__ = "accesses"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    by: Mapped[str] = mapped_column(key(), index=True)
    act: Mapped[str] = mapped_column(key(16))  # view | export | api
    thing: Mapped[str] = mapped_column(key(128), index=True)
    request: Mapped[str] = mapped_column(key(), default="")


class Erasure(Base):
    """Something was erased: enough to do it again on a restored backup, and nothing that names a person.

    `subject`: of `age` and `source` {"source", "before"}, of `author` {"pseudonyms"}, of `url` and `documents` {"ids"}.
    """

    __tablename__ = "erasures"

    id: Mapped[str] = mapped_column(key(), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    by: Mapped[str] = mapped_column(key(), default="")
    kind: Mapped[str] = mapped_column(key(16))
    subject: Mapped[dict[str, Any]] = mapped_column(default=dict)
    reason: Mapped[str] = mapped_column(default="")
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)

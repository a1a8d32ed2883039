"""Tables of answering: policies, rumours, facts, drafts with versions and sign-off, statements, clocks, briefs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from huiyin.records.base import Base, key, utcnow


class Policy(Base):
    """A policy document with issuing body, number, date and status in force."""

    __tablename__ = "policies"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str] = mapped_column(default="")  # issuing body (发文机关)
    number: Mapped[str] = mapped_column(key(128), default="", index=True)  # normalised document number
    dated: Mapped[str] = mapped_column(key(10), default="")  # ISO date of issue
    effective: Mapped[str] = mapped_column(key(10), default="")
    status: Mapped[str] = mapped_column(
        key(16), default="in_force"
    )  # in_force | amended | repealed | replaced | unknown
    status_note: Mapped[str] = mapped_column(default="")
    replaced_by: Mapped[int | None] = mapped_column(default=None)
    interprets: Mapped[int | None] = mapped_column(default=None)  # a 解读 of that policy
    url: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    content_hash: Mapped[str] = mapped_column(key(), unique=True)
    added: Mapped[datetime] = mapped_column(default=utcnow)
    sample: Mapped[bool] = mapped_column(default=False)
    clauses: Mapped[list[Clause]] = relationship(
        back_populates="policy", order_by="Clause.order", cascade="all, delete-orphan"
    )


class Clause(Base):
    """One citable passage of a policy: `path` such as 第五条 or 二（三）."""

    __tablename__ = "clauses"

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies.id", ondelete="CASCADE"), index=True)
    order: Mapped[int] = mapped_column("position")
    path: Mapped[str]
    heading: Mapped[str] = mapped_column(default="")
    text: Mapped[str]
    start: Mapped[int] = mapped_column(default=0)
    end: Mapped[int] = mapped_column("stop", default=0)
    policy: Mapped[Policy] = relationship(back_populates="clauses")


class Rumour(Base):
    """A false (or not yet judged) claim with its rebuttal."""

    __tablename__ = "rumours"

    id: Mapped[int] = mapped_column(primary_key=True)
    claim: Mapped[str]
    variants: Mapped[list[Any]] = mapped_column(default=list)
    verdict: Mapped[str] = mapped_column(key(16), default="待核")  # 属实 | 部分属实 | 不实 | 待核
    rebuttal: Mapped[str] = mapped_column(default="")
    sources: Mapped[list[Any]] = mapped_column(default=list)  # [{title, url}]
    state: Mapped[str] = mapped_column(key(16), default="draft")  # draft | published | paused | withdrawn
    issue_id: Mapped[str] = mapped_column(key(), default="", index=True)
    first: Mapped[datetime] = mapped_column(default=utcnow)
    published: Mapped[datetime | None] = mapped_column(default=None)
    by: Mapped[str] = mapped_column(default="")
    packets: Mapped[list[Any]] = mapped_column(
        default=list
    )  # frozen hand-over packets [{at, by, to, hash, …}]
    sample: Mapped[bool] = mapped_column(default=False)


class RumourMatch(Base):
    """An incoming post that says what a known rumour says."""

    __tablename__ = "rumour_matches"

    id: Mapped[int] = mapped_column(primary_key=True)
    rumour_id: Mapped[int] = mapped_column(ForeignKey("rumours.id", ondelete="CASCADE"), index=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    score: Mapped[float]
    decision: Mapped[str] = mapped_column(key(16))  # auto | suggest | confirmed | rejected
    at: Mapped[datetime] = mapped_column(default=utcnow)
    when: Mapped[datetime] = mapped_column("occurred")
    __table_args__ = (UniqueConstraint("rumour_id", "document_id"),)


class Fact(Base):
    """A verified (or not yet verified) fact: the only thing, beside cited passages, that a draft may state."""

    __tablename__ = "facts"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[str] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    slot: Mapped[str] = mapped_column(
        key(32), default=""
    )  # what it answers: time, place, deaths, injured, cause, measure …
    text: Mapped[str]  # the fact as a sentence
    value: Mapped[str] = mapped_column(default="")
    unit: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")  # who says so: report, document, department
    source_url: Mapped[str] = mapped_column(default="")
    document_id: Mapped[str] = mapped_column(key(), default="")
    span: Mapped[list[Any]] = mapped_column(default=list)  # [start, end] in the source document's text
    as_of: Mapped[datetime | None] = mapped_column(default=None)  # 截至时间
    state: Mapped[str] = mapped_column(
        key(16), default="unverified"
    )  # unverified | verified | superseded | withdrawn
    verified_by: Mapped[str] = mapped_column(default="")
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
    replaces: Mapped[int | None] = mapped_column(default=None)
    entered_by: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)


class Draft(Base):
    """A text of one kind for one issue, on its way from draft to published (response_kits/workflow)."""

    __tablename__ = "drafts"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[str] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(
        key(32)
    )  # notice | rebuttal | interpretation | press | reply | report …
    title: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    bindings: Mapped[list[Any]] = mapped_column(
        default=list
    )  # [{start, end, facts:[id], clauses:[id]}] of the current text
    state: Mapped[str] = mapped_column(key(24), default="draft", index=True)
    author: Mapped[str] = mapped_column(key(), default="")
    level: Mapped[int] = mapped_column(default=0)  # level of the issue when the draft was sent for review
    version: Mapped[int] = mapped_column(default=1)  # optimistic lock: a save names the version it changes
    checks: Mapped[dict[str, Any]] = mapped_column(default=dict)  # last report of the gates on this version
    gaps: Mapped[list[Any]] = mapped_column(default=list)  # facts still to be collected
    about: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # what it was built from: {rumour, policy, next_update, part_of …}
    made: Mapped[datetime] = mapped_column(default=utcnow)
    changed: Mapped[datetime] = mapped_column(default=utcnow)
    published: Mapped[datetime | None] = mapped_column(default=None)
    published_url: Mapped[str] = mapped_column(default="")
    sample: Mapped[bool] = mapped_column(default=False)


class DraftVersion(Base):
    """Every saved text of a draft."""

    __tablename__ = "draft_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    title: Mapped[str] = mapped_column(default="")
    text: Mapped[str]
    bindings: Mapped[list[Any]] = mapped_column(default=list)
    by: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)
    note: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("draft_id", "version"),)


class Signoff(Base):
    """One act in the sign-off of a draft: sent, approved, returned, published, withdrawn."""

    __tablename__ = "signoffs"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    version: Mapped[int]
    move: Mapped[str] = mapped_column(key(32))
    before: Mapped[str] = mapped_column(key(24))
    after: Mapped[str] = mapped_column(key(24))
    by: Mapped[str] = mapped_column(key())
    role: Mapped[str] = mapped_column(key(16))
    at: Mapped[datetime] = mapped_column(default=utcnow)
    reason: Mapped[str] = mapped_column(default="")


class Remark(Base):
    """A comment on a draft, or the answer of a consulted body (会商)."""

    __tablename__ = "remarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int] = mapped_column(ForeignKey("drafts.id", ondelete="CASCADE"), index=True)
    by: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)
    text: Mapped[str]
    span: Mapped[list[Any]] = mapped_column(default=list)
    resolved: Mapped[bool] = mapped_column(default=False)


class Statement(Base):
    """A text that we (or a superior body) published; figures and promises in it are kept beside."""

    __tablename__ = "statements"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft_id: Mapped[int | None] = mapped_column(default=None, index=True)
    issue_id: Mapped[str] = mapped_column(key(), default="", index=True)
    body: Mapped[str] = mapped_column(default="")  # who published it
    title: Mapped[str]
    text: Mapped[str]
    url: Mapped[str] = mapped_column(default="")
    published: Mapped[datetime] = mapped_column(default=utcnow)
    state: Mapped[str] = mapped_column(key(16), default="standing")  # standing | corrected | withdrawn
    figures: Mapped[list[Any]] = mapped_column(default=list)
    sample: Mapped[bool] = mapped_column(default=False)


class Promise(Base):
    """What a statement promised, with its due date; comes back as a task."""

    __tablename__ = "promises"

    id: Mapped[int] = mapped_column(primary_key=True)
    statement_id: Mapped[int] = mapped_column(ForeignKey("statements.id", ondelete="CASCADE"), index=True)
    issue_id: Mapped[str] = mapped_column(key(), default="", index=True)
    text: Mapped[str]
    due: Mapped[datetime | None] = mapped_column(default=None, index=True)
    kept: Mapped[datetime | None] = mapped_column(default=None)
    note: Mapped[str] = mapped_column(default="")


class Clock(Base):
    """A statutory limit on an issue (RULES 1): start, due, state, and the act that met it."""

    __tablename__ = "clocks"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[str] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    rule: Mapped[str] = mapped_column(key(32))  # key of the row in huiyin/rules/clocks.toml
    start: Mapped[datetime]
    due: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(key(16), default="running")  # running | met | missed | paused
    met_at: Mapped[datetime | None] = mapped_column(default=None)
    met_by: Mapped[str] = mapped_column(default="")  # the act: draft, statement or note
    paused_by: Mapped[str] = mapped_column(default="")
    paused_at: Mapped[datetime | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("issue_id", "rule"),)


class Brief(Base):
    """A brief with its figures frozen as they were when it was made."""

    __tablename__ = "briefs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(key(16), default="weekly")  # daily | weekly | special | yearly
    period: Mapped[str] = mapped_column(key(16), index=True)  # 2026-W47, 2026-11-24, 2026
    subject: Mapped[str] = mapped_column(key(), default="")  # the issue of a special report
    title: Mapped[str]
    model: Mapped[dict[str, Any]] = mapped_column(default=dict)  # everything the three formats are made from
    state: Mapped[str] = mapped_column(key(16), default="draft")  # draft | signed
    by: Mapped[str] = mapped_column(default="")
    signed_by: Mapped[str] = mapped_column(default="")
    signed_at: Mapped[datetime | None] = mapped_column(default=None, index=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    version: Mapped[int] = mapped_column(default=1)


class BriefDelivery(Base):
    """A signed brief on its way to one address. The row is on disk before the mail goes, so nothing goes twice: where the
    program ended in between, the state stays `sending`, and a person decides."""

    __tablename__ = "brief_deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    brief_id: Mapped[int] = mapped_column(ForeignKey("briefs.id", ondelete="CASCADE"), index=True)
    address: Mapped[str] = mapped_column(key(320))
    state: Mapped[str] = mapped_column(key(16), default="sending")  # sending | sent | failed
    attempts: Mapped[int] = mapped_column(default=1)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    error: Mapped[str] = mapped_column(default="")
    __table_args__ = (UniqueConstraint("brief_id", "address"),)

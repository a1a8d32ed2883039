"""Tables of what is collected: sources, fetches, documents, analyses, quarantine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from huiyin.records.base import Base, key, utcnow


class Source(Base):
    """A source as this installation uses it; its declaration lies in crawler/sources/ or, where pasted, in `declaration`."""

    __tablename__ = "sources"

    name: Mapped[str] = mapped_column(key(), primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(key(), default="site")  # feed | site | api | hot | import | push …
    declaration: Mapped[dict[str, Any]] = mapped_column(default=dict)
    enabled: Mapped[bool] = mapped_column(default=False)
    sample: Mapped[bool] = mapped_column(default=False)
    legal_basis: Mapped[str] = mapped_column(default="")
    notes: Mapped[str] = mapped_column(default="")
    retention_days: Mapped[int | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(key(), default="new")
    # new | ok | unchanged | empty | filtered | duplicate | broken | blocked
    state_reason: Mapped[str] = mapped_column(default="")
    interval_seconds: Mapped[int] = mapped_column(default=900)
    next_run: Mapped[datetime | None] = mapped_column(default=None, index=True)
    last_run: Mapped[datetime | None] = mapped_column(default=None)
    last_new: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[str] = mapped_column(default="")


class Fetch(Base):
    """One crawl run of one source: what came of it, as counts and as one of the states."""

    __tablename__ = "fetches"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("sources.name", ondelete="CASCADE"), index=True)
    started: Mapped[datetime] = mapped_column(default=utcnow)
    finished: Mapped[datetime | None] = mapped_column(default=None)
    state: Mapped[str] = mapped_column(key(), default="running")
    fetched: Mapped[int] = mapped_column(default=0)
    new: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    filtered: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    broken: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
    __table_args__ = (Index("ix_fetches_source_started", "source", "started"),)


class Visit(Base):
    """What we remember of an address for conditional requests and against fetching an article twice."""

    __tablename__ = "visits"

    url: Mapped[str] = mapped_column(key(1024), primary_key=True)
    source: Mapped[str] = mapped_column(key(), index=True)
    etag: Mapped[str] = mapped_column(default="")
    last_modified: Mapped[str] = mapped_column(default="")
    content_hash: Mapped[str] = mapped_column(key(), default="")
    status: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    fetched: Mapped[datetime] = mapped_column(default=utcnow)


class Quarantine(Base):
    """A page that could not be read as its source promised; kept until it is replayed or dismissed."""

    __tablename__ = "quarantine"

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(key(), index=True)
    url: Mapped[str]
    reason: Mapped[str]
    selector: Mapped[str] = mapped_column(default="")
    content_type: Mapped[str] = mapped_column(default="")
    body: Mapped[bytes] = mapped_column(LargeBinary)
    fetched: Mapped[datetime] = mapped_column(default=utcnow)
    replayed: Mapped[datetime | None] = mapped_column(default=None)


class DocumentRow(Base):
    """A collected text. `state` says what is pending: stored → analysed → grouped; `indexed` lags and is rebuildable."""

    __tablename__ = "documents"

    id: Mapped[str] = mapped_column(key(), primary_key=True)
    source: Mapped[str] = mapped_column(key(), index=True)
    kind: Mapped[str] = mapped_column(key(16), default="other")
    url: Mapped[str] = mapped_column(default="")
    title: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    author: Mapped[str] = mapped_column(key(), default="", index=True)
    origin: Mapped[str] = mapped_column(default="")
    province: Mapped[str] = mapped_column(default="")
    published: Mapped[datetime | None] = mapped_column(default=None)
    fetched: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    when: Mapped[datetime] = mapped_column(
        "occurred", index=True
    )  # published, else fetched: the time to order by
    parent: Mapped[str] = mapped_column(key(), default="", index=True)
    likes: Mapped[int] = mapped_column(default=0)
    reposts: Mapped[int] = mapped_column(default=0)
    replies: Mapped[int] = mapped_column(default=0)
    comments: Mapped[list[Any]] = mapped_column(default=list)  # [{text, published, author, kind}]
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sample: Mapped[bool] = mapped_column(default=False, index=True)
    content_hash: Mapped[str] = mapped_column(key(), default="", index=True)
    duplicate_of: Mapped[str] = mapped_column(
        key(), default="", index=True
    )  # first of its near-duplicates; "" for the first
    version: Mapped[int] = mapped_column(default=1)  # goes up where the page's text changed
    state: Mapped[str] = mapped_column(key(16), default="stored")
    claimed_by: Mapped[str] = mapped_column(key(), default="")
    claimed_until: Mapped[datetime | None] = mapped_column(default=None)
    indexed: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    analysis: Mapped[AnalysisRow | None] = relationship(
        back_populates="document", cascade="all, delete-orphan", passive_deletes=True
    )
    __table_args__ = (
        Index("ix_documents_state_occurred", "state", "occurred"),
        Index("ix_documents_indexed_occurred", "indexed", "occurred"),
        Index("ix_documents_source_occurred", "source", "occurred"),
    )


class AnalysisRow(Base):
    """What nlp said of a document (Analysis.as_dict in `data`), with the columns that lists filter by."""

    __tablename__ = "analyses"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    topic: Mapped[str] = mapped_column(key(32), index=True)
    sentiment: Mapped[int] = mapped_column(default=0)
    urgency: Mapped[int] = mapped_column(default=0, index=True)
    respond: Mapped[bool] = mapped_column(default=False)
    rumour_score: Mapped[float] = mapped_column(default=0.0)
    place: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(
        default=""
    )  # segmented, normalised, joined by spaces: what both engines index
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    model: Mapped[str] = mapped_column(key(), default="")
    made: Mapped[datetime] = mapped_column(default=utcnow)
    document: Mapped[DocumentRow] = relationship(back_populates="analysis")


class Correction(Base):
    """An analyst's correction of a label; `huiyin train` uses it."""

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(key(), index=True)
    field: Mapped[str] = mapped_column(key(32))
    old: Mapped[str] = mapped_column(default="")
    new: Mapped[str] = mapped_column(default="")
    by: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)

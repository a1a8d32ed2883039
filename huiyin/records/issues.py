"""Tables of issues: membership, level history, life and log, alerts, people's constraints on grouping."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from huiyin.records.base import Base, key, utcnow

ISSUE_STATES = {
    "new": "新发现", "triaged": "已研判", "assigned": "已分派", "responding": "回应中", "answered": "已回应",
    "watching": "持续关注", "closed": "已办结", "not_ours": "非本地事项", "false_alarm": "误报",
}  # fmt: skip


OPEN_STATES = tuple(state for state in ISSUE_STATES if state not in ("closed", "not_ours", "false_alarm"))
"""States of an issue that somebody may still have to act on."""


class Issue(Base):
    """One concrete happening or claim. The id never changes; a merged issue leaves `merged_into`."""

    __tablename__ = "issues"

    id: Mapped[str] = mapped_column(key(), primary_key=True)
    title: Mapped[str] = mapped_column(default="")
    summary: Mapped[str] = mapped_column(default="")
    topic: Mapped[str] = mapped_column(key(32), default="other", index=True)
    place: Mapped[str] = mapped_column(default="")
    unit: Mapped[str] = mapped_column(default="")  # who answers first (责任主体)
    keywords: Mapped[list[Any]] = mapped_column(default=list)
    concerns: Mapped[list[Any]] = mapped_column(
        default=list
    )  # [{question, kind, count, examples:[{document, text}]}]
    timeline: Mapped[list[Any]] = mapped_column(default=list)  # [{at, kind, text, document}]
    must_answer: Mapped[list[Any]] = mapped_column(default=list)  # [{kind, reason}]
    hourly: Mapped[list[Any]] = mapped_column(
        default=list
    )  # counts of the last 72 hours, oldest first, for the sparkline
    first: Mapped[datetime] = mapped_column(default=utcnow)
    last: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    seen: Mapped[datetime] = mapped_column(default=utcnow)  # when the monitor first knew of it
    reported: Mapped[datetime | None] = mapped_column(
        default=None
    )  # when it was reported to the office (接报)
    documents: Mapped[int] = mapped_column(default=0)
    folded: Mapped[int] = mapped_column(default=0)  # documents after near-duplicates are folded
    sources: Mapped[int] = mapped_column(default=0)
    authors: Mapped[int] = mapped_column(default=0)
    heat: Mapped[float] = mapped_column(default=0.0)
    last_hour: Mapped[int] = mapped_column(default=0)
    level: Mapped[int] = mapped_column(default=0, index=True)
    level_parts: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # {event|heat|sensitivity: {level, label, reasons}}
    sentiment: Mapped[float] = mapped_column(default=0.0)  # mean stance, -1 … 1
    rumour: Mapped[float] = mapped_column(default=0.0)
    casualties: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(key(16), default="new", index=True)
    owner: Mapped[str] = mapped_column(key(), default="")
    conclusion: Mapped[str] = mapped_column(default="")
    merged_into: Mapped[str] = mapped_column(key(), default="", index=True)
    sample: Mapped[bool] = mapped_column(default=False)
    dirty: Mapped[bool] = mapped_column(default=True, index=True)  # derived columns lag behind membership
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class IssueDocument(Base):
    """Membership: a document is in one issue at most."""

    __tablename__ = "issue_documents"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    issue_id: Mapped[str] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    score: Mapped[float] = mapped_column(default=0.0)
    reason: Mapped[str] = mapped_column(default="")
    by: Mapped[str] = mapped_column(key(), default="")  # "" the machine, else the person whose move is law
    at: Mapped[datetime] = mapped_column(default=utcnow)
    when: Mapped[datetime] = mapped_column(
        "occurred"
    )  # copy of the document's time, so that pages sort without a join
    __table_args__ = (Index("ix_issue_documents_issue_occurred", "issue_id", "occurred"),)


class Constraint(Base):
    """A person's word on grouping: must be together, must not be together."""

    __tablename__ = "constraints"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(key(8))  # must | cannot
    left: Mapped[str] = mapped_column("left_document", key(), index=True)
    right: Mapped[str] = mapped_column("right_document", key(), index=True)
    by: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=utcnow)


class IssueLevel(Base):
    """History of an issue's level, each with its reasons as they were."""

    __tablename__ = "issue_levels"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[str] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    level: Mapped[int]
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class IssueEvent(Base):
    """Life and log of an issue: who did what and when, in words."""

    __tablename__ = "issue_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[str] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    by: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(
        key(32)
    )  # state | owner | merge | split | move | note | read | answer …
    text: Mapped[str] = mapped_column(default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class AlertRule(Base):
    """When to alert and by which channels; `condition` and `quiet` are data (response_kits/alerts)."""

    __tablename__ = "alert_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    enabled: Mapped[bool] = mapped_column(default=True)
    condition: Mapped[dict[str, Any]] = mapped_column(default=dict)
    channels: Mapped[list[Any]] = mapped_column(default=list)
    quiet: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Alert(Base):
    """A sent alert: reason and evidence frozen; acknowledged, or marked a false alarm, by a person.

    It is about an issue, or (`issue_id` None) about a source.
    """

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[str | None] = mapped_column(ForeignKey("issues.id", ondelete="CASCADE"), index=True)
    source: Mapped[str | None] = mapped_column(ForeignKey("sources.name", ondelete="CASCADE"), index=True)
    rule: Mapped[str] = mapped_column(key(), default="")
    level: Mapped[int] = mapped_column(default=0)
    title: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    dedup: Mapped[str] = mapped_column(
        key(128), unique=True
    )  # one alert a reason: kill -9 between send and note doubles nothing
    deliveries: Mapped[list[Any]] = mapped_column(default=list)  # [{channel, at, ok, error}]
    acknowledged: Mapped[datetime | None] = mapped_column(default=None)
    acknowledged_by: Mapped[str] = mapped_column(default="")
    false_alarm: Mapped[bool] = mapped_column(default=False)
    issue: Mapped[Issue | None] = relationship()

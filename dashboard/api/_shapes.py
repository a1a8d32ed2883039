"""Rows of the record as the API shows them, and the schemas of what it shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from huiyin.records import Alert, AnalysisRow, DocumentRow, Issue
from response_kits.clocks import ClockView

TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
NUMBER: dict[str, Any] = {"type": "number"}
TRUTH: dict[str, Any] = {"type": "boolean"}
MOMENT: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
ANY: dict[str, Any] = {}


def listing(item: dict[str, Any]) -> dict[str, Any]:
    """Schema of a page of a list."""
    return shape(total=WHOLE, limit=WHOLE, offset=WHOLE, items={"type": "array", "items": item})


def shape(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


DOCUMENT = shape(
    id=TEXT, source=TEXT, kind=TEXT, url=TEXT, title=TEXT, text=TEXT, author=TEXT, origin=TEXT, province=TEXT, published=MOMENT,
    fetched=MOMENT, likes=WHOLE, reposts=WHOLE, replies=WHOLE, duplicate_of=TEXT, sample=TRUTH, issue={"type": ["string", "null"]},
    analysis={"type": ["object", "null"]},
)  # fmt: skip
ISSUE = shape(
    id=TEXT, title=TEXT, topic=TEXT, place=TEXT, unit=TEXT, level=WHOLE, level_parts={"type": "object"}, state=TEXT, owner=TEXT, first=MOMENT,
    last=MOMENT, documents=WHOLE, folded=WHOLE, sources=WHOLE, authors=WHOLE, heat=NUMBER, last_hour=WHOLE, sentiment=NUMBER,
    rumour=NUMBER, sample=TRUTH, merged_into=TEXT,
)  # fmt: skip
CLOCK = shape(
    rule=TEXT,
    name=TEXT,
    act=TEXT,
    basis=TEXT,
    start=MOMENT,
    due=MOMENT,
    state=TEXT,
    met_at=MOMENT,
    words=TEXT,
)
WHOLE_ISSUE = shape(
    **ISSUE["properties"], summary=TEXT, keywords={"type": "array"}, concerns={"type": "array"}, timeline={"type": "array"},
    must_answer={"type": "array"}, casualties={"type": "object"}, clocks={"type": "array", "items": CLOCK},
)  # fmt: skip
ALERT = shape(
    id=WHOLE, issue=TEXT, source=TEXT, rule=TEXT, level=WHOLE, title=TEXT, reason=TEXT, at=MOMENT, evidence={"type": "object"}, acknowledged=MOMENT,
    acknowledged_by=TEXT, false_alarm=TRUTH,
)  # fmt: skip
ERROR = shape(error=shape(status=WHOLE, title=TEXT, message=TEXT))
PUSHED = shape(source=TEXT, accepted=WHOLE, counts={"type": "object"}, ids={"type": "array", "items": TEXT})


def iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def document(row: DocumentRow, analysis: AnalysisRow | None, issue: Issue | None) -> dict[str, Any]:
    return {
        "id": row.id, "source": row.source, "kind": row.kind, "url": row.url, "title": row.title, "text": row.text, "author": row.author,
        "origin": row.origin, "province": row.province, "published": iso(row.published), "fetched": iso(row.fetched), "likes": row.likes,
        "reposts": row.reposts, "replies": row.replies, "duplicate_of": row.duplicate_of, "sample": row.sample,
        "issue": issue.id if issue else None,
        "analysis": None if analysis is None else {
            "topic": analysis.topic, "sentiment": analysis.sentiment, "urgency": analysis.urgency, "respond": analysis.respond,
            "rumour_score": analysis.rumour_score, "place": analysis.place,
        },
    }  # fmt: skip


def issue(row: Issue) -> dict[str, Any]:
    return {
        "id": row.id, "title": row.title, "topic": row.topic, "place": row.place, "unit": row.unit, "level": row.level,
        "level_parts": row.level_parts, "state": row.state, "owner": row.owner, "first": iso(row.first), "last": iso(row.last),
        "documents": row.documents, "folded": row.folded, "sources": row.sources, "authors": row.authors, "heat": row.heat,
        "last_hour": row.last_hour, "sentiment": row.sentiment, "rumour": row.rumour, "sample": row.sample, "merged_into": row.merged_into,
    }  # fmt: skip


def clock(view: ClockView) -> dict[str, Any]:
    return {
        "rule": view.rule, "name": view.name, "act": view.act, "basis": view.basis, "start": iso(view.start), "due": iso(view.due),
        "state": view.state, "met_at": iso(view.met_at), "words": view.words,
    }  # fmt: skip


def whole_issue(row: Issue, clocks: list[ClockView]) -> dict[str, Any]:
    return {
        **issue(row), "summary": row.summary, "keywords": row.keywords, "concerns": row.concerns, "timeline": row.timeline,
        "must_answer": row.must_answer, "casualties": row.casualties or {}, "clocks": [clock(view) for view in clocks],
    }  # fmt: skip


def alert(row: Alert) -> dict[str, Any]:
    return {
        "id": row.id, "issue": row.issue_id or "", "source": row.source or "", "rule": row.rule, "level": row.level, "title": row.title, "reason": row.reason, "at": iso(row.at),
        "evidence": row.evidence, "acknowledged": iso(row.acknowledged), "acknowledged_by": row.acknowledged_by, "false_alarm": row.false_alarm,
    }  # fmt: skip

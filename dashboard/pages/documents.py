"""One document: whole text, what the analysis says and why, where it came from, its reprints, and a person's corrections."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import auth, reprints
from dashboard.filters import LEVELS, SENTIMENTS
from dashboard.services import read, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import (
    AnalysisRow,
    Correction,
    DocumentRow,
    Fact,
    Issue,
    IssueDocument,
    IssueEvent,
    Rumour,
    RumourMatch,
    Source,
    User,
)
from huiyin.records.audit import append
from huiyin.topics import TOPICS
from nlp.work import set_label

bp = Blueprint("documents", __name__)

CHOICES: dict[str, dict[str, str]] = {
    "topic": dict(TOPICS),
    "urgency": {str(key): LEVELS[key][1] for key in sorted(LEVELS)},
    "sentiment": {str(key): word for key, word in SENTIMENTS.items()},
    "respond": {"1": "需要回应", "0": "无须回应"},
}
"""Label → value → its word; a correction names one of each."""
LABELS = {"topic": "领域", "urgency": "紧急程度", "sentiment": "倾向", "respond": "是否需要回应"}
COPIES = 100


@bp.get("/documents/<document_id>")
@auth.allow()
def show(document_id: str) -> ResponseReturnValue:
    session = read()
    row = _document(session, document_id)
    chain = reprints.chain_of(session, row)
    member = session.get(IssueDocument, row.id)
    matched = (
        select(RumourMatch, Rumour).join(Rumour, Rumour.id == RumourMatch.rumour_id)
        .where(RumourMatch.document_id == row.id, RumourMatch.decision != "rejected").order_by(RumourMatch.score.desc())
    )  # fmt: skip
    return render_template(
        "documents/show.html", row=row, analysis=session.get(AnalysisRow, row.id), chain=chain, later=reprints.later, member=member,
        issue=session.get(Issue, member.issue_id) if member else None, source=session.get(Source, row.source),
        parent=session.get(DocumentRow, row.parent) if row.parent else None, matches=session.execute(matched).all(),
        replies=list(session.scalars(select(DocumentRow).where(DocumentRow.parent == row.id).order_by(DocumentRow.when).limit(COPIES))),
        corrections=list(session.scalars(select(Correction).where(Correction.document_id == row.id).order_by(Correction.id))),
        facts=list(session.scalars(select(Fact).where(Fact.document_id == row.id).order_by(Fact.id))),
        titles={name: title or name for name, title in session.execute(select(Source.name, Source.title))}, choices=CHOICES, labels=LABELS,
        people={name: display or name for name, display in session.execute(select(User.name, User.display))},
    )  # fmt: skip


def _document(session: Session, document_id: str) -> DocumentRow:
    row = session.get(DocumentRow, document_id[:64])
    if row is None:
        raise NotFound("没有这条内容；它可能已到保存期限，或已随示例数据移除。")
    return row


@bp.post("/documents/<document_id>/correct")
@auth.allow("analyst", "spokesperson", "reviewer", "admin")
def correct(document_id: str) -> ResponseReturnValue:
    """A person's word on a label: kept as a correction (training reads it) and in force at once."""
    label, value = request.form.get("label", ""), request.form.get("value", "")
    if value not in CHOICES.get(label, {}):
        raise UsageError("请选择要更正的标注和它的正确值。")
    with write() as session:
        row = _document(session, document_id)
        analysis = session.get(AnalysisRow, row.id)
        if analysis is None:
            raise NotFound("这条内容还没有分析，稍后再更正。")
        before = present(analysis, label)
        if before == value:
            raise UsageError(f"{LABELS[label]}已经是“{CHOICES[label][value]}”。")
        set_label(analysis, label, value)
        row.indexed = False  # the index counts by these labels
        session.add(Correction(document_id=row.id, field=label, old=before, new=value, by=g.user.name))
        words = f"更正标注：{LABELS[label]} {CHOICES[label].get(before, before)} → {CHOICES[label][value]}"
        member = session.get(IssueDocument, row.id)
        if member is not None:
            session.get_one(Issue, member.issue_id).dirty = True
            session.add(
                IssueEvent(
                    issue_id=member.issue_id,
                    by=g.user.name,
                    kind="correction",
                    text=words,
                    data={"document": row.id},
                )
            )
        append(
            session,
            g.user.name,
            "correct",
            f"document:{row.id}",
            {"label": label, "old": before, "new": value},
        )
    return redirect(url_for("documents.show", document_id=document_id, _anchor="labels"))


def present(analysis: AnalysisRow, label: str) -> str:
    """A label's present value as the forms write it."""
    value: Any = getattr(analysis, label)
    return str(int(value)) if label != "topic" else str(value)

"""The documents tab of an issue: which documents the address asks for, folded, a page at a time."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from dashboard.aged import aged
from dashboard.forms import read_moment
from dashboard.pages.issue_view import fresh_for
from huiyin.records import AnalysisRow, DocumentRow, Issue, IssueDocument
from response_kits import claims

PAGE = 30


def documents(session: Session, issue: Issue, args: Any) -> dict[str, Any]:
    """The documents tab: {rows: [(document, analysis, membership, reprints)], total, page, pages}."""
    wanted = filtered(issue, args, said_in(session, issue, args))
    count = wanted.order_by(None).with_only_columns(func.count())
    asked = tuple(
        sorted(
            (name, value)
            for name, value in args.items()
            if name not in ("page", "tab", "find", "order", "merged")
        )
    )
    total = aged(
        ("total", issue.id, asked), lambda session: session.scalar(count) or 0, fresh_for(issue)
    ).value
    page = max(1, min(int(args["page"]), 10_000)) if args.get("page", "").isdecimal() else 1
    rows = session.execute(wanted.limit(PAGE).offset((page - 1) * PAGE)).all()
    copies = reprints(session, issue.id, [row[0].id for row in rows])
    return {
        "rows": [(document, analysis, member, copies.get(document.id, 0)) for document, analysis, member in rows],
        "total": total, "page": page, "pages": max(1, -(-total // PAGE)),
    }  # fmt: skip


def said_in(session: Session, issue: Issue, args: Any) -> list[str] | None:
    """Ids of the documents that ask the question or make the claim which the address names; None where it names none."""
    if args.get("question"):
        rows = [row for row in issue.concerns or () if row.get("question") == args["question"]]
        return [document for row in rows for document in concern_documents(row)]
    if args.get("claim"):
        found = [claim for claim in claims.of_issue(session, issue.id) if claim.text == args["claim"]]
        return [document for claim in found for document in claim.documents[:500]]
    return None


def filtered(
    issue: Issue, args: Any, ids: list[str] | None = None
) -> Select[DocumentRow, AnalysisRow, IssueDocument]:
    """Documents of the issue that the address asks for, among `ids` where given; reprints are folded unless fold=0."""
    wanted = (
        select(DocumentRow, AnalysisRow, IssueDocument)
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .outerjoin(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue.id)
    )
    if args.get("fold", "1") != "0" and ids is None:
        wanted = wanted.where(or_(DocumentRow.duplicate_of == "", ~_first_inside(issue.id)))
    for name in ("source", "kind"):
        if args.get(name):
            wanted = wanted.where(getattr(DocumentRow, name) == args[name][:64])
    if args.get("sentiment") in ("-1", "0", "1"):
        wanted = wanted.where(AnalysisRow.sentiment == int(args["sentiment"]))
    if args.get("respond") == "1":
        wanted = wanted.where(AnalysisRow.respond)
    if args.get("q", "").strip():
        part = args["q"].strip()[:60]
        wanted = wanted.where(
            or_(DocumentRow.text.contains(part, autoescape=True), DocumentRow.title.contains(part, autoescape=True))
        )  # fmt: skip
    if ids is not None:
        wanted = wanted.where(DocumentRow.id.in_(ids))
    for name, after in (("since", True), ("until", False)):
        if (moment := read_moment(args.get(name, "").replace(" ", "+"), like="2026-11-24")) is not None:
            wanted = wanted.where(IssueDocument.when >= moment if after else IssueDocument.when < moment)
    order = IssueDocument.when if args.get("order") == "oldest" else IssueDocument.when.desc()
    return wanted.order_by(order, DocumentRow.id)


def _first_inside(issue_id: str) -> Any:
    """Whether the first of a reprint is in the same issue: where it is not, the reprint itself must be shown."""
    first = aliased(IssueDocument)
    return (
        select(first.document_id)
        .where(first.document_id == DocumentRow.duplicate_of, first.issue_id == issue_id)
        .exists()
    )


def concern_documents(concern: dict[str, Any]) -> list[str]:
    """Ids of the documents in which people ask this, as far as the issue keeps them."""
    kept = concern.get("documents") or [
        example.get("document", "") for example in concern.get("examples", ())
    ]
    return [str(document) for document in kept][:500]


def reprints(session: Session, issue_id: str, ids: list[str]) -> dict[str, int]:
    """How many reprints of each document the issue has."""
    inside = select(IssueDocument.document_id).where(
        IssueDocument.document_id == DocumentRow.id, IssueDocument.issue_id == issue_id
    )
    rows = session.execute(
        select(DocumentRow.duplicate_of, func.count())
        .where(DocumentRow.duplicate_of.in_(ids), inside.exists())
        .group_by(DocumentRow.duplicate_of)
    )
    return {str(first): int(count) for first, count in rows}

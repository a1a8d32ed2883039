"""The rows behind each figure of an answer's effect, as links."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.filters import excerpt
from huiyin.records import Clock, DocumentRow, Draft, Issue, Promise, Statement
from response_kits import clocks
from response_kits.effect import Figure


def links(session: Session, figure: Figure) -> list[tuple[str, str]]:
    """What a figure of the effect counts, as (address, words); pairs of lists (before, after) in one row."""
    if figure.key == "second":
        return [(str(href), str(words)) for href, words in figure.rows]
    kind = figure.key.rstrip("0123456789h").rstrip("_")
    ids = [row for part in figure.rows for row in (part if isinstance(part, list) else [part])]
    if kind in ("volume", "negative", "rumours"):
        wanted = (
            select(DocumentRow)
            .where(DocumentRow.id.in_([str(row) for row in ids[:500]]))
            .order_by(DocumentRow.when)
        )
        return [
            (f"/documents/{row.id}", excerpt(row.title or row.text, 40)) for row in session.scalars(wanted)
        ]
    if kind in ("first_response", "updates", "conflicts"):
        known = {row.id: row.title for row in session.scalars(select(Statement).where(Statement.id.in_(ids)))}
        return [(f"/statements/{row}", known.get(row, str(row))) for row in dict.fromkeys(ids)]
    if kind == "clocks_met":
        rows = session.scalars(select(Clock).where(Clock.id.in_(ids)).order_by(Clock.due))
        return [("", f"{clocks.rule(row.rule)['name']}：{clocks.STATES[row.state]}") for row in rows]
    if kind == "promises":
        found = session.scalars(select(Promise).where(Promise.id.in_(ids)).order_by(Promise.id))
        return [(f"/statements/{row.statement_id}#promises", row.text) for row in found]
    if kind == "sourced":
        return [
            (f"/drafts/{row.id}", row.title)
            for row in session.scalars(select(Draft).where(Draft.id.in_(ids)))
        ]
    if kind == "quoting":
        return [
            (f"/issues/{row.id}", row.title)
            for row in session.scalars(select(Issue).where(Issue.id.in_(ids)))
        ]
    return [("", str(row)) for row in ids]

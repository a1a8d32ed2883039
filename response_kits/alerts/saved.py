"""Saved searches that people marked for alerts, looked for inside issues: words alone are no issue and raise nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from huiyin.records import AnalysisRow, DocumentRow, Issue, IssueDocument, SavedSearch
from nlp.segment import words as segment

_PART = re.compile(r'-?"[^"]*"|-?“[^”]*”|\S+')
"""As the search page reads what a person typed (dashboard/pages/search.py)."""


def matches(
    session: Session, rule: Mapping[str, Any], now: datetime, live: tuple[ColumnElement[bool], ...]
) -> Iterator[tuple[SavedSearch, Issue, int]]:
    """(search, issue, documents of the issue that the search finds) where they are enough for the rule."""
    since = now - timedelta(hours=rule["within_hours"])
    for search in session.scalars(select(SavedSearch).where(SavedSearch.alert).order_by(SavedSearch.id)):
        conditions = _conditions(search.query)
        if not conditions:
            continue  # a search for everything is no wish to hear of everything
        found = func.count().label("found")
        wanted = (
            select(Issue.id, found)
            .join(IssueDocument, IssueDocument.issue_id == Issue.id)
            .join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
            .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
            .where(*live, Issue.level >= rule["least_level"], IssueDocument.when >= since, DocumentRow.duplicate_of == "", *conditions)
            .group_by(Issue.id).having(found >= rule["least_found"]).order_by(Issue.id)
        )  # fmt: skip
        for issue_id, count in session.execute(wanted).all():
            yield search, session.get_one(Issue, issue_id), count


def _conditions(query: str) -> list[ColumnElement[bool]]:
    """The search's words and filters as conditions on documents; empty where it has no word."""
    given = parse_qs(query.lstrip("?")[:2000])
    text = " ".join(given.get("q", []))[:500]
    spaced = " " + AnalysisRow.words + " "
    found: list[ColumnElement[bool]] = []
    for part in _PART.findall(text):
        without = part.startswith("-") and len(part) > 1
        cut = list(segment(part.removeprefix("-").strip('"“”')))
        if without:
            found += [~spaced.contains(f" {word} ", autoescape=True) for word in cut]
        elif cut:
            found.append(spaced.contains(f" {' '.join(cut)} ", autoescape=True))
    if not any(not part.startswith("-") for part in _PART.findall(text)):
        return []
    for name, column in (
        ("topic", AnalysisRow.topic), ("place", AnalysisRow.place), ("source", DocumentRow.source), ("kind", DocumentRow.kind),
    ):  # fmt: skip
        if given.get(name):
            found.append(column.in_(given[name][:20]))
    for name, number in (("sentiment", AnalysisRow.sentiment), ("urgency", AnalysisRow.urgency)):
        values = [int(value) for value in given.get(name, []) if re.fullmatch(r"-?[0-3]", value)]
        if values:
            found.append(number.in_(values))
    return found

"""Which issue of the record is which story of the sample city, and what to do when grouping has found a better one since."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawler.sample_city import City
from huiyin.records import DocumentRow, Draft, Fact, Issue, IssueDocument, Promise, Rumour, Statement
from response_kits.figures import figures

_WEIGHT = {"notice": 8, "gov_atom": 8}
"""An issue with the story's own notices is the story, also where a crowd of posts makes up a larger one of its own."""


def issues_by_story(session: Session, city: City) -> dict[str, str]:
    """Story → the issue that holds most of its documents (notices weigh more), where it is also the issue's commonest story."""
    stories: dict[str, Counter[str]] = {}
    query = select(DocumentRow.url, IssueDocument.issue_id).join(
        IssueDocument, IssueDocument.document_id == DocumentRow.id
    )
    for url, issue_id in session.execute(query.where(DocumentRow.sample)):
        item = city.by_path.get(_path(url))
        if item is not None:
            stories.setdefault(issue_id, Counter())[item.story] += _WEIGHT.get(item.where, 1)
    best: dict[str, tuple[int, str]] = {}
    for issue_id, counter in stories.items():
        story, count = counter.most_common(1)[0]
        if story != "noise" and count > best.get(story, (0, ""))[0]:
            best[story] = (count, issue_id)
    return {story: issue_id for story, (_, issue_id) in best.items()}


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2] if "://" in url else url


def follow(
    session: Session, wanted: Mapping[str, str], loaded: Mapping[tuple[str, int], str], by: str
) -> list[str]:
    """Move what the loader put in to the issue that is its story now; what people touched stays where it is.

    `wanted`: story → issue; `loaded`: (kind, row id) → story. Returns the issues that got something.
    """
    gained: set[str] = set()
    for (kind, number), story in loaded.items():
        target = wanted.get(story)
        row = _row(session, kind, number)
        if target is None or row is None or row.issue_id == target or not _untouched(row, by):
            continue
        if isinstance(row, Statement):
            promises: Iterable[Promise] = session.scalars(
                select(Promise).where(Promise.statement_id == row.id)
            )
            for promise in promises:
                promise.issue_id = target
            old = session.get(Issue, row.issue_id)
            if old is not None and old.state == "answered" and not old.owner:
                old.state = "new"
        row.issue_id = target
        gained.add(target)
    session.flush()
    return sorted(gained)


def _row(session: Session, kind: str, number: int) -> Fact | Rumour | Statement | Draft | None:
    if kind == "facts":
        return session.get(Fact, number)
    if kind == "rumours":
        return session.get(Rumour, number)
    return session.get(Statement, number) if kind == "statements" else session.get(Draft, number)


def _untouched(row: Fact | Rumour | Statement | Draft, by: str) -> bool:
    if isinstance(row, Fact):
        return row.entered_by == by
    if isinstance(row, Draft):
        return row.author == by and row.state == "draft" and row.version == 1
    return bool(row.sample)


_CHAINED = ("deaths", "injured", "missing", "hospital")


def renew(old: Fact, new: Fact, between: list[Fact]) -> None:
    """A count is superseded where every number of people in it has a newer one (those `between` counted too)."""
    counted, fresh = _counted(old), _counted(new)
    if (
        old.state != "verified"
        or not counted & fresh
        or not (old.as_of and new.as_of and new.as_of > old.as_of)
    ):
        return
    later = [fact for fact in between if fact.as_of and fact.as_of > old.as_of]
    if counted <= fresh.union(*(_counted(fact) for fact in later)):
        old.state = "superseded"
        new.replaces = new.replaces or old.id


def _counted(fact: Fact) -> set[str]:
    if fact.slot not in (*_CHAINED, "condition"):
        return set()
    denied = {"missing"} if "无失联" in fact.text else set()
    denied |= {"hospital"} if re.search("全部(返家|出院)", fact.text) else set()
    return denied | {f.what for f in figures(fact.text) if f.what in _CHAINED}

"""What people and the slow pass do to the grouping of the record: merge, split, move; each with its line in the issue's log.

A person's word is law: it leaves a constraint, and a mark by which the worker's memory learns of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from huiyin.records import Constraint, Issue, IssueDocument, IssueEvent, Preference, Record

MACHINE = ""


def merge(session: Session, keep: str, gone: list[str], by: str, now: datetime, *, reason: str = "") -> Issue:
    """A person says that issues are one: documents move to `keep`, the others leave a redirect, a constraint is kept.

    Raises sqlalchemy.orm.exc.NoResultFound where one of them does not exist.
    """
    alone(session)
    target = session.get_one(Issue, keep)
    first = _any_member(session, keep)
    why = f"：{reason}" if reason else ""
    for issue_id in gone:
        other = session.get_one(Issue, issue_id)
        if other.id == target.id:
            continue
        second = _any_member(session, issue_id)
        for member in session.scalars(select(IssueDocument).where(IssueDocument.issue_id == other.id)):
            member.issue_id, member.by = target.id, by
        other.merged_into, other.dirty, other.documents = target.id, False, 0
        if first and second and by != MACHINE:  # only a person's word is law
            session.add(Constraint(kind="must", left=first, right=second, by=by, at=now))
        _log(session, target.id, by, "merge", f"并入“{other.title}”" + why, {"from": other.id})
        _log(session, other.id, by, "merge", f"并入“{target.title}”" + why, {"into": target.id})
    target.dirty = True
    if by != MACHINE:  # the worker knows what it did itself
        _tell_worker(session, now)
    return target


def split(
    session: Session,
    issue_id: str,
    documents: list[str],
    by: str,
    now: datetime,
    *,
    reason: str = "",
    name: str = "",
) -> Issue:
    """A person says that some documents are another matter: they become an issue of their own (`name`: its id, where it has one
    already), with a constraint."""
    alone(session)
    issue = session.get_one(Issue, issue_id)
    members = list(
        session.scalars(
            select(IssueDocument).where(
                IssueDocument.issue_id == issue_id, IssueDocument.document_id.in_(documents)
            )
        )
    )
    fresh = Issue(
        id=name or f"{members[0].document_id[:20]}s", title=issue.title, topic=issue.topic, first=members[0].when, last=members[0].when, seen=now,
        sample=issue.sample,
    )  # fmt: skip
    session.merge(fresh)
    session.flush()
    for member in members:
        member.issue_id, member.by = fresh.id, by
    session.flush()
    rest = _any_member(session, issue_id)
    if rest and by != MACHINE:
        session.add(Constraint(kind="cannot", left=rest, right=members[0].document_id, by=by, at=now))
    made = session.get_one(Issue, fresh.id)
    issue.dirty = made.dirty = True
    _log(
        session,
        issue_id,
        by,
        "split",
        f"拆出 {len(members)} 条" + (f"：{reason}" if reason else ""),
        {"to": made.id},
    )
    _log(session, made.id, by, "split", f"由“{issue.title}”拆出", {"from": issue_id})
    if by != MACHINE:
        _tell_worker(session, now)
    return made


def move(session: Session, document: str, issue_id: str, by: str, now: datetime) -> None:
    """A person moves one document to another issue."""
    alone(session)
    target = session.get_one(Issue, issue_id)
    member = session.get_one(IssueDocument, document)
    old = session.get_one(Issue, member.issue_id)
    inside = _any_member(session, issue_id)
    member.issue_id, member.by = target.id, by
    session.flush()
    if inside:
        session.add(Constraint(kind="must", left=inside, right=document, by=by, at=now))
    old.dirty = target.dirty = True
    _log(session, target.id, by, "move", "移入一条内容", {"document": document, "from": old.id})
    _tell_worker(session, now)


def find(session: Session, issue_id: str) -> Issue | None:
    """The issue, or the one it was merged into (however often)."""
    issue = session.get(Issue, issue_id)
    seen: set[str] = set()
    while issue is not None and issue.merged_into and issue.id not in seen:
        seen.add(issue.id)
        issue = session.get(Issue, issue.merged_into)
    return issue


def _log(session: Session, issue_id: str, by: str, kind: str, text: str, data: dict[str, Any]) -> None:
    session.add(IssueEvent(issue_id=issue_id, by=by, kind=kind, text=text, data=data))


def _any_member(session: Session, issue_id: str) -> str:
    wanted = (
        select(IssueDocument.document_id)
        .where(IssueDocument.issue_id == issue_id)
        .order_by(IssueDocument.when)
        .limit(1)
    )
    return session.scalar(wanted) or ""


def _tell_worker(session: Session, now: datetime) -> None:
    """People's word on grouping reaches the worker's memory through this mark (see `IssueKeeper`)."""
    session.merge(Preference(name="regrouped", value={"at": now.isoformat()}))


def people_spoke(record: Record) -> str:
    """When people last changed the grouping, as text; empty where they never did."""
    with record.session(write=False) as session:
        return spoken(session)


def spoken(session: Session) -> str:
    """The same within a transaction."""
    row = session.get(Preference, "regrouped")
    return str(row.value["at"]) if row else ""


def alone(session: Session) -> None:
    """Nobody else changes which documents are in which issue until this transaction ends: else a document could join an issue that
    a person merges away at the same moment. SQLite lets one writer in anyhow."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sql("SELECT pg_advisory_xact_lock(4823)"))

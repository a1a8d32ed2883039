"""交接班 and 阅知: who handed an issue to whom with which note, whether it was taken over, and who has read where it stands.

Both are lines of the issue's log, so that nothing of it can be lost or changed afterwards; owners change when a shift is taken
over, not when it is handed: until then the one who hands over still holds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import g
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import OPEN_STATES, Issue, IssueEvent, User

HOLDERS = ("analyst", "spokesperson", "leader", "admin")
HANDED, TAKEN, READ = "shift", "shift_taken", "read"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`by` read the issue at `at`; `stale`: something was written in its log since, by somebody else."""

    by: str
    at: datetime
    stale: bool


def waiting(session: Session, issue_id: str) -> IssueEvent | None:
    """The hand-over of an issue that nobody has taken yet; the latest, where there are several."""
    last = session.scalars(
        select(IssueEvent)
        .where(IssueEvent.issue_id == issue_id, IssueEvent.kind.in_((HANDED, TAKEN)))
        .order_by(IssueEvent.id.desc())
        .limit(1)
    ).first()
    return last if last is not None and last.kind == HANDED else None


def handed_to(session: Session, name: str, limit: int) -> list[tuple[IssueEvent, Issue]]:
    """Hand-overs that wait for this person, oldest first."""
    latest = (
        select(func.max(IssueEvent.id))
        .where(IssueEvent.kind.in_((HANDED, TAKEN)))
        .group_by(IssueEvent.issue_id)
    )
    rows = session.execute(
        select(IssueEvent, Issue)
        .join(Issue, Issue.id == IssueEvent.issue_id)
        .where(
            IssueEvent.id.in_(latest),
            IssueEvent.kind == HANDED,
            Issue.merged_into == "",
            Issue.state.in_(OPEN_STATES),
        )
        .order_by(IssueEvent.id)
    ).all()
    return [(event, issue) for event, issue in rows if event.data.get("to") == name][:limit]


def receipts(session: Session, issue_id: str) -> list[Receipt]:
    """The latest receipt of each reader, newest first."""
    rows = session.execute(
        select(IssueEvent.kind, IssueEvent.by, IssueEvent.at)
        .where(IssueEvent.issue_id == issue_id)
        .order_by(IssueEvent.id.desc())
        .limit(500)
    )
    found: dict[str, Receipt] = {}
    written: set[str] = set()
    for kind, by, at in rows:
        if kind != READ:
            written.add(by)
        elif by not in found:
            found[by] = Receipt(by, at, bool(written - {by}))
    return list(found.values())


def colleagues(session: Session) -> list[User]:
    """Who can take an issue over: everybody active who may hold one, but oneself."""
    query = select(User).where(User.role.in_(HOLDERS), User.enabled, User.name != g.user.name)
    return list(session.scalars(query.order_by(User.name)))

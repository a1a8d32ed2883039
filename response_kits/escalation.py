"""Limits that end soon or are over, bodies that did not answer in time, and rumours that came back: each becomes an alert, once,
and so goes to the channels and to the to-do page."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from huiyin.records import OPEN_STATES, Alert, Clock, Issue, Rumour
from response_kits.alerts.rules import evidence
from response_kits.clock_rules import rule
from response_kits.clock_views import view
from response_kits.library import rumours
from response_kits.wording import moment

NAMES = {"clock_soon": "时限将到", "clock_over": "时限已过", "rumour_back": "传言再起"}
"""Rules of these alerts, beside those of alerts.toml."""
LATE = 2
"""Lowest level (orange) of an alert about a limit that is over: it waits for no morning digest and is escalated."""
RECENT = timedelta(hours=48)
"""A limit that was over, or a wave that ended, before this makes no alert."""


def raise_alerts(session: Session, now: datetime) -> list[Alert]:
    """Make the alerts that are due, in the caller's transaction; equal reasons never make two."""
    return [*_clocks(session, now), *_back(session, now)]


def _clocks(session: Session, now: datetime) -> list[Alert]:
    wanted = (
        select(Clock, Issue).join(Issue, Issue.id == Clock.issue_id)
        .where(
            Clock.met_at.is_(None), Clock.state.in_(("running", "missed")), Clock.due >= now - RECENT,
            Issue.merged_into == "", Issue.state.in_(OPEN_STATES),
        )
        .order_by(Clock.due)
    )  # fmt: skip
    made = []
    for clock, issue in session.execute(wanted).all():
        seen = view(clock, now)
        kind = "clock_over" if seen.overdue else "clock_soon" if seen.due_soon else ""
        if kind:
            owner = issue.owner or "尚无人认领"
            reason = f"{rule(clock.rule)['name']}：{seen.words}（应于{moment(clock.due)}前{seen.act}，{seen.basis}）；{owner}"
            level = max(issue.level, LATE) if kind == "clock_over" else issue.level
            made.append(
                _alert(
                    session,
                    issue,
                    kind,
                    level,
                    reason,
                    f"clock:{clock.id}:{kind}:{clock.due.isoformat()}",
                    now,
                )
            )
    return [alert for alert in made if alert is not None]


def _back(session: Session, now: datetime) -> list[Alert]:
    """Rumours that were rebutted and are told again after they had been silent."""
    made = []
    for rumour in session.scalars(select(Rumour).where(Rumour.published.is_not(None)).order_by(Rumour.id)):
        waves = rumours.recurrence(session, rumour.id, sure=True)
        if len(waves) < 2 or rumour.published is None:
            continue
        first, last = (datetime.fromisoformat(waves[-1][key]) for key in ("first", "last"))
        issue = session.get(Issue, rumour.issue_id) if rumour.issue_id else None
        if first <= rumour.published or last < now - RECENT or issue is None:
            continue
        reason = f"已辟谣的传言“{rumour.claim}”自{moment(first)}起再次出现，已有{len(waves[-1]['documents'])}条；上一波止于{moment(datetime.fromisoformat(waves[-2]['last']))}"
        key = f"rumour:{rumour.id}:back:{first.isoformat()}"
        made.append(_alert(session, issue, "rumour_back", max(issue.level, 1), reason, key, now))
    return [alert for alert in made if alert is not None]


def _alert(
    session: Session, issue: Issue, kind: str, level: int, reason: str, key: str, now: datetime
) -> Alert | None:
    """The alert's row; None where it is there already."""
    if session.scalar(select(Alert.id).where(Alert.dedup == key).limit(1)) is not None:
        return None
    alert = Alert(
        issue_id=issue.id,
        rule=kind,
        level=level,
        title=issue.title,
        reason=reason,
        evidence=evidence(session, issue),
        at=now,
        dedup=key,
    )
    try:
        with session.begin_nested():
            session.add(alert)
    except IntegrityError:  # another process wrote it in this moment
        return None
    return alert

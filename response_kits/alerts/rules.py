"""Which issues and sources alert, by huiyin/rules/alerts.toml. What an alert says is frozen when its row is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from huiyin.records import OPEN_STATES, Alert, DocumentRow, Issue, IssueDocument, Rumour, RumourMatch
from huiyin.rules import load
from response_kits.alerts.saved import matches
from response_kits.alerts.silent_source import Quiet, alert_of, quiet_sources

FRESH = timedelta(hours=48)
"""An issue that is silent for so long makes no new alert: what is over is in the brief."""
HOT = timedelta(hours=2)
"""A burst is over where the last document is older than this."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that holds for an issue. `key` names the reason; equal keys are the same reason. `measured`: the rule's figures."""

    issue: Issue
    key: str
    reason: str
    measured: Mapping[str, float] = field(default_factory=dict)


def evaluate(session: Session, now: datetime) -> list[Alert]:
    """Make the rows of alerts that are due now, in the caller's transaction. The same reason never makes two.

    A reason that a person marked as a false alarm is not raised again for its issue; nor, within the rule's
    `repeat_hours` (for ever where the rule has none), one that was raised already.
    """
    made = []
    for rule in load("alerts")["rule"]:
        for found in _TESTS[rule["key"]](session, rule, now):
            if _due(session, found.key, rule, now):
                alert = _row(session, rule, found, now)
                if alert is not None:
                    made.append(alert)
    return made


def _due(session: Session, key: str, rule: Mapping[str, Any], now: datetime) -> bool:
    refusals = func.sum(case((Alert.false_alarm, 1), else_=0))
    last, refused = session.execute(
        select(func.max(Alert.at), refusals).where(
            (Alert.dedup == key) | Alert.dedup.startswith(f"{key}@", autoescape=True)
        )
    ).one()
    if last is None:
        return True
    return not refused and "repeat_hours" in rule and now - last >= timedelta(hours=rule["repeat_hours"])


def _row(session: Session, rule: Mapping[str, Any], found: Finding | Quiet, now: datetime) -> Alert | None:
    """The alert's row; None where another process wrote it in this moment."""
    alert = alert_of(rule, found, now) if isinstance(found, Quiet) else _about(session, rule, found, now)
    try:
        with session.begin_nested():
            session.add(alert)
    except IntegrityError:
        return None
    return alert


def _about(session: Session, rule: Mapping[str, Any], found: Finding, now: datetime) -> Alert:
    # The slot makes the key unique for each time that a rule may repeat itself, and the same in two racing processes.
    slot = f"@{int(now.timestamp() // (rule['repeat_hours'] * 3600))}" if "repeat_hours" in rule else ""
    return Alert(
        issue_id=found.issue.id, rule=rule["key"], level=found.issue.level, title=found.issue.title, reason=found.reason,
        evidence={**evidence(session, found.issue), "measured": dict(found.measured)}, at=now, dedup=f"{found.key}{slot}",
    )  # fmt: skip


def _live(now: datetime) -> Any:
    return select(Issue).where(*_alive(now))


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Issue.merged_into == "", Issue.state.in_(OPEN_STATES), Issue.last >= now - FRESH


def _level(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    for issue in session.scalars(_live(now).where(Issue.level == rule["level"])):
        reasons = [
            reason
            for part in issue.level_parts.values()
            for reason in part.get("reasons", [])
            if part.get("level") == rule["level"]
        ]
        reason = "；".join(reasons[:3]) or rule["basis"]
        yield Finding(issue, f"{issue.id}:level:{rule['level']}", reason)


def _burst(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    wanted = _live(now).where(
        Issue.last_hour >= rule["least_last_hour"], Issue.authors >= rule["least_authors"],
        Issue.level >= rule["least_level"], Issue.last >= now - HOT,
    )  # fmt: skip
    for issue in session.scalars(wanted):
        before = issue.hourly[-25:-1]
        usual = sum(before) / len(before) if before else 0.0
        times = issue.last_hour / max(usual, 0.5)
        if times >= rule["times_usual"]:
            yield Finding(
                issue,
                f"{issue.id}:burst",
                f"近一小时新增 {issue.last_hour} 条，此前一天平均每小时 {usual:.1f} 条；共 {issue.authors} 个作者、{issue.sources} 个来源",
                {"last_hour": issue.last_hour, "times": round(times, 1), "authors": issue.authors},
            )


def _rumour(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    since = now - timedelta(hours=rule["within_hours"])
    matched = func.count().label("matched")
    counts = (
        select(RumourMatch.rumour_id, matched)
        .where(RumourMatch.when >= since, RumourMatch.decision.in_(("auto", "confirmed")))
        .group_by(RumourMatch.rumour_id)
        .having(matched >= rule["least_matches"])
        .subquery()
    )
    counted = session.execute(
        select(Rumour, counts.c.matched).join(counts, counts.c.rumour_id == Rumour.id).order_by(Rumour.id)
    ).all()
    for rumour, count in counted:
        issue = _issue_of(session, rumour, since)
        if issue is not None and issue.state in OPEN_STATES:
            yield Finding(
                issue,
                f"{issue.id}:rumour:{rumour.id}",
                f"传言“{rumour.claim}”近 {rule['within_hours']} 小时出现 {count} 条；结论：{rumour.verdict or '待核查'}",
                {"matches": count},
            )


def _issue_of(session: Session, rumour: Rumour, since: datetime) -> Issue | None:
    """The issue that most of the recent matches lie in."""
    most = session.execute(
        select(IssueDocument.issue_id).join(RumourMatch, RumourMatch.document_id == IssueDocument.document_id)
        .where(
            RumourMatch.rumour_id == rumour.id, RumourMatch.when >= since, RumourMatch.decision.in_(("auto", "confirmed"))
        )
        .group_by(IssueDocument.issue_id).order_by(func.count().desc(), IssueDocument.issue_id).limit(1)
    ).scalar()  # fmt: skip
    return session.get(Issue, most) if most else None


def _saved(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    for search, issue, count in matches(session, rule, now, _alive(now)):
        yield Finding(
            issue,
            f"{issue.id}:saved:{search.id}",
            f"保存的检索“{search.name}”在该事件近 {rule['within_hours']} 小时的内容中找到 {count} 条（{search.user} 设置）",
            {"found": count},
        )


def evidence(session: Session, issue: Issue) -> dict[str, Any]:
    """The issue as it was when the alert was made: figures, parts of the level, the three newest posts by id and words."""
    newest = session.scalars(
        select(DocumentRow).join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue.id).order_by(DocumentRow.when.desc(), DocumentRow.id).limit(3)
    )  # fmt: skip
    return {
        "level_parts": issue.level_parts, "documents": issue.documents, "sources": issue.sources, "authors": issue.authors,
        "last_hour": issue.last_hour, "casualties": issue.casualties, "first": issue.first.isoformat(), "last": issue.last.isoformat(),
        "posts": [
            {"id": row.id, "source": row.source, "url": row.url, "at": row.when.isoformat(), "title": row.title, "text": row.text[:200]}
            for row in newest
        ],
    }  # fmt: skip


_TESTS: dict[str, Callable[[Session, Mapping[str, Any], datetime], Iterator[Finding | Quiet]]] = {
    "red": _level, "orange": _level, "burst": _burst, "rumour": _rumour, "saved": _saved, "silent": quiet_sources,
}  # fmt: skip

"""Which issues alert, by huiyin/rules/alerts.toml. What an alert says is frozen when its row is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import Alert, DocumentRow, Issue, IssueDocument, Rumour, RumourMatch
from huiyin.rules import load

OPEN = ("new", "triaged", "assigned", "responding", "answered", "watching")
FRESH = timedelta(hours=48)
"""An issue that is silent for so long makes no new alert: what is over is in the brief."""


def evaluate(session: Session, now: datetime) -> list[Alert]:
    """Make the rows of alerts that are due now, in the caller's transaction. The same reason never makes two."""
    made = []
    for rule in load("alerts")["rule"]:
        for issue, dedup, reason in _TESTS[rule["key"]](session, rule, now):
            if session.scalar(select(Alert.id).where(Alert.dedup == dedup)) is None:
                alert = Alert(
                    issue_id=issue.id, rule=rule["key"], level=issue.level, title=issue.title, reason=reason,
                    evidence=evidence(session, issue), at=now, dedup=dedup,
                )  # fmt: skip
                session.add(alert)
                session.flush()
                made.append(alert)
    return made


def _live(session: Session, now: datetime) -> Any:
    return select(Issue).where(Issue.merged_into == "", Issue.state.in_(OPEN), Issue.last >= now - FRESH)


def _level(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[tuple[Issue, str, str]]:
    for issue in session.scalars(_live(session, now).where(Issue.level == rule["level"])):
        reasons = [
            reason
            for part in issue.level_parts.values()
            for reason in part.get("reasons", [])
            if part.get("level") == rule["level"]
        ]
        yield issue, f"{issue.id}:level:{rule['level']}", "；".join(reasons[:3]) or rule["basis"]


def _burst(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[tuple[Issue, str, str]]:
    wanted = _live(session, now).where(
        Issue.last_hour >= rule["least_last_hour"], Issue.authors >= rule["least_authors"], Issue.level >= rule["least_level"]
    )  # fmt: skip
    for issue in session.scalars(wanted):
        before = issue.hourly[-25:-1]
        usual = sum(before) / len(before) if before else 0.0
        if issue.last_hour >= rule["times_usual"] * max(usual, 0.5):
            slot = int(now.timestamp() // (rule["repeat_hours"] * 3600))
            yield (
                issue,
                f"{issue.id}:burst:{slot}",
                f"近一小时新增 {issue.last_hour} 条，此前一天平均每小时 {usual:.1f} 条；共 {issue.authors} 个作者、{issue.sources} 个来源",
            )


def _rumour(session: Session, rule: Mapping[str, Any], now: datetime) -> Iterator[tuple[Issue, str, str]]:
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
        select(Rumour, counts.c.matched).join(counts, counts.c.rumour_id == Rumour.id)
    ).all()
    for rumour, count in counted:
        issue = _issue_of(session, rumour, since)
        if issue is not None and issue.state in OPEN:
            slot = int(now.timestamp() // (rule["repeat_hours"] * 3600))
            yield (
                issue,
                f"{issue.id}:rumour:{rumour.id}:{slot}",
                f"传言“{rumour.claim}”近 {rule['within_hours']} 小时出现 {count} 条；结论：{rumour.verdict}",
            )


def _issue_of(session: Session, rumour: Rumour, since: datetime) -> Issue | None:
    """The issue that most of the recent matches lie in."""
    most = session.execute(
        select(IssueDocument.issue_id).join(RumourMatch, RumourMatch.document_id == IssueDocument.document_id)
        .where(RumourMatch.rumour_id == rumour.id, RumourMatch.when >= since)
        .group_by(IssueDocument.issue_id).order_by(func.count().desc()).limit(1)
    ).scalar()  # fmt: skip
    return session.get(Issue, most) if most else None


def evidence(session: Session, issue: Issue) -> dict[str, Any]:
    """The issue as it was when the alert was made: figures, parts of the level, the three newest posts by id and words."""
    newest = session.scalars(
        select(DocumentRow).join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue.id).order_by(DocumentRow.when.desc()).limit(3)
    )  # fmt: skip
    return {
        "level_parts": issue.level_parts, "documents": issue.documents, "sources": issue.sources, "authors": issue.authors,
        "last_hour": issue.last_hour, "casualties": issue.casualties, "first": issue.first.isoformat(), "last": issue.last.isoformat(),
        "posts": [{"id": row.id, "source": row.source, "url": row.url, "text": row.text[:200]} for row in newest],
    }  # fmt: skip


_TESTS = {"red": _level, "orange": _level, "burst": _burst, "rumour": _rumour}

"""The invented world of these tests: a moment, people of each role, and an issue (pupils ill after a school lunch)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from huiyin.records import Issue

NOW = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
"""15:30 on a Tuesday in Beijing."""


@dataclass(frozen=True)
class Who:
    name: str
    role: str


AUTHOR, UNIT, SECRECY = Who("analyst1", "analyst"), Who("spokes1", "spokesperson"), Who("review1", "reviewer")
LEADER, PRINCIPAL = Who("leader1", "leader"), Who("leader2", "leader")


def add_issue(session: Session, key: str = "s01", level: int = 2) -> Issue:
    """An issue of the given level, seen 30 hours and reported 31 hours before NOW."""
    issue = Issue(
        id=key, title="第三小学学生就餐后呕吐", topic="food_drug", place="云江市", unit="云江市教育局", level=level,
        level_parts={"event": {"level": 0, "label": "待定", "reasons": []}}, first=NOW - timedelta(hours=32),
        last=NOW, seen=NOW - timedelta(hours=30), reported=NOW - timedelta(hours=31), documents=40, folded=20,
        must_answer=[{"kind": "emergency", "reason": "突发事件：多名学生呕吐"}],
        concerns=[{"question": "有没有孩子死亡？", "kind": "unclear", "count": 41, "examples": []},
                  {"question": "食材是从哪里来的？", "kind": "unclear", "count": 29, "examples": []}],
    )  # fmt: skip
    session.add(issue)
    session.flush()
    return issue

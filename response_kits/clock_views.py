"""Clocks as people see them: in words, due soon, overdue, those of policies, and the monthly record of compliance."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Clock, Policy
from huiyin.rules import load
from response_kits.clock_rules import STATES, due_of, rule


@dataclass(frozen=True, slots=True)
class ClockView:
    """One clock as people see it. `left` in seconds (negative: overdue); `due_soon` and `overdue` of running clocks only."""

    id: int | None
    issue_id: str
    rule: str
    name: str
    act: str
    basis: str
    second_hand: bool
    local: bool
    start: datetime
    due: datetime
    state: str
    state_name: str
    met_at: datetime | None
    met_by: str
    left: float
    words: str
    due_soon: bool
    overdue: bool
    reason: str
    paused_by: str

    def as_dict(self) -> dict[str, Any]:
        row = asdict(self)
        return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in row.items()}


def views(session: Session, issue_id: str, now: datetime) -> list[ClockView]:
    """The clocks of an issue, soonest first."""
    found = session.scalars(select(Clock).where(Clock.issue_id == issue_id).order_by(Clock.due, Clock.id))
    return [view(clock, now) for clock in found]


def view(clock: Clock, now: datetime) -> ClockView:
    """One clock in words. A running clock whose time is over shows as overdue before `refresh` has run."""
    row = rule(clock.rule)
    left = (clock.due - now).total_seconds()
    running = clock.state == "running"
    soon = load("clocks")["soon"]
    near = max(float(soon["share"]) * (clock.due - clock.start).total_seconds(), float(soon["hours"]) * 3600)
    return ClockView(
        id=clock.id, issue_id=clock.issue_id, rule=clock.rule, name=row["name"], act=row["act"], basis=row["basis"],
        second_hand=bool(row["second_hand"]), local=bool(row.get("local")), start=clock.start, due=clock.due,
        state=clock.state, state_name=STATES[clock.state], met_at=clock.met_at, met_by=clock.met_by, left=left,
        words=_words(clock, left), due_soon=running and 0 <= left <= near,
        overdue=clock.met_at is None and (clock.state == "missed" or (running and left < 0)),
        reason=clock.reason, paused_by=clock.paused_by,
    )  # fmt: skip


def due_soon(session: Session, now: datetime) -> list[ClockView]:
    """Running clocks that end soon, the nearest first."""
    return [v for v in _open(session, now) if v.due_soon]


def overdue(session: Session, now: datetime) -> list[ClockView]:
    """Clocks whose time is over and whose act has not been done, the oldest first."""
    return [v for v in _open(session, now) if v.overdue]


def policy_clocks(session: Session, now: datetime) -> list[ClockView]:
    """For each policy of the last 60 days: was interpretation material published with it or within the limit?"""
    row = rule("interpret")
    found = []
    for policy in session.scalars(select(Policy).where(Policy.interprets.is_(None), Policy.dated != "")):
        day = date.fromisoformat(policy.dated)
        if not 0 <= (now.date() - day).days <= 60:
            continue
        begun = max(datetime(day.year, day.month, day.day, tzinfo=now.tzinfo), now - timedelta(days=61))
        text = session.scalars(
            select(Policy).where(Policy.interprets == policy.id).order_by(Policy.dated)
        ).first()
        clock = Clock(issue_id="", rule="interpret", start=begun, due=due_of(row, begun).at, state="running",
                      reason=f"《{policy.title}》", paused_by="", met_by="", met_at=None)  # fmt: skip
        if text is not None:
            made = date.fromisoformat(text.dated) if text.dated else day
            clock.met_at = datetime(made.year, made.month, made.day, tzinfo=now.tzinfo)
            clock.met_by, clock.state = text.title, "met" if clock.met_at <= clock.due else "missed"
        elif now > clock.due:
            clock.state = "missed"
        found.append(view(clock, now))
    return found


def compliance(session: Session, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Per rule: how many clocks fell due in the window, met, missed, met late, paused; the ids behind each number."""
    rows: dict[str, dict[str, Any]] = {}
    for clock in session.scalars(select(Clock).where(Clock.due >= since, Clock.due < until)):
        made = rows.setdefault(
            clock.rule,
            {"rule": clock.rule, "name": rule(clock.rule)["name"], "basis": rule(clock.rule)["basis"],
             "met": [], "missed": [], "late": [], "running": [], "paused": []},
        )  # fmt: skip
        kind = "late" if clock.state == "missed" and clock.met_at else clock.state
        made[kind].append({"clock": clock.id, "issue": clock.issue_id})
    return [
        {**row, "total": sum(len(v) for v in row.values() if isinstance(v, list))} for row in rows.values()
    ]


def _open(session: Session, now: datetime) -> list[ClockView]:
    query = select(Clock).where(Clock.met_at.is_(None), Clock.state != "met").order_by(Clock.due)
    return [view(clock, now) for clock in session.scalars(query)]


def _words(clock: Clock, left: float) -> str:
    if clock.met_at is not None:
        return (
            "已完成"
            if clock.state == "met"
            else f"逾期{_span((clock.met_at - clock.due).total_seconds())}完成"
        )
    if clock.state == "paused":
        return f"已暂停（{clock.paused_by}：{clock.reason}）"
    return f"还剩{_span(left)}" if left >= 0 else f"已超时{_span(-left)}"


def _span(seconds: float) -> str:
    minutes = max(0, int(seconds // 60))
    days, rest = divmod(minutes, 1440)
    hours, mins = divmod(rest, 60)
    return f"{days} 天 {hours} 小时" if days else (f"{hours} 小时 {mins} 分" if hours else f"{mins} 分钟")

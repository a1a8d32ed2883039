"""Response clocks (RULES 1): what starts them, when they are due, what meets them, who paused them and why.

The statutory numbers are in huiyin/rules/clocks.toml. A pending review never stops a clock: nothing here looks at drafts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import Clock, Issue, IssueEvent, Policy, Rumour, audit
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits.workdays import Due, after_working_days

STATES = {"running": "计时中", "met": "已完成", "missed": "已超时", "paused": "已暂停"}
_SLEEPING = ("not_ours", "false_alarm")


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


def rule(key: str) -> Mapping[str, Any]:
    """The row of clocks.toml. Raises UsageError."""
    for row in load("clocks")["clock"]:
        if row["key"] == key:
            found: Mapping[str, Any] = row
            return found
    raise UsageError(
        f"no clock rule {key!r}; choose from {', '.join(row['key'] for row in load('clocks')['clock'])}"
    )


def start_of(issue: Issue, settings: Settings) -> datetime:
    """The moment that starts the clocks of an issue: the earliest of 接报 and 发现, or as `clock_start` says."""
    if settings.clock_start == "reported":
        return issue.reported or issue.seen
    if settings.clock_start == "seen" or issue.reported is None:
        return issue.seen
    return min(issue.reported, issue.seen)


def due_of(row: Mapping[str, Any], start: datetime, *, extended: bool = False) -> Due:
    """When the limit of a rule ends that started then."""
    if "hours" in row:
        return Due(start + timedelta(hours=float(row["hours"])))
    days = int(row["working_days"]) + (int(row.get("extension_working_days", 0)) if extended else 0)
    return after_working_days(start, days)


def triggers_of(session: Session, issue: Issue) -> dict[str, str]:
    """Which triggers of the rule table an issue meets: key → the reason in words."""
    table = load("clocks")["triggers"]
    found: dict[str, str] = {}
    if issue.state in _SLEEPING or issue.merged_into:
        return found
    label = str((issue.level_parts or {}).get("event", {}).get("label", "")).strip()
    major = table["major"]
    if label.startswith(tuple(major["event_labels"])):
        found["major"] = f"事件等级为{label}"
    elif issue.level >= major["level_at_least"]:
        found["major"] = "舆情级别为红色，按重大突发事件对待（本地从严）"
    opinion = table["opinion"]
    if issue.must_answer:
        found["opinion"] = str(
            issue.must_answer[0].get("reason") or issue.must_answer[0].get("kind") or "属重点回应"
        )
    elif issue.level >= opinion["level_at_least"]:
        found["opinion"] = "舆情级别为黄色及以上"
    false = session.scalars(
        select(Rumour).where(Rumour.issue_id == issue.id, Rumour.verdict.in_(("不实", "部分属实")))
    ).first()
    if false is not None:
        found["false_information"] = f"传言“{false.claim[:40]}”核查结论为{false.verdict}"
    elif issue.rumour >= table["false_information"]["rumour_at_least"]:
        found["false_information"] = f"疑似不实信息（{issue.rumour:.2f}）"
    return found


def start_for(session: Session, issue: Issue, settings: Settings, now: datetime) -> list[Clock]:
    """Start the clocks that an issue calls for and does not have yet; safe to call again and again."""
    present = {clock.rule for clock in _of(session, issue.id)}
    triggers = triggers_of(session, issue)
    started = []
    for row in load("clocks")["clock"]:
        if row["trigger"] in triggers and row["key"] not in present:
            started.append(
                start(session, issue, row["key"], start_of(issue, settings), now, triggers[row["trigger"]])
            )
    return started


def start(
    session: Session,
    issue: Issue,
    key: str,
    at: datetime,
    now: datetime,
    why: str,
    *,
    due: datetime | None = None,
) -> Clock:
    """Start one clock by its rule's key (disclosure and update are started so). `due` overrules, to tighten only."""
    row = rule(key)
    limit = due_of(row, at)
    end = limit.at if due is None or (not row.get("local") and due > limit.at) else due
    clock = Clock(
        issue_id=issue.id, rule=key, start=at, due=end, reason="；".join(w for w in (why, limit.note) if w)
    )
    session.add(clock)
    session.flush()
    _note(
        session,
        issue.id,
        now,
        "",
        f"开始计时：{row['name']}，{_local(end)}前。{why}（{row['basis']}）",
        clock,
    )
    return clock


def refresh(session: Session, now: datetime) -> list[Clock]:
    """Mark running clocks whose time is over as missed, and note it in the issue's log; returns those."""
    late = list(session.scalars(select(Clock).where(Clock.state == "running", Clock.due < now)))
    for clock in late:
        clock.state = "missed"
        _note(
            session,
            clock.issue_id,
            now,
            "",
            f"超过时限：{rule(clock.rule)['name']}（应于{_local(clock.due)}前完成）",
            clock,
        )
        audit.append(session, "", "clock.missed", f"issue/{clock.issue_id}", {"rule": clock.rule}, at=now)
    return late


def meet(session: Session, issue_id: str, act: str, by: str, at: datetime) -> list[Clock]:
    """An act (kind of text, or `conference`, `statement`) meets every open clock of the issue that it can meet.

    `by` names the act for people (“情况通报 3”). A missed clock keeps its state and gets the time of the late act.
    """
    met = []
    for clock in _of(session, issue_id):
        if clock.met_at is None and act in rule(clock.rule)["met_by"] and at >= clock.start:
            clock.met_at, clock.met_by = at, by
            if clock.state != "missed" and at <= clock.due:
                clock.state = "met"
            else:
                clock.state = "missed"
            met.append(clock)
            word = "按时完成" if clock.state == "met" else "逾期完成"
            _note(session, issue_id, at, "", f"{word}：{rule(clock.rule)['name']}（{by}）", clock)
    return met


def pause(session: Session, clock_id: int, by: str, reason: str, now: datetime) -> Clock:
    """Pause with a name and a reason. Raises UsageError where either lacks, Conflict where it is not running."""
    if not by.strip() or not reason.strip():
        raise UsageError("暂停时限须写明决定人和理由")
    clock = _get(session, clock_id)
    if clock.state != "running":
        raise Conflict(f"时限“{rule(clock.rule)['name']}”{STATES[clock.state]}，不能暂停")
    clock.state, clock.paused_by, clock.paused_at, clock.reason = "paused", by, now, reason
    _note(session, clock.issue_id, now, by, f"暂停计时：{rule(clock.rule)['name']}。理由：{reason}", clock)
    audit.append(
        session, by, "clock.pause", f"issue/{clock.issue_id}", {"rule": clock.rule, "reason": reason}, at=now
    )
    return clock


def resume(session: Session, clock_id: int, by: str, now: datetime) -> Clock:
    """Go on; the time of the pause is added to the limit."""
    clock = _get(session, clock_id)
    if clock.state != "paused" or clock.paused_at is None:
        raise Conflict(f"时限“{rule(clock.rule)['name']}”没有暂停")
    clock.due += now - clock.paused_at
    clock.state, clock.paused_at = "running", None
    _note(
        session,
        clock.issue_id,
        now,
        by,
        f"恢复计时：{rule(clock.rule)['name']}，{_local(clock.due)}前",
        clock,
    )
    audit.append(session, by, "clock.resume", f"issue/{clock.issue_id}", {"rule": clock.rule}, at=now)
    return clock


def extend(session: Session, clock_id: int, by: str, reason: str, now: datetime) -> Clock:
    """The approved extension of a disclosure clock (条例第33条). Raises Conflict where the rule knows none."""
    clock = _get(session, clock_id)
    row = rule(clock.rule)
    if "extension_working_days" not in row or "经批准延长" in clock.reason:
        raise Conflict(f"时限“{row['name']}”不能再延长")
    limit = due_of(row, clock.start, extended=True)
    clock.due, clock.reason = limit.at, f"{clock.reason}；经批准延长：{reason}（{by}）"
    audit.append(
        session, by, "clock.extend", f"issue/{clock.issue_id}", {"rule": clock.rule, "reason": reason}, at=now
    )
    return clock


def after_release(session: Session, issue: Issue, at: datetime, next_update: datetime | None) -> Clock:
    """After each release the next one falls due: at the announced time, else after the local reminder."""
    present = session.scalars(select(Clock).where(Clock.issue_id == issue.id, Clock.rule == "update")).first()
    due = next_update or due_of(rule("update"), at).at
    if present is None:
        return start(session, issue, "update", at, at, "首次发布之后", due=due)
    present.start, present.due, present.state, present.met_at, present.met_by = at, due, "running", None, ""
    return present


def views(session: Session, issue_id: str, now: datetime) -> list[ClockView]:
    """The clocks of an issue, soonest first."""
    return [view(clock, now) for clock in sorted(_of(session, issue_id), key=lambda c: c.due)]


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


def _of(session: Session, issue_id: str) -> list[Clock]:
    return list(session.scalars(select(Clock).where(Clock.issue_id == issue_id)))


def _get(session: Session, clock_id: int) -> Clock:
    clock = session.get(Clock, clock_id)
    if clock is None:
        raise NotFound(f"没有编号为 {clock_id} 的时限")
    return clock


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


def _local(at: datetime) -> str:
    from response_kits.wording import moment

    return moment(at)


def _note(session: Session, issue_id: str, at: datetime, by: str, text: str, clock: Clock) -> None:
    session.add(
        IssueEvent(
            issue_id=issue_id,
            at=at,
            by=by,
            kind="clock",
            text=text,
            data={"clock": clock.id, "rule": clock.rule},
        )
    )

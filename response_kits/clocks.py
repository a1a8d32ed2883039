"""Response clocks (RULES 1): what starts them, when they are due, what meets them, who paused them and why.

The statutory numbers are in huiyin/rules/clocks.toml. A pending review never stops a clock: nothing here looks at drafts.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import Clock, Issue, IssueDocument, IssueEvent, Rumour, RumourMatch, audit
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits.clock_rules import STATES, due_of, rule
from response_kits.clock_views import ClockView, compliance, due_soon, overdue, policy_clocks, view, views
from response_kits.wording import moment

__all__ = [
    "STATES",
    "ClockView",
    "after_release",
    "compliance",
    "due_of",
    "due_soon",
    "extend",
    "meet",
    "note_act",
    "overdue",
    "pause",
    "policy_clocks",
    "refresh",
    "resume",
    "rule",
    "start",
    "start_for",
    "start_of",
    "triggers_of",
    "view",
    "views",
]  # fmt: skip

SUPERIOR = 5
"""The kind of 重点回应 that a superior body requires (must_answer.toml): answered however few have spoken."""
_SLEEPING = ("not_ours", "false_alarm")


def start_of(issue: Issue, settings: Settings) -> datetime:
    """The moment that starts the clocks of an issue: the earliest of 接报 and 发现, or as `clock_start` says."""
    if settings.clock_start == "reported":
        return issue.reported or issue.seen
    if settings.clock_start == "seen" or issue.reported is None:
        return issue.seen
    return min(issue.reported, issue.seen)


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
    heard = issue.authors >= opinion["voices_at_least"]
    if issue.must_answer and (heard or any(row.get("kind") == SUPERIOR for row in issue.must_answer)):
        found["opinion"] = str(
            issue.must_answer[0].get("reason") or issue.must_answer[0].get("kind") or "属重点回应"
        )
    elif issue.level >= opinion["level_at_least"]:
        found["opinion"] = f"舆情级别为{load('levels')['names'][issue.level]}"
    if false := _found_false(session, issue):
        found["false_information"] = f"传言“{false.claim[:40]}”核查结论为{false.verdict}"
    return found


def _found_false(session: Session, issue: Issue) -> Rumour | None:
    """A rumour judged false that this issue carries: its own, or one whose words its posts surely repeat. A model's
    suspicion is no finding: it is checked first (RULES 1), and no clock runs for what may be true."""
    judged = Rumour.verdict.in_(("不实", "部分属实"))
    repeated = (
        select(RumourMatch.rumour_id)
        .join(IssueDocument, IssueDocument.document_id == RumourMatch.document_id)
        .where(IssueDocument.issue_id == issue.id, RumourMatch.decision.in_(("auto", "confirmed")))
    )
    query = select(Rumour).where(judged, or_(Rumour.issue_id == issue.id, Rumour.id.in_(repeated)))
    return session.scalars(query.order_by(Rumour.id).limit(1)).first()


def start_for(session: Session, issue: Issue, settings: Settings, now: datetime) -> list[Clock]:
    """Start the clocks that an issue calls for and does not have yet; safe to call again and again."""
    present = {clock.rule for clock in _of(session, issue.id)}
    _pull_back(session, issue, start_of(issue, settings), now)
    triggers = triggers_of(session, issue)
    started = []
    for row in load("clocks")["clock"]:
        if row["trigger"] in triggers and row["key"] not in present:
            started.append(
                start(session, issue, row["key"], start_of(issue, settings), now, triggers[row["trigger"]])
            )
    return started


def _pull_back(session: Session, issue: Issue, at: datetime, now: datetime) -> None:
    """A report that came to light later may have begun the time earlier: limits move forward, never back."""
    keys = {
        row["key"]
        for row in load("clocks")["clock"]
        if row["trigger"] in ("major", "opinion", "false_information")
    }
    for clock in _of(session, issue.id):
        if clock.rule in keys and clock.state == "running" and at < clock.start:
            clock.start, clock.due = at, clock.due - (clock.start - at)
            words = f"起算时间提前：{rule(clock.rule)['name']}，{moment(clock.due)}前"
            _note(session, issue.id, now, "", words, clock)


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
        f"开始计时：{row['name']}，{moment(end)}前。{why}（{row['basis']}）",
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
            f"超过时限：{rule(clock.rule)['name']}（应于{moment(clock.due)}前完成）",
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


def note_act(session: Session, issue_id: str, act: str, words: str, by: str, now: datetime) -> list[Clock]:
    """A person records an act that this system did not make: `conference` (新闻发布会), `statement` (a text published elsewhere)."""
    if act not in ("conference", "statement") or not words.strip():
        raise UsageError("可记录的行为：conference（新闻发布会）、statement（在别处发布的文稿），并写明名称")
    met = meet(session, issue_id, act, words, now)
    data = {"act": act, "words": words, "clocks": [clock.id for clock in met]}
    audit.append(session, by, "clock.act", f"issue/{issue_id}", data, at=now)
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
        f"恢复计时：{rule(clock.rule)['name']}，{moment(clock.due)}前",
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


def _of(session: Session, issue_id: str) -> list[Clock]:
    return list(session.scalars(select(Clock).where(Clock.issue_id == issue_id)))


def _get(session: Session, clock_id: int) -> Clock:
    clock = session.get(Clock, clock_id)
    if clock is None:
        raise NotFound(f"没有编号为 {clock_id} 的时限")
    return clock


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

"""Response clocks: what starts them, when they are due, holidays, pauses, and what meets them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from kit_world import NOW, add_issue
from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, UsageError
from huiyin.records import Clock, DocumentRow, Issue, IssueDocument, Rumour, RumourMatch
from huiyin.rules import load
from huiyin.settings import Settings
from huiyin.settings import load as load_settings
from response_kits import clocks
from response_kits.workdays import ZONE, after_working_days, is_workday


def test_every_rule_names_its_document() -> None:
    rows = load("clocks")["clock"]
    assert {row["key"]: row.get("hours") for row in rows if row["key"] in ("publish", "press", "respond")} == {
        "publish": 5, "press": 24, "respond": 48
    }  # fmt: skip
    assert all(row["basis"] and isinstance(row["second_hand"], bool) for row in rows)
    assert clocks.rule("interpret")["second_hand"] is True


def test_start_is_the_earliest_of_reported_and_seen_or_as_set(
    session: Session, issue: Issue, settings: Settings
) -> None:
    assert clocks.start_of(issue, settings) == issue.reported
    assert clocks.start_of(issue, load_settings(environ={}, clock_start="seen")) == issue.seen
    issue.reported = None
    assert clocks.start_of(issue, load_settings(environ={}, clock_start="reported")) == issue.seen


def test_an_ordinary_issue_has_48_hours(session: Session, issue: Issue, settings: Settings) -> None:
    started = {c.rule: c for c in clocks.start_for(session, issue, settings, NOW)}
    assert set(started) == {"respond", "correct"}
    assert started["respond"].due == issue.reported + timedelta(hours=48)  # type: ignore[operator]
    assert clocks.start_for(session, issue, settings, NOW) == []


@pytest.mark.parametrize(
    ("level", "label", "major"),
    [(3, "待定", True), (2, "重大", True), (1, "特别重大", True), (2, "较大", False), (2, "一般", False)],
)
def test_who_has_five_hours(
    session: Session, settings: Settings, level: int, label: str, major: bool
) -> None:
    issue = add_issue(session, level=level)
    issue.level_parts = {"event": {"label": label}}
    rules = {c.rule for c in clocks.start_for(session, issue, settings, NOW)}
    assert ({"publish", "press"} <= rules) is major


def test_a_suspicion_starts_no_clock_and_a_known_rumour_does(session: Session, settings: Settings) -> None:
    issue = add_issue(session, "s77")
    issue.rumour = 0.99
    assert {c.rule for c in clocks.start_for(session, issue, settings, NOW)} == {"respond"}
    rumour = Rumour(claim="自来水有毒", verdict="不实", state="published")
    session.add_all([DocumentRow(id="p1", source="forum", text="听说喝了毒水", when=NOW), rumour])
    session.flush()
    session.add(IssueDocument(issue_id=issue.id, document_id="p1", when=NOW))
    match = RumourMatch(rumour_id=rumour.id, document_id="p1", score=0.6, decision="suggest", when=NOW)
    session.add(match)
    session.flush()
    assert clocks.start_for(session, issue, settings, NOW) == []
    match.decision = "auto"
    session.flush()
    assert {c.rule for c in clocks.start_for(session, issue, settings, NOW)} == {"correct"}


def test_what_is_not_ours_has_no_clock(session: Session, settings: Settings) -> None:
    issue = add_issue(session, level=3)
    issue.state = "false_alarm"
    assert clocks.start_for(session, issue, settings, NOW) == []


def test_missed_then_met_late_keeps_its_state(session: Session, issue: Issue, settings: Settings) -> None:
    clocks.start_for(session, issue, settings, NOW)
    later = NOW + timedelta(hours=20)
    assert {c.rule for c in clocks.refresh(session, later)} == {"respond", "correct"}
    assert clocks.refresh(session, later) == []
    clocks.meet(session, issue.id, "notice", "情况通报 1", later + timedelta(hours=1))
    view = {v.rule: v for v in clocks.views(session, issue.id, later)}["respond"]
    assert (view.state, view.met_by, view.overdue) == ("missed", "情况通报 1", False)
    assert view.words.startswith("逾期")


def test_an_act_meets_only_what_it_can(session: Session, settings: Settings) -> None:
    issue = add_issue(session, level=3)
    clocks.start_for(session, issue, settings, NOW)
    start = clocks.start_of(issue, settings)
    clocks.meet(session, issue.id, "notice", "情况通报 1", start + timedelta(hours=4))
    states = {c.rule: c.state for c in session.scalars(select(Clock))}
    assert states == {"publish": "met", "press": "running", "respond": "met"}
    clocks.meet(session, issue.id, "conference", "新闻发布会", start + timedelta(hours=23))
    assert {c.rule: c.state for c in session.scalars(select(Clock))}["press"] == "met"


def test_a_pause_needs_a_name_and_a_reason_and_gives_its_time_back(
    session: Session, issue: Issue, settings: Settings
) -> None:
    clock = next(c for c in clocks.start_for(session, issue, settings, NOW) if c.rule == "respond")
    due = clock.due
    with pytest.raises(UsageError, match="理由"):
        clocks.pause(session, clock.id, "leader1", " ", NOW)
    clocks.pause(session, clock.id, "leader1", "公安机关要求暂缓发布", NOW)
    assert clocks.refresh(session, NOW + timedelta(days=9)) == [] or clock.state == "paused"
    assert "公安机关要求暂缓发布" in clocks.view(clock, NOW).words
    clocks.resume(session, clock.id, "leader1", NOW + timedelta(hours=3))
    assert clock.due == due + timedelta(hours=3)
    with pytest.raises(Conflict):
        clocks.resume(session, clock.id, "leader1", NOW)


def test_soon_and_overdue_lists(session: Session, issue: Issue, settings: Settings) -> None:
    clocks.start_for(session, issue, settings, NOW)
    assert [v.rule for v in clocks.overdue(session, NOW)] == ["correct"]
    at = NOW + timedelta(hours=8)
    assert [v.rule for v in clocks.due_soon(session, at)] == ["respond"]


def test_the_next_release_is_due_when_it_was_announced(
    session: Session, issue: Issue, settings: Settings
) -> None:
    at = NOW + timedelta(hours=2)
    first = clocks.after_release(session, issue, NOW, at)
    assert first.due == at
    again = clocks.after_release(session, issue, at, None)
    assert again.id == first.id
    assert again.due == at + timedelta(hours=24)


def test_working_days_follow_the_holiday_arrangement() -> None:
    # 2026: National Day holiday 1 to 7 October; Saturday 10 October is a make-up working day.
    assert is_workday(date(2026, 10, 1)) == (False, True)
    assert is_workday(date(2026, 10, 10)) == (True, True)
    start = datetime(2026, 9, 30, 12, tzinfo=ZONE)
    due = after_working_days(start, 3)
    assert due.at.astimezone(ZONE).date() == date(2026, 10, 10)
    assert due.note == ""


def test_a_year_outside_the_table_is_said() -> None:
    due = after_working_days(datetime(2090, 1, 2, tzinfo=UTC), 1)
    assert "2090年节假日安排未收录" in due.note


def test_disclosure_is_twenty_working_days_and_can_be_extended_once(session: Session, issue: Issue) -> None:
    start = datetime(2026, 11, 2, 9, tzinfo=ZONE)
    clock = clocks.start(session, issue, "disclosure", start, NOW, "收到申请")
    assert clock.due.astimezone(ZONE).date() == date(2026, 11, 30)
    clocks.extend(session, clock.id, "leader1", "案情复杂", NOW)
    assert clock.due.astimezone(ZONE).date() == date(2026, 12, 28)
    with pytest.raises(Conflict):
        clocks.extend(session, clock.id, "leader1", "再延长", NOW)


def test_a_limit_may_be_tightened_not_loosened(session: Session, issue: Issue) -> None:
    tight = clocks.start(session, issue, "respond", NOW, NOW, "", due=NOW + timedelta(hours=12))
    assert tight.due == NOW + timedelta(hours=12)
    session.delete(tight)
    session.flush()
    loose = clocks.start(session, issue, "respond", NOW, NOW, "", due=NOW + timedelta(hours=90))
    assert loose.due == NOW + timedelta(hours=48)


def test_the_monthly_record_names_its_rows(session: Session, issue: Issue, settings: Settings) -> None:
    clocks.start_for(session, issue, settings, NOW)
    clocks.refresh(session, NOW)
    rows = {
        row["rule"]: row
        for row in clocks.compliance(session, NOW - timedelta(days=30), NOW + timedelta(days=1))
    }
    assert [r["issue"] for r in rows["correct"]["missed"]] == ["s01"]
    assert rows["respond"]["total"] == 1


def test_an_earlier_report_pulls_the_limit_forward(
    session: Session, issue: Issue, settings: Settings
) -> None:
    clock = next(c for c in clocks.start_for(session, issue, settings, NOW) if c.rule == "respond")
    due = clock.due
    issue.reported = clock.start - timedelta(hours=5)
    clocks.start_for(session, issue, settings, NOW)
    assert clock.due == due - timedelta(hours=5)
    issue.reported = NOW
    clocks.start_for(session, issue, settings, NOW)
    assert clock.due == due - timedelta(hours=5)


def test_a_conference_is_recorded_by_a_person(session: Session, settings: Settings) -> None:
    issue = add_issue(session, level=3)
    clocks.start_for(session, issue, settings, NOW)
    met = clocks.note_act(session, issue.id, "conference", "11月24日新闻发布会", "spokes1", NOW)
    assert {c.rule for c in met} == {"press", "respond"}
    with pytest.raises(UsageError):
        clocks.note_act(session, issue.id, "dance", "x", "spokes1", NOW)

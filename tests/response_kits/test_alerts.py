"""Which issues alert: one row a reason with frozen evidence; false alarms that teach; the precision of each rule."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from alert_world import add, alerts, judge, raise_alerts
from kit_world import NOW

from huiyin.records import (
    Alert,
    AnalysisRow,
    DocumentRow,
    Fetch,
    Issue,
    IssueDocument,
    Record,
    Rumour,
    RumourMatch,
    SavedSearch,
    Source,
)
from huiyin.settings import Settings
from response_kits.alerts import precision


def test_a_reason_makes_one_row_however_often_it_is_looked_at(record: Record) -> None:
    add(record)
    assert [alert.rule for alert in raise_alerts(record)] == ["orange"]
    for minutes in (1, 60, 60 * 30):
        assert raise_alerts(record, NOW + timedelta(minutes=minutes)) == []
    assert len(alerts(record)) == 1


def test_evidence_stays_as_it_was(record: Record) -> None:
    add(record)
    raise_alerts(record)
    with record.session() as session:
        issue = session.get_one(Issue, "i1")
        issue.title, issue.documents, issue.level_parts = "改过的标题", 999, {}
        session.get_one(DocumentRow, "i1-d").text = "改过的正文"
    (alert,) = alerts(record)
    assert alert.title == "事件i1"
    assert alert.reason == "理由i1"
    assert (alert.evidence["documents"], alert.evidence["sources"]) == (12, 3)
    assert alert.evidence["level_parts"]["heat"]["reasons"] == ["理由i1"]
    assert alert.evidence["posts"] == [
        {"id": "i1-d", "source": "forum", "url": "https://example.org/1", "at": NOW.isoformat(), "title": "", "text": ("孩子吐了" * 90)[:200]}
    ]  # fmt: skip


def test_words_alone_never_alert(record: Record) -> None:
    add(
        record,
        level=0,
        keywords=["爆炸", "死亡", "突发"],
        must_answer=[{"kind": "emergency", "reason": "“死亡”"}],
        last_hour=0,
    )
    assert raise_alerts(record) == []


def test_a_rising_level_alerts_again_a_closed_or_silent_issue_does_not(record: Record) -> None:
    add(record)
    add(record, "closed", level=3, state="closed")
    add(record, "silent", level=3, last=NOW - timedelta(days=3))
    add(record, "merged", level=3, merged_into="i1")
    raise_alerts(record)
    with record.session() as session:
        session.get_one(Issue, "i1").level = 3
    assert [alert.rule for alert in raise_alerts(record)] == ["red"]
    assert {alert.issue_id for alert in alerts(record)} == {"i1"}


def hot(record: Record, key: str = "hot", **more: Any) -> None:
    add(record, key, level=1, **{"last_hour": 20, "hourly": [1] * 71 + [20], **more})


def test_a_burst_needs_all_of_its_numbers(record: Record) -> None:
    hot(record)
    hot(record, "few", last_hour=7)
    hot(record, "usual", hourly=[10] * 71 + [20])
    hot(record, "over", last=NOW - timedelta(hours=5))
    (alert,) = raise_alerts(record)
    assert (alert.rule, alert.issue_id) == ("burst", "hot")
    assert alert.evidence["measured"] == {"last_hour": 20, "times": 20.0, "authors": 9}
    assert "近一小时新增 20 条" in alert.reason


def test_a_burst_repeats_after_its_hours_and_not_before(record: Record) -> None:
    hot(record)
    raise_alerts(record)
    # Slots of twelve hours begin at fixed moments: the pause must hold across them too.
    for hours in range(1, 12):
        later = NOW + timedelta(hours=hours)
        with record.session() as session:
            session.get_one(Issue, "hot").last = later
        assert raise_alerts(record, later) == []
    with record.session() as session:
        session.get_one(Issue, "hot").last = NOW + timedelta(hours=12)
    assert len(raise_alerts(record, NOW + timedelta(hours=12))) == 1


def test_a_false_alarm_is_not_raised_again_for_the_same_reason(record: Record) -> None:
    hot(record)
    (alert,) = raise_alerts(record)
    judge(record, alert.id, false=True)
    later = NOW + timedelta(hours=30)
    with record.session() as session:
        issue = session.get_one(Issue, "hot")
        issue.last = later
    assert raise_alerts(record, later) == []
    with record.session() as session:
        session.get_one(Issue, "hot").level = 3  # another reason
    assert [alert.rule for alert in raise_alerts(record, later)] == ["red"]


def test_a_spreading_rumour_alerts_with_its_verdict(record: Record) -> None:
    add(record, level=0)
    with record.session() as session:
        rumour = Rumour(claim="自来水被投毒", verdict="不实")
        session.add(rumour)
        for n in range(6):
            session.add(DocumentRow(id=f"r{n}", source="forum", text="水有毒", when=NOW))
            session.flush()
            session.add(IssueDocument(document_id=f"r{n}", issue_id="i1", when=NOW))
            decision = "auto" if n < 5 else "suggest"
            session.add(
                RumourMatch(rumour_id=rumour.id, document_id=f"r{n}", score=0.9, decision=decision, when=NOW)
            )
    (alert,) = raise_alerts(record)
    assert alert.rule == "rumour"
    assert "自来水被投毒" in alert.reason
    assert "5 条" in alert.reason
    assert "不实" in alert.reason


def _saved_world(record: Record, query: str, level: int = 1, *, alert: bool = True) -> None:
    add(record, level=level)
    with record.session() as session:
        session.add(SavedSearch(user="zhang", name="食堂", query=query, alert=alert))
        for n in range(4):
            session.add(
                DocumentRow(
                    id=f"s{n}", source="forum", text="t", when=NOW, duplicate_of="s0" if n == 3 else ""
                )
            )
            session.flush()
            session.add(AnalysisRow(document_id=f"s{n}", topic="food_drug", words="学校 食堂 饭菜 100%_新鲜"))
            session.add(IssueDocument(document_id=f"s{n}", issue_id="i1", when=NOW))


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("q=食堂", True), ("?q=食堂+饭菜&topic=food_drug&fold=1", True), ('q="食堂饭菜"', True), ('q="饭菜食堂"', False), ("q=食堂+-饭菜", False),
        ("q=食堂&topic=housing", False), ("q=食堂&source=forum&kind=other&urgency=0", True), ("q=食堂&urgency=3", False), ("q=", False), ("topic=food_drug", False),
        ("q=-广告", False), ("q=堂", False), ("q=%25", False),
    ],
)  # fmt: skip
def test_a_saved_search_alerts_of_issues_that_it_finds(record: Record, query: str, wanted: bool) -> None:
    _saved_world(record, query)
    made = raise_alerts(record)
    assert [alert.rule for alert in made] == (["saved"] if wanted else [])
    assert raise_alerts(record, NOW + timedelta(hours=1)) == []
    if wanted:
        assert "找到 3 条" in made[0].reason  # the reprint does not count


def test_a_saved_search_is_silent_where_there_is_no_issue_of_weight_or_no_wish(record: Record) -> None:
    _saved_world(record, "q=食堂", level=0)
    assert raise_alerts(record) == []
    with record.session() as session:
        session.get_one(Issue, "i1").level = 1
        session.get_one(SavedSearch, 1).alert = False
    assert raise_alerts(record) == []


def test_two_processes_make_one_row(record: Record, settings: Settings) -> None:
    add(record)
    code = (
        "import sys\nfrom datetime import datetime\nfrom huiyin.records import Record\nfrom huiyin.settings import load\n"
        "from response_kits.alerts import evaluate\n"
        "record = Record.open(load(environ={}, home=sys.argv[1]), migrate=False)\n"
        "with record.session() as s: print(len(evaluate(s, datetime.fromisoformat(sys.argv[2]))))"
    )
    words = [sys.executable, "-c", code, settings.home, NOW.isoformat()]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(process.communicate()[0].strip() for process in running) == ["0", "1"]
    assert len(alerts(record)) == 1


def _judged(record: Record, rule: str, rows: list[tuple[dict[str, float], bool]]) -> None:
    add(record, "j", level=0)
    with record.session() as session:
        for n, (measured, false) in enumerate(rows):
            session.add(
                Alert(issue_id="j", rule=rule, dedup=f"j:{n}", evidence={"measured": measured}, acknowledged=NOW, false_alarm=false)
            )  # fmt: skip
        session.add(Alert(issue_id="j", rule=rule, dedup="open", evidence={}))


def _of(record: Record, rule: str) -> Any:
    with record.session(write=False) as session:
        return next(row for row in precision(session) if row.key == rule)


def test_precision_counts_what_people_judged(record: Record) -> None:
    _judged(
        record, "burst", [({"last_hour": 9}, True), ({"last_hour": 30}, False), ({"last_hour": 31}, False)]
    )
    row = _of(record, "burst")
    assert (row.raised, row.waiting, row.confirmed, row.false) == (4, 1, 2, 1)
    assert row.precision == pytest.approx(2 / 3)
    assert row.suggestion == ""
    assert _of(record, "red").precision is None


def test_a_rule_that_is_often_wrong_shows_which_number_would_help(record: Record) -> None:
    _judged(
        record, "burst",
        [({"last_hour": 9 + n, "times": 5, "authors": 6}, True) for n in range(5)] + [({"last_hour": 40, "times": 5, "authors": 6}, False)],
    )  # fmt: skip
    said = _of(record, "burst").suggestion
    assert "least_last_hour" in said
    assert "提高到 40" in said
    assert "少 5 次误报" in said


def test_no_number_is_suggested_that_would_have_missed_a_true_alert(record: Record) -> None:
    rows = [({"last_hour": 50, "times": 9, "authors": 9}, True)] * 5 + [
        ({"last_hour": 8, "times": 4, "authors": 5}, False)
    ]
    _judged(record, "burst", rows)
    assert "提高到" not in _of(record, "burst").suggestion
    assert _of(record, "burst").suggestion


def yields(record: Record, name: str, stopped: int, **more: Any) -> None:
    """A source that brought something every hour for a fortnight, until `stopped` hours ago, and answers well ever since."""
    with record.session() as session:
        session.add(Source(name=name, title=f"来源{name}", kind="site", state="unchanged", **more))
        session.flush()
        for hour in range(24 * 14, -1, -1):
            at = NOW - timedelta(hours=hour)
            new = 3 if hour >= stopped else 0
            state = "ok" if new else "unchanged"
            session.add(Fetch(source=name, started=at, finished=at, state=state, new=new))


def test_a_source_that_always_yields_and_goes_silent_alerts_once(record: Record) -> None:
    yields(record, "talker", 30, enabled=True)
    yields(record, "busy", 0, enabled=True)
    yields(record, "off", 30, enabled=False)
    (alert,) = raise_alerts(record)
    assert (alert.source, alert.issue_id, alert.rule, alert.level) == ("talker", None, "silent", 1)
    assert "30 小时" in alert.reason
    assert alert.evidence["measured"]["missed"] > 20
    assert raise_alerts(record, NOW + timedelta(minutes=11)) == []
    # It speaks again and falls silent again: another silence, another alert.
    later = NOW + timedelta(hours=30)
    with record.session() as session:
        for hour in range(1, 31):
            new = 3 if hour < 4 else 0
            at = NOW + timedelta(hours=hour)
            session.add(Fetch(source="talker", started=at, finished=at, state="ok", new=new))
            session.add(Fetch(source="busy", started=at, finished=at, state="ok", new=3))
    assert raise_alerts(record, later) == []  # no longer than the pause before
    with record.session() as session:
        for hour in range(31, 76):
            at = NOW + timedelta(hours=hour)
            session.add(Fetch(source="talker", started=at, finished=at, state="unchanged"))
            session.add(Fetch(source="busy", started=at, finished=at, state="ok", new=3))
    assert [alert.source for alert in raise_alerts(record, NOW + timedelta(hours=75))] == ["talker"]
    assert len({alert.dedup for alert in alerts(record)}) == 2

"""Alerts: one row a reason with frozen evidence; real receivers; quiet hours, digest, escalation; failures; false alarms that teach."""

from __future__ import annotations

import base64
import dataclasses
import email
import email.policy
import hashlib
import hmac
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kit_world import NOW
from receivers import Mailbox, Web, mail, web
from sqlalchemy import func, select

from huiyin.errors import UsageError
from huiyin.records import Alert, DocumentRow, Issue, IssueDocument, Record, Rumour, RumourMatch
from huiyin.settings import Settings
from response_kits.alerts import deliver, evaluate, precision
from response_kits.alerts.channels._http import cut, packed
from response_kits.alerts.deliver import configured, quiet

NIGHT = NOW.replace(hour=16)
"""Midnight at the office."""


@pytest.fixture
def receiver() -> Iterator[Web]:
    with web() as running:
        yield running


def add(record: Record, key: str = "i1", level: int = 2, **more: Any) -> str:
    with record.session() as session:
        session.add(
            Issue(
                id=key, title=f"事件{key}", level=level, first=NOW - timedelta(hours=9), last=more.pop("last", NOW), documents=12, sources=3,
                authors=9, dirty=False,
                level_parts={"heat": {"level": level, "label": "高", "reasons": [f"理由{key}"]}}, **more,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            DocumentRow(
                id=f"{key}-d", source="forum", text="孩子吐了" * 90, when=NOW, url="https://example.org/1"
            )
        )
        session.flush()
        session.add(IssueDocument(document_id=f"{key}-d", issue_id=key, when=NOW))
    return key


def raise_alerts(record: Record, now: datetime = NOW) -> list[Alert]:
    with record.session() as session:
        return evaluate(session, now)


def alerts(record: Record) -> list[Alert]:
    with record.session(write=False) as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def judge(record: Record, number: int, *, false: bool, at: datetime = NOW) -> None:
    with record.session() as session:
        alert = session.get_one(Alert, number)
        alert.acknowledged, alert.acknowledged_by, alert.false_alarm = at, "zhang", false


def through(settings: Settings, folder: Path, *channels: tuple[str, str]) -> Settings:
    """The settings with these (kind, address) as channels, each address in a file of its own."""
    parts = []
    for number, (kind, address) in enumerate(channels):
        file = folder / f"{kind}-{number}.txt"
        file.write_text(address + "\n", "utf-8")
        parts.append(f"{kind}={file}")
    return dataclasses.replace(settings, alert_channels=", ".join(parts))


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


@pytest.mark.parametrize(
    ("kind", "words", "limit"),
    [
        ("wecom", lambda body: body["text"]["content"], 2048),
        ("dingtalk", lambda body: body["text"]["content"], 20_000),
        ("feishu", lambda body: body["content"]["text"], 20_000),
        ("webhook", lambda body: f"{body['title']} {body['text']}", 1_000_000),
    ],
)
def test_a_web_channel_takes_a_message_within_its_limit(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web, kind: str, words: Any, limit: int
) -> None:
    add(record, level=2)
    with record.session() as session:
        session.get_one(Issue, "i1").level_parts = {"heat": {"level": 2, "reasons": ['他说"\n' * 9000]}}
    raise_alerts(record)
    chosen = through(settings, tmp_path, (kind, f"{receiver.base}/hook?key=s3cret"))
    assert deliver(record, chosen, NOW) == 1
    ((path, headers, raw),) = receiver.got
    assert path == "/hook?key=s3cret"
    assert headers["content-type"].startswith("application/json")
    said = words(receiver.bodies()[0])
    assert "橙色预警：事件i1" in said
    if kind != "webhook":
        assert len(said.encode()) <= limit
        assert said.endswith("…")
        assert len(raw) <= max(limit, 2048) + 100
    if kind == "dingtalk":
        assert said.startswith("预警")  # the keyword that its robot asks for
    (alert,) = alerts(record)
    assert [(item["channel"], item["ok"], item["what"]) for item in alert.deliveries] == [
        (kind, True, "sent")
    ]
    assert deliver(record, chosen, NOW + timedelta(minutes=5)) == 0
    assert len(receiver.got) == 1


def test_robots_that_ask_for_a_signature_get_one(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web
) -> None:
    add(record)
    raise_alerts(record)
    chosen = through(
        settings,
        tmp_path,
        ("dingtalk", f"{receiver.base}/d?t=1\nSECa"),
        ("feishu", f"{receiver.base}/f\nSECb"),
    )
    assert deliver(record, chosen, NOW) == 2
    path = receiver.got[0][0]
    assert "&timestamp=" in path
    assert "&sign=" in path
    body = receiver.bodies()[1]
    wanted = hmac.new(f"{body['timestamp']}\nSECb".encode(), b"", hashlib.sha256).digest()
    assert body["sign"] == base64.b64encode(wanted).decode()
    assert not any("SEC" in f"{path}{raw!r}" for path, _, raw in receiver.got)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail() as box:
        yield box


def test_mail_reaches_everybody_of_the_list(
    record: Record, settings: Settings, tmp_path: Path, mailbox: Mailbox
) -> None:
    add(record)
    raise_alerts(record)
    chosen = dataclasses.replace(
        through(settings, tmp_path, ("email", "a@example.org, b@example.org")), smtp_url=f"smtp://press%40example.org@127.0.0.1:{mailbox.port}"
    )  # fmt: skip
    assert deliver(record, chosen, NOW) == 1
    ((people, raw),) = mailbox.mails
    assert people == ["a@example.org", "b@example.org"]
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert read["Subject"] == "橙色预警：事件i1"
    assert read["From"] == "press@example.org"
    assert "理由i1" in read.get_content()
    assert read["X-Huiyin-Key"] == "alert:1"


@pytest.mark.parametrize("address", ["p1@refused.example", "p1@refused.example, p2@refused.example"])
def test_refused_mail_is_noted_without_addresses(
    record: Record,
    settings: Settings,
    tmp_path: Path,
    mailbox: Mailbox,
    caplog: pytest.LogCaptureFixture,
    address: str,
) -> None:
    add(record)
    raise_alerts(record)
    chosen = dataclasses.replace(
        through(settings, tmp_path, ("email", address)), smtp_url=f"smtp://x@127.0.0.1:{mailbox.port}"
    )
    assert deliver(record, chosen, NOW) == 0
    (alert,) = alerts(record)
    assert "550" in alert.deliveries[0]["error"]
    assert "refused.example" not in f"{alert.deliveries}{caplog.text}"


def test_quiet_hours_hold_all_but_red_and_let_the_rest_go_as_one(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web
) -> None:
    assert quiet(NIGHT, settings)
    assert not quiet(NOW, settings)
    for key in ("a", "b", "c", "d"):
        add(record, key, last=NIGHT)
    add(record, "worst", level=3, last=NIGHT)
    raise_alerts(record, NIGHT)
    chosen = through(settings, tmp_path, ("webhook", receiver.base))
    assert deliver(record, chosen, NIGHT) == 1
    assert receiver.bodies()[0]["title"].startswith("红色预警：事件worst")
    judge(record, next(a.id for a in alerts(record) if a.level == 3), false=False, at=NIGHT)
    for hour in range(1, 7):
        assert deliver(record, chosen, NIGHT + timedelta(hours=hour)) == 0  # nor is anything held escalated
    morning = NIGHT + timedelta(hours=7, minutes=1)
    assert deliver(record, chosen, morning) == 1
    digest = receiver.bodies()[-1]
    assert digest["title"].startswith("4 条舆情预警")
    assert all(f"事件{key}：" in digest["text"] for key in "abcd")
    assert deliver(record, chosen, morning + timedelta(minutes=2)) == 0  # nobody had time to acknowledge yet
    assert deliver(record, chosen, morning + timedelta(minutes=61)) == 1
    assert "尚未确认" in receiver.bodies()[-1]["title"]


def test_a_long_digest_counts_what_it_does_not_name(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web
) -> None:
    for n in range(30):
        add(record, f"n{n}", level=3 if n == 29 else 2)
    raise_alerts(record)
    assert deliver(record, through(settings, tmp_path, ("wecom", receiver.base)), NOW) == 1
    said = receiver.bodies()[0]["text"]["content"]
    assert said.startswith("30 条舆情预警，最高红色")
    assert "事件n29" in said.splitlines()[1]
    assert "另有 18 条" in said
    assert all(alert.deliveries[0]["ok"] for alert in alerts(record))


def test_what_nobody_acknowledges_is_told_once_more_only(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web
) -> None:
    add(record)
    add(record, "seen")
    raise_alerts(record)
    chosen = through(settings, tmp_path, ("webhook", receiver.base))
    deliver(record, chosen, NOW)
    judge(record, next(a.id for a in alerts(record) if a.issue_id == "seen"), false=False)
    for minutes in (30, 59, 60, 61, 120, 600):
        deliver(record, chosen, NOW + timedelta(minutes=minutes))
    titles = [body["title"] for body in receiver.bodies()]
    assert [title.startswith("（尚未确认）") for title in titles] == [False, False, True]
    assert titles[2] == "（尚未确认）橙色预警：事件i1"
    assert len({body["key"] for body in receiver.bodies()}) == 3


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, {}),
        (403, {}),
        (302, {}),
        (200, {"errcode": 93000, "errmsg": "invalid key s3cret"}),
        (200, b"<html>log in</html>"),
    ],
)
def test_a_channel_that_fails_loses_nothing_and_leaks_nothing(
    record: Record,
    settings: Settings,
    tmp_path: Path,
    receiver: Web,
    caplog: pytest.LogCaptureFixture,
    status: int,
    answer: Any,
) -> None:
    add(record)
    raise_alerts(record)
    secret = f"{receiver.base}/hook?key=s3cret"
    with web() as healthy:
        chosen = through(settings, tmp_path, ("wecom", secret), ("webhook", f"{healthy.base}/fine"))
        receiver.status, receiver.answer = status, answer
        with caplog.at_level(logging.DEBUG):
            assert deliver(record, chosen, NOW) == 1  # the other channel goes on
        assert deliver(record, chosen, NOW + timedelta(seconds=20)) == 0  # left in peace for a minute
        tried = len(receiver.got)
        assert deliver(record, chosen, NOW + timedelta(minutes=2)) == 0
        assert len(receiver.got) == tried * 2
        (alert,) = alerts(record)
        assert [(item["channel"], item["ok"]) for item in alert.deliveries] == [
            ("webhook", True),
            ("wecom", False),
        ]
        receiver.status, receiver.answer = 200, {"errcode": 0}
        assert deliver(record, chosen, NOW + timedelta(minutes=4)) == 1
        assert len(healthy.got) == 1
    (alert,) = alerts(record)
    assert {(item["channel"], item["ok"]) for item in alert.deliveries} == {
        ("webhook", True),
        ("wecom", True),
    }
    assert "s3cret" not in f"{alert.deliveries}{caplog.text}"
    assert "/elsewhere" not in {path for path, _, _ in receiver.got}


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/hook?key=s3cret", "http://127.0.0.1:9/a b?key=s3cret", "ftp://x/s3cret"]
)
def test_an_address_that_nobody_answers_is_not_quoted(
    record: Record, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    add(record)
    raise_alerts(record)
    with caplog.at_level(logging.DEBUG):
        assert deliver(record, through(settings, tmp_path, ("webhook", address)), NOW) == 0
    (alert,) = alerts(record)
    assert alert.deliveries[0]["error"]
    assert "s3cret" not in f"{alert.deliveries}{caplog.text}"


def test_two_channels_of_a_kind_are_two(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web
) -> None:
    add(record)
    raise_alerts(record)
    chosen = through(settings, tmp_path, ("wecom", f"{receiver.base}/one"), ("wecom", f"{receiver.base}/two"))
    assert deliver(record, chosen, NOW) == 2
    assert [path for path, _, _ in receiver.got] == ["/one", "/two"]


@pytest.mark.parametrize("value", ["sms=/tmp/x", "wecom", "_http=x"])
def test_an_unknown_channel_is_named_at_once(settings: Settings, value: str) -> None:
    with pytest.raises(UsageError, match="alert_channels"):
        configured(dataclasses.replace(settings, alert_channels=value))


def test_a_missing_address_file_does_not_stop_the_others(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web
) -> None:
    add(record)
    raise_alerts(record)
    chosen = through(settings, tmp_path, ("wecom", receiver.base), ("webhook", receiver.base))
    (tmp_path / "wecom-0.txt").unlink()
    assert deliver(record, chosen, NOW) == 1
    assert "wecom-0.txt" in next(
        item["error"] for item in alerts(record)[0].deliveries if item["channel"] == "wecom"
    )


def test_killed_between_row_and_delivery_nothing_is_doubled_or_lost(
    record: Record, settings: Settings, tmp_path: Path
) -> None:
    add(record)
    with web() as receiver:
        receiver.answer = {}
        chosen = through(settings, tmp_path, ("webhook", receiver.base))
        code = (
            "import os, signal, sys\nfrom datetime import datetime\nfrom huiyin.records import Record\nfrom huiyin.settings import load\n"
            "from response_kits.alerts import deliver, evaluate\n"
            "import importlib; module = importlib.import_module('response_kits.alerts.deliver')\n"
            "settings = load(environ={}, home=sys.argv[1], alert_channels=sys.argv[3]); now = datetime.fromisoformat(sys.argv[2])\n"
            "record = Record.open(settings, migrate=False)\n"
            "with record.session() as s: evaluate(s, now)\n"
            "module._note = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # after the message, before its note\n"
            "deliver(record, settings, now)"
        )
        ended = subprocess.run(
            [sys.executable, "-c", code, chosen.home, NOW.isoformat(), chosen.alert_channels]
        )
        assert ended.returncode == -signal.SIGKILL
        (alert,) = alerts(record)
        assert alert.deliveries == []
        assert raise_alerts(record, NOW + timedelta(minutes=1)) == []
        assert deliver(record, chosen, NOW + timedelta(minutes=1)) == 1
        assert (
            len({body["key"] for body in receiver.bodies()}) == 1
        )  # told twice, under one key: the receiver drops the second
    with record.session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Alert)) == 1


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


@pytest.mark.parametrize("limit", [40, 2048])
@pytest.mark.parametrize("text", ["好" * 3000, '"\n' * 2000, "a好\U0001f600" * 900, "短", ""])
def test_cutting_never_exceeds_and_never_breaks_a_character(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(packed(kept)) - 2 <= limit
    assert kept == text or (kept.endswith("…") and text.startswith(kept[:-1]))
    if kept != text:
        assert len(packed(kept)) - 2 > limit - 12  # nor is more cut than must be

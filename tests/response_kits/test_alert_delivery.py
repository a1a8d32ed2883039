"""Delivery to real receivers: limits, signatures, quiet hours, digest, escalation, failures that lose and leak nothing."""

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
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alert_world import add, alerts, judge, raise_alerts, through
from kit_world import NOW
from receivers import Mailbox, Web, mail, web
from sqlalchemy import func, select

from huiyin.errors import UsageError
from huiyin.records import Alert, Issue, Record
from huiyin.settings import Settings
from response_kits.alerts import deliver
from response_kits.alerts.channels._http import cut, packed
from response_kits.alerts.deliver import configured, quiet

NIGHT = NOW.replace(hour=16)
"""Midnight at the office."""


@pytest.fixture
def receiver() -> Iterator[Web]:
    with web() as running:
        yield running


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


def test_the_sample_city_s_alerts_say_what_they_are(
    record: Record, settings: Settings, tmp_path: Path, receiver: Web
) -> None:
    chosen = through(settings, tmp_path, ("webhook", receiver.base))
    add(record, "made-up", sample=True)
    add(record, "real")
    raise_alerts(record)
    assert deliver(record, chosen, NOW) == 2
    titles = [body["title"] for body in receiver.bodies()]
    assert titles == ["【示例数据，非真实事件】橙色预警：事件made-up", "橙色预警：事件real"]
    for key in "abcd":
        add(record, key, sample=key != "a")
    raise_alerts(record)
    deliver(record, chosen, NOW)
    digest = receiver.bodies()[-1]
    assert digest["title"].startswith("4 条")  # one of them is real
    assert digest["text"].count("示例数据") == 3


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


@pytest.mark.parametrize("limit", [40, 2048])
@pytest.mark.parametrize("text", ["好" * 3000, '"\n' * 2000, "a好\U0001f600" * 900, "短", ""])
def test_cutting_never_exceeds_and_never_breaks_a_character(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(packed(kept)) - 2 <= limit
    assert kept == text or (kept.endswith("…") and text.startswith(kept[:-1]))
    if kept != text:
        assert len(packed(kept)) - 2 > limit - 12  # nor is more cut than must be

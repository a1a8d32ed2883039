"""Delivery of briefs by e-mail against a real mail server: signed ones only, to those who are to have them, each once, even through kill -9."""

from __future__ import annotations

import asyncio
import dataclasses
import email
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from email import policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from receivers import Mailbox, mail

from huiyin.errors import Conflict, UsageError
from huiyin.records import Brief, BriefDelivery, Record, Source
from huiyin.settings import Settings
from response_kits.briefs import make, post, sign

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)  # 10:00 in Shanghai


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    made = Record.open(Settings(home=str(tmp_path)))
    with made.session() as session:
        session.add(Source(name="forum", title="云江在线论坛", enabled=True))
        for key in ("2026-W46", "2026-W47"):
            make(session, Settings(), key, by="editor", now=NOW)
        post.save(
            session,
            [("leader@example.org", "市领导", ["weekly"]), ("day@example.org", "", ["daily"])],
            "",
            ["pdf", "docx"],
            "root",
            NOW,
        )
    yield made
    made.close()


def settings(record: Record, port: int) -> Settings:
    home = str(Path(str(record.engine.url.database)).parent)
    return Settings(home=home, smtp_url=f"smtp://press@127.0.0.1:{port}")


def sign_one(record: Record, number: int = 1, now: datetime = NOW + timedelta(minutes=1)) -> None:
    with record.session() as session:
        brief = session.get_one(Brief, number)
        sign(session, number, Settings(), seen=brief.at.isoformat(), by="leader", now=now)


def states(record: Record) -> list[tuple[str, str]]:
    with record.session(write=False) as session:
        return [(row.address, row.state) for row in session.query(BriefDelivery).order_by(BriefDelivery.id)]


def test_a_signed_brief_goes_once_to_those_who_are_to_have_it(record: Record) -> None:
    with mail() as box:
        assert post.deliver(record, settings(record, box.port), NOW) == 0  # drafts stay in the house
        sign_one(record)
        later = NOW + timedelta(minutes=2)
        assert post.deliver(record, settings(record, box.port), later) == 1
        assert post.deliver(record, settings(record, box.port), later) == 0
    ((to, raw),) = box.mails
    got = email.message_from_bytes(raw, policy=policy.default)
    assert to == ["leader@example.org"]
    assert "云江市舆情周报" in str(got["Subject"])
    assert "没有采集到内容" in got.get_body().get_content()
    files = {part.get_filename(): part.get_content() for part in got.iter_attachments()}
    assert {name: content[:2] for name, content in files.items()} == {
        "周报-2026-W46.pdf": b"%P",
        "周报-2026-W46.docx": b"PK",
    }
    assert states(record) == [("leader@example.org", "sent")]


def test_it_waits_for_the_hour_of_the_offices_clock(record: Record) -> None:
    with record.session() as session:
        post.save(session, [("leader@example.org", "", ["weekly"])], "08:30", ["pdf"], "root", NOW)
    sign_one(record)
    assert post.due(NOW, time(8, 30), Settings()) == datetime(2026, 11, 25, 0, 30, tzinfo=UTC)
    assert post.due(NOW, time(11, 0), Settings()) == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    with mail() as box:
        assert post.deliver(record, settings(record, box.port), NOW + timedelta(hours=22)) == 0
        assert post.deliver(record, settings(record, box.port), NOW + timedelta(hours=23)) == 1


def test_who_is_entered_later_gets_no_old_brief(record: Record) -> None:
    sign_one(record)
    rows = [("leader@example.org", "", ["weekly"]), ("new@example.org", "", ["weekly"])]
    with record.session() as session:
        post.save(session, rows, "", ["pdf"], "root", NOW + timedelta(hours=1))
    with mail() as box:
        post.deliver(record, settings(record, box.port), NOW + timedelta(hours=2))
    assert [to for to, _ in box.mails] == [["leader@example.org"]]


def test_a_refusal_is_tried_again_later_and_then_given_up(record: Record) -> None:
    with record.session() as session:
        post.save(session, [("nobody@refused.example", "", ["weekly"])], "", ["html"], "root", NOW)
    sign_one(record)
    with mail() as box:
        for hour in range(40):
            post.deliver(record, settings(record, box.port), NOW + timedelta(hours=1 + hour))
    with record.session(write=False) as session:
        row = session.query(BriefDelivery).one()
        assert (row.state, row.attempts, row.error) == ("failed", post.ATTEMPTS, "邮件服务器不接受这个地址")


def test_no_server_is_a_failure_that_is_tried_again(record: Record) -> None:
    sign_one(record)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert post.deliver(record, settings(record, port), NOW + timedelta(minutes=2)) == 0
    assert states(record) == [("leader@example.org", "failed")]
    with mail() as box:
        assert post.deliver(record, settings(record, box.port), NOW + timedelta(hours=2)) == 1


class Slow(Mailbox):
    """Takes the mail, says so to the test, and answers only after a while."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = threading.Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await super().handle_DATA(server, session, envelope)
        self.taken.set()
        await asyncio.sleep(30)
        return "250 OK"


CHILD = """
import sys
from datetime import datetime
from huiyin.records import Record
from huiyin.settings import Settings
from response_kits.briefs.post import deliver
settings = Settings(home=sys.argv[1], smtp_url=f"smtp://press@127.0.0.1:{sys.argv[2]}")
deliver(Record.open(settings, migrate=False), settings, datetime.fromisoformat(sys.argv[3]))
"""


def test_kill_9_between_sending_and_noting_it_sends_nothing_twice(record: Record) -> None:
    sign_one(record)
    box = Slow()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        box.port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    home = settings(record, 0).home
    later = NOW + timedelta(minutes=2)
    child = subprocess.Popen([sys.executable, "-c", CHILD, home, str(box.port), later.isoformat()])
    try:
        assert box.taken.wait(60)
        child.send_signal(signal.SIGKILL)
        child.wait()
        for hour in range(1, 30):
            assert post.deliver(record, settings(record, box.port), NOW + timedelta(hours=hour)) == 0
        assert len(box.mails) == 1
        assert states(record) == [("leader@example.org", "sending")]
    finally:
        controller.stop()
        child.kill()
        child.wait()
    with record.session() as session:  # a person decides
        post.again(session, 1, 1, "root")
    with mail() as fresh:
        assert post.deliver(record, settings(record, fresh.port), NOW + timedelta(hours=31)) == 1
    with record.session() as session, pytest.raises(Conflict, match="已经送达"):
        post.again(session, 1, 1, "root")


@pytest.mark.parametrize(
    ("rows", "at", "words"),
    [([("no address", "", ["weekly"])], "", "不是一个电子邮箱地址"), ([("a@b.cn\nBcc: x@y.cn", "", ["weekly"])], "", "不是一个电子邮箱地址"),
     ([("a@b.cn", "", ["monthly"])], "", "至少选择一种"), ([("a@b.cn", "", ["daily"])], "25:00", "不能识别")],
)  # fmt: skip
def test_wrong_settings_are_not_saved(record: Record, rows: Any, at: str, words: str) -> None:
    with record.session() as session, pytest.raises(UsageError, match=words):
        post.save(session, rows, at, ["pdf"], "root", NOW)
    with record.session(write=False) as session:
        assert [one.address for one in post.plan(session).recipients] == [
            "leader@example.org",
            "day@example.org",
        ]


def test_settings_without_a_mail_server_send_nothing(record: Record) -> None:
    sign_one(record)
    assert post.deliver(record, dataclasses.replace(settings(record, 1), smtp_url=""), NOW) == 0
    assert states(record) == []

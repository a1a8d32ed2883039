"""`huiyin worker` refuses in a sentence where it would do harm; the scheduler's wake-ups; what --status says."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard import spread, workers
from dashboard.commands.worker import configure, run
from huiyin.errors import Unavailable, UsageError
from huiyin.queue.broker import make_app, waiting, wake
from huiyin.queue.lease import acquire
from huiyin.records import DocumentRow, Record, Source, utcnow
from huiyin.settings import Settings
from nlp.tasks import BATCH
from nlp.work import release_dead
from tests.crash.servers import Redis, free_port

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def arguments(*words: str) -> object:
    import argparse

    parser = argparse.ArgumentParser()
    configure(parser)
    return parser.parse_args(words)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    made = Redis(tmp_path / "redis")
    yield made
    made.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=str(tmp_path / "home"), queue=f"redis://127.0.0.1:{free_port()}/0")
    Record.open(made).close()
    return made


@pytest.mark.parametrize(
    ("words", "change", "said"),
    [
        ((), {}, "SQLite"),
        ((), {"database": "postgresql://nobody@127.0.0.1:1/x", "queue": ""}, "queue"),
        (("--parts", "analyse,brew"), {}, "brew"),
        (("--parts", ","), {}, "at least one part"),
        (("--processes", "0"), {}, "at least one part"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence(
    settings: Settings, words: tuple[str, ...], change: dict[str, str], said: str
) -> None:
    import dataclasses

    with pytest.raises(UsageError, match=said):
        run(arguments(*words), dataclasses.replace(settings, **change))  # type: ignore[arg-type]


def test_a_machine_without_the_keys_does_not_crawl_for_a_record_with_documents(settings: Settings) -> None:
    record = Record.open(settings)
    workers.need_keys(record, settings)  # the first of all: it may make them
    with record.session() as session:
        session.add(DocumentRow(id="d", source="s", text="x", when=NOW))
    with pytest.raises(UsageError, match=r"opt-out\.key"):
        workers.need_keys(record, settings)
    folder = settings.home_path / "secrets"
    folder.mkdir()
    for name in ("author.key", "opt-out.key"):
        (folder / name).write_bytes(b"k" * 32)
    workers.need_keys(record, settings)
    record.close()


def test_one_wake_up_a_batch_and_none_twice(tmp_path: Path, redis: Redis) -> None:
    settings = Settings(home=str(tmp_path / "home"), queue=redis.address)
    record = Record.open(settings)
    with record.session() as session:
        session.add_all(DocumentRow(id=f"d{n}", source="s", text="x", when=NOW) for n in range(BATCH + 1))
        held = DocumentRow(
            id="held",
            source="s",
            text="x",
            when=NOW,
            claimed_by="b",
            claimed_until=utcnow() + timedelta(hours=1),
        )
        session.add(held)
        session.add_all(Source(name=name, kind="feed", enabled=True) for name in ("one", "two"))
        session.add(Source(name="off", kind="feed"))
        session.add(Source(name="later", kind="feed", enabled=True, next_run=utcnow() + timedelta(hours=1)))
    assert acquire(record, "crawl:two", "another process", timedelta(minutes=5))
    app = make_app(settings)
    for _ in range(3):
        spread.wake_analysis(settings)
        spread.wake_crawls(settings)
        assert (waiting(app, "analyse"), waiting(app, "crawl")) == (2, 1)
    redis.stop()
    spread.wake_analysis(settings)  # says so in the log and goes on
    with pytest.raises(Unavailable, match="task queue"):
        wake(app, "analyse")
    redis.start()
    spread.wake_analysis(settings)
    assert waiting(app, "analyse") == 2
    app.close()
    record.close()


def test_status_names_empty_seats_and_a_silent_queue(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    record = Record.open(settings)
    assert workers.status(settings) == 1
    said = capsys.readouterr().out
    assert said.count("NOBODY") == 2
    assert "SILENT" in said
    assert workers.alive(settings) == 1
    acquire(
        record,
        f"worker:{socket.gethostname()[:40]}-1",
        f"{socket.gethostname()[:40]}-1",
        timedelta(minutes=1),
    )
    assert workers.alive(settings) == 0
    record.close()


def test_only_claims_of_dead_processes_of_this_machine_are_given_back(settings: Settings) -> None:
    record, host = Record.open(settings), socket.gethostname()[:40]
    ended = subprocess.Popen(["true"])
    ended.wait()
    holders = {"dead": f"{host}-{ended.pid}", "living": f"{host}-1", "elsewhere": "another-machine-5"}
    with record.session() as session:
        for name, holder in holders.items():
            session.add(
                DocumentRow(
                    id=name,
                    source="s",
                    text="x",
                    when=NOW,
                    claimed_by=holder,
                    claimed_until=NOW + timedelta(days=9999),
                )
            )
    assert release_dead(record) == 1
    with record.session(write=False) as session:
        assert {name: session.get_one(DocumentRow, name).claimed_by for name in holders} == {
            **holders,
            "dead": "",
        }
    record.close()

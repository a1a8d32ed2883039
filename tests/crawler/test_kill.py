"""kill -9 in the middle of a crawl, and again: the same documents as of an undisturbed crawl, none lost, none doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crawler.sample_city.server import serve
from huiyin import settings as settings_module
from huiyin.records import DocumentRow, Record

NAMES = ["sample-mailbox", "sample-video"]


@pytest.fixture(scope="module")
def city() -> Iterator[str]:
    server, base = serve(0, datetime(2026, 11, 24, 4, tzinfo=UTC))
    yield base
    server.close()


def _start(home: Path, base: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "huiyin.cli",
        "--home",
        str(home),
        "crawl",
        *NAMES,
        "--sample-base",
        base,
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _stored(home: Path) -> int:
    record = Record.open(settings_module.load(home=str(home), environ={}), migrate=False)
    with record.session(write=False) as session:
        count = session.scalar(select(func.count()).select_from(DocumentRow))
    record.close()
    return int(count or 0)


def _contents(home: Path) -> set[tuple[str, str, int, int]]:
    record = Record.open(settings_module.load(home=str(home), environ={}))
    with record.session(write=False) as session:
        rows = list(session.scalars(select(DocumentRow)))
    record.close()
    assert len({row.id for row in rows}) == len(rows)
    return {(row.id, row.content_hash, len(row.comments), row.version) for row in rows}


@pytest.mark.slow
def test_killed_crawls_lose_and_double_nothing(city: str, tmp_path: Path) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    process = _start(undisturbed, city)
    assert process.wait(120) == 0
    whole = _contents(undisturbed)
    assert len(whole) > 100
    # The record is made first, so that the counter below can look while the crawl runs.
    Record.open(settings_module.load(home=str(killed), environ={})).close()
    reached = 0
    for share in (0.3, 0.7):
        process = _start(killed, city)
        while process.poll() is None and _stored(killed) < share * len(whole):
            time.sleep(0.02)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
            reached += 1
    assert reached >= 1  # at least one crawl was really killed half-way
    process = _start(killed, city)
    assert process.wait(120) == 0
    assert _contents(killed) == whole

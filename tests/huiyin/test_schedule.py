"""The scheduler: a run that was missed is made up for once, and no job overlaps itself."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from huiyin import schedule
from huiyin.settings import Settings, load

RUNNING = threading.Lock()
RUNS: list[str] = []
OVERLAPS: list[str] = []
RELEASE = threading.Event()


def slow(settings: Settings) -> None:
    """A job that outlasts its interval."""
    if not RUNNING.acquire(blocking=False):
        OVERLAPS.append("twice at once")
        return
    try:
        RUNS.append("slow")
        RELEASE.wait(10)
    finally:
        RUNNING.release()


def quick(settings: Settings) -> None:
    RUNS.append("quick")


def broken(settings: Settings) -> None:
    RUNS.append("broken")
    raise RuntimeError("the job's own fault")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    RUNS.clear()
    OVERLAPS.clear()
    RELEASE.clear()
    return load(environ={}, home=str(tmp_path))


def wait_for(name: str, count: int, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while RUNS.count(name) < count:
        assert time.monotonic() < end, RUNS
        time.sleep(0.02)


def test_a_job_never_runs_beside_itself(settings: Settings) -> None:
    job = schedule.Job(f"{__name__}:slow", "interval", {"seconds": 1})
    running = schedule.start(settings, (job,))
    wait_for("slow", 1)
    time.sleep(2.5)  # two more times come and go meanwhile
    assert RUNS.count("slow") == 1
    RELEASE.set()
    wait_for("slow", 2)
    running.shutdown()
    assert OVERLAPS == []


def test_what_was_missed_is_made_up_for_once(settings: Settings) -> None:
    job = schedule.Job(f"{__name__}:quick", "interval", {"hours": 1})
    running = schedule.start(settings, (job,))
    wait_for("quick", 1)  # at once: what was missed while the system was down
    # The machine slept for half an hour's worth of minute runs: they come as one.
    running.modify_job(job.address, next_run_time=None)
    running.reschedule_job(
        job.address,
        trigger="interval",
        minutes=1,
        start_date=datetime.now(settings.zone) - timedelta(minutes=30),
    )
    running.modify_job(job.address, next_run_time=datetime.now(settings.zone) - timedelta(minutes=30))
    wait_for("quick", 2)
    time.sleep(1.0)
    running.shutdown()
    assert RUNS.count("quick") == 2


def test_a_job_that_fails_comes_again(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    job = schedule.Job(f"{__name__}:broken", "interval", {"seconds": 1})
    running = schedule.start(settings, (job,))
    wait_for("broken", 2)
    running.shutdown()
    assert "failed; it runs again" in caplog.text

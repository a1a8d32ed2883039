"""A job that fails is told of and stops nothing; a record that is away costs a line, not a trace every few seconds."""

from __future__ import annotations

import logging
from types import ModuleType

import pytest

from huiyin.records import Record
from huiyin.schedule import run_job
from huiyin.settings import Settings


def away(settings: Settings) -> None:
    with Record.open(settings, migrate=False).session(write=False):
        pass


def wrong(settings: Settings) -> None:
    raise ValueError("wrong")


@pytest.fixture(autouse=True)
def jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("jobs_of_this_test")
    module.away, module.wrong = away, wrong  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)


@pytest.mark.parametrize(("name", "trace"), [("away", False), ("wrong", True)])
def test_a_failing_job_is_logged(caplog: pytest.LogCaptureFixture, name: str, trace: bool) -> None:
    settings = Settings(database="postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2")
    with caplog.at_level(logging.WARNING, "huiyin.schedule"):
        run_job(f"jobs_of_this_test:{name}", settings)
    assert [bool(record.exc_info) for record in caplog.records] == [trace]
    assert name in caplog.text

"""A running system: `huiyin up` as a user starts it, with the sample city, on free ports, in a folder of its own."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import DocumentRow, Fetch, Record, Source
from huiyin.settings import Settings

PATIENCE = 240.0
PASSWORD = "a-long-test-password"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class System:
    """One `huiyin up` and its children, in a process group of its own so that a test can kill them all at once."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[str] | None = None
    password: str = ""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> Settings:
        return Settings(home=str(self.home))

    def start(self) -> None:
        log = (self.home.parent / f"{self.home.name}.log").open("a")
        words = [
            sys.executable,
            "-m",
            "huiyin.cli",
            "--home",
            str(self.home),
            "up",
            "--port",
            str(self.port),
            "--sample",
        ]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True, env=environment
        )
        log.close()
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "is ready" in line:
                break
            if found := re.search(r"password (\S+)", line):
                self.password = found[1]
        else:
            pytest.fail((self.home.parent / f"{self.home.name}.log").read_text()[-2000:])

    def first_password(self) -> str:
        assert self.process is not None
        assert self.process.stdout is not None
        while not self.password:
            if found := re.search(r"password (\S+)", self.process.stdout.readline()):
                self.password = found[1]
        return self.password

    def kill(self) -> None:
        """kill -9 of everything at once."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._close()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        try:
            status = self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9
        self._close()
        return status

    def _close(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()

    def wait(self, what: str, ready: Callable[[Record], bool]) -> None:
        record = Record.open(self.settings, migrate=False)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if ready(record):
                record.close()
                return
            time.sleep(2)
        pytest.fail(
            f"{what} did not come in {PATIENCE:.0f} s: "
            + (self.home.parent / f"{self.home.name}.log").read_text()[-1500:]
        )


@contextmanager
def reading(system: System) -> Iterator[Session]:
    """A reading session of the running system's record."""
    record = Record.open(system.settings, migrate=False)
    with record.session(write=False) as session:
        yield session
    record.close()


def stored(record: Record) -> int:
    with record.session(write=False) as session:
        return session.scalar(select(func.count()).select_from(DocumentRow)) or 0


def settled(record: Record) -> bool:
    """Every sample source was crawled to its end and nothing waits for analysis, grouping or the index."""
    with record.session(write=False) as session:
        sources = set(session.scalars(select(Source.name).where(Source.sample, Source.enabled)))
        done = set(
            session.scalars(
                select(Fetch.source).where(
                    Fetch.finished.is_not(None), Fetch.state.not_in(("running", "broken"))
                )
            )
        )
        waiting = session.scalar(
            select(func.count())
            .select_from(DocumentRow)
            .where((DocumentRow.state.in_(("stored", "analysed"))) | (DocumentRow.indexed.is_(False)))
        )
        return bool(sources) and sources <= done and not waiting


class Visitor:
    """A browser without JavaScript: cookies, forms, redirects."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        self.text = ""
        self.url = ""
        self.status = 0
        self.body = b""

    def get(self, path: str) -> str:
        return self._open(urllib.request.Request(self.base + path))

    def post(self, path: str, **values: str) -> str:
        token = re.search(r'name="csrf" (?:content|value)="([^"]+)"', self.text)
        data = urllib.parse.urlencode({"csrf": token[1] if token else "", **values}).encode()
        return self._open(urllib.request.Request(self.base + path, data))

    def move(self, draft: str, move: str) -> str:
        """A step of the sign-off on a draft's page; warnings are answered for, as a person would, in the fields offered."""
        self.get(draft)
        version = re.search(r'name="version" value="(\d+)"', self.text)
        answers = dict.fromkeys(re.findall(r'name="(override-[^"]+)"', self.text), "已逐项核对，情况属实。")
        return self.post(
            f"{draft}/move", move=move, version=version[1] if version else "", reason="", **answers
        )

    def _open(self, request: urllib.request.Request) -> str:
        try:
            with self.opener.open(request, timeout=60) as answer:
                self.body, self.url, self.status = (
                    answer.read(),
                    answer.url.removeprefix(self.base),
                    answer.status,
                )
        except urllib.error.HTTPError as error:
            self.body, self.url, self.status = (
                error.read(),
                request.full_url.removeprefix(self.base),
                error.code,
            )
        self.text = self.body.decode(errors="replace")
        return self.text

    def sign_in(self, name: str, password: str) -> None:
        self.get("/login")
        self.post("/login", name=name, password=password)
        if self.url.startswith("/password"):
            self.post("/password", first=PASSWORD, again=PASSWORD)
        assert self.status == 200, self.text[:500]
        assert "退出" in self.text


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The sample city crawled, analysed and grouped; admin's first password is used up by the first test."""
    made = System(tmp_path_factory.mktemp("city") / "home")
    made.start()
    made.first_password()
    made.wait("the sample city", settled)
    yield made
    made.stop()


@pytest.fixture(scope="session")
def people(system: System) -> dict[str, Visitor]:
    """A signed-in visitor a role: writer, unit head, secrecy reviewer, two leaders; made by admin on the users page."""
    admin = Visitor(system.base)
    admin.sign_in("admin", system.password)
    found = {"admin": admin}
    for name, role in (
        ("xie", "analyst"),
        ("fang", "spokesperson"),
        ("mi", "reviewer"),
        ("zhu", "leader"),
        ("lin", "leader"),
    ):
        admin.get("/users")
        answer = admin.post("/users", name=name, role=role, display=name, unit="")
        one_time = re.search(r"<strong>([a-z0-9-]{19})</strong>", answer)
        assert one_time, answer[:800]
        found[name] = Visitor(system.base)
        found[name].sign_in(name, one_time[1])
    return found

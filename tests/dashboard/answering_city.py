"""A small invented city behind the real application: a real SQLite record, a real index, people of every role who sign in."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from dashboard import create_app
from dashboard.auth import COOKIE, hash_password, start_session
from huiyin.records import (
    AnalysisRow,
    Clock,
    DocumentRow,
    Issue,
    IssueDocument,
    Organisation,
    Record,
    Source,
    User,
    utcnow,
)
from huiyin.search import open_index
from huiyin.settings import Settings
from huiyin.settings import load as load_settings

PASSWORD = "correct horse battery"
PEOPLE = {
    "zhang": "analyst", "liu": "analyst", "li": "spokesperson", "chen": "spokesperson", "wang": "reviewer", "zhao": "leader",
    "qian": "leader", "root": "admin",
}  # fmt: skip
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
ISSUE = "i-canteen"
OTHER = "i-rumour"


@cache
def _hash() -> str:
    return hash_password(PASSWORD)  # argon2 is slow on purpose: once for all


@cache
def _template() -> tuple[Path, datetime]:
    """The filled home folder that every city is a copy of: migrating a database anew for each test would take seconds."""
    home = Path(tempfile.mkdtemp(prefix="huiyin-city-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    settings, now = load_settings(environ={}, home=str(home)), utcnow()
    record = Record.open(settings)
    with record.session() as session:
        _fill(session, now)
    record.close()
    return home, now


class City:
    """The application with its record; `client(name)` is that person's signed-in browser."""

    def __init__(self, home: Path) -> None:
        template, self.now = _template()
        shutil.copytree(template, home, dirs_exist_ok=True)
        self.settings: Settings = load_settings(environ={}, home=str(home))
        self.record = Record.open(self.settings, migrate=False)
        self.index = open_index(self.settings)
        self.app: Flask = create_app(self.settings, self.record, self.index)
        self._clients: dict[str, Browser] = {}

    def client(self, name: str) -> Browser:
        if name not in self._clients:
            with self.session() as session:
                secret = start_session(session, session.get_one(User, name))
            self._clients[name] = Browser(self.app.test_client(), secret)
        return self._clients[name]

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.record.session() as session:
            yield session

    def close(self) -> None:
        self.index.close()
        self.record.close()


class Browser:
    """A person with a session, as after signing in. `post` carries the CSRF token unless told not to."""

    def __init__(self, client: FlaskClient, secret: str) -> None:
        self.client = client
        client.set_cookie(COOKIE, secret)
        self.csrf = _match(r'name="csrf" content="([^"]+)"', client.get("/directory").text)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{words(answer.text)[-800:]}"
        return answer.text

    def post(self, path: str, expected: int = 302, /, **fields: Any) -> TestResponse:
        answer = self.client.post(
            path, data={"csrf": self.csrf, **{key.replace("__", "-"): value for key, value in fields.items()}}
        )
        assert answer.status_code == expected, f"{path}: {answer.status_code}\n{words(answer.text)[-800:]}"
        return answer


def words(page: str) -> str:
    """What a page says, without tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _match(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in the page"
    return found[1]


def textarea(page: str, element: str) -> str:
    """The text in a textarea, as a browser would send it."""
    found = re.search(rf'<textarea id="{element}"[^>]*>(.*?)</textarea>', page, re.S)
    assert found is not None, f"no textarea {element}"
    return unescape(found[1])


def _fill(session: Session, now: datetime) -> None:
    session.add_all(
        User(name=name, display=f"{name}君", role=role, password=_hash(), must_change=False)
        for name, role in PEOPLE.items()
    )
    session.add_all([Source(name="forum", title="云江论坛"), Source(name="paper", title="云江日报")])
    session.add(
        Organisation(
            name="云江市教育局", level="city", place="云江市", topics=["education"], contact="0000-12345"
        )
    )
    session.add_all(
        [
            _issue(now),
            Issue(
                id=OTHER,
                title="三小食堂传闻",
                topic="food_drug",
                place="云江市",
                first=now,
                last=now,
                documents=1,
                folded=2,
                dirty=False,
            ),
        ]
    )
    session.flush()
    for n in range(12):
        when = now - timedelta(hours=9) + timedelta(minutes=40 * n)
        session.add(
            DocumentRow(
                id=f"d{n}", source="forum" if n % 3 else "paper", kind="post" if n % 3 else "article", title=f"三小的事 {n}{HOSTILE if n == 1 else ''}",
                text=f"第{n}条：孩子在三小吃完饭吐了，有没有孩子死亡？{HOSTILE if n == 1 else ''}听说已有2人死亡。", when=when, published=when,
                duplicate_of="d0" if n in (5, 6, 7) else "", url="javascript:alert(3)" if n == 1 else f"https://example.org/{n}", reposts=n,
                comments=[{"text": HOSTILE, "published": None, "author": "", "kind": "comment"}], indexed=True, state="grouped",
            )
        )  # fmt: skip
        session.flush()
        session.add(
            AnalysisRow(
                document_id=f"d{n}", topic="food_drug", sentiment=-1 if n % 2 else 0, urgency=2, respond=True, rumour_score=0.7,
                words="孩子 三小 死亡", data={"urgency_reasons": ["提到“死亡”"], "claims": [{"text": "已有2人死亡"}], "rumour_reasons": []},
            )
        )  # fmt: skip
        session.add(
            IssueDocument(
                document_id=f"d{n}",
                issue_id=ISSUE if n < 11 else OTHER,
                when=when,
                score=0.6,
                reason="与事件相似 0.60",
            )
        )
    session.add(
        Clock(issue_id=ISSUE, rule="respond", start=now - timedelta(hours=9), due=now + timedelta(hours=39))
    )


def _issue(now: datetime) -> Issue:
    return Issue(
        id=ISSUE, title="云江市第三小学多名学生就餐后呕吐", topic="food_drug", place="云江市", unit="云江市教育局",
        first=now - timedelta(hours=9), last=now, seen=now - timedelta(hours=9), documents=11, folded=8, sources=2, level=2,
        level_parts={
            "event": {"level": 0, "label": "待定（未见死亡）", "reasons": []},
            "heat": {"level": 2, "label": "高", "reasons": ["近1小时 +6，平时 1"]},
            "sensitivity": {"level": 2, "label": "高", "reasons": ["涉及学生"]},
        },
        concerns=[
            {"question": "有没有孩子死亡？", "kind": "", "count": 4, "examples": [{"document": "d1", "text": "有没有孩子死亡？"}]},
            {"question": f"食材从哪来？{HOSTILE}", "kind": "", "count": 3, "examples": [{"document": "d2", "text": "食材哪来的"}]},
        ],
        timeline=[{"at": (now - timedelta(hours=3)).isoformat(), "kind": "burst", "text": "一小时新增 6 条", "document": "d3"}],
        must_answer=[{"kind": "vital", "name": "涉及群众切身利益", "reason": "“学生”"}], hourly=[1] * 48,
        casualties={"deaths": 2, "injured": None, "missing": None}, dirty=False,
    )  # fmt: skip


FACTS = (
    ("what", "11月23日中午，云江市第三小学部分学生在校就餐后出现呕吐、腹泻等不适。", "云江市教育局"),
    ("injured", "共有42名学生到医院就诊，其中3人住院观察。", "云江市卫生健康委"),
    ("condition", "没有重症，没有死亡病例。", "云江市卫生健康委"),
    ("measure", "学校食堂已停止供餐，留样食品和剩余食材已封存。", "云江市市场监管局"),
    ("investigation", "市市场监管局、市疾控中心已成立联合调查组，样品已送检。", "云江市市场监管局"),
)


def enter_facts(city: City) -> None:
    """The facts of the matter, entered by zhang and verified by liu, through the pages."""
    for number, (slot, text, source) in enumerate(FACTS, 1):
        city.client("zhang").post(
            f"/issues/{ISSUE}/facts", text=text, slot=slot, source=source, as_of="2026-11-24T08:00"
        )
        city.client("liu").post(f"/issues/{ISSUE}/facts/{number}", act="verify")


def new_draft(city: City, kind: str = "notice", by: str = "zhang", **fields: Any) -> str:
    """The address of a new draft."""
    local = (city.now + timedelta(hours=12)).astimezone(city.settings.zone)
    made = city.client(by).post(
        f"/issues/{ISSUE}/drafts", kind=kind, next_update=local.strftime("%Y-%m-%dT%H:%M"), **fields
    )
    return str(made.headers["Location"])


def step(city: City, draft: str, name: str, move: str, status: int = 302, **fields: Any) -> TestResponse:
    """A step of the sign-off as the page offers it: its version, and an answer to each warning that the form asks for."""
    page = city.client(name).get(draft)
    asked = dict.fromkeys(re.findall(r'name="(override-[^"]+)"', page), "已逐项核对")
    seen = _match(r'name="version" value="(\d+)"', page) if 'name="version"' in page else "1"
    return city.client(name).post(f"{draft}/move", status, move=move, version=seen, **asked, **fields)

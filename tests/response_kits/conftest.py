"""A record with one issue of an invented city: pupils ill after a school lunch, verified facts, a rumour, a directory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from kit_world import NOW, add_issue
from sqlalchemy.orm import Session

from huiyin.records import Issue, Organisation, Record
from huiyin.settings import Settings
from huiyin.settings import load as load_settings
from response_kits import facts
from response_kits.library import rumours


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(environ={}, home=str(tmp_path))


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the present schema, copied for each test: migrating takes longer than most tests."""
    home = tmp_path_factory.mktemp("migrated")
    Record.open(load_settings(environ={}, home=str(home))).close()
    return home / "huiyin.db"


@pytest.fixture
def record(settings: Settings, migrated: Path) -> Iterator[Record]:
    shutil.copy(migrated, settings.home_path / "huiyin.db")
    opened = Record.open(settings)
    yield opened
    opened.close()


@pytest.fixture
def session(record: Record) -> Iterator[Session]:
    with record.session() as opened:
        yield opened


@pytest.fixture
def issue(session: Session) -> Issue:
    """The issue with six verified facts, one open fact, a judged rumour, and the education bureau in the directory."""
    made = add_issue(session)
    session.add(
        Organisation(
            name="云江市教育局", level="city", place="云江市", topics=["education"], contact="0000-12345"
        )
    )
    rows = (
        ("what", "11月23日中午，云江市第三小学部分学生在校就餐后出现呕吐、腹泻等不适。", "云江市教育局"),
        ("injured", "共有42名学生到医院就诊，其中3人住院观察。", "云江市卫生健康委"),
        ("condition", "没有重症，没有死亡病例。", "云江市卫生健康委"),
        ("measure", "学校食堂已停止供餐，留样食品和剩余食材已封存。", "云江市市场监管局"),
        ("investigation", "市市场监管局、市疾控中心已成立联合调查组，样品已送检。", "云江市市场监管局"),
        ("next", "检验结果出来后将第一时间公布。", "云江市市场监管局"),
    )
    for slot, text, source in rows:
        entered = facts.add(
            session,
            made.id,
            text,
            slot=slot,
            source=source,
            as_of=NOW - timedelta(hours=1),
            by="analyst1",
            now=NOW,
        )
        facts.verify(session, entered.id, "spokes1", NOW)
    facts.add(
        session, made.id, "食材由一家配送公司供应。", slot="other", source="家长来电", by="analyst1", now=NOW
    )
    rumour = rumours.add(session, "已经有5名孩子死亡", issue_id=made.id, by="analyst1", now=NOW)
    rumours.judge(
        session,
        rumour.id,
        "不实",
        "没有学生死亡，42名就诊学生均无生命危险。",
        ({"title": "云江市卫生健康委"},),
        "spokes1",
        NOW,
    )
    session.flush()
    return made

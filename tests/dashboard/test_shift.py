"""Handing a shift over and marking as read, through the real application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_city import ISSUE, City, words
from sqlalchemy import func, select

from huiyin.records import Issue, IssueEvent
from huiyin.records.audit import verify


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def owner(city: City) -> str:
    with city.session() as session:
        return session.get_one(Issue, ISSUE).owner


def read_lines(city: City) -> int:
    with city.session() as session:
        query = select(func.count()).where(IssueEvent.issue_id == ISSUE, IssueEvent.kind == "read")
        return session.scalar(query) or 0


def test_a_shift_is_handed_over_with_a_note_and_taken_by_its_receiver_alone(city: City) -> None:
    zhang, li, liu = city.client("zhang"), city.client("li"), city.client("liu")
    before = owner(city)
    zhang.post(f"/issues/{ISSUE}/shift", 400, to="li", text="")  # nothing to know: refused
    assert "等我接班" not in words(li.get("/")).split("个空队列")[0]
    zhang.post(f"/issues/{ISSUE}/shift", to="li", text="通报已送审，盯22时的检测结果")
    assert owner(city) == before
    assert "盯22时的检测结果" in words(li.get("/"))
    assert "盯22时的检测结果" not in words(liu.get("/"))
    shown = words(liu.get(f"/issues/{ISSUE}"))
    assert "等待对方接班" in shown
    liu.post(f"/issues/{ISSUE}/shift/take", 400)
    assert owner(city) == before
    li.post(f"/issues/{ISSUE}/shift/take")
    assert owner(city) == "li"
    assert "盯22时的检测结果" not in words(li.get("/"))
    assert "等待对方接班" not in words(liu.get(f"/issues/{ISSUE}"))
    with city.session() as session:
        assert verify(session)[1] == ""


def test_receipts_tell_who_has_read_and_what_came_since(city: City) -> None:
    zhao, zhang = city.client("zhao"), city.client("zhang")
    assert "还没有人标记阅知" in words(zhao.get(f"/issues/{ISSUE}"))
    zhao.post(f"/issues/{ISSUE}/read")
    zhao.post(f"/issues/{ISSUE}/read")  # nothing new since: no second line
    assert read_lines(city) == 1
    page = words(zhang.get(f"/issues/{ISSUE}?tab=log"))
    assert "此后有新记录" not in page
    zhang.post(f"/issues/{ISSUE}/note", text="又有两名学生就诊")
    assert "此后有新记录" in words(zhang.get(f"/issues/{ISSUE}"))
    zhao.post(f"/issues/{ISSUE}/read")
    assert read_lines(city) == 2
    assert "此后有新记录" not in words(zhang.get(f"/issues/{ISSUE}?tab=log"))

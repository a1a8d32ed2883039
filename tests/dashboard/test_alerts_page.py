"""The page of alerts through the real application."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from answering_city import HOSTILE, ISSUE, OTHER, City, words

from huiyin.records import Alert, Issue, Preference
from response_kits.alerts import evaluate


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    with made.session() as session:
        evaluate(session, made.now)
        session.add(
            Alert(
                issue_id=OTHER, rule="burst", level=1, title=f"突增{HOSTILE}", reason=f"近一小时{HOSTILE}", dedup="x", at=made.now - timedelta(days=9),
                evidence={"posts": [{"id": "d1", "source": "forum", "url": "javascript:alert(3)", "text": HOSTILE}], "measured": {"last_hour": 9}},
                deliveries=[{"channel": "wecom", "at": made.now.isoformat(), "ok": False, "error": HOSTILE, "what": "sent"}],
            )
        )  # fmt: skip
    yield made
    made.close()


def test_filters_choose(city: City) -> None:
    browser = city.client("zhang")
    for query, orange, burst in (
        ("", True, True), ("?level=2", True, False), ("?rule=burst", False, True), ("?days=2", True, False), ("?state=false", False, False),
        ("?state=acknowledged", False, False), ("?state=all&page=9999", False, False), ("?level=x&rule=y&days=z&page=q", True, True),
    ):  # fmt: skip
        page = browser.get(f"/alerts{query}")
        assert ("第三小学" in page) is orange, query
        assert ("突增&lt;script" in page) is burst, query


def test_only_what_is_watched(city: City) -> None:
    with city.session() as session:
        session.add(Preference(name="watch", value={"topics": ["education"], "places": []}))
        session.get_one(Issue, OTHER).topic = "education"
    page = city.client("zhang").get("/alerts?watch=1")
    assert "突增&lt;script" in page
    assert "第三小学" not in page


def test_evidence_is_shown_as_it_was_and_hostile_words_as_words(city: City) -> None:
    browser = city.client("zhang")
    with city.session() as session:
        session.get_one(Issue, ISSUE).documents = 777
    page = browser.get("/alerts/1")
    assert "11 条，2 个来源" in words(page)
    assert "777" not in page
    for path in ("/alerts", "/alerts/1", "/alerts/2"):
        page = browser.get(path)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "javascript:" not in page
    browser.get("/alerts/999", 404)


def test_a_false_alarm_moves_to_its_list_and_into_the_figure(city: City) -> None:
    browser = city.client("zhang")
    answer = browser.post("/alerts/acknowledge", alert=1, false="1", back="/alerts")
    assert answer.headers["Location"] == "/alerts"
    assert "第三小学" not in browser.get("/alerts")
    page = words(browser.get("/alerts?state=false"))
    assert "误报 · zhang君" in page
    assert "橙色事件" in page
    assert "0% / 1 条" in page
    with city.session() as session:
        assert evaluate(session, city.now + timedelta(hours=1)) == []


def test_a_leader_may_acknowledge_a_reviewer_only_reads(city: City) -> None:
    assert "确认所选" in city.client("zhao").get("/alerts")
    assert "确认所选" not in city.client("wang").get("/alerts")
    city.client("wang").post("/alerts/acknowledge", 403, alert=1)

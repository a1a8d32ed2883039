"""Alerts in a real browser: the badge follows the record, a notice comes where a person asked for it, keys judge."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from huiyin.serving import Served

sys.path.append(str(Path(__file__).resolve().parent.parent / "dashboard"))
waitress = pytest.importorskip("waitress")

from answering_city import ISSUE, City  # noqa: E402
from api_city import open_city  # noqa: E402

from dashboard.auth import COOKIE, start_session  # noqa: E402
from dashboard.pages import live  # noqa: E402
from huiyin.records import Alert, User  # noqa: E402

pytestmark = pytest.mark.browser
NOTICES = """
window.heard = [];
window.Notification = class {
  constructor(title, options) { window.heard.push(`${title} ${options.body}`); }
  static get permission() { return "granted"; }
  static requestPermission() { return Promise.resolve("granted"); }
};
"""
BADGE = '.side a[href="/alerts"] .badge'


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = open_city(tmp_path)
    yield made
    made.close()


@pytest.fixture
def context(city: City, browser: Any) -> Iterator[Any]:
    with city.session() as session:
        cookie = start_session(session, session.get_one(User, "zhang"))
    server = Served(city.app, threads=16)
    base = f"http://127.0.0.1:{server.port}"
    made = browser.new_context(base_url=base)
    made.add_cookies([{"name": COOKIE, "value": cookie, "url": base}])
    made.add_init_script(NOTICES)
    yield made
    made.close()
    live.stop(city.app)
    server.close()


def raise_alert(city: City, key: str) -> None:
    with city.session() as session:
        session.add(Alert(issue_id=ISSUE, rule="burst", level=3, title="一件要紧的事", reason="r", dedup=key))


def test_the_badge_follows_and_a_notice_comes_by_choice(city: City, context: Any) -> None:
    page, problems = context.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto("/alerts")
    page.wait_for_selector(f'{BADGE}:text-is("1")')
    raise_alert(city, "unasked")
    page.wait_for_selector(f'{BADGE}:text-is("2")')
    assert page.evaluate("window.heard") == []  # off until somebody wants it
    page.check('[data-live="notify"]')
    raise_alert(city, "asked")
    page.wait_for_selector(f'{BADGE}:text-is("3")')
    assert page.evaluate("window.heard") == ["回音：有新的预警 待确认 3 条，最高红色"]
    other = context.new_page()
    other.goto("/issues")
    raise_alert(city, "shared")
    other.wait_for_selector(f'{BADGE}:text-is("4")')
    places = city.app.extensions["huiyin"].cache["live-places"]
    free = 0
    while places.acquire(blocking=False):
        free += 1
    assert free >= live.PLACES - 2  # two tabs, one stream (and perhaps one that is just ending)
    places.release(free)
    assert problems == []


def test_keys_judge_the_selected_alert(city: City, context: Any) -> None:
    raise_alert(city, "second")
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/alerts")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("e")
    page.keyboard.press("j")
    with page.expect_navigation():
        page.keyboard.press("a")
    page.wait_for_selector("text=没有符合条件的预警")
    with city.session() as session:
        rows = {alert.dedup: alert.false_alarm for alert in session.query(Alert)}
    assert rows == {"second": True, f"{ISSUE}:level:2": False}

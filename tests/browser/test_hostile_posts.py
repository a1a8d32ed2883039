"""Posts with markup in every field, in a real browser that tells of every dialog, script error and foreign request."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dashboard"))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "security"))

from answering_city import ISSUE, City
from api_city import PUSH
from doors import open_doors
from sqlalchemy import select
from test_attacks import PAYLOADS, push_payloads

from dashboard.auth import COOKIE, start_session
from huiyin.records import DocumentRow, User
from huiyin.serving import Served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = open_doors(tmp_path_factory.mktemp("hostile"))
    push_payloads(made)
    yield made
    made.close()


def test_no_post_runs_anything(city: City, browser: Browser, shots: Path) -> None:
    server = Served(city.app, threads=8)
    base = f"http://127.0.0.1:{server.port}"
    with city.session() as session:
        secret = start_session(session, session.get_one(User, "root"))
        ids = list(session.scalars(select(DocumentRow.id).where(DocumentRow.source == PUSH)))
    context = browser.new_context(viewport={"width": 1366, "height": 900}, locale="zh-CN")
    context.add_cookies([{"name": COOKIE, "value": secret, "url": base}])
    page, told = context.new_page(), []
    page.on("dialog", lambda dialog: (told.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on(
        "request",
        lambda request: (
            told.append(f"request {request.url}") if not request.url.startswith((base, "data:")) else None
        ),
    )
    page.on("pageerror", lambda error: told.append(f"error {error}"))
    page.on(
        "console",
        lambda message: told.append(message.text) if "Content Security Policy" in message.text else None,
    )
    try:
        for path in (
            *(f"/documents/{name}" for name in ids[:6]),
            f"/issues/{ISSUE}",
            "/search?q=食堂&fold=0",
            "/sources",
            "/overview",
            "/privacy",
            "/profile",
        ):
            page.goto(base + path)
            page.wait_for_load_state("load")
            assert page.title()
        page.goto(f"{base}/privacy")
        page.screenshot(path=shots / "privacy.png", full_page=True)
    finally:
        context.close()
        server.close()
    assert told == []
    assert len(ids) == len(PAYLOADS)

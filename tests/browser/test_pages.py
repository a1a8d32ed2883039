"""Every page in a real browser, on a desk and on a phone: no console error, no serious fault of accessibility, nothing cut."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

import dashboard
from tests.end_to_end.conftest import PASSWORD, System, Visitor
from tests.end_to_end.test_main_job import top_issue

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
AXE = Path(dashboard.__file__).parent / "static" / "vendor" / "axe.min.js"
SIZES = {"desk": {"width": 1366, "height": 768}, "phone": {"width": 390, "height": 844}}
PAGES = [
    "/",
    "/overview",
    "/issues",
    "/search?q=电梯",
    "/briefs",
    "/rumours",
    "/policies",
    "/drafts",
    "/statements",
    "/sources",
    "/system",
    "/alerts",
]


def sign_in(context: BrowserContext, system: System, name: str) -> Page:
    page = context.new_page()
    page.goto(f"{system.base}/login")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("form button.primary")
    page.wait_for_url(lambda url: "/login" not in url)
    return page


@pytest.fixture(scope="module", params=list(SIZES))
def desk(request: pytest.FixtureRequest, browser: Browser, system: System, people: dict[str, Visitor]) -> Any:
    """(size name, signed-in page, list of what the console said)."""
    context = browser.new_context(viewport=SIZES[request.param], locale="zh-CN")
    page = sign_in(context, system, "fang")
    said: list[str] = []
    page.on(
        "console",
        lambda message: (
            said.append(f"{page.url}: {message.text}") if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: said.append(f"{page.url}: {error}"))
    yield request.param, page, said
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_opens_without_a_complaint(desk: Any, system: System, shots: Path, path: str) -> None:
    size, page, said = desk
    said.clear()
    answer = page.goto(system.base + path)
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
    name = re.sub(r"\W+", "_", path).strip("_") or "home"
    page.screenshot(path=shots / f"{size}-{name}.png", full_page=True)
    assert said == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 1, f"{path} is {wide} px wider than the {size} screen"


def test_the_issue_and_its_draft_open(desk: Any, system: System, shots: Path) -> None:
    size, page, said = desk
    said.clear()
    issue = top_issue(system, "火灾")
    for tab in ("", "?tab=documents", "?tab=drafts", "?tab=log"):
        assert page.goto(f"{system.base}/issues/{issue}{tab}").status == 200
        page.screenshot(path=shots / f"{size}-issue{tab.replace('?tab=', '-')}.png", full_page=True)
    assert said == []


@pytest.mark.parametrize("path", PAGES)
def test_accessibility_has_no_serious_fault(
    browser: Browser, system: System, people: dict[str, Visitor], path: str
) -> None:
    if not AXE.exists():
        pytest.skip("needs axe: make vendor")
    # Our policy forbids scripts of others; the checker is let in for this context only.
    context = browser.new_context(viewport=SIZES["desk"], bypass_csp=True)
    page = sign_in(context, system, "fang")
    page.goto(system.base + path)
    page.add_script_tag(path=str(AXE))
    found = page.evaluate(
        "async () => (await axe.run()).violations.filter(v => ['serious', 'critical'].includes(v.impact))"
    )
    faults = [f"{fault['id']}: {fault['nodes'][0]['html'][:160]}" for fault in found]
    context.close()
    assert faults == []


def test_reading_works_without_javascript(
    browser: Browser, system: System, people: dict[str, Visitor]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = sign_in(context, system, "fang")
    page.goto(f"{system.base}/issues")
    page.click("td.titlecell a")
    assert page.locator("h1").first.inner_text()
    context.close()


def test_keys_move_through_the_list(browser: Browser, system: System, people: dict[str, Visitor]) -> None:
    context = browser.new_context(viewport=SIZES["desk"])
    page = sign_in(context, system, "fang")
    page.goto(f"{system.base}/issues")
    page.keyboard.press("j")
    page.keyboard.press("j")
    rows = page.locator("[data-row]")
    assert rows.nth(1).get_attribute("aria-selected") == "true"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q-top"
    context.close()


def test_a_page_is_light(browser: Browser, system: System, people: dict[str, Visitor]) -> None:
    context = browser.new_context(viewport=SIZES["desk"])
    page = sign_in(context, system, "fang")
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(int(answer.header_value("content-length") or 0)))
    page.goto(f"{system.base}/overview")
    page.wait_for_load_state("networkidle")
    context.close()
    assert sum(sizes) < 600_000, f"{sum(sizes):,} bytes"

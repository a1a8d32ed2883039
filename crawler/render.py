"""Pages that only a script fills: read with Chromium, which never touches the network itself.

The browser gets the page that the crawler fetched. Whatever the page then asks for comes to us, and we fetch it as the crawler
fetches everything: through the guard (private addresses), robots.txt, the host gate, the limits of size and time. Chromium
is started without a way out (a proxy that nobody serves, no name resolved), so that what does not pass here does not happen.

Needs the extra `playwright` and a Chromium (setting `chromium`, else the first one on the path). docs/decisions/ says why
this is not scrapy-playwright.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag

from crawler.spiders.pages import same_site
from huiyin.errors import LimitExceeded, Unavailable
from huiyin.settings import Settings

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Playwright, Request, Route

AT_ONCE = 2
"""Pages open at a time, over all sources of a crawl."""
MOST_PARTS = 80
"""Requests that one page may make."""
MOST_NAVIGATIONS = 3
BYTES = 4
"""All parts of a page together may have this many times the size limit of a page."""
CACHED = 200
"""Scripts kept for the other pages of the crawl: a site is asked for its library once."""
SETTLES = 0.6
"""Share of the time limit that a page may take to fall silent; then it is read as it is."""
NEEDED = ("document", "script", "xhr", "fetch")
"""What text can come from. Pictures, films, fonts, beacons, sockets and frames are not fetched, whoever serves them."""
FLAGS = (
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
)
_HOPS = frozenset(("connection", "content-encoding", "content-length", "transfer-encoding", "set-cookie"))


@dataclass(frozen=True, slots=True)
class Ask:
    """What a page asks for."""

    url: str
    method: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Part:
    """What we got for it."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    """`url`: the address that the page has at the end. `refused`: what it asked for in vain, each with the reason."""

    html: str
    url: str
    refused: tuple[str, ...]


Fetch = Callable[[Ask], Awaitable[Part]]
"""Fetches a part of a page; raises where it may not be fetched or does not come."""


def chromium(settings: Settings) -> str:
    """The path of the browser. Raises Unavailable, in a sentence that says what to install."""
    if importlib.util.find_spec("playwright") is None:
        raise Unavailable(
            "这个来源要用浏览器读取（render），但没有安装浏览器组件；请运行 pip install 'huiyin[playwright]'"
        )
    names = (
        (settings.chromium,)
        if settings.chromium
        else ("chromium", "chromium-browser", "google-chrome-stable")
    )
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        where = (
            f"设置 chromium 指向的 {settings.chromium} 不能运行" if settings.chromium else "没有找到 Chromium"
        )
        raise Unavailable(
            f"这个来源要用浏览器读取（render），但{where}；请安装（Debian：apt-get install chromium），或在设置 chromium 中写明路径"
        )
    return found


class Renderer:
    """One browser for a crawl, started when the first page needs it. `close` it in the same event loop."""

    def __init__(self, settings: Settings, agent: str) -> None:
        self._settings, self._agent = settings, agent
        self._slots, self._starting = asyncio.Semaphore(AT_ONCE), asyncio.Lock()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._scripts: dict[str, Part] = {}

    async def read(self, url: str, text: str, fetch: Fetch, *, seconds: float) -> Rendered:
        """What a page that came as `text` is after its scripts have run.

        Raises TimeoutError, LimitExceeded, and Unavailable where there is no browser.
        """
        async with self._slots:
            async with asyncio.timeout(max(seconds, 10.0)):
                browser = await self._running()
            context = await browser.new_context(
                user_agent=self._agent, service_workers="block", accept_downloads=False, locale="zh-CN", timezone_id=self._settings.timezone
            )  # fmt: skip
            try:
                async with asyncio.timeout(seconds):
                    return await self._read(context, url, text, fetch, seconds)
            finally:
                await self._end(context)

    async def _read(
        self, context: BrowserContext, url: str, text: str, fetch: Fetch, seconds: float
    ) -> Rendered:
        from playwright.async_api import TimeoutError as NeverSilent

        limit = self._settings.page_limit
        page = await context.new_page()
        visit = _Visit(page, url, text, fetch, BYTES * limit, self._scripts)
        await context.route("**/*", visit.answer)
        await context.route_web_socket("**/*", lambda socket: socket.close())
        page.on("dialog", lambda dialog: dialog.dismiss())
        await page.goto(url, wait_until="domcontentloaded", timeout=seconds * 1000)
        with contextlib.suppress(NeverSilent):  # a page that asks for news for ever is read as it is by now
            await page.wait_for_load_state("networkidle", timeout=SETTLES * seconds * 1000)
        html = await page.content()
        if len(html.encode("utf-8", "replace")) > limit:
            raise LimitExceeded(f"脚本运行后的页面超过大小上限 {limit:,} 字节")
        return Rendered(html, urldefrag(page.url).url or url, tuple(visit.refused))

    async def _running(self) -> Browser:
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                path = chromium(self._settings)
                from playwright.async_api import async_playwright

                if self._playwright is None:
                    self._playwright = await async_playwright().start()
                # Chromium's own sandbox does not work for root; everybody else has it.
                self._browser = await self._playwright.chromium.launch(
                    executable_path=path, args=list(FLAGS), chromium_sandbox=os.geteuid() != 0
                )
            return self._browser

    async def _end(self, context: BrowserContext) -> None:
        """Close a page with all that belongs to it; where it hangs (a script without end) the browser goes with it."""
        try:
            await asyncio.wait_for(context.close(), 5)
        except TimeoutError:
            browser, self._browser = self._browser, None
            if browser is not None:
                await browser.close()

    async def close(self) -> None:
        """End the browser, if there is one."""
        if self._browser is not None:
            await self._browser.close()
        if self._playwright is not None:
            await self._playwright.stop()
        self._browser = self._playwright = None


@dataclass
class _Visit:
    """One page and what it asks for."""

    page: Page
    url: str
    text: str
    fetch: Fetch
    budget: int
    scripts: dict[str, Part]
    asked: int = 0
    navigations: int = 0
    refused: list[str] = field(default_factory=list)

    async def answer(self, route: Route) -> None:
        """Give the page what it asks for, or abort: every request of the context comes here."""
        request = route.request
        if request.resource_type == "stylesheet":  # some scripts wait for it; no text comes from it
            await route.fulfill(status=200, content_type="text/css", body="")
            return
        if request.is_navigation_request() and self.navigations == 0 and self._main(request):
            self.navigations = 1
            await route.fulfill(status=200, content_type="text/html; charset=utf-8", body=self.text)
            return
        part = await self._part(request) if self._may(request) else None
        if part is None:
            await route.abort("blockedbyclient")
        else:
            await route.fulfill(status=part.status, headers=part.headers, body=part.body)

    def _main(self, request: Request) -> bool:
        return request.frame == self.page.main_frame

    def _may(self, request: Request) -> bool:
        if request.resource_type not in NEEDED or not request.url.startswith(("http://", "https://")):
            return False
        if request.method not in ("GET", "HEAD") and not (
            request.method == "POST" and same_site(request.url, self.url)
        ):
            return False  # a page may ask its own site for data; it sends nothing elsewhere
        if request.is_navigation_request():
            self.navigations += 1
            if (
                not self._main(request)
                or self.navigations > MOST_NAVIGATIONS
                or not same_site(request.url, self.url)
            ):
                return False
        self.asked += 1
        return self.asked <= MOST_PARTS and self.budget > 0

    async def _part(self, request: Request) -> Part | None:
        kept = self.scripts.get(request.url) if request.resource_type == "script" else None
        if kept is not None:
            return kept
        headers = {
            name: value
            for name, value in request.headers.items()
            if not name.startswith(("sec-", "proxy-"))
            and name not in ("cookie", "host", "user-agent", "accept-encoding", "connection")
        }
        try:
            part = await self.fetch(
                Ask(request.url, request.method, headers, request.post_data_buffer or b"")
            )
        except Exception as error:
            # Whatever the reason (private address, robots.txt, timeout, size): the page goes without this part.
            self.refused.append(f"{request.url}: {error}")
            return None
        self.budget -= len(part.body)
        part = Part(part.status, {k: v for k, v in part.headers.items() if k.lower() not in _HOPS}, part.body)
        if request.resource_type == "script" and part.status == 200 and len(self.scripts) < CACHED:
            self.scripts[request.url] = part
        return part


def wants(source: Any, request: Any, response: Any) -> bool:
    """Whether this answer is a page to be rendered: of such a source, whole, HTML, neither part nor replay."""
    if not source.render or response.status != 200:
        return False
    if any(request.meta.get(name) is not None for name in ("part", "replay", "robots")):
        return False
    kind = (response.headers.get("Content-Type") or b"text/html").lower()
    return b"html" in kind and bool(response.body.strip())

"""Scrapy middlewares of ours: robots.txt with crawl delay (RFC 9309), pages replayed from quarantine, pages that need scripts."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.http.request import NO_CALLBACK

from crawler.extraction.charset import decode
from crawler.net import ForbiddenAddress, Refused
from crawler.render import Ask, Part, wants
from crawler.spiders.base import describe

LONGEST_CRAWL_DELAY = 60.0
logger = logging.getLogger(__name__)


class Robots:
    """Obeys robots.txt. 2xx: as it says; 4xx: all allowed; 5xx or unreachable: nothing is read this time (RFC 9309)."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        self._asking: dict[str, asyncio.Lock] = {}

    @classmethod
    def from_crawler(cls, crawler: Any) -> Robots:
        return cls(crawler)

    async def process_request(self, request: Any) -> None:
        if request.meta.get("robots") == "skip" or request.meta.get("replay") is not None:
            return
        run = self._crawler.spider.run
        run.guard.check_url(request.url)
        parts = urlsplit(request.url)
        place = f"{parts.scheme}://{parts.netloc}"
        async with self._asking.setdefault(place, asyncio.Lock()):
            if place not in run.robots.known:
                run.robots.known[place] = await self._fetch(place, request)
        rules = run.robots.known[place]
        if isinstance(rules, str):
            raise Refused(rules, unreachable=True)
        if rules is None:
            return
        name = run.agent
        delay = rules.crawl_delay(name)
        if delay:
            run.gate.host(request.url).crawl_delay = min(float(delay), LONGEST_CRAWL_DELAY)
        if not rules.can_fetch(request.url, name):
            raise Refused(f"{parts.netloc} 的 robots.txt 不允许抓取 {parts.path}")

    async def _fetch(self, place: str, request: Any) -> Any:
        ask = Request(
            f"{place}/robots.txt",
            meta={"robots": "skip"},
            callback=NO_CALLBACK,
            dont_filter=True,
            priority=1000,
        )
        if "download_timeout" in request.meta:
            ask.meta["download_timeout"] = request.meta["download_timeout"]
        try:
            response = await self._crawler.engine.download_async(ask)
        except ForbiddenAddress:
            raise
        except Exception as error:
            logger.info("robots.txt of %s: %s", place, error)
            return f"{place} 的 robots.txt 读不到：{describe(error)}；本次不抓取该站"
        if response.status >= 500:
            return f"{place} 的 robots.txt 返回 {response.status}；本次不抓取该站"
        if response.status >= 400:
            return None
        return Protego.parse(response.body[:512_000].decode("utf-8", "replace"))


class Replay:
    """Answers a request that carries a quarantined page with that page; the network is not asked."""

    def process_request(self, request: Any) -> Response | None:
        kept = request.meta.get("replay")
        if kept is None:
            return None
        headers = {"Content-Type": kept["content_type"] or "text/html"}
        return HtmlResponse(request.url, status=200, headers=headers, body=kept["body"], request=request)


class Render:
    """Lets a browser run the scripts of a page, where the source says so; the page's requests come back here as the crawler's own."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Any) -> Render:
        return cls(crawler)

    async def process_response(self, request: Any, response: Any) -> Any:
        run = self._crawler.spider.run
        if not wants(run.source, request, response):
            return response
        header = (response.headers.get("Content-Type") or b"").decode("latin-1")
        text, _ = decode(response.body, header)
        made = await run.renderer.read(response.url, text, self._fetch, seconds=run.source.timeout)
        run.guard.check_url(made.url)
        request.meta["refused"] = made.refused
        headers = {**response.headers, "Content-Type": "text/html; charset=utf-8"}
        return HtmlResponse(
            made.url, status=200, headers=headers, body=made.html.encode("utf-8", "replace"), request=request
        )

    async def _fetch(self, ask: Ask) -> Part:
        """A part of a page, by the same way as every page: guard, robots.txt, host gate, limits."""
        host = urlsplit(ask.url).netloc
        request = Request(
            ask.url, method=ask.method, headers=ask.headers, body=ask.body, callback=NO_CALLBACK, dont_filter=True,
            meta={"part": True, "download_slot": f"parts of {host}", "dont_retry": True},
        )  # fmt: skip
        answer = await self._crawler.engine.download_async(request)
        headers = {
            name.decode("latin-1"): b", ".join(values).decode("latin-1")
            for name, values in answer.headers.items()
        }
        return Part(answer.status, headers, answer.body)

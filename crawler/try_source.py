"""Try a pasted address: find its feeds or its list of articles, read five of them, and write the declaration for it."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler import catalogue
from crawler.extract import extract
from crawler.net import Guard, HostGate, RobotsCache, user_agent
from crawler.render import Renderer, chromium
from crawler.rows import VisitNote
from crawler.run import scrapy_settings
from crawler.source_run import SourceRun
from crawler.spiders import json_feed, sitemap
from crawler.spiders.feed import FeedSpider
from crawler.spiders.pages import Parsed, absolute, anchors, likely_articles, same_site
from huiyin.document import Document
from huiyin.errors import Unavailable, UsageError
from huiyin.pii_mask import mask
from huiyin.records import DocumentRow, Visit
from huiyin.settings import Settings

SHOWN = 5
_FEED_PATH = re.compile(
    r"(?:/(?:rss|feed|atom)\b|\.(?:rss|atom)$|(?:rss|feed|atom)\.xml$|feed\.json$)", re.IGNORECASE
)


@dataclass
class TryResult:
    """`declaration` is a table for `Source.declaration` (or a TOML file), empty where nothing was found; `kind` feed, site or
    watch. `articles` are up to five as read, nothing is stored. `problems` in words, in the order they came up."""

    url: str
    kind: str = ""
    title: str = ""
    feeds: list[str] = field(default_factory=list)
    links: int = 0
    rule: str = ""
    articles: list[Document] = field(default_factory=list)
    declaration: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    scripted: bool = False  # a page without text or links, but with scripts


def try_source(url: str, settings: Settings, *, allow: tuple[str, ...] = ()) -> TryResult:
    """Look at an address as a source. `allow`: host:port pairs that may be private (the sample city's).

    Raises UsageError for what is no http(s) address, ForbiddenAddress for a private one. Failures of the site are in
    `problems`.
    """
    url = url.strip()
    if "://" not in url:
        url = f"https://{url}"
    guard = Guard.of(settings, allow)
    if not urlsplit(url).hostname:
        raise UsageError(f"{url!r} is not an address; paste one such as https://www.example.gov.cn/news/")
    guard.check_url(url)
    result = TryResult(url)
    asyncio.run(_look(result, settings, guard))
    if result.scripted:
        result = _with_browser(result, settings, guard)
    return result


def _with_browser(plain: TryResult, settings: Settings, guard: Guard) -> TryResult:
    """Look once more, at what the page's scripts make of it, where this installation has a browser."""
    try:
        chromium(settings)
    except Unavailable as error:
        plain.problems.append(f"页面内容可能由脚本生成。{error}")
        return plain
    result = TryResult(plain.url)
    asyncio.run(_look(result, settings, guard, render=True))
    return result


@dataclass
class _TryRun(SourceRun):
    """A run without a record: nothing is known before, nothing is kept after; what is found is shown."""

    documents: list[Document] = field(default_factory=list)

    def found(self, documents: Iterable[Document], visit: VisitNote | None = None) -> None:
        self.documents.extend(documents)

    def quarantine(
        self,
        url: str,
        reason: str,
        selector: str,
        body: bytes,
        content_type: str,
        *,
        entry: bool,
        listing: bool = False,
    ) -> None:
        self.fail(url, reason, entry=entry, visit=False)

    def visits(self, urls: Iterable[str]) -> dict[str, Visit]:
        return {}

    def known(self, ids: Sequence[str]) -> dict[str, DocumentRow]:
        return {}

    def pending(self) -> list[str]:
        return []


class _TrySpider(FeedSpider):
    """Reads the pasted page as what it turns out to be, and up to five articles."""

    def __init__(self, run: SourceRun, trial: TryResult) -> None:
        super().__init__(run)
        self.trial = trial

    async def parse_entry(self, response: Response) -> AsyncIterator[Any]:
        if not self.judge(response):
            return
        if _is_feed(response.body):
            async for request in self._read_feed(response):
                yield request
            return
        body = sitemap.unpacked(response.body, self.run.settings.page_limit)
        mapped = sitemap.read(body, response.url, self.run.started)
        if mapped is not None:
            for request in self._read_map(mapped, response.url):
                yield request
            return
        page = extract(response.body, response.url, content_type=self.content_type(response))
        self.trial.title = page.title or urlsplit(response.url).netloc
        parsed = Parsed.of(response.body, response.url, self.content_type(response))
        self.trial.feeds = _feeds(parsed)[:5]
        for address in self.trial.feeds[:2]:
            answer = await self.get(address)
            if answer is not None and _is_feed(answer.body) and self._entries(answer):
                async for request in self._read_feed(answer):
                    yield request
                return
        links = likely_articles(page.links or anchors(parsed), response.url)
        if page.kind == "article" and (len(links) < 5 or len(page.text) >= 200):
            self.trial.kind = "watch"
            self.trial.declaration = _declaration(self.trial, response.url, render=self.run.source.render)
            await self.parse_article(response)
        elif links:
            self.trial.kind, self.trial.links = "site", len(links)
            self.trial.rule, links = _pattern(links)
            self.trial.declaration = _declaration(self.trial, response.url, render=self.run.source.render)
            for link in links[:SHOWN]:
                yield self.request(link, self.parse_article)
        else:
            self.trial.scripted = b"<script" in response.body.lower() and not self.run.source.render
            self.trial.problems.append("这个地址上既没有找到订阅源，也没有找到文章列表；请换成具体栏目的地址")

    def _read_map(self, mapped: sitemap.Sitemap, url: str) -> Iterator[scrapy.Request]:
        """A sitemap of articles; of a list of sitemaps only that it is one: which of them is wanted a person must say."""
        links = [address for address, _ in mapped.addresses[: sitemap.MOST]]
        likely = likely_articles(((link, "站点地图中的一页文章", None) for link in links), url)
        likely = likely or [link for link in links if same_site(link, url)]
        if mapped.index or not likely:
            self.trial.problems.append(
                "这是站点地图的目录或没有文章的站点地图；请换成其中一个列出文章的站点地图"
            )
            return
        self.trial.kind, self.trial.links = "site", len(likely)
        self.trial.title = f"{urlsplit(url).netloc} 站点地图"
        self.trial.rule, likely = _pattern(likely)
        self.trial.declaration = _declaration(self.trial, url, render=self.run.source.render)
        for link in likely[:SHOWN]:
            yield self.request(link, self.parse_article)

    async def _read_feed(self, response: Response) -> AsyncIterator[Any]:
        entries = self._entries(response) or []
        self.trial.kind, self.trial.links = "feed", len(entries)
        self.trial.title = _feed_title(response) or self.trial.title or urlsplit(response.url).netloc
        self.trial.declaration = _declaration(self.trial, response.url, render=self.run.source.render)
        shown = entries[:SHOWN]
        self.run.found([document for entry in shown if (document := self._whole_text(entry))])
        for request in self._articles([entry for entry in shown if not entry["whole"]]):
            yield request


def _is_feed(body: bytes) -> bool:
    """RSS, RDF, Atom, or a JSON feed."""
    if b"jsonfeed.org" in body[:2048].replace(b"\\/", b"/"):
        return True
    return bool(
        re.match(
            rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:rss|feed|rdf:RDF)\b",
            body[:4096].removeprefix(b"\xef\xbb\xbf"),
            re.DOTALL,
        )
    )


def _feed_title(response: Response) -> str:
    if response.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
        return json_feed.title(response.text)[:80]
    parsed = Parsed.of(response.body[:20_000], response.url)
    return parsed.text("//channel/title | //feed/title").replace("\n", " ")[:80]


def _feeds(parsed: Parsed) -> list[str]:
    """Feeds that the page states (link rel=alternate), then those that it links to."""
    stated = parsed.links(
        "//link[@rel='alternate'][contains(@type,'rss') or contains(@type,'atom') or contains(@type,'xml') or contains(@type,'feed+json')]"
    )
    linked = [link for link in parsed.links("//a[@href]") if _FEED_PATH.search(urlsplit(link).path)]
    return [address for link in dict.fromkeys([*stated, *linked]) if (address := absolute(parsed.url, link))]


def _pattern(links: list[str]) -> tuple[str, list[str]]:
    """(regular expression of article addresses, the links that match it): the commonest shapes, numbers made general."""
    shapes = Counter(_shape(link) for link in links)
    most = shapes.most_common(1)[0][1]
    chosen = [shape for shape, count in shapes.most_common(3) if count >= max(2, most // 3)] or [
        shapes.most_common(1)[0][0]
    ]
    rule = "|".join(chosen)
    return rule, [link for link in links if re.search(rule, link)]


def _shape(link: str) -> str:
    parts = urlsplit(link)
    path = re.escape(parts.path + (f"?{parts.query}" if parts.query else ""))
    words = re.sub(r"[0-9a-f]{16,}", "[0-9a-f]+", path)
    return "^https?://" + re.escape(parts.netloc) + re.sub(r"(?<!\[)\d+(?!-9a)", r"\\d+", words) + "$"


def _declaration(trial: TryResult, url: str, *, render: bool = False) -> dict[str, Any]:
    """What a person may save: the legal basis is a proposal that they confirm."""
    official = bool(re.search(r"(?:^|\.)gov\.cn$", urlsplit(url).hostname or ""))
    made: dict[str, Any] = {
        "title": trial.title[:60],
        "kind": trial.kind,
        "start": [url],
        "document": "notice" if official else "article",
        "legal_basis": "政府信息公开内容，依法公开"
        if official
        else "公开发布的信息，仅用于本单位舆情研判，不再传播",
        "notes": "由“试一个地址”生成；遵守 robots.txt",
    }
    if render:
        made["render"] = True
    if trial.kind == "site":
        made["list"] = {"pattern": trial.rule, "pages": 3}
    return made


def source_name(url: str) -> str:
    """A name for a pasted source, from its address: small letters, digits, hyphens; 63 at most."""
    parts = urlsplit(url if "://" in url else f"https://{url}")
    words = re.sub(r"[^a-z0-9]+", "-", f"{parts.netloc.removeprefix('www.')}{parts.path}".lower()).strip("-")
    return (words or "source")[:60].strip("-") if len(words) > 1 else f"source-{words}"


async def _look(result: TryResult, settings: Settings, guard: Guard, *, render: bool = False) -> None:
    declaration = catalogue.parse(
        "try",
        {
            "kind": "site",
            "start": [result.url],
            "legal_basis": "试读",
            "max_requests": 12,
            "timeout": 20.0,
            "render": render,
        },
    )
    nowhere: Any = None  # _TryRun asks neither record nor intake
    agent = user_agent(settings)
    renderer = Renderer(settings, agent)
    run = _TryRun(
        declaration, settings, nowhere, nowhere, guard, HostGate(), RobotsCache(), agent, min(1.0, settings.download_delay), renderer=renderer
    )  # fmt: skip
    try:
        await Crawler(_TrySpider, scrapy_settings(run)).crawl_async(run=run, trial=result)
    finally:
        await renderer.close()
    result.problems += [reason for reason in run.reasons if reason not in result.problems]
    if run.blocked:
        result.problems.append(f"站点拒绝访问：{run.blocked}")
    result.articles = [
        replace(document, text=mask(document.text), title=mask(document.title), author="")
        for document in run.documents[:SHOWN]
    ]
    if result.declaration and not result.articles:
        result.problems.append("找到了链接，但链接后的文章都读不出正文")

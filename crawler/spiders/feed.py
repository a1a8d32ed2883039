"""Spider of RSS, Atom and JSON feeds, and of the articles that they announce."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

import feedparser
import scrapy
from parsel import Selector
from scrapy.http import Response

from crawler.addresses import canonical
from crawler.extraction.charset import decode
from crawler.moments import moment
from crawler.rows import VisitNote
from crawler.spiders import json_feed
from crawler.spiders.pages import absolute, kept, node_text
from crawler.spiders.site import SiteSpider
from huiyin.document import Document, document_id

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_FULL = 200
MOST = 500
"""Entries of one feed that are looked at."""


class FeedSpider(SiteSpider):
    """Entries that are new are read at their address, unless the feed carries their whole text."""

    async def parse_entry(self, response: Response) -> AsyncIterator[Any]:
        """A feed."""
        if not self.judge(response):
            return
        entries = self._entries(response)
        if entries is None:
            return
        if not entries:
            self.run.entries_empty += 1
        for entry in entries:
            document = self._whole_text(entry)
            if document is not None:
                self.run.found([document])
        for request in self._articles([entry for entry in entries if not entry["whole"]]):
            yield request
        if response.meta.get("entry"):
            self.run.entry_read(self.note(response))

    def _entries(self, response: Response) -> list[dict[str, Any]] | None:
        """The feed's entries as title, link, published, text; None where it is no feed (counted, kept)."""
        head = response.body[:4096].lower()
        if b"<!entity" in response.body[:65_536].lower():
            self.broken(response, "订阅源声明了 XML 实体（疑似 XML 炸弹），不予解析", "feed")
            return None
        text, _ = decode(response.body, self.content_type(response))
        try:
            items = json_feed.read(text)
        except ValueError as error:
            self.broken(response, f"JSON 订阅源格式有误：{error}"[:200], "feed")
            return None
        if items is not None:
            return [self._item(item, response) for item in items[:MOST]]
        try:
            feed = feedparser.parse(
                # Decoded by us, so that a wrong encoding in header or declaration does no harm.
                _DECLARATION.sub("", text.replace("\x00", "")).encode("utf-8", "replace"),
                response_headers={"content-type": "application/xml; charset=utf-8"},
                sanitize_html=False,
                resolve_relative_uris=False,
            )
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            # feedparser notes most damage in `bozo`; some (numbers that are no character) it passes on as it comes.
            self.broken(response, f"订阅源格式有误：{type(error).__name__}", "feed")
            return None
        if feed.bozo and not feed.entries:
            self.broken(response, f"订阅源格式有误：{feed.get('bozo_exception')}"[:200], "feed")
            return None
        if not feed.get("version") and (b"<html" in head or not feed.entries):
            self.broken(response, "返回的不是订阅源", "feed")
            return None
        return [self._entry(entry, response) for entry in feed.entries[:MOST]]

    def _entry(self, entry: Any, response: Response) -> dict[str, Any]:
        raw = max(
            [str(c.get("value") or "") for c in entry.get("content") or []]
            + [str(entry.get("summary") or "")],
            key=len,
        )
        times = (entry.get(name) for name in ("published", "updated", "created"))
        return self._made(
            response, str(entry.get("title") or ""), str(entry.get("link") or ""), str(entry.get("id") or ""), raw, times,
            str(entry.get("author") or ""), has_content=bool(entry.get("content")),
        )  # fmt: skip

    def _item(self, item: dict[str, Any], response: Response) -> dict[str, Any]:
        raw, whole = json_feed.words(item)
        link = str(item.get("url") or item.get("external_url") or "")
        times = (item.get(name) for name in ("date_published", "date_modified"))
        return self._made(
            response, str(item.get("title") or ""), link, str(item.get("id", "")), raw, times, json_feed.author(item), has_content=whole
        )  # fmt: skip

    def _made(
        self,
        response: Response,
        title: str,
        href: str,
        key: str,
        raw: str,
        times: Iterable[Any],
        author: str,
        *,
        has_content: bool,
    ) -> dict[str, Any]:
        """One entry, of whichever kind of feed."""
        text, link, now = plain(raw), absolute(response.url, href), self.seen(response)
        moments = (moment(value, now, self.run.settings.zone) for value in times if value)
        return {
            "title": plain(title).replace("\n", " "),
            "link": link,
            "native": canonical(link) if link else key or text[:80],
            "published": next((found for found in moments if found), None),
            "author": author,
            "text": text,
            "fetched": now,
            # Without a link there is nothing more to read.
            "whole": not link
            or (self.run.source.full_text and bool(text))
            or (has_content and len(text) >= _FULL),
        }

    def _whole_text(self, entry: dict[str, Any]) -> Document | None:
        source = self.run.source
        if not entry["whole"] or not (entry["text"] or entry["title"]):
            return None
        if not kept(source, entry["title"], entry["text"]):
            self.run.counts.filtered += 1
            return None
        official = source.document in ("notice", "policy", "article")
        return Document(
            id=document_id(source.name, entry["native"]), source=source.name, text=entry["text"] or entry["title"],
            fetched=entry["fetched"], title=entry["title"], url=entry["link"], published=entry["published"], kind=source.document,
            author="" if official else entry["author"], origin=entry["author"] if official else "",
        )  # fmt: skip

    def _articles(self, entries: list[dict[str, Any]]) -> Iterator[scrapy.Request]:
        by_link = {canonical(entry["link"]): entry for entry in entries if entry["link"]}
        wanted = {}
        for link, entry in by_link.items():
            # `keep` looks at the text as well, which is not here yet.
            if self.run.source.drop and re.search(self.run.source.drop, entry["title"]):
                self.run.counts.filtered += 1
            else:
                wanted[link] = entry
        due = self._due(wanted)
        # Old entries of a feed are known items, so that “nothing new” is told from “empty”.
        self.run.counts.unchanged += len(wanted) - len(due)
        for link, conditional in due:
            if not self.spend():
                self.run.found((), VisitNote(link, self.run.source.name, status=0))
                continue
            entry = by_link[link]
            hint = {name: entry[name] for name in ("title", "published", "author")}
            if self.run.source.document in ("notice", "policy", "article"):
                hint = {**hint, "origin": entry["author"], "author": ""}
            yield self.request(link, self.parse_article, conditional=conditional, hint=hint)


def plain(markup: str) -> str:
    """Text of an HTML fragment, as it stands where it is none."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    return node_text(Selector(text=f"<div>{markup}</div>", type="html"))

"""Spider of list pages and the pages behind them: news columns, notices, mailboxes, forums."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import scrapy
from scrapy.http import Response

from crawler.addresses import canonical, visit_key
from crawler.extract import Page, extract, join_pages
from crawler.rows import VisitNote
from crawler.spiders import sitemap
from crawler.spiders.base import SourceSpider, asked, visible
from crawler.spiders.pages import (
    Parsed,
    anchors,
    article,
    extra_fields,
    floors,
    kept,
    likely_articles,
    number,
    reply_document,
    same_site,
)
from huiyin.document import Comment, Document, document_id

_GIVE_UP = 5
_DEPTH = 3
"""Levels of sitemaps within sitemaps that are followed."""
_MAP_DAYS = 30
"""A sitemap names everything that a site ever held; what did not change for so long is not collected."""


class SiteSpider(SourceSpider):
    """List pages: links that are new or due for another look are read; the next list page while it may hold new ones."""

    def entries(self) -> Iterator[scrapy.Request]:
        for address in self.run.pending():
            if self.spend():
                yield self.request(address, self.parse_article)
        for address in self.run.source.addresses:
            if self.spend():
                yield self.request(address, self.parse_entry, entry=True, conditional=True, number=1)

    async def parse_entry(self, response: Response) -> AsyncIterator[Any]:
        """A list page, or a sitemap."""
        if not self.judge(response):
            return
        body = sitemap.unpacked(response.body, self.run.settings.page_limit)
        if sitemap.looks_like(body):
            for request in self._mapped(response, body):
                yield request
            return
        rule, page_number = self.run.source.list, response.meta.get("number", 1)
        links, following, selector = self._listed(response)
        if not links:
            if self.says_empty(visible(response.body, self.content_type(response))) or page_number > 1:
                self.run.entries_empty += 1
            else:
                self.broken(response, "列表页上没有找到文章链接", selector)
                return
        fresh = self._due(links)
        for address, conditional in fresh:
            if not self.spend():
                # Found but out of budget: remembered, so that it is read next time even if the list has moved on.
                self.run.found((), VisitNote(address, self.run.source.name, status=0))
                continue
            yield self.request(address, self.parse_article, conditional=conditional)
        if response.meta.get("entry"):
            self.run.entry_read(self.note(response))
        more = page_number < rule.pages and (fresh or self.run.thorough)
        if following and more and self.spend():
            yield self.request(following, self.parse_entry, number=page_number + 1)

    def _mapped(self, response: Response, body: bytes) -> Iterator[scrapy.Request]:
        """What a sitemap asks for: of a list of sitemaps the newest ones, of a sitemap the pages that are due, newest first."""
        found, number = sitemap.read(body, response.url, self.seen(response)), response.meta.get("number", 1)
        if found is None:
            self.broken(response, "站点地图声明了 XML 实体或格式有误，不予解析", "sitemap")
            return
        if found.index:
            for address, _ in found.addresses[: self.run.source.list.pages]:
                if number < _DEPTH and same_site(address, response.url) and self.spend():
                    yield self.request(address, self.parse_entry, number=number + 1)
        else:
            yield from self._from_map(found)
        if not found.addresses:
            self.run.entries_empty += 1
        if response.meta.get("entry"):
            self.run.entry_read(self.note(response))

    def _from_map(self, found: sitemap.Sitemap) -> Iterator[scrapy.Request]:
        source = self.run.source
        wanted = re.compile(source.list.pattern)  # an empty pattern finds everything
        oldest = self.run.started - timedelta(days=max(source.revisit_days, _MAP_DAYS))
        young = {
            canonical(address): when
            for address, when in found.addresses
            if wanted.search(address) and (when is None or when >= oldest)
        }
        due = self._due(young)
        self.run.counts.unchanged += len(young) - len(due)
        for address, conditional in due:
            if not self.spend():
                self.run.found((), VisitNote(address, source.name, status=0))
                continue
            yield self.request(address, self.parse_article, conditional=conditional)

    def _listed(self, response: Response) -> tuple[list[str], str, str]:
        """(article addresses, next list page, the selector that found them)."""
        rule, content_type = self.run.source.list, self.content_type(response)
        if rule.links:
            parsed = Parsed.of(response.body, response.url, content_type)
            links = [canonical(link) for link in parsed.links(rule.links)]
            following = parsed.link(rule.next)
        else:
            parsed = Parsed.of(response.body, response.url, content_type)
            every = anchors(parsed)
            links = (
                [canonical(link) for link, _, _ in every]
                if rule.pattern
                else likely_articles(every, response.url)
            )
            following = parsed.link(rule.next) or self._next_list(response)
        if rule.pattern:
            wanted = re.compile(rule.pattern)
            links = [link for link in links if wanted.search(link)]
        else:
            links = [link for link in links if same_site(link, response.url)]
        return (
            list(dict.fromkeys(links)),
            following,
            f"list.{'links' if rule.links else 'pattern'}: {rule.links or rule.pattern}",
        )

    def _next_list(self, response: Response) -> str:
        """The next list page as general extraction finds it, where more than one may be read."""
        if self.run.source.list.next or self.run.source.list.pages < 2:
            return ""
        return extract(response.body, response.url, content_type=self.content_type(response)).next_page

    def _due(self, links: Iterable[str]) -> list[tuple[str, bool]]:
        """(address, ask only if changed) of links that were never read, or are young and were last read long enough ago."""
        source, now = self.run.source, self.run.started
        links = list(links)
        visits = self.run.visits(links)
        ids = {link: document_id(source.name, canonical(link)) for link in links if visit_key(link) in visits}
        rows = self.run.known(list(ids.values())) if ids else {}
        due: list[tuple[str, bool]] = []
        for link in links:
            visit = visits.get(visit_key(link))
            if visit is None:
                due.append((link, False))
            elif visit.status == 0:
                if visit.failures < _GIVE_UP or now - visit.fetched > timedelta(days=1):
                    due.append((link, False))
            elif (row := rows.get(ids[link])) is not None and visit.source == source.name:
                young = now - row.when < timedelta(days=source.revisit_days)
                rested = now - visit.fetched > timedelta(minutes=source.revisit_minutes)
                if young and rested:
                    # The first page of a thread stays as it is while its last page grows: a thread is always read.
                    due.append((link, not (source.article and source.article.next)))
        return due

    async def parse_article(self, response: Response) -> None:
        """An article page, with its further parts, floors and the official answer."""
        if not self.judge(response):
            return
        source, now = self.run.source, self.seen(response)
        page, parsed = article(source, response.body, response.url, self.content_type(response), now)
        if page.login_wall:
            self.run.counts.filtered += 1
            self.run.found((), self.note(response))
            return
        announced = bool(response.meta.get("hint")) or bool(source.list.links)
        if not page.text.strip():
            rule = (
                f"article.text: {source.article.text}"
                if source.article and source.article.text
                else "article"
            )
            if self.is_no_article(page, announced):
                self._not_an_article(response)
                return
            self.broken(response, "页面上没有找到正文", rule)
            return
        if self.is_no_article(page, announced):
            self._not_an_article(response)
            return
        page, comments = await self._whole(page, parsed, response)
        documents = self._documents(page, comments, parsed, response)
        self.run.found(documents, self.note(response))

    def is_no_article(self, page: Page, announced: bool) -> bool:
        """A page of links that a list links to (a column, a topic): no text of its own.

        Where a feed announced it or a selector named its link, only a page with hardly any text is none.
        """
        if page.kind != "list" or self.run.source.article is not None:
            return False
        return not (announced and len(page.text) >= 60)

    def _not_an_article(self, response: Response) -> None:
        self.run.counts.filtered += 1
        self.run.found((), self.note(response))

    async def _whole(
        self, page: Page, parsed: Parsed | None, response: Response
    ) -> tuple[Page, list[Comment]]:
        """The page joined with its further parts; of a thread the floors of all parts."""
        source, now = self.run.source, self.seen(response)
        rule = source.article
        comments = list(floors(rule, parsed, now, skip_first=True)) if rule and rule.item and parsed else []
        parts, seen, following = [page], {canonical(response.url)}, page.next_page
        while following and canonical(following) not in seen and len(parts) < (rule.parts if rule else 20):
            seen.add(canonical(following))
            answer = await self.get(following)
            if answer is None:
                break
            part, part_parsed = article(source, answer.body, answer.url, self.content_type(answer), now)
            if rule and rule.item and part_parsed:
                comments += floors(rule, part_parsed, now, skip_first=False)
                page = replace(page, next_page="")
            parts.append(part)
            following = part.next_page
        return (page if rule and rule.item else join_pages(parts)), comments

    def _documents(
        self, page: Page, comments: list[Comment], parsed: Parsed | None, response: Response
    ) -> list[Document]:
        source, now = self.run.source, self.seen(response)
        hint = response.meta.get("hint") or {}
        title = page.title or hint.get("title", "")
        if not kept(source, title, page.text):
            self.run.counts.filtered += 1
            return []
        rule = source.article
        url = canonical(response.url)
        document = Document(
            id=document_id(source.name, canonical(asked(response))), source=source.name, text=page.text, fetched=now,
            title=title, url=url, published=hint.get("published") or page.published, kind=source.document, author=page.author or hint.get("author", ""),
            origin=page.origin or hint.get("origin", ""), replies=len(comments), comments=tuple(comments),
            likes=number(parsed.text(rule.likes)) if rule and parsed and rule.likes else 0,
            extra=extra_fields(rule, parsed) if rule and parsed else {},
        )  # fmt: skip
        reply = reply_document(source, parsed, document, now) if parsed else None
        return [document] if reply is None else [replace(document, replies=1), reply]

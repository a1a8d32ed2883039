"""Spider of hot lists: JSON, or a page whose links are the topics. Every run adds rank and heat to an entry's trace."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import scrapy
from scrapy.http import Response

from crawler.addresses import canonical
from crawler.spiders.api import ApiSpider
from crawler.spiders.pages import Parsed, absolute, kept, node_text, number
from huiyin.document import Document, document_id


class HotSpider(ApiSpider):
    """With [json] as an API; without, `list.links` are the topics in order and `article.fields.heat` their heat."""

    def entries(self) -> Iterator[scrapy.Request]:
        for address in self.run.source.addresses:
            if self.spend():
                # Never conditional: the same list an hour later is a fact of its own.
                yield self.request(address, self.parse_entry, entry=True, number=1, pattern=address)

    async def _take(self, documents: list[Document], rows: list[Any], response: Response) -> int:
        """Entries without a stated rank have that of their place in the list."""
        ranked = [
            d if d.extra.get("rank") else replace(d, extra={**d.extra, "rank": place})
            for place, d in enumerate(documents, 1)
        ]
        return await super()._take(ranked, rows, response)

    async def parse_entry(self, response: Response) -> AsyncIterator[Any]:
        """The list."""
        if self.run.source.json is not None:
            async for request in super().parse_entry(response):
                yield request
            return
        if not self.judge(response):
            return
        source = self.run.source
        parsed = Parsed.of(response.body, response.url, self.content_type(response))
        topics = parsed.nodes(source.list.links)
        heats = (
            parsed.nodes(source.article.fields["heat"])
            if source.article and "heat" in source.article.fields
            else []
        )
        if not topics:
            self.broken(response, "热榜上没有找到话题", f"list.links: {source.list.links}")
            return
        for rank, node in enumerate(topics, 1):
            title = node_text(node).replace("\n", " ")
            if not title or not kept(source, title, title):
                self.run.counts.filtered += 1
                continue
            link = absolute(response.url, node.attrib.get("href") or "")
            heat = number(node_text(heats[rank - 1])) if rank <= len(heats) else 0
            self.run.found([
                Document(
                    id=document_id(source.name, title), source=source.name, text=title, fetched=self.seen(response),
                    url=canonical(link) if link else "", kind=source.document, extra={"rank": rank, "heat": heat},
                )
            ])  # fmt: skip
        self.run.entry_read(self.note(response))

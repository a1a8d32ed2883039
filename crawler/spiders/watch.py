"""Spider of single pages that are watched for change: a rule, a price list, a duty roster."""

from __future__ import annotations

from collections.abc import Iterator

import scrapy
from scrapy.http import Response

from crawler.extract import Page
from crawler.spiders.site import SiteSpider


class WatchSpider(SiteSpider):
    """Each start address is the page itself; a changed text becomes the next version of the same document."""

    def entries(self) -> Iterator[scrapy.Request]:
        for address in self.run.source.addresses:
            if self.spend():
                yield self.request(address, self.parse_entry, entry=True, conditional=True)

    def is_no_article(self, page: Page, announced: bool) -> bool:
        """Whatever the page is, a person asked for it."""
        return False

    async def parse_entry(self, response: Response) -> None:  # type: ignore[override]
        """A watched page. Its visit carries the validators, so an unchanged page is a 304."""
        before = self.run.entries_good
        broken = self.run.broken
        await self.parse_article(response)
        if response.status == 200 and self.run.broken == broken:
            self.run.entries_good = before + 1

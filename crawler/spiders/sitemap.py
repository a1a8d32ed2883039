"""Sitemaps (sitemaps.org): lists of addresses with the days of their last change, plain or gzipped, and lists of such lists."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from crawler.moments import moment
from crawler.spiders.pages import absolute

MOST = 50_000
"""Addresses that one sitemap may hold, by the protocol."""
_HEAD = re.compile(
    rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<\?xml-stylesheet[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?(?:urlset|sitemapindex)\b",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Sitemap:
    """`index`: the addresses are other sitemaps. Newest first; those without a day stand last, in their order."""

    index: bool
    addresses: list[tuple[str, datetime | None]]


def unpacked(body: bytes, limit: int) -> bytes:
    """The sitemap's bytes; of a .gz file what is packed in it, up to `limit` bytes."""
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        return zlib.decompressobj(31).decompress(body, limit)
    except zlib.error:
        return body  # damaged: what it is then is no sitemap, and `read` says so


def looks_like(body: bytes) -> bool:
    """Whether these bytes begin as a sitemap does."""
    return bool(_HEAD.match(body[:4096].removeprefix(b"\xef\xbb\xbf")))


def read(body: bytes, url: str, now: datetime) -> Sitemap | None:
    """What a sitemap lists; None where it is no sitemap, or declares entities (XML bomb)."""
    if not looks_like(body) or b"<!entity" in body[:65_536].lower():
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    root = etree.fromstring(body, parser)
    if root is None:
        return None
    found: dict[str, datetime | None] = {}
    for item in root:
        if not isinstance(item.tag, str) or len(found) >= MOST:
            continue
        values = {
            _local(child.tag): (child.text or "").strip() for child in item if isinstance(child.tag, str)
        }
        address = absolute(url, values.get("loc", ""))
        if address:
            found[address] = moment(values["lastmod"], now) if values.get("lastmod") else None
    known = sorted((item for item in found.items() if item[1]), key=lambda item: -item[1].timestamp())  # type: ignore[union-attr]
    return Sitemap(_local(root.tag) == "sitemapindex", [*known, *(i for i in found.items() if not i[1])])


def _local(tag: str) -> str:
    """A name without its namespace; lxml's own way refuses names that its recovering parser lets through."""
    return tag.rpartition("}")[2]

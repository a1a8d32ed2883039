"""The next part of an article that was cut into pages, and the links of a list page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from crawler.extraction.tree import Link

_NEXT = re.compile(
    r"^[\s\[【(（<《]*(?:下一?[页頁](?:\s*[>»›→]+)?|后一?页|下页继续|余下全文.*|next(?: page)?|[>»›]{1,2}|下一[页頁].{0,6})[\s\]】)）>》]*$",
    re.IGNORECASE,
)
NOT_PAGES = ("#", "javascript:", "mailto:", "tel:")
_NUMBER = re.compile(r"^[\s\[【(（第]*(\d{1,3})[\s\]】)）页]*$")
_PART = re.compile(
    r"(?:[_\-](?P<n>\d{1,3}))?(?P<end>\.s?html?|\.shtml|\.php|\.jsp|\.aspx?|/?)$", re.IGNORECASE
)
_QUERY_PAGE = re.compile(
    r"(?:^|&)(?:page|p|pn|pageno|page_no|pagenum|pg|paged)=(\d{1,3})(?=&|$)", re.IGNORECASE
)


def stems(url: str) -> list[tuple[str, int]]:
    """How an address may be read as one of several parts: (address without page number, number), the whole one first.

    c_553.html is page 1 of c_553.html, or page 553 of c.html; ?id=7&page=2 is page 2 of ?id=7.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # an address such as http://[ that cannot be split has no parts
        return [(url, 1)]

    def whole(path: str, query: str) -> str:
        return f"{parts.netloc}{path.rstrip('/')}?{query}"

    readings = [(whole(parts.path, parts.query), 1)]
    if match := _QUERY_PAGE.search(parts.query):
        query = (parts.query[: match.start()] + parts.query[match.end() :]).strip("&")
        readings.append((whole(parts.path, query), int(match[1])))
    if (match := _PART.search(parts.path)) and match["n"]:
        readings.append((whole(parts.path[: match.start()] + match["end"], parts.query), int(match["n"])))
    return readings


def next_page(links: Iterable[Link], url: str, base: str, stated: str) -> str:
    """The address of the next part, "" where there is none. `stated`: <link rel=next>.

    A link is the next part only where its address is this one's with a higher page number; “next article” is not.
    Without `url` a link that says 下一页 is believed.
    """
    wanted = {(address, page + 1) for address, page in stems(url)}
    numbered = ""
    if stated:
        links = [Link(stated, "下一页", 0, 0), *links]
    for link in links:
        if not link.href or link.href.startswith(NOT_PAGES):
            continue
        says_next = bool(_NEXT.match(link.text))
        number = _NUMBER.match(link.text)
        if not says_next and not number:
            continue
        address = join(url, base, link.href)
        readings = stems(address)
        if not url:
            if says_next and any(page >= 2 for _, page in readings):
                return address
        elif says_next and any(reading in wanted for reading in readings):
            return address
        elif number and any(reading in wanted and reading[1] == int(number[1]) for reading in readings):
            numbered = numbered or address
    return numbered


def join(url: str, base: str, href: str) -> str:
    """`href` made absolute; as it stands where it is no address at all."""
    try:
        return urljoin(urljoin(url, base) if base else url, href.strip())
    except ValueError:
        return href.strip()

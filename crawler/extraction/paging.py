"""The next part of an article that was cut into pages, and the links of a list page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

from crawler.extraction.tree import Link

_NEXT = re.compile(r"^[\s\[【(（<《]*(?:下一?[页頁](?:\s*[>»›→]+)?|后一?页|下页继续|余下全文.*|next(?: page)?|[>»›]{1,2}|下一[页頁].{0,6})[\s\]】)）>》]*$", re.IGNORECASE)
_NUMBER = re.compile(r"^[\s\[【(（第]*(\d{1,3})[\s\]】)）页]*$")
_PART = re.compile(r"(?:[_\-](?P<n>\d{1,3}))?(?P<end>\.s?html?|\.shtml|\.php|\.jsp|\.aspx?|/?)$", re.IGNORECASE)
_QUERY_PAGE = re.compile(r"(?:^|&)(?:page|p|pn|pageno|page_no|pagenum|pg|paged)=(\d{1,3})(?=&|$)", re.IGNORECASE)


def stem(url: str) -> tuple[str, int]:
    """An address without its page number, and that number (1 where there is none): a_2.html → (a.html, 2)."""
    parts = urlsplit(url)
    path, query, page = parts.path, parts.query, 1
    if match := _QUERY_PAGE.search(query):
        page = int(match[1])
        query = (query[: match.start()] + query[match.end() :]).strip("&")
    elif (match := _PART.search(path)) and match["n"]:
        page = int(match["n"])
        path = path[: match.start()] + match["end"]
    return f"{parts.netloc}{path.rstrip('/')}?{query}", page


def next_page(links: Iterable[Link], url: str, base: str, stated: str) -> str:
    """The address of the next part, "" where there is none. `stated`: <link rel=next>.

    A link is the next part only where its address is this one's with a higher page number; “next article” is not.
    Without `url` a link that says 下一页 is believed.
    """
    mine, page = stem(url)
    numbered = ""
    if stated:
        links = [Link(stated, "下一页", 0, 0), *links]
    for link in links:
        if not link.href or link.href.startswith(("#", "javascript:", "mailto:")):
            continue
        says_next = bool(_NEXT.match(link.text))
        number = _NUMBER.match(link.text)
        if not says_next and not number:
            continue
        address = join(url, base, link.href)
        theirs, other = stem(address)
        if not url:
            if says_next and other >= 2:
                return address
            continue
        if theirs == mine and other == page + 1:
            if says_next:
                return address
            if number and int(number[1]) == other:
                numbered = numbered or address
    return numbered


def join(url: str, base: str, href: str) -> str:
    """`href` made absolute; as it stands where it is no address at all."""
    try:
        return urljoin(urljoin(url, base) if base else url, href.strip())
    except ValueError:
        return href.strip()

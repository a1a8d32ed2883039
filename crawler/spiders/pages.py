"""Pages → documents: general extraction, with a declaration's selectors in its place where they are given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from parsel import Selector

from crawler.addresses import canonical
from crawler.declaration import ArticleRule, Declaration, is_xpath
from crawler.extract import Page, extract
from crawler.extraction.charset import decode
from crawler.moments import moment
from huiyin.document import Comment, Document, document_id

_BLOCKS = frozenset(
    [
        "p",
        "div",
        "br",
        "li",
        "tr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "section",
        "article",
        "ul",
        "ol",
        "table",
        "blockquote",
        "dd",
        "dt",
        "pre",
        "figure",
    ]
)
_SILENT = frozenset(("script", "style", "noscript", "template"))
_SPACE = re.compile(r"[^\S\n]+")
_LABEL = re.compile(
    r"^(?:发布|发表|来信|答复|办理|成文|更新)?(?:时间|日期|于)?\s*[:：]\s*|^(?:来源|作者|稿源|答复单位|发布机构)\s*[:：]\s*"
)
_ARTICLE_PATH = re.compile(
    r"\d{4,}|/20\d\d[-/]?\d\d|(?:content|article|detail|thread|news|post|view)[-_/]?\w*\d", re.IGNORECASE
)
_SECOND_LEVEL = frozenset(("gov", "com", "org", "net", "edu", "ac"))


@dataclass(frozen=True, slots=True)
class Parsed:
    """A page under selectors: `tree`, and `url` to make links absolute."""

    tree: Selector
    url: str

    @classmethod
    def of(cls, body: bytes, url: str, content_type: str = "") -> Parsed:
        text, _ = decode(body, content_type)
        return cls(Selector(text=text.replace("\x00", "") or "<html></html>", type="html"), url)

    def nodes(self, selector: str, within: Selector | None = None) -> list[Selector]:
        place = within if within is not None else self.tree
        return list(place.xpath(selector) if is_xpath(selector) else place.css(selector))

    def text(self, selector: str, within: Selector | None = None) -> str:
        """Text of the first match that has any, blocks on lines of their own; "" without a selector or match."""
        if not selector:
            return ""
        return next((text for node in self.nodes(selector, within) if (text := node_text(node))), "")

    def link(self, selector: str, within: Selector | None = None) -> str:
        """Absolute address that the first match links to."""
        return next(iter(self.links(selector, within)), "") if selector else ""

    def links(self, selector: str, within: Selector | None = None) -> list[str]:
        found: dict[str, None] = {}
        for node in self.nodes(selector, within):
            href = node.attrib.get("href") if hasattr(node.root, "attrib") else node.get()
            address = absolute(self.url, href or "")
            if address:
                found[address] = None
        return list(found)


def absolute(base: str, href: str) -> str:
    """`href` as an absolute http(s) address, "" where it is none."""
    href = href.strip()
    if not href or href.startswith(("#", "javascript:", "mailto:", "tel:", "data:")):
        return ""
    try:
        address = urljoin(base, href)
        return address if urlsplit(address).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def node_text(node: Selector) -> str:
    """The text of a node, a line for each block, spaces tidied; of an attribute or text node its value."""
    root = node.root
    if not hasattr(root, "iter"):
        return str(root).strip()
    parts: list[str] = []
    _collect(root, parts)
    lines = (_SPACE.sub(" ", line).strip(" 　\t") for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _collect(root: Any, parts: list[str]) -> None:
    # A stack, not recursion: broken pages nest thousands deep.
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        element, leaving = stack.pop()
        silent = not isinstance(element.tag, str) or element.tag in _SILENT
        block = not silent and element.tag in _BLOCKS
        if leaving:
            if block and element.tag != "br":
                parts.append("\n")
            if element is not root and element.tail:
                parts.append(element.tail.replace("\n", " "))
            continue
        if block:
            parts.append("\n")
        stack.append((element, True))
        if not silent:
            if element.text:
                parts.append(element.text.replace("\n", " "))
            stack.extend((child, False) for child in reversed(element))


def strip_label(text: str) -> str:
    return _LABEL.sub("", text.split("\n", 1)[0].strip()).strip()


def article(
    source: Declaration, body: bytes, url: str, content_type: str, now: datetime
) -> tuple[Page, Parsed | None]:
    """The page as general extraction reads it, selectors of the declaration taking precedence; the tree where one was made."""
    rule = source.article
    if rule is None:
        return extract(body, url, content_type=content_type, now=now), None
    parsed = Parsed.of(body, url, content_type)
    # General extraction costs most of the time of a page: only where the selectors leave something open.
    general = rule.item == "" and not (rule.title and rule.text and rule.published)
    page = extract(body, url, content_type=content_type, now=now) if general else Page()
    scope = next(iter(parsed.nodes(rule.item)), None) if rule.item else None
    published = moment(strip_label(parsed.text(rule.published, scope)), now) if rule.published else None
    return (
        Page(
            title=(parsed.text(rule.title) if rule.title else page.title).replace("\n", " "),
            published=published or page.published,
            author=strip_label(parsed.text(rule.author, scope)) if rule.author else page.author,
            origin=strip_label(parsed.text(rule.origin)) if rule.origin else page.origin,
            text=parsed.text(rule.text, scope) if rule.text else page.text,
            kind="article" if rule.text else page.kind,
            next_page=parsed.link(rule.next) if rule.next else page.next_page,
            login_wall=page.login_wall,
        ),
        parsed,
    )


def extra_fields(rule: ArticleRule, parsed: Parsed) -> dict[str, Any]:
    """The declaration's own fields (document number, issuing body …); empty ones are left out."""
    found = {name: parsed.text(selector) for name, selector in rule.fields.items()}
    return {name: value for name, value in found.items() if value}


def floors(rule: ArticleRule, parsed: Parsed, now: datetime, *, skip_first: bool) -> Iterator[Comment]:
    """The repeated parts of a thread page as comments; on its first page the first part is the document itself."""
    for number, item in enumerate(parsed.nodes(rule.item)):
        if skip_first and number == 0:
            continue
        text = parsed.text(rule.text, item)
        if text:
            when = moment(strip_label(parsed.text(rule.published, item)), now) if rule.published else None
            yield Comment(text, when, strip_label(parsed.text(rule.author, item)))


def number(text: str) -> int:
    """A counter as pages write it: 1,234, 3.2万, 1.1亿; 0 where there is none."""
    match = re.search(r"(\d[\d,]*(?:\.\d+)?)\s*([万亿wW]?)", text)
    if not match:
        return 0
    scale = {"万": 10_000, "w": 10_000, "亿": 100_000_000}.get(match[2].lower(), 1)
    return min(int(float(match[1].replace(",", "")) * scale), 2_000_000_000)


def reply_document(source: Declaration, parsed: Parsed, message: Document, now: datetime) -> Document | None:
    """The official answer that stands on a message's page, as a document of its own; None where there is none yet."""
    rule = source.article
    if rule is None or not rule.reply_text:
        return None
    text = parsed.text(rule.reply_text)
    if not text:
        return None
    unit = strip_label(parsed.text(rule.reply_unit))
    return Document(
        id=document_id(source.name, f"{message.url}#reply"), source=source.name, text=text, fetched=now, url=message.url,
        title=f"答复：{message.title}" if message.title else "", kind="reply", origin=unit, parent=message.id,
        published=moment(strip_label(parsed.text(rule.reply_time)), now) if rule.reply_time else None,
    )  # fmt: skip


def kept(source: Declaration, title: str, text: str) -> bool:
    """False where the declaration's `keep` and `drop` leave this document out."""
    if source.drop and re.search(source.drop, title):
        return False
    return not source.keep or bool(re.search(source.keep, f"{title}\n{text}"))


def same_site(left: str, right: str) -> bool:
    """Do two addresses belong to one site: the same host, or hosts under one registered name."""
    one, other = urlsplit(left).hostname or "", urlsplit(right).hostname or ""
    return one == other or (_site(one) == _site(other) and "." in one)


def _site(host: str) -> str:
    labels = host.split(".")
    if labels[-1].isdigit() or ":" in host:
        return host
    deep = len(labels) > 2 and labels[-1] == "cn" and (labels[-2] in _SECOND_LEVEL or len(labels[-2]) == 2)
    return ".".join(labels[-3:] if deep else labels[-2:])


def anchors(parsed: Parsed) -> list[tuple[str, str, datetime | None]]:
    """All links of a page with their texts, in reading order."""
    found: list[tuple[str, str, datetime | None]] = []
    for node in parsed.nodes("//a[@href]"):
        address = absolute(parsed.url, node.attrib.get("href") or "")
        if address:
            found.append(
                (address, node_text(node).replace("\n", " ") or node.attrib.get("title") or "", None)
            )
    return found


def likely_articles(links: Iterable[tuple[str, str, datetime | None]], url: str) -> list[str]:
    """Of (address, text, time beside it) the addresses that look like articles of the same site, in reading order."""
    found: dict[str, None] = {}
    for address, text, when in links:
        path = urlsplit(address).path + "?" + urlsplit(address).query
        telling = bool(_ARTICLE_PATH.search(path))
        if not same_site(address, url) or canonical(address) == canonical(url) or len(text) < 6:
            continue
        if telling and (len(text) >= 8 or when):
            found[canonical(address)] = None
    return list(found)

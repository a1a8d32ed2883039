"""Page → one list of blocks in reading order, from one parse and one walk.

A block is a run of text between two block-level borders (or line breaks). Title, date, by-line, body and kind are all
decided on this list, so no part of the work parses or walks the tree again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from crawler.extraction.names import CAPTION, CELL, COMMENT, DATE, HIDDEN, PRUNED, TITLE, name_flags

SKIP = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "embed",
        "select",
        "option",
        "button",
    }
    | {
        "textarea",
        "input",
        "canvas",
        "audio",
        "video",
        "map",
        "datalist",
        "head",
        "applet",
        "frameset",
        "frame",
    }
)
BLOCK = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
    }
    | {
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
    }
    | {
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
    }
    | {"tr", "ul"}
)
_BOILERPLATE_TAGS = frozenset({"nav", "footer", "aside", "menu", "dialog"})

_INHERITED = PRUNED | HIDDEN | CAPTION | COMMENT

_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_SPACE = re.compile(r"[\s\u00a0\u3000\u200b\u200c\u200d\ufeff\u2028\u2029]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SENTENCE = re.compile(r"[，。！？；：、…”]|[,.!?;:](?=[\s\"')]|$)")
_TITLE_OPEN = re.compile(r"<title[^>]{0,200}>[^<]{0,300}(?=<)", re.IGNORECASE)
_TITLE_CLOSE = re.compile(r"</title", re.IGNORECASE)


@dataclass(slots=True)
class Block:
    """`text` with single spaces; `linked`: characters of it inside links; `level`: 1–6 in a heading, else 0."""

    text: str
    linked: int
    level: int
    flags: int
    depth: int
    stops: int  # punctuation marks of running text
    tag: str

    @property
    def free(self) -> int:
        return len(self.text) - self.linked


@dataclass(slots=True)
class Link:
    href: str
    text: str
    block: int
    flags: int


@dataclass(slots=True)
class Span:
    """An element's blocks `start:end`, with its name (class and id) and depth."""

    start: int
    end: int
    depth: int
    tag: str
    name: str
    flags: int


@dataclass(slots=True)
class Walked:
    """What one walk gives. `spans` are in the order in which the elements end: children before parents."""

    blocks: list[Block] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    passwords: int = 0
    images: int = 0


def parse(text: str) -> Any:
    """The root element, or None where there is nothing to parse. Comments and NUL are dropped; no network, no entities."""
    text = text.replace("\0", "")
    if not text.strip():
        return None
    if (opened := _TITLE_OPEN.search(text)) and not _TITLE_CLOSE.search(text, opened.end()):
        # an open <title> swallows the whole page: close it where the next element starts
        text = f"{text[: opened.end()]}</title>{text[opened.end() :]}"
    parser = etree.HTMLParser(
        encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False
    )
    try:
        return etree.fromstring(text.encode("utf-8", "replace"), parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        # libxml2 gives up on a document without any element.
        return None


def clean(text: str) -> str:
    """One line: every kind of white space becomes one space, zero-width characters and controls go."""
    return _SPACE.sub(" ", _CONTROL.sub("", text)).strip()


class _Walker:
    """State of the walk: the open elements, and the text of the block that is being read."""

    def __init__(self) -> None:
        self.out = Walked()
        self.buffer: list[str] = []
        self.linked = 0
        self.in_link = 0
        self.open_links: list[tuple[str, int]] = []
        self.frames: list[tuple[str, str, int, int, int]] = [
            ("", "", 0, 0, 0)
        ]  # tag, name, flags, level, first block

    def text(self, text: str | None) -> None:
        if not text:
            return
        if self.frames[-1][0] == "pre" and "\n" in text:
            *lines, text = text.split("\n")
            for line in lines:
                self.buffer.append(line)
                self.flush()
        self.buffer.append(text)
        if self.in_link:
            self.linked += len(_SPACE.sub("", text))

    def flush(self) -> None:
        if not self.buffer:
            return
        text = clean("".join(self.buffer))
        if text:
            tag, _, flags, level, _ = self.frames[-1]
            linked = min(self.linked, len(text))
            stops = len(_SENTENCE.findall(text))
            self.out.blocks.append(Block(text, linked, level, flags, len(self.frames), stops, tag))
        self.buffer.clear()
        self.linked = 0

    def start(self, element: Any, tag: str) -> None:
        if tag == "a":
            self.in_link += 1
            self.open_links.append((element.get("href") or "", len(self.buffer)))
        elif tag == "br":
            self.flush()
        elif tag == "img":
            self.out.images += 1
        elif tag in BLOCK:
            self.flush()
            self._open(element, tag)
        self.text(element.text)

    def _open(self, element: Any, tag: str) -> None:
        name = f"{element.get('class') or ''} {element.get('id') or ''}".strip()
        parent = self.frames[-1]
        own = name_flags(name) if name else 0
        if tag in ("body", "html", "main", "article"):
            own &= ~PRUNED & ~COMMENT
        if tag in _BOILERPLATE_TAGS:
            own |= PRUNED
        elif tag == "figcaption":
            own |= CAPTION
        elif tag in ("td", "th"):
            own |= CELL
        style = element.get("style")
        if element.get("hidden") is not None or (style and _HIDDEN.search(style)):
            own |= HIDDEN
        flags = (
            own
            | (parent[2] & _INHERITED)
            | (parent[2] & (DATE | TITLE | CELL) if tag not in ("table",) else 0)
        )
        level = int(tag[1]) if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit() else parent[3]
        self.frames.append((tag, name, flags, level, len(self.out.blocks)))

    def end(self, element: Any, tag: str) -> None:
        if tag == "a" and self.open_links:
            self.in_link -= 1
            href, start = self.open_links.pop()
            text = clean("".join(self.buffer[start:]))
            self.out.links.append(Link(href, text, len(self.out.blocks), self.frames[-1][2]))
        elif tag in BLOCK and len(self.frames) > 1:
            self.flush()
            name_tag, name, flags, _, first = self.frames.pop()
            if len(self.out.blocks) > first:
                span = Span(first, len(self.out.blocks), len(self.frames), name_tag, name, flags)
                self.out.spans.append(span)
        self.text(element.tail)


def walk(root: Any) -> Walked:
    """Blocks, links and spans of the tree under `root`, in time linear in its size."""
    walker = _Walker()
    events = etree.iterwalk(root, events=("start", "end"))
    for event, element in events:
        tag = element.tag
        if not isinstance(tag, str):
            continue
        if event == "start":
            if tag in SKIP:
                if tag == "input" and (element.get("type") or "").lower() == "password":
                    walker.out.passwords += 1
                events.skip_subtree()
                continue
            walker.start(element, tag)
        elif tag in SKIP:
            walker.text(element.tail)
        else:
            walker.end(element, tag)
    walker.flush()
    return walker.out

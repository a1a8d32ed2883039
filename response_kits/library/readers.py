"""A file's bytes → its text, one paragraph a line: TXT and Markdown, HTML, DOCX, PDF. Bounded, and safe against bombs."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from huiyin.errors import HuiyinError, LimitExceeded

TEXT_LIMIT = 5_000_000
"""Longest text in characters that a file may hold."""
XML_LIMIT = 60_000_000
"""Largest document part of a DOCX in bytes, after decompression; read in pieces, so that a bomb stops here."""
PAGE_LIMIT = 3_000
"""Most pages of a PDF."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_BLOCKS = frozenset(
    ("p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "section", "article", "br", "dt",
     "dd", "blockquote", "title", "header")
)  # fmt: skip
_DROPPED = frozenset(
    ("script", "style", "noscript", "nav", "footer", "form", "button", "select", "iframe", "svg", "template")
)
_STRUCTURE = re.compile(
    r"^(第[一二三四五六七八九十百零〇○0-9]+[编章节条]|[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）|\d{1,2}[.．、]|附件|目\s*录)"
)


def read_text(data: bytes, name: str, *, limit: int = 50_000_000) -> str:
    """The text of a file, lines stripped, blank lines left out. The kind is told by content first, then by name.

    Raises LimitExceeded (too large, a bomb), HuiyinError (damaged, encrypted, no text layer, an unknown kind).
    """
    if len(data) > limit:
        raise LimitExceeded(f"{name}: {len(data):,} bytes; at most {limit:,} are taken")
    lines: list[str] = []
    size = 0
    for line in _reader(data, name)(data, name):
        cleaned = re.sub(r"[ \t\u00a0\u3000\r\x0b\x0c\ufeff\u200b]+", " ", line).strip()
        if cleaned:
            size += len(cleaned)
            if size > TEXT_LIMIT:
                raise LimitExceeded(f"{name}: more than {TEXT_LIMIT:,} characters of text")
            lines.append(cleaned)
    if not lines:
        raise HuiyinError(f"{name}: holds no text (a scan? give a file with a text layer)")
    return "\n".join(lines)


def _reader(data: bytes, name: str) -> Callable[[bytes, str], Iterator[str]]:
    suffix = name.lower().rpartition(".")[2]
    if data.startswith(b"%PDF"):
        return _pdf
    if data.startswith(b"PK\x03\x04"):
        return _docx
    if suffix in ("pdf", "docx"):
        raise HuiyinError(f"{name}: is named .{suffix} but is no such file")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise HuiyinError(f"{name}: an old Word file (.doc); save it as .docx first")
    if b"\x00" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise HuiyinError(f"{name}: is a binary file, not a text")
    head = data[:2048].lstrip().lower()
    if suffix in ("html", "htm", "shtml") or head.startswith((b"<!doctype html", b"<html")):
        return _html
    if suffix in ("txt", "md", "text", "") or "." not in name:
        return _plain
    raise HuiyinError(f"{name}: kind .{suffix} is not read; give TXT, Markdown, HTML, DOCX or PDF")


def decode(data: bytes) -> str:
    """Bytes → text: byte-order mark, strict UTF-8, else GB18030 with bad bytes as U+FFFD."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


def _plain(data: bytes, name: str) -> Iterator[str]:
    for line in decode(data).splitlines():
        if not line.lstrip().startswith("<!--"):
            yield line


def _html(data: bytes, name: str) -> Iterator[str]:
    from lxml import etree, html

    text = decode(data)
    # lxml refuses a str that declares an encoding; the declaration says nothing that we have not decided above.
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        root = html.document_fromstring(text, parser=html.HTMLParser(huge_tree=False))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise HuiyinError(f"{name}: not readable as HTML: {error}") from error
    buffer: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        tag = node.tag if isinstance(node.tag, str) else ""
        if event == "start":
            if tag in _BLOCKS and buffer:
                yield "".join(buffer)
                buffer = []
            if tag not in _DROPPED and tag and not _inside_dropped(node):
                buffer.append(re.sub(r"\s+", " ", node.text or ""))
        else:
            if tag in _BLOCKS and buffer:
                yield "".join(buffer)
                buffer = []
            if tag in ("td", "th"):
                buffer.append(" ")
            if not _inside_dropped(node.getparent()):
                buffer.append(re.sub(r"\s+", " ", node.tail or ""))
    if buffer:
        yield "".join(buffer)


def _inside_dropped(node: Any) -> bool:
    while node is not None:
        if node.tag in _DROPPED:
            return True
        node = node.getparent()
    return False


def _docx(data: bytes, name: str) -> Iterator[str]:
    from defusedxml import ElementTree
    from defusedxml.common import DefusedXmlException

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open("word/document.xml") as part:
            xml = part.read(XML_LIMIT + 1)
    except KeyError as error:
        raise HuiyinError(f"{name}: a ZIP archive, but not a Word document") from error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise HuiyinError(f"{name}: damaged or encrypted: {error}") from error
    if len(xml) > XML_LIMIT:
        raise LimitExceeded(f"{name}: unpacks to more than {XML_LIMIT:,} bytes")
    try:
        root = ElementTree.fromstring(xml, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException) as error:
        raise HuiyinError(f"{name}: its XML is not accepted: {error}") from error
    yield from _docx_lines(root)


def _docx_lines(root: Element) -> Iterator[str]:
    in_rows: set[Element] = set()
    for node in root.iter():
        if node.tag == f"{_W}tr":
            cells = [_docx_words(cell) for cell in node.iter(f"{_W}tc")]
            in_rows.update(node.iter(f"{_W}p"))
            yield " ".join(cell for cell in cells if cell)
        elif node.tag == f"{_W}p" and node not in in_rows:
            yield from _docx_words(node).split("\n")


def _docx_words(node: Element) -> str:
    words: list[str] = []
    for part in node.iter():
        if part.tag == f"{_W}t":
            words.append(part.text or "")
        elif part.tag == f"{_W}tab":
            words.append(" ")
        elif part.tag in (f"{_W}br", f"{_W}cr"):
            words.append("\n")
    return "".join(words)


def _pdf(data: bytes, name: str) -> Iterator[str]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise HuiyinError(f"{name}: the PDF is encrypted")
        if len(reader.pages) > PAGE_LIMIT:
            raise LimitExceeded(f"{name}: more than {PAGE_LIMIT:,} pages")
        lines = [line for page in reader.pages for line in page.extract_text().splitlines()]
    except (PyPdfError, RecursionError, ValueError, KeyError, TypeError, AttributeError) as error:
        # pypdf answers damaged files with several kinds of errors; each means the same to the person.
        raise HuiyinError(f"{name}: the PDF cannot be read: {error}") from error
    yield from join_lines(lines)


def join_lines(lines: list[str]) -> Iterator[str]:
    """Put lines that a page layout broke together again: a line goes on unless it ends a sentence or the next opens a part."""
    stripped = [line.strip() for line in lines]
    stripped = [line for line in stripped if line and not re.fullmatch(r"[-—－ ]*\d{1,4}[-—－ ]*", line)]
    full = max((len(line) for line in stripped), default=0)
    current = ""
    for line in stripped:
        ends = not current or current[-1] in "。；：！？!?;:" or _last_line_short(current, full)
        if current and not _STRUCTURE.match(line) and not ends:
            current += line
            continue
        if current:
            yield current.replace("\n", "")
        current = line
    if current:
        yield current


def _last_line_short(text: str, full: int) -> bool:
    """A paragraph whose whole text is clearly shorter than a full line was ended on purpose (headings, signatures)."""
    return len(text) < full * 0.8

"""Web archives (WARC 1.0/1.1, plain or gzipped): their HTML answers, read by general extraction."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from crawler.extract import extract
from crawler.importers import Row
from huiyin.errors import HuiyinError, LimitExceeded
from huiyin.settings import Settings

SUFFIXES = (".warc", ".warc.gz")
_HEADER_LIMIT = 65_536


def read(path: Path, settings: Settings) -> Iterator[Row]:
    """One row an article: url, title, text, published, author, origin. Other records, and pages without text, are passed over."""
    budget = 10 * settings.upload_limit
    opened: IO[bytes]
    with gzip.open(path, "rb") if path.name.endswith(".gz") else path.open("rb") as opened:  # type: ignore[assignment]
        try:
            for number, (headers, block) in enumerate(
                _records(opened, path.name, settings.page_limit, budget), 1
            ):
                if headers.get("warc-type") != "response" or not headers.get("content-type", "").startswith(
                    "application/http"
                ):
                    continue
                status, http, body = _http(block, settings.page_limit)
                url = headers.get("warc-target-uri", "").strip("<>")
                kind = http.get("content-type", "text/html")
                if status != 200 or "html" not in kind:
                    continue
                page = extract(body, url, content_type=kind)
                if page.text and page.kind != "list":
                    row = {
                        "title": page.title,
                        "text": page.text,
                        "published": page.published,
                        "author": page.author,
                    }
                    yield f"第 {number} 条记录", {**row, "来源": page.origin, "url": url}
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise HuiyinError(f"{path.name}: the archive is damaged: {error}") from error


def _records(stream: IO[bytes], name: str, limit: int, budget: int) -> Iterator[tuple[dict[str, str], bytes]]:
    """(headers, block) of each record; blocks longer than `limit` are cut, all together no more than `budget` is read."""
    read_bytes = 0
    while True:
        line = stream.readline(_HEADER_LIMIT)
        while line in (b"\r\n", b"\n"):
            line = stream.readline(_HEADER_LIMIT)
        if not line:
            return
        if not line.startswith(b"WARC/"):
            raise HuiyinError(f"{name}: no WARC record where one should begin: {line[:40]!r}")
        headers = _headers(stream)
        try:
            length = int(headers["content-length"])
        except (KeyError, ValueError) as error:
            raise HuiyinError(f"{name}: a record without a valid Content-Length") from error
        block = stream.read(min(length, limit))
        left = length - len(block)
        read_bytes += length
        if read_bytes > budget:
            raise LimitExceeded(f"{name} unpacks to more than {budget:,} bytes")
        while left > 0:
            skipped = len(stream.read(min(left, 1 << 20)))
            if not skipped:
                raise HuiyinError(f"{name}: the archive ends inside a record")
            left -= skipped
        yield headers, block


def _headers(stream: IO[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(200):
        line = stream.readline(_HEADER_LIMIT)
        if line in (b"\r\n", b"\n", b""):
            return found
        key, _, value = line.decode("utf-8", "replace").partition(":")
        found[key.strip().lower()] = value.strip()
    return found


def _http(block: bytes, limit: int) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of an HTTP answer, unchunked and decompressed up to `limit`."""
    head, _, body = block.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    headers = {
        key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])
    }
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = _unchunk(body)
    coding = headers.get("content-encoding", "").lower()
    if coding in ("gzip", "x-gzip", "deflate"):
        unpacker = zlib.decompressobj(47 if "gzip" in coding else -15 if body[:1] != b"\x78" else 15)
        body = unpacker.decompress(body, limit)
    return status, headers, body


def _unchunk(body: bytes) -> bytes:
    parts: list[bytes] = []
    rest = body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return b"".join(parts) or body  # archived already unchunked
        if not length:
            break
        parts.append(rest[:length])
        rest = rest[length + 2 :]
    return b"".join(parts)

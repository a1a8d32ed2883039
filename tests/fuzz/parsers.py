"""Every door through which other people's bytes come in, as a function of bytes that ends in a result or in our own error."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import samples

from huiyin.settings import Settings

Parser = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Door:
    """`seeds` are whole files; `text`: the parser reads a text, so bytes are decoded with replacement first."""

    name: str
    parse: Parser
    seeds: Callable[[], list[bytes]]


@cache
def folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="huiyin-fuzz-"))


@cache
def settings() -> Settings:
    return Settings(home=str(folder() / "home"))


def page(data: bytes) -> Any:
    from crawler.extract import extract

    return extract(data, "https://paper.example/a/1.html", content_type="text/html")


@cache
def _spider() -> Any:
    from crawler.catalogue import parse
    from crawler.intake import Intake
    from crawler.source_run import SourceRun
    from crawler.spiders.feed import FeedSpider
    from huiyin.records import Record, Source

    record = Record.open(settings())
    with record.session() as session:
        session.merge(Source(name="fuzz"))
    declared = parse(
        "fuzz",
        {"title": "fuzz", "kind": "feed", "start": ["https://paper.example/rss"], "legal_basis": "test"},
    )
    nothing: Any = None  # reading a feed asks nothing of the network
    return FeedSpider(
        SourceRun(
            declared, settings(), record, Intake(record, settings()), nothing, nothing, nothing, "fuzz", 1.0
        )
    )


def feed(data: bytes) -> Any:
    from scrapy.http import Request, XmlResponse

    request = Request("https://paper.example/rss")
    return _spider()._entries(
        XmlResponse(request.url, body=data, request=request, headers={"Content-Type": "text/xml"})
    )


def sitemap(data: bytes) -> Any:
    from crawler.spiders import sitemap as room
    from huiyin.records import utcnow

    return room.read(room.unpacked(data, 5_000_000), "https://a.example/sitemap.xml", utcnow())


def _rows(suffix: str) -> Parser:
    def parse(data: bytes) -> Any:
        from crawler.importers import read_rows

        file = folder() / f"case{suffix}"
        file.write_bytes(data)
        return sum(1 for _ in read_rows(file, settings()))

    return parse


@cache
def _intake() -> Any:
    from crawler.intake import Intake
    from huiyin.records import Record

    return Intake(Record.open(settings()), settings())


def imported(data: bytes) -> Any:
    """The whole way of an import: rows, columns, times, numbers, intake, record."""
    from crawler.import_file import import_file

    file = folder() / "case.json"
    file.write_bytes(data)
    intake = _intake()
    return import_file(file, intake._record, settings(), source="fuzz", intake=intake)


def _upload(name: str) -> Parser:
    def parse(data: bytes) -> Any:
        from response_kits.library.clauses import split
        from response_kits.library.readers import read_text

        return split(read_text(data, name))

    return parse


@cache
def _facts() -> Any:
    from response_kits.checks import FactText

    return [
        FactText("1", "共有42名学生到医院就诊，其中3人住院观察。", "云江市卫生健康委"),
        FactText("2", "学校食堂已停止供餐。", "云江市教育局"),
    ]


def checked(data: bytes) -> Any:
    from response_kits import checks

    return checks.run(
        data.decode("utf-8", "replace"), _facts(), context={"organisation": "云江市教育局", "kind": "notice"}
    )


@cache
def _analyser() -> Any:
    from nlp.analyse import Analyser

    return Analyser.load()


def analysed(data: bytes) -> Any:
    return _analyser().one(data.decode("utf-8", "replace"))


def searched(data: bytes) -> Any:
    from dashboard.pages.search import parse

    return parse(data.decode("utf-8", "replace"))


def declared(data: bytes) -> Any:
    import tomllib

    from crawler.catalogue import parse
    from huiyin.errors import UsageError

    try:
        table = tomllib.loads(data.decode("utf-8", "replace"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(str(error)) from error
    return [parse(str(one.get("name", "x")), one) for one in table.get("source", []) if isinstance(one, dict)]


def pushed(data: bytes) -> Any:
    """A pushed body's rows, field by field, as the API checks them."""
    from dashboard.api._fields import check_row
    from huiyin.errors import UsageError

    try:
        body = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise UsageError(str(error)) from error
    with _app().app_context():
        return [check_row(row) for row in (body if isinstance(body, list) else [body])[:1000]]


@cache
def _app() -> Any:
    from dashboard import create_app

    return create_app(settings())


def restored(data: bytes) -> Any:
    from dashboard.operations import _unpacked

    file = folder() / "case.tar.gz"
    file.write_bytes(data)
    with _unpacked(file) as found:
        return sorted(part.name for part in found.iterdir())


def _backups() -> list[bytes]:
    from dataclasses import replace

    from dashboard.operations import backup
    from huiyin.records import Record

    mine = replace(settings(), home=str(folder() / "small"))
    Record.open(mine).close()
    backup(mine, folder() / "seed.tar.gz")
    return [(folder() / "seed.tar.gz").read_bytes()[:300_000]]


def _texts() -> list[bytes]:
    return [samples.TEXT.encode(), *(row["正文"].encode() * 4 for row in samples.ROWS)]


def _toml() -> list[bytes]:
    import crawler

    return [
        file.read_bytes() for file in sorted((Path(crawler.__file__).parent / "sources").glob("*.toml"))[:4]
    ]


def _bodies() -> list[bytes]:
    row = {
        "id": "1",
        "text": "食堂的事",
        "published": "2026-11-23T10:00:00+08:00",
        "likes": 3,
        "author": "某人",
        "comments": [{"text": "同问", "published": 1763870400}],
    }
    return [json.dumps([row, {**row, "id": "2", "url": "https://a.example"}], ensure_ascii=False).encode()]


def _plain() -> list[bytes]:
    return [samples.TEXT.encode(), samples.TEXT.encode("gb18030"), samples.TEXT.encode("utf-16")]


DOORS = (
    Door("page", page, samples.pages), Door("feed", feed, samples.feeds), Door("sitemap", sitemap, samples.sitemaps),
    Door("csv", _rows(".csv"), samples.tables), Door("xlsx", _rows(".xlsx"), samples.workbooks), Door("json", _rows(".json"), samples.lines),
    Door("jsonl", _rows(".jsonl"), samples.lines), Door("warc", _rows(".warc"), samples.archives), Door("warc.gz", _rows(".warc.gz"), samples.archives),
    Door("import", imported, samples.lines), Door("docx", _upload("a.docx"), samples.documents), Door("pdf", _upload("a.pdf"), samples.papers),
    Door("html policy", _upload("a.html"), samples.pages), Door("text policy", _upload("a.txt"), _plain), Door("check", checked, _texts), Door("analyse", analysed, _texts),
    Door("search words", searched, _texts), Door("declaration", declared, _toml), Door("push", pushed, _bodies), Door("backup", restored, _backups),
)  # fmt: skip

"""Spider of JSON over HTTP: rows by JMESPath, pages by cursor, and of each row its comments and reposts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import jmespath  # type: ignore[import-untyped]
import scrapy
from scrapy.http import Response

from crawler.addresses import canonical
from crawler.declaration import JsonRule, SubRule
from crawler.extraction.charset import decode
from crawler.moments import moment
from crawler.spiders.base import SourceSpider
from crawler.spiders.feed import plain
from crawler.spiders.pages import absolute, kept, number
from huiyin.document import Comment, Document, document_id

_NO_MORE = ("", "0", "None", "False", "null")
compiled = lru_cache(maxsize=512)(jmespath.compile)


def ask(expression: str, value: Any) -> Any:
    """The JMESPath expression's value; None without an expression, and where the data's types do not fit it."""
    if not expression:
        return None
    try:
        return compiled(expression).search(value)
    except jmespath.exceptions.JMESPathError:
        return None


def text_of(value: Any) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def count_of(value: Any) -> int:
    """A counter as APIs give it: a number, or text such as “1.2万”."""
    if isinstance(value, bool) or value is None:
        return 0
    if isinstance(value, (int, float)):
        return max(0, min(int(value), 2_000_000_000))
    return number(str(value))


class ApiSpider(SourceSpider):
    """Pages of rows, newest first, until a page holds nothing new; a row is stored once its comments and reposts are read."""

    @property
    def rule(self) -> JsonRule:
        rule = self.run.source.json
        assert rule is not None  # the catalogue refuses an api without
        return rule

    def entries(self) -> Iterator[scrapy.Request]:
        for address in self.run.source.addresses:
            if self.spend():
                first = fill(address, cursor="0")
                yield self.request(
                    first, self.parse_entry, entry=True, conditional=True, number=1, pattern=address
                )

    async def parse_entry(self, response: Response) -> AsyncIterator[Any]:
        """One page of rows."""
        if not self.judge(response):
            return
        data = self.data(response)
        if data is None:
            return
        rows = ask(self.rule.items, data)
        if not isinstance(rows, list):
            self.broken(
                response,
                f"json.items 得到 {type(rows).__name__}，不是列表",
                f"json.items: {self.rule.items}",
            )
            return
        page = response.meta.get("number", 1)
        documents = [document for row in rows for document in self.documents(row, response)]
        if rows and not documents:
            self.broken(response, "没有一行同时有编号和正文", f"json.text: {self.rule.text}")
            return
        if not rows and page == 1:
            self.run.entries_empty += 1
        fresh = await self._take(documents, rows, response)
        if response.meta.get("entry"):
            self.run.entry_read(self.note(response))
        following = self._next(data, response, page, fresh)
        if following:
            pattern = response.meta.get("pattern")
            yield self.request(following, self.parse_entry, number=page + 1, pattern=pattern)

    def data(self, response: Response) -> Any:
        """The decoded answer; None where it is no JSON or says that it is an error (counted, kept)."""
        text, _ = decode(response.body, self.content_type(response))
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            self.broken(response, f"返回的不是 JSON：{error}"[:200], "json")
            return None
        if self.rule.error and ask(self.rule.error, data):
            self.broken(response, f"返回的是错误信息：{text[:120]}", f"json.error: {self.rule.error}")
            return None
        return data

    def _next(self, data: Any, response: Response, page: int, fresh: int) -> str:
        pattern = response.meta.get("pattern") or ""
        cursor = text_of(ask(self.rule.cursor, data))
        if cursor in _NO_MORE or "{cursor}" not in pattern or page >= self.rule.pages:
            return ""
        if not fresh and not self.run.thorough:
            return ""
        return fill(pattern, cursor=cursor) if self.spend() else ""

    def documents(self, row: Any, response: Response) -> Iterator[Document]:
        """The row as a document, after the one that it reposts."""
        parent = ask(self.rule.parent, row)
        above = self._document(parent, response) if isinstance(parent, dict) else None
        if above is not None:
            yield above
        document = self._document(row, response)
        if document is not None:
            yield replace(document, parent=above.id) if above else document

    def _document(self, row: Mapping[str, Any], response: Response) -> Document | None:
        rule, source, now = self.rule, self.run.source, self.seen(response)
        native = text_of(ask(rule.id, row))
        text = text_of(ask(rule.text, row))
        title = text_of(ask(rule.title, row))
        text = plain(text) if rule.html else text
        if not native or not (text.strip() or title.strip()):
            return None
        extra = {
            name: value
            for name, path in rule.fields.items()
            if (value := ask(path, row)) not in (None, "", [], {})
        }
        for name, path in (("rank", rule.rank), ("heat", rule.heat)):
            if path:
                extra[name] = count_of(ask(path, row))
        return Document(
            id=document_id(source.name, native), source=source.name, text=text or title, fetched=now,
            title=title if text else "", url=canonical(absolute(response.url, text_of(ask(rule.url, row)))),
            published=moment(ask(rule.published, row), now, self.run.settings.zone) if rule.published else None,
            kind=source.document, author=text_of(ask(rule.author, row)), origin=text_of(ask(rule.origin, row)),
            likes=count_of(ask(rule.likes, row)), reposts=count_of(ask(rule.reposts, row)),
            replies=count_of(ask(rule.replies, row)), province=text_of(ask(rule.region, row)), extra={"native": native, **extra},
        )  # fmt: skip

    async def _take(self, documents: list[Document], rows: list[Any], response: Response) -> int:
        """Store the documents that are wanted, with what belongs to them; how many of them were not known or have changed."""
        unique = {document.id: document for document in documents}
        known = self.run.known(list(unique))
        by_native = {text_of(ask(self.rule.id, row)): row for row in rows}
        fresh = 0
        for document in unique.values():
            if not kept(self.run.source, document.title, document.text):
                self.run.counts.filtered += 1
                continue
            old = known.get(document.id)
            fresh += old is None
            row = by_native.get(document.extra["native"])
            asked = dict(old.extra.get("asked", {})) if old else {}
            whole = await self._with_talk(document, row, asked) if row else document
            self.run.found([whole])
        return fresh

    async def _with_talk(self, document: Document, row: Mapping[str, Any], asked: dict[str, int]) -> Document:
        """The document with its comments and reposts, where there are others than when we asked last."""
        for name, kind, rule in (
            ("comments", "comment", self.rule.comments),
            ("reposts", "repost", self.rule.reposts_of),
        ):
            if rule is None:
                continue
            there = count_of(ask(rule.when, row)) if rule.when else 1
            if not there or asked.get(name) == there:
                continue
            found, whole = await self._talk(rule, document.extra["native"], kind)
            if whole:
                asked[name] = there
            document = replace(document, comments=document.comments + tuple(found))
        return replace(document, extra={**document.extra, "asked": asked}) if asked else document

    async def _talk(self, rule: SubRule, native: str, kind: str) -> tuple[list[Comment], bool]:
        """Comments or reposts of one row, and whether all pages could be read."""
        found: list[Comment] = []
        cursor, now = "0", self.run.started
        for _ in range(rule.pages):
            response = await self.get(fill(self.run.source.expand(rule.url), id=native, cursor=cursor))
            data = self.data(response) if response is not None else None
            if data is None:
                return found, False
            rows = ask(rule.items, data)
            for row in rows if isinstance(rows, list) else []:
                text = plain(text_of(ask(rule.text, row)))
                if text:
                    when = moment(ask(rule.published, row), now, self.run.settings.zone)
                    found.append(Comment(text, when, text_of(ask(rule.author, row)), kind))
            cursor = text_of(ask(rule.cursor, data))
            if cursor in _NO_MORE:
                break
        return found, True


def fill(pattern: str, **values: str) -> str:
    """An address pattern with {cursor} and {id} filled in; other braces stay."""
    for name, value in values.items():
        pattern = pattern.replace("{" + name + "}", quote(value, safe=""))
    return pattern

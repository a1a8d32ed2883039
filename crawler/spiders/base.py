"""What all spiders share: judging an answer, conditional requests, failures that are visible."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any

import scrapy
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from crawler.addresses import visit_key
from crawler.extraction.charset import decode
from crawler.net import ForbiddenAddress, Refused
from crawler.rows import VisitNote
from crawler.source_run import SourceRun
from huiyin.errors import HuiyinError

BLOCKING = {401: False, 403: False, 418: True, 429: True}
"""Statuses by which a site refuses us; True: one is enough to stop."""
_CAPTCHA = re.compile(
    r"请(?:先)?(?:输入|完成|拖动|通过)[^<\n]{0,12}验证|滑动验证|人机验证|安全验证|验证码[^<\n]{0,10}(?:访问|继续)|访问(?:过于|太)频繁|异常访问|访问行为异常"
    r"|verify you are (?:a )?human|g-recaptcha|geetest|checking your browser|unusual traffic|TCaptcha",
    re.IGNORECASE,
)
_ERROR_PAGE = re.compile(
    r"页面(?:不存在|找不到|已删除|无法访问|走丢)|找不到(?:该|您|相关)?[^<\n]{0,10}页面|您(?:要|所)?访问的[^<\n]{0,16}(?:不存在|已删除|出错|找不到)|系统(?:繁忙|错误|异常|维护)"
    r"|服务(?:器)?(?:内部)?(?:错误|异常|不可用)|出错(?:了|啦)|\b(?:404 not found|500 internal|502 bad gateway|503 service|page not found|database error)",
    re.IGNORECASE,
)
_TAGS = re.compile(
    r"<(script|style|noscript|template)\b.*?</\1\s*>|<!--.*?-->|<[^>]+>", re.IGNORECASE | re.DOTALL
)
SHORT_PAGE = 400
_EMPTY_LIST = re.compile(
    r"暂无(?:相关)?(?:数据|信息|内容|记录|文章|新闻|公告|结果)|没有(?:找到|查询到)?(?:相关|任何)?(?:数据|信息|内容|记录)|共\s*0\s*条|无数据"
)


def visible(body: bytes, content_type: str = "") -> str:
    """The text that a reader sees of a page, roughly: enough to tell an error page from an article."""
    text, _ = decode(body[:200_000], content_type)
    return re.sub(r"\s+", " ", _TAGS.sub(" ", text)).strip()


class SourceSpider(scrapy.Spider):
    """A spider of one run. Subclasses give `entries` and the callbacks; each callback's failure is counted and kept."""

    name = "source"
    # Redirects stay with Scrapy; every other status comes to us, who say what it means.
    handle_httpstatus_list = [304, *range(400, 600)]  # noqa: RUF012 - Scrapy reads it from the class

    def __init__(self, run: SourceRun, replay: list[dict[str, Any]] | None = None) -> None:
        super().__init__(run.source.name)
        self.run = run
        self.replay = replay
        self.requests = 0

    # ---- requests ----------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Any]:
        """The first requests: pages from quarantine where this is a replay, else the start addresses and what is pending."""
        if self.replay is not None:
            for kept in self.replay:
                entry = not kept["selector"].startswith("article")
                callback = self.parse_entry if entry else self.parse_article
                yield self.request(kept["url"], callback, entry=entry, replay=kept)
            return
        for request in self.entries():
            yield request

    def entries(self) -> Iterator[scrapy.Request]:
        for address in self.run.source.addresses:
            yield self.request(address, self.parse_entry, entry=True, conditional=True)

    def parse_entry(self, response: Response) -> Any:
        raise NotImplementedError

    def parse_article(self, response: Response) -> Any:
        raise NotImplementedError

    def request(
        self,
        url: str,
        callback: Any,
        *,
        entry: bool = False,
        conditional: bool = False,
        replay: Any = None,
        **meta: Any,
    ) -> scrapy.Request:
        """A request of this run. `conditional`: with the validators of the last visit, if that went well."""
        headers = {}
        # The shell of a page that a script fills stays as it is while its content changes.
        if conditional and not (entry and self.run.thorough) and not self.run.source.render:
            visit = self.run.visits([url]).get(visit_key(url))
            if visit is not None and visit.status == 200 and not visit.failures:
                if visit.etag:
                    headers["If-None-Match"] = visit.etag
                if visit.last_modified:
                    headers["If-Modified-Since"] = visit.last_modified
        extra = {"entry": entry, "asked_if_changed": bool(headers), **meta}
        if replay is not None:
            extra["replay"] = replay
        return scrapy.Request(
            url, callback=callback, errback=self.failed, headers=headers, meta=extra, priority=10 if entry else 0, dont_filter=entry
        )  # fmt: skip

    def spend(self) -> bool:
        """Count one request against the run's budget; False where it is used up (the run then says so)."""
        if self.requests >= self.run.source.max_requests:
            self.run.truncated = True
            return False
        self.requests += 1
        return True

    async def get(self, url: str) -> Response | None:
        """Another page that belongs to the one at hand (comments, next part); None where it failed, which is counted."""
        if not self.spend():
            return None
        request = scrapy.Request(url, callback=NO_CALLBACK, meta={"entry": False}, dont_filter=True)
        try:
            response = await self.crawler.engine.download_async(request)
        except IgnoreRequest as error:
            self.run.reasons.append(f"{url}: {error}")
            return None
        except Exception as error:
            self.run.fail(url, describe(error), entry=False, visit=False)
            return None
        return response if self.judge(response, visit=False) else None

    # ---- answers -----------------------------------------------------------------------------------------------

    def judge(self, response: Response, *, visit: bool = True) -> bool:
        """True where the answer is a page to read. Otherwise it was counted as what it is; may stop the spider."""
        self.run.fetched += 1
        entry = bool(response.meta.get("entry"))
        status = response.status
        if status == 304:
            if response.meta.get("asked_if_changed"):
                self.run.not_modified += 1
                if entry:
                    self.run.entries_good += 1
                else:
                    self.run.found((), self.note(response, keep_from=response.request))
                return False
            self.run.fail(response.url, "未询问是否有变化，却答复 304", entry=entry, visit=visit)
            return False
        if status in BLOCKING:
            self._refused(response, f"返回 {status}", at_once=BLOCKING[status])
            return False
        if status >= 400:
            gone = status in (404, 410) and not entry
            if gone and response.meta.get("number", 1) > 1:
                pass  # a list that says “next” once too often
            elif gone:
                # A removed article is no defect of the source; it is remembered, so that it is not asked for for ever.
                self.run.counts.filtered += 1
                self.run.found((), VisitNote(asked(response), self.run.source.name, status=status))
            else:
                self.run.fail(
                    response.url, f"返回 {status}", entry=entry, visit=visit, listing=is_listing(response)
                )
            return False
        return self._readable(response, entry)

    def _readable(self, response: Response, entry: bool) -> bool:
        if not response.body.strip():
            self.run.fail(response.url, "返回空内容", entry=entry, listing=is_listing(response))
            return False
        if len(response.body) < 60_000:
            text = visible(response.body, self.content_type(response))
            if len(text) < SHORT_PAGE and _CAPTCHA.search(text + decode(response.body[:20_000])[0]):
                self._refused(response, "要求输入验证码", at_once=True)
                return False
            if _is_error_page(text, response.body):
                self.broken(
                    response, f"状态 200，内容却是出错页：{text[:60]}", "list" if entry else "article"
                )
                return False
        self.run.answered()
        return True

    def _refused(self, response: Response, reason: str, *, at_once: bool) -> None:
        entry = bool(response.meta.get("entry"))
        if self.run.refuse(response.url, reason, entry=entry, at_once=at_once):
            self.stop("blocked")

    def stop(self, reason: str) -> None:
        """End the run: what is queued is dropped, what was found is kept."""
        raise CloseSpider(reason)

    def broken(self, response: Response, reason: str, selector: str) -> None:
        """A page came, but not as its source promised: count it and keep it."""
        refused = response.meta.get("refused")
        if refused:  # a browser read it: what its scripts did not get may be why
            reason += f"；页面脚本有 {len(refused)} 个请求没有得到答复，第一个：{refused[0]}"[:300]
        self.run.quarantine(
            asked(response), reason, selector, response.body, self.content_type(response), entry=bool(response.meta.get("entry")), listing=is_listing(response)
        )  # fmt: skip

    def failed(self, failure: Any) -> None:
        """Errback: the request brought no answer, or its callback raised."""
        request, error = failure.request, failure.value
        entry = bool(request.meta.get("entry"))
        if isinstance(error, CloseSpider):
            raise error
        if isinstance(error, Refused) and not error.unreachable:
            if entry:
                self.run.refuse(request.url, error.reason, entry=True, at_once=True)
                self.stop("robots")
            self.run.counts.filtered += 1
            return
        self.run.fail(request.url, describe(error), entry=entry, listing="number" in request.meta)

    def seen(self, response: Response) -> datetime:
        """When this page was fetched: of a page from quarantine the time at which it came, not that of the replay."""
        kept = response.meta.get("replay")
        return kept["fetched"] if kept else self.run.started

    def note(self, response: Response, *, keep_from: Any = None) -> VisitNote:
        """The visit of a page that was read; after a 304 the validators that were sent stay."""
        if keep_from is not None:
            etag, modified = (
                keep_from.headers.get("If-None-Match"),
                keep_from.headers.get("If-Modified-Since"),
            )
        else:
            etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        return VisitNote(
            asked(response), self.run.source.name, 200, (etag or b"").decode("latin-1"), (modified or b"").decode("latin-1")
        )  # fmt: skip

    @staticmethod
    def content_type(response: Response) -> str:
        return (response.headers.get("Content-Type") or b"").decode("latin-1")

    @staticmethod
    def says_empty(text: str) -> bool:
        return bool(_EMPTY_LIST.search(text))


def _is_error_page(text: str, body: bytes) -> bool:
    """An error under status 200: the title says so, or a page of hardly any words does. A complaint that quotes 系统繁忙 is none."""
    if len(text) >= SHORT_PAGE or text[:1] in ("{", "["):
        return False
    title = re.search(r"<title[^>]*>(.*?)</title", decode(body[:20_000])[0], re.IGNORECASE | re.DOTALL)
    told = title[1] if title else ""
    return bool(_ERROR_PAGE.search(told)) or (len(text) < 100 and bool(_ERROR_PAGE.search(text)))


def is_listing(response: Response) -> bool:
    """Is this a list page (start address or a later page of it)?"""
    return bool(response.meta.get("entry")) or "number" in response.meta


def asked(response: Response) -> str:
    """The address that was asked for at first, before any redirect: the one that lists and visits know."""
    return str(response.meta.get("redirect_urls", [response.request.url])[0])  # type: ignore[union-attr]


def describe(error: BaseException) -> str:
    """What went wrong, in words that need no knowledge of the library."""
    if isinstance(error, Refused):
        return error.reason
    if isinstance(error, ForbiddenAddress):
        return f"地址不允许访问：{error}"
    if isinstance(error, HuiyinError):
        return str(error)
    name = type(error).__name__
    kinds = {
        "DownloadTimeoutError": "超时未答复",
        "CannotResolveHostError": "域名无法解析",
        "DownloadConnectionRefusedError": "连接被拒绝",
        "DownloadCancelledError": "超过大小上限",
        "ResponseDataLossError": "内容传到一半中断",
        "TimeoutError": "页面脚本未在限时内运行完",
    }
    detail = str(error).split("\n", 1)[0][:160]
    if (name == "IgnoreRequest" and "max_times" in detail) or "redirect" in detail.lower():
        return f"重定向过多（{detail}）"
    return f"{kinds[name]}（{detail}）" if name in kinds else f"{name}: {detail}"

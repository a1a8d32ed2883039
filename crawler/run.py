"""One pass over sources: Scrapy without a reactor on a private event loop, several sources at once, none can harm another.

`crawl` may be called again and again, from any thread: nothing global is set up or left behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.crawler import Crawler
from sqlalchemy import select

from crawler import catalogue
from crawler.adaptive import burning_sources, plan_next
from crawler.addresses import visit_key
from crawler.declaration import Declaration
from crawler.intake import Intake
from crawler.net import REDIRECTS, Guard, HostGate, RobotsCache, user_agent
from crawler.render import Renderer, chromium
from crawler.source_run import RunResult, SourceRun
from crawler.spiders import spider_class
from huiyin.errors import HuiyinError, NotFound, UsageError
from huiyin.records import Fetch, Quarantine, Record, utcnow
from huiyin.records import Source as SourceRow
from huiyin.settings import Settings

AT_ONCE = 8
LONGEST_RUN = 3_600
ARTICLE_DEPTH = 60
logger = logging.getLogger(__name__)


def crawl(
    settings: Settings,
    names: Sequence[str] | None = None,
    *,
    sample_base: str = "",
    replay: bool = False,
    record: Record | None = None,
    intake: Intake | None = None,
) -> list[RunResult]:
    """Crawl the named sources, or all that are enabled, once; results in the order of the names.

    `sample_base`: address of the sample city; switches its sources on. `replay`: read quarantined pages again instead of
    the network. Give `record` and `intake` where you hold them: a new Intake reads a month of texts first.
    Raises UsageError for an unknown or disabled name. Failures of sites are results, not exceptions.
    """
    own = record is None
    record = record or Record.open(settings)
    try:
        declarations = catalogue.load()
        catalogue.sync(record, declarations)
        if sample_base:
            _enable_samples(record)
        chosen = _choose(record, declarations, names, sample_base, replay)
        crew = _Crew(settings, record, intake or Intake(record, settings), sample_base, replay)
        return asyncio.run(crew.all(chosen))
    finally:
        if own:
            record.close()


def _enable_samples(record: Record) -> None:
    with record.session() as session:
        for row in session.scalars(
            select(SourceRow).where(SourceRow.sample.is_(True), SourceRow.decided_by == "")
        ):
            row.enabled = True


def _choose(
    record: Record,
    declarations: Mapping[str, Declaration],
    names: Sequence[str] | None,
    sample_base: str,
    replay: bool,
) -> list[Declaration]:
    with record.session(write=False) as session:
        rows = {row.name: row for row in session.scalars(select(SourceRow))}
    for name in names or ():
        if name not in rows:
            raise UsageError(f"no source {name!r}; `huiyin source list` names them")
        if not rows[name].enabled and not replay:
            why = f" ({rows[name].state_reason})" if rows[name].state == "blocked" else ""
            raise UsageError(
                f"source {name} is switched off{why}; `huiyin source enable {name}` switches it on"
            )
    wanted = list(names) if names else [row.name for row in rows.values() if row.enabled or replay]
    chosen = []
    for name in dict.fromkeys(wanted):
        try:
            source = catalogue.from_row(rows[name], declarations)
        except (NotFound, UsageError) as error:
            logger.warning("source %s is passed over: %s", name, error)
            if names:
                raise
            continue
        if source.sample and not sample_base and not source.variables.get("base"):
            if names:
                raise UsageError(
                    f"source {name} belongs to the sample city; give its address with --sample-base"
                )
            continue
        if source.crawled:
            chosen.append(source)
    return chosen


class _Crew:
    """What the sources of one pass share: the intake, the host gate, what robots.txt files said."""

    def __init__(
        self, settings: Settings, record: Record, intake: Intake, sample_base: str, replay: bool
    ) -> None:
        self.settings, self.record, self.intake = settings, record, intake
        self.sample_base, self.replay = sample_base.rstrip("/"), replay
        self.gate, self.robots = HostGate(), RobotsCache()
        self.renderer = Renderer(settings, user_agent(settings))

    async def all(self, sources: Iterable[Declaration]) -> list[RunResult]:
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(source: Declaration) -> RunResult | None:
            async with slots:
                return await self.one(source)

        try:
            found = await asyncio.gather(*(one(source) for source in sources))
        finally:
            await self.renderer.close()
        return [result for result in found if result is not None]

    async def one(self, source: Declaration) -> RunResult | None:
        """Run one source to its end; whatever happens becomes a result. None: a replay with nothing to replay."""
        kept = _quarantined(self.record, source.name) if self.replay else None
        if kept == []:
            return None
        started = utcnow()
        fetch, thorough = _begin(self.record, source.name, started)
        run: SourceRun | None = None
        try:
            run = self._run_of(source, started, thorough)
            run.replaying = kept is not None
            await self._spider(run, kept)
            result = run.result()
        except Exception as error:
            # One source's failure, of whatever kind, must not end the others; it is told in its result and in the log.
            expected = isinstance(error, HuiyinError)
            logger.log(
                logging.WARNING if expected else logging.ERROR,
                "source %s: %s",
                source.name,
                error,
                exc_info=not expected,
            )
            result = RunResult(
                source.name,
                started,
                utcnow(),
                "broken",
                reason=str(error) or type(error).__name__,
                title=source.title,
            )
        _finish(self.record, source, fetch, result, replay=self.replay)
        if kept and run is not None:
            _mark_replayed(self.record, kept, run)
        return result

    def _run_of(self, source: Declaration, started: datetime, thorough: bool) -> SourceRun:
        also: list[str] = []
        if source.sample and self.sample_base:
            source = catalogue.parse(
                source.name, {**catalogue.as_table(source), "variables": {"base": self.sample_base}}
            )
            # The sample city is served by ourselves on the loopback; the exception is for its port and its sources only.
            also.append(urlsplit(self.sample_base).netloc)
        if source.render:
            chromium(self.settings)  # raises where there is no browser: better now than at each page
        delay = self.settings.download_delay if source.delay is None else source.delay
        return SourceRun(
            source, self.settings, self.record, self.intake, Guard.of(self.settings, also), self.gate, self.robots,
            user_agent(self.settings), delay, started=started, thorough=thorough, renderer=self.renderer,
        )  # fmt: skip

    async def _spider(self, run: SourceRun, kept: list[dict[str, Any]] | None) -> None:
        crawler = Crawler(spider_class(run.source.kind), scrapy_settings(run))

        def spider_error(failure: Any, response: Any, spider: Any) -> None:
            address = getattr(response, "url", None)
            logger.error("source %s: reading %s failed", run.source.name, address, exc_info=failure.value)
            reason = f"读取程序出错：{failure.value!r}"[:300]
            if address is None:  # an errback failed: there is no page to keep
                run.fail(run.source.name, reason, entry=False, visit=False)
            else:
                spider.broken(response, reason, "list" if response.meta.get("entry") else "article")

        crawler.signals.connect(spider_error, signal=signals.spider_error)
        await crawler.crawl_async(run=run, replay=kept)


def scrapy_settings(run: SourceRun) -> dict[str, Any]:
    source = run.source
    return {
        "TWISTED_REACTOR_ENABLED": False,
        "LOG_ENABLED": False,
        "LOG_LEVEL": "ERROR",
        "USER_AGENT": run.agent,
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,application/json;q=0.9,*/*;q=0.5",
            "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.3",
        },
        "ROBOTSTXT_OBEY": False,  # ours does it, with crawl delay
        "COOKIES_ENABLED": False,
        "HTTPPROXY_ENABLED": False,  # a proxy from the environment would go round the guard
        "TELNETCONSOLE_ENABLED": False,
        "DOWNLOAD_HANDLERS": {
            "http": "crawler.net.GuardedHandler", "https": "crawler.net.GuardedHandler",
            "ftp": None, "file": None, "data": None, "s3": None,
        },
        "DOWNLOADER_MIDDLEWARES": {"crawler.middlewares.Replay": 90, "crawler.middlewares.Render": 95, "crawler.middlewares.Robots": 100},
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_TIMEOUT": source.timeout,
        "DOWNLOAD_MAXSIZE": run.settings.page_limit,  # of the body as it comes, and again after decompression
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_DELAY": 0,  # the host gate keeps the pauses, over all sources
        "CONCURRENT_REQUESTS": 4,
        "CONCURRENT_REQUESTS_PER_DOMAIN": source.concurrency,
        "REDIRECT_MAX_TIMES": REDIRECTS,
        "METAREFRESH_MAXDELAY": 5,
        "RETRY_TIMES": 1,
        "RETRY_HTTP_CODES": [500, 502, 503, 504, 408],
        "DEPTH_LIMIT": ARTICLE_DEPTH,
        "CLOSESPIDER_TIMEOUT": LONGEST_RUN,
        "URLLENGTH_LIMIT": 4_000,
        "STATS_DUMP": False,
        "MEMUSAGE_ENABLED": False,
    }  # fmt: skip


def _begin(record: Record, name: str, started: datetime) -> tuple[int, bool]:
    """Open the fetch row: (its id, whether the last run did not end well, so that this one must look everywhere)."""
    with record.session() as session:
        last = session.scalars(
            select(Fetch).where(Fetch.source == name).order_by(Fetch.started.desc(), Fetch.id.desc()).limit(1)
        ).first()
        thorough = (
            last is None
            or last.state in ("running", "broken", "blocked")
            or bool(last.broken)
            or bool(last.reason)
        )
        if (
            last is not None
            and last.state == "running"
            and started - last.started > timedelta(seconds=LONGEST_RUN)
        ):
            last.state, last.reason = "broken", "进程在本次采集结束前退出"
        row = Fetch(source=name, started=started)
        session.add(row)
        session.flush()
        return row.id, thorough


def _finish(record: Record, source: Declaration, fetch: int, result: RunResult, *, replay: bool) -> None:
    """Close the fetch row and bring the source's state up to date; a blocked source is switched off for a person to decide."""
    burning = source.name in burning_sources(record, result.finished)
    with record.session() as session:
        row = session.get_one(Fetch, fetch)
        row.finished, row.state, row.reason = result.finished, result.state, result.reason
        for name in ("fetched", "new", "changed", "duplicate", "filtered", "unchanged", "broken"):
            setattr(row, name, getattr(result, name))
        kept = session.get_one(SourceRow, source.name)
        if result.new or result.duplicate or result.changed:
            kept.last_new = result.finished
        if replay:
            return
        kept.state, kept.state_reason, kept.last_run = result.state, result.reason, result.finished
        kept.interval_seconds, kept.next_run = plan_next(
            kept, result, burning, low=source.interval_min, high=source.interval_max
        )
        if result.state == "blocked":
            kept.enabled = False


def _quarantined(record: Record, name: str) -> list[dict[str, Any]]:
    with record.session(write=False) as session:
        rows = session.scalars(
            select(Quarantine)
            .where(Quarantine.source == name, Quarantine.replayed.is_(None))
            .order_by(Quarantine.id)
        )
        return [
            {
                "id": row.id,
                "url": row.url,
                "selector": row.selector,
                "body": row.body,
                "content_type": row.content_type,
                "fetched": row.fetched,
            }
            for row in rows
        ]


def _mark_replayed(record: Record, kept: list[dict[str, Any]], run: SourceRun) -> None:
    """Pages that were read this time leave the quarantine; the others stay, with the new reason."""
    good = [page["id"] for page in kept if visit_key(page["url"]) not in run.broken_urls]
    with record.session() as session:
        for row in session.scalars(select(Quarantine).where(Quarantine.id.in_(good))):
            row.replayed = utcnow()

"""Thirty-odd ways for a site to misbehave: each source ends in the right state, no other is harmed, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bad_server import BadServer
from sqlalchemy import select

from crawler import switch
from crawler.run import crawl
from crawler.source_run import RunResult
from huiyin import settings as settings_module
from huiyin.records import DocumentRow, Fetch, Quarantine, Record, Source
from huiyin.settings import Settings

SITE: dict[str, Any] = {"kind": "site", "list": {"links": "a.item", "next": "a.next", "pages": 5}}
FEED: dict[str, Any] = {"kind": "feed", "path": "feed.xml"}
API: dict[str, Any] = {
    "kind": "api",
    "path": "rows.json",
    "json": {"items": "rows", "text": "text", "error": "ok != `1`"},
}

# fault → (declaration, state, a word of the reason)
FAULTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "good": (SITE, "ok", ""),
    "hang": (SITE, "broken", "超时"),
    "reset": (SITE, "broken", ""),
    "redirects": (SITE, "broken", "重定向"),
    "endless": (SITE, "broken", "大小上限"),
    "bomb": (SITE, "broken", "exceeded"),
    "charset": (SITE, "ok", ""),
    "half": (SITE, "broken", "中断"),
    "unasked-304": (SITE, "broken", "304"),
    "error-page": (SITE, "broken", "出错页"),
    "to-private": (SITE, "broken", "not a public address"),
    "to-file": (SITE, "broken", ""),
    "xml-bomb": (FEED, "broken", "XML 实体"),
    "header": (SITE, "broken", ""),
    "empty-feed": (FEED, "empty", ""),
    "empty-list": (SITE, "empty", ""),
    "malformed-feed": (FEED, "broken", "格式有误"),
    "401": (SITE, "blocked", "401"),
    "403": (SITE, "blocked", "403"),
    "418": (SITE, "blocked", "418"),
    "429": (SITE, "blocked", "429"),
    "article-429": (SITE, "blocked", "429"),
    "captcha": (SITE, "blocked", "验证码"),
    "500": (SITE, "broken", "500"),
    "wrong-type": (FEED, "ok", ""),
    "drip": (SITE, "broken", "超时"),
    "twins": (SITE, "ok", ""),
    "gbk-feed": (FEED, "ok", ""),
    "loop": (SITE, "ok", ""),
    "moved-markup": (SITE, "broken", "没有找到文章链接"),
    "deep": (SITE, "ok", ""),
    "abyss": (SITE, "broken", "没有找到正文"),
    "gone": (SITE, "filtered", ""),
    "no-text": (SITE, "broken", "没有找到正文"),
    "api-html": (API, "broken", "不是 JSON"),
    "api-error": (API, "broken", "错误信息"),
    "api-changed": (API, "broken", "没有一行"),
    "binary": (SITE, "broken", ""),
    "robots-closed": (SITE, "blocked", "robots.txt"),
    "robots-500": (SITE, "broken", "robots.txt"),
    "tls": ({**SITE, "scheme": "https"}, "broken", ""),
    "refused": ({**SITE, "port": 9}, "broken", ""),
    "no-such-host": ({**SITE, "host": "no-such-host.invalid"}, "broken", ""),
}


@dataclass
class Drill:
    settings: Settings
    record: Record
    server: BadServer
    results: dict[str, RunResult]

    def documents(self, fault: str) -> list[DocumentRow]:
        with self.record.session(write=False) as session:
            return list(session.scalars(select(DocumentRow).where(DocumentRow.source == f"drill-{fault}")))


def _declare(record: Record, server: BadServer, number: int, fault: str, told: dict[str, Any]) -> None:
    told = dict(told)
    host = told.pop("host", f"127.0.1.{number}")
    if fault.startswith("robots"):
        server.robots[host] = fault
    address = f"{told.pop('scheme', 'http')}://{host}:{told.pop('port', server.port)}/{fault}/{told.pop('path', '')}"
    declaration = {
        "title": fault,
        "start": [address],
        "legal_basis": "试验",
        "delay": 0.0,
        "timeout": 1.5,
        **told,
    }
    switch.add(record, f"drill-{fault}", declaration, by="test")
    switch.enable(record, f"drill-{fault}", by="test")


@pytest.fixture(scope="module")
def drill(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    home: Path = tmp_path_factory.mktemp("drill")
    settings = settings_module.load(
        home=str(home), allow_private="127.0.0.0/8", page_limit=300_000, environ={}
    )
    record = Record.open(settings)
    server = BadServer()
    for number, (fault, (told, _, _)) in enumerate(FAULTS.items(), 1):
        _declare(record, server, number, fault, told)
    results = {r.source.removeprefix("drill-"): r for r in crawl(settings, record=record)}
    yield Drill(settings, record, server, results)
    server.close()
    record.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_ends_in_its_state(drill: Drill, fault: str) -> None:
    _, state, word = FAULTS[fault]
    result = drill.results[fault]
    assert (result.state, word in result.reason) == (state, True), result
    with drill.record.session(write=False) as session:
        source = session.get_one(Source, f"drill-{fault}")
        fetch = session.scalars(select(Fetch).where(Fetch.source == source.name)).one()
        assert (source.state, fetch.state) == (state, state)
        assert fetch.finished is not None
        assert source.enabled is (state != "blocked")
        assert bool(source.state_reason) or state not in ("broken", "blocked")


def test_what_could_be_read_is_right(drill: Drill) -> None:
    assert len(drill.documents("good")) == 3
    assert len(drill.documents("wrong-type")) == len(drill.documents("gbk-feed")) == 3
    (page,) = drill.documents("charset")
    assert "停水抢修" in page.title
    assert "主干管网突发爆裂" in page.text
    (page,) = drill.documents("deep")
    assert "主干管网突发爆裂" in page.text
    assert {d.published.isoformat()[:10] for d in drill.documents("gbk-feed") if d.published} <= {
        "2026-11-22",
        "2026-11-23",
    }


def test_twins_are_folded_under_the_first(drill: Drill) -> None:
    rows = drill.documents("twins")
    firsts = [row for row in rows if not row.duplicate_of]
    assert len(rows) == 4
    assert len({row.content_hash for row in rows}) == 1
    assert len(firsts) <= 1  # other sources carry the same text: then the chain begins there


def test_loops_and_refusals_stay_within_bounds(drill: Drill) -> None:
    hits = dict(drill.server.hits)
    assert sum(count for key, count in hits.items() if "/loop/" in key) <= 8
    assert sum(count for key, count in hits.items() if "/redirects/" in key) <= 7
    assert [count for key, count in hits.items() if "/429/" in key] == [1]
    assert sum(count for key, count in hits.items() if "/robots-closed/" in key) == 0
    assert not any("10.1.2.3" in key for key in hits)


def test_pages_that_broke_are_kept_with_their_selector(drill: Drill) -> None:
    with drill.record.session(write=False) as session:
        kept = {row.source.removeprefix("drill-"): row for row in session.scalars(select(Quarantine))}
    assert {
        "moved-markup",
        "error-page",
        "malformed-feed",
        "xml-bomb",
        "api-html",
        "api-error",
        "api-changed",
        "no-text",
    } <= set(kept)
    assert "a.item" in kept["moved-markup"].selector
    assert "新版网站".encode() in kept["moved-markup"].body


def test_nothing_is_lost_once_the_sites_are_well_again(drill: Drill) -> None:
    """Runs last in this file: it heals the server."""
    again = [
        "hang",
        "500",
        "half",
        "no-text",
        "malformed-feed",
        "unasked-304",
        "moved-markup",
        "403",
        "api-error",
        "article-429",
        "binary",
    ]
    drill.server.healthy = True
    for fault in again:
        switch.enable(drill.record, f"drill-{fault}", by="test")
    results = {
        r.source.removeprefix("drill-"): r
        for r in crawl(drill.settings, [f"drill-{f}" for f in again], record=drill.record)
    }
    assert {
        fault: result.state for fault, result in results.items() if result.state not in ("ok", "duplicate")
    } == {}
    for fault in again:
        assert len(drill.documents(fault)) == (1 if fault.startswith("api") else 3), fault

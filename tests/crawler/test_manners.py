"""Manners and memory: conditional requests, robots, refusals, replay from quarantine, watched pages, adaptive interval, silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from sqlalchemy import select

from crawler import switch
from crawler.adaptive import burning_sources, due, plan_next
from crawler.health import health
from crawler.run import crawl
from crawler.source_run import RunResult
from huiyin import settings as settings_module
from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import AuditRow, DocumentRow, Fetch, Issue, IssueDocument, Quarantine, Record, Source
from huiyin.serving import Served
from huiyin.settings import Settings

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
BODY = "记者从市供水公司了解到，停水原因是主干管网突发爆裂，抢修人员已经赶到现场，预计今天上午九时恢复供水。"


class Site:
    """A small well-behaved site that remembers what it was asked, with switches for what changes."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.articles = {
            1: f"一号文，{BODY}",
            2: f"另有一条，供电线路今晚检修，影响西山三个小区。{BODY[::-1]}",
        }
        self.link_class = "item"
        self.robots = "User-agent: *\nDisallow: /private/\nCrawl-delay: 0\n"
        self.failing: set[str] = set()
        self.listed: set[int] | None = None  # None: all
        app = Flask("site")

        @app.get("/<path:path>")
        def page(path: str) -> Response:
            self.asked.append((path, request.headers.get("If-None-Match", "")))
            assert "HuiyinBot" in request.headers["User-Agent"]
            if path in self.failing:
                return Response("down", 500)
            if path == "robots.txt":
                return Response(self.robots, content_type="text/plain")
            if path.startswith("a/"):
                number = int(path.split("/")[1])
                html = f"<html><title>第{number}号通报</title><h1>第{number}号通报</h1><p>2026-11-23 09:00</p><div class=text><p>{self.articles[number]}</p></div></html>"
            else:
                links = "".join(
                    f'<a class={self.link_class} href="/a/{n}">第{n}号通报</a>'
                    for n in self.articles
                    if self.listed is None or n in self.listed
                )
                html = f"<html><title>列表</title>{links}<a class={self.link_class} href='/private/x'>内部</a></html>"
            response = Response(html)
            response.add_etag()
            return response.make_conditional(request)  # type: ignore[return-value]

        self.server = Served(app)
        self.base = f"http://127.0.0.1:{self.server.port}"

    def take(self) -> list[tuple[str, str]]:
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.server.close()


@pytest.fixture
def settings(tmp_path: Path, site: Site) -> Settings:
    return settings_module.load(
        home=str(tmp_path), allow_private=site.base.removeprefix("http://"), environ={}
    )


@pytest.fixture
def run(settings: Settings, record: Record, site: Site) -> Callable[..., RunResult | None]:
    def once(name: str = "local", *, replay: bool = False, **more: Any) -> RunResult | None:
        with record.session(write=False) as session:
            known = session.get(Source, name) is not None
        if not known:
            declaration = {
                "title": "本地", "kind": "site", "start": [f"{site.base}/list"], "legal_basis": "试验", "delay": 0.0, "timeout": 5.0,
                "list": {"links": "a.item"}, "article": {"text": ".text", "title": "h1"}, **more,
            }  # fmt: skip
            switch.add(record, name, declaration, by="test")
            switch.enable(record, name, by="test")
        found = crawl(settings, [name], record=record, replay=replay)
        return found[0] if found else None

    return once


def rows(record: Record) -> list[DocumentRow]:
    with record.session(write=False) as session:
        return list(session.scalars(select(DocumentRow)))


Run = Callable[..., RunResult | None]


def test_robots_conditional_requests_and_reading_once(run: Run, site: Site, record: Record) -> None:
    first = run()
    assert first is not None
    assert (first.state, first.new, first.filtered) == ("ok", 2, 1)  # /private/ is left out
    assert not any(path.startswith("private") for path, _ in site.take())
    second = run()
    assert second is not None
    assert (second.state, second.fetched) == ("unchanged", 1)
    asked = [pair for pair in site.take() if pair[0] != "robots.txt"]
    assert [path for path, _ in asked] == ["list"]
    assert asked[0][1]  # asked only whether it changed


def test_a_304_after_a_failure_is_no_success(run: Run, site: Site) -> None:
    """An article fails behind a list that was read: the list must be asked for in full again, or the article is lost."""
    site.failing = {"a/2"}
    first = run()
    assert first is not None
    assert (first.new, first.broken) == (1, 1)
    site.take()
    site.failing = set()
    second = run()
    assert second is not None
    assert (second.state, second.new) == ("ok", 1)
    assert ("list", "") in site.take()


def test_what_left_the_list_before_it_was_read_is_still_read(run: Run, site: Site, record: Record) -> None:
    site.failing = {"a/2"}
    run()
    site.failing = set()
    site.listed = {1}
    run()
    assert len(rows(record)) == 2


def test_the_budget_is_kept_and_the_rest_follows(run: Run, site: Site, record: Record) -> None:
    site.articles = {
        n: f"第{n}条：{''.join(chr(0x4E00 + (n * 7919 + i * 31) % 5000) for i in range(120))}"
        for n in range(1, 8)
    }
    first = run(max_requests=4)
    assert first is not None
    assert (first.new, "单次请求上限" in first.reason) == (3, True)
    for _ in range(4):
        run()
    assert len(rows(record)) == 7


def test_replay_after_a_fix(run: Run, site: Site, record: Record) -> None:
    site.link_class = "moved"
    broken = run()
    assert broken is not None
    assert broken.state == "broken"
    with record.session() as session:
        page = session.scalars(select(Quarantine)).one()
        assert (page.selector, page.replayed) == ("list.links: a.item", None)
        source = session.get_one(Source, "local")
        source.declaration = {**source.declaration, "list": {"links": "a.moved"}}
    site.take()
    replayed = run(replay=True)
    assert replayed is not None
    assert replayed.new == 2
    assert "list" not in [path for path, _ in site.take()]  # the kept page was read, not the site's
    with record.session(write=False) as session:
        assert session.scalars(select(Quarantine)).one().replayed is not None
    assert run(replay=True) is None


def test_a_watched_page_gets_versions(run: Run, site: Site, record: Record) -> None:
    told: dict[str, Any] = {"kind": "watch", "start": [f"{site.base}/a/1"]}
    states = [run("watched", **told)]
    states.append(run("watched"))
    site.articles[1] = f"修订：{BODY}自下月起施行。"
    states.append(run("watched"))
    assert [result.state for result in states if result] == ["ok", "unchanged", "ok"]
    (row,) = rows(record)
    assert (row.version, row.text.startswith("修订")) == (2, True)


def test_people_decide_and_it_is_written_down(run: Run, record: Record, settings: Settings) -> None:
    run()
    switch.disable(record, "local", by="王", reason="版权方来函")
    with pytest.raises(UsageError, match="switched off"):
        crawl(settings, ["local"], record=record)
    with pytest.raises(UsageError, match="no source"):
        crawl(settings, ["nobody"], record=record)
    with pytest.raises(NotFound):
        switch.enable(record, "nobody", by="王")
    with pytest.raises(Conflict):
        switch.add(
            record, "local", {"kind": "site", "start": ["https://a.cn/"], "legal_basis": "公开"}, by="王"
        )
    with record.session(write=False) as session:
        acts = [(row.act, row.by) for row in session.scalars(select(AuditRow).order_by(AuditRow.number))]
    assert acts == [("source.add", "test"), ("source.enable", "test"), ("source.disable", "王")]


def result_of(state: str = "ok", new: int = 0) -> RunResult:
    return RunResult("s", NOW, NOW, state, new=new)


@pytest.mark.parametrize(
    ("result", "burning", "seconds"),
    [
        (result_of(new=20), False, 900), (result_of(new=1), False, 1200), (result_of("unchanged"), False, 2700), (result_of("broken"), False, 3600),
        (result_of("unchanged"), True, 300), (result_of("broken"), True, 3600),
    ],
)  # fmt: skip
def test_the_interval_follows_the_yield(result: RunResult, burning: bool, seconds: int) -> None:
    source = Source(name="s", interval_seconds=1800)
    assert plan_next(source, result, burning) == (seconds, NOW + timedelta(seconds=seconds))


def test_the_interval_stays_between_its_bounds() -> None:
    source = Source(name="s", interval_seconds=1800)
    for _ in range(20):
        source.interval_seconds, _next = plan_next(source, result_of(new=50), low=600, high=7200)
    assert source.interval_seconds == 600
    for _ in range(20):
        source.interval_seconds, _next = plan_next(source, result_of("unchanged"), low=600, high=7200)
    assert source.interval_seconds == 7200


def test_due_and_burning(record: Record) -> None:
    with record.session() as session:
        for name, enabled, next_run in (
            ("late", True, NOW - timedelta(hours=1)),
            ("never", True, None),
            ("soon", True, NOW + timedelta(hours=1)),
            ("off", False, None),
        ):
            session.add(Source(name=name, enabled=enabled, next_run=next_run))
        session.add(DocumentRow(id="d", source="late", when=NOW, fetched=NOW))
        session.add(Issue(id="i", level=3, state="new"))
        session.flush()
        session.add(IssueDocument(document_id="d", issue_id="i", when=NOW))
    assert [row.name for row in due(record, NOW)] == ["never", "late"]
    assert burning_sources(record, NOW) == {"late"}
    assert burning_sources(record, NOW + timedelta(days=3)) == set()


def test_a_source_that_always_yields_and_falls_silent(record: Record) -> None:
    with record.session() as session:
        for name in ("talker", "quiet"):
            session.add(Source(name=name, enabled=True, kind="feed"))
        session.flush()
        for hour in range(24 * 6):
            at = NOW - timedelta(hours=hour)
            silent = hour < 20
            session.add(
                Fetch(
                    source="talker",
                    started=at,
                    finished=at,
                    state="unchanged" if silent else "ok",
                    new=0 if silent else 5,
                )
            )
            session.add(
                Fetch(source="quiet", started=at, finished=at, state="broken" if hour == 1 else "unchanged")
            )
    found = {one.name: one for one in health(record, NOW)}
    assert "没有新内容" in found["talker"].silent
    assert found["quiet"].silent == ""
    assert found["talker"].success == 1.0
    assert found["quiet"].success == pytest.approx(143 / 144)
    assert sum(sum(day.values()) for day in found["quiet"].days) == 144
    assert found["quiet"].days[-1]["broken"] == 1

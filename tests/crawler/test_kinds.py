"""Kinds of source that the sample city does not have: JSON feed, sitemap, RSSHub base and route, a hot list as a page."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crawler import switch
from crawler.run import crawl
from crawler.source_run import RunResult
from crawler.spiders import json_feed, sitemap
from crawler.try_source import try_source
from huiyin import settings as settings_module
from huiyin.records import DocumentRow, Quarantine, Record, Source, utcnow
from huiyin.serving import Served
from huiyin.settings import Settings

WORDS = (
    "供水主管网突发爆裂，抢修人员已经赶到现场。",
    "西山三个小区今晚检修线路，请备好照明。",
    "文化馆周六开放，市民凭身份证入场。",
)
Run = Callable[..., RunResult]


class Pages:
    """A site of fixed answers by path: (body, content type); what it was asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[bytes, str]] = {}
        self.asked: list[str] = []
        self.server = Served(self._app)
        self.base = f"http://127.0.0.1:{self.server.port}"

    def _app(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        body, kind = self.answers.get(path, (b"", ""))
        start("200 OK" if kind else "404 Not Found", [("Content-Type", kind or "text/plain")])
        return [body or b"-"]

    def put(self, path: str, text: str | bytes, kind: str = "text/html; charset=utf-8") -> None:
        self.answers[path] = (text.encode() if isinstance(text, str) else text, kind)

    def article(self, number: int) -> str:
        """Put article `number` and give its address."""
        text = "".join(WORDS[number % 3 :] + WORDS[: number % 3]) * 4
        self.put(
            f"/a/{number}.html",
            f"<html><title>第{number}号通报</title><h1>第{number}号通报</h1><p>2026-11-20 09:00</p><div><p>{text}</p></div></html>",
        )
        return f"{self.base}/a/{number}.html"


@pytest.fixture
def site() -> Iterator[Pages]:
    site = Pages()
    yield site
    site.server.close()


@pytest.fixture
def settings(tmp_path: Path, site: Pages) -> Settings:
    return settings_module.load(
        home=str(tmp_path), allow_private=site.base.removeprefix("http://"), download_delay=0, environ={}
    )


@pytest.fixture
def run(settings: Settings, record: Record) -> Run:
    def once(declaration: dict[str, Any] | None = None, *, name: str = "local", **more: Any) -> RunResult:
        if declaration is not None:
            common = {"title": "本地", "legal_basis": "试验", "delay": 0.0, "timeout": 5.0}
            switch.add(record, name, {**common, **declaration}, by="test")
            switch.enable(record, name, by="test")
        (found,) = crawl(settings, [name], record=record, **more)
        return found

    return once


def rows(record: Record) -> list[DocumentRow]:
    with record.session(write=False) as session:
        return list(session.scalars(select(DocumentRow).order_by(DocumentRow.title)))


def test_a_json_feed_with_whole_texts_and_links(run: Run, site: Pages, record: Record) -> None:
    import json

    items = [
        {"id": "1", "url": "/a/1", "title": "停水&amp;抢修", "content_html": f"<p>{WORDS[0] * 12}</p>", "date_published": "2026-11-20T09:00:00+08:00", "authors": [{"name": "云江网"}]},
        {"id": "2", "url": site.article(2), "title": "检修通知", "summary": "短", "date_modified": "2026-11-21T09:00:00+08:00"},
        {"id": "3", "content_text": WORDS[2], "title": "没有链接"},
        "no object",
    ]  # fmt: skip
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "云江", "items": items}
    site.put("/feed.json", json.dumps(feed, ensure_ascii=False), "application/feed+json")
    first = run({"kind": "feed", "start": [f"{site.base}/feed.json"]})
    assert (first.state, first.new) == ("ok", 3)
    by_title = {row.title: row for row in rows(record)}
    whole = by_title["停水&抢修"]
    assert (whole.url, whole.origin, whole.text) == (f"{site.base}/a/1", "云江网", WORDS[0] * 12)
    assert whole.published == datetime(2026, 11, 20, 1, tzinfo=UTC)
    assert by_title["第2号通报"].published == datetime(2026, 11, 21, 1, tzinfo=UTC)  # the feed's time
    assert by_title["没有链接"].text == WORDS[2]
    assert run().state == "unchanged"
    site.put("/feed.json", '{"version": "https://jsonfeed.org/version/1", "items": 7}', "application/json")
    broken = run()
    assert (broken.state, "JSON 订阅源" in broken.reason) == ("broken", True)


def test_what_is_no_json_feed() -> None:
    assert json_feed.read('{"items": []}') is None
    assert json_feed.read("<rss/>") is None
    assert json_feed.read('{"a": "https://jsonfeed.org/version/1"}') is None
    with pytest.raises(ValueError, match=r"."):
        json_feed.read('{"version": "https://jsonfeed.org/version/1", ')
    assert json_feed.read('{"version":"https:\\/\\/jsonfeed.org\\/version\\/1","items":[1,{"id":2}]}') == [
        {"id": 2}
    ]


def listed(*entries: tuple[str, str], kind: str = "url") -> str:
    root = "urlset" if kind == "url" else "sitemapindex"
    days = (
        f"<{kind}><loc>{url}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</{kind}>"
        for url, day in entries
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- made --><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{"".join(days)}</{root}>'


def test_a_sitemap_of_sitemaps_packed_and_bounded(run: Run, site: Pages, record: Record) -> None:
    today, old = utcnow().date(), utcnow().date() - timedelta(days=90)
    news = listed(
        (site.article(1), f"{today}"),
        (site.article(2), f"{old}"),
        (site.article(3), ""),
        (f"{site.base}/about", ""),
    )
    site.put("/news.xml.gz", gzip.compress(news.encode()), "application/gzip")
    site.put(
        "/map.xml",
        listed(
            (f"{site.base}/older.xml", f"{old}"), (f"{site.base}/news.xml.gz", f"{today}"), kind="sitemap"
        ),
        "text/xml",
    )
    result = run({
        "kind": "site", "start": [f"{site.base}/map.xml"], "list": {"pattern": r"/a/\d+\.html$", "pages": 1},
    })  # fmt: skip
    assert (result.state, result.new) == ("ok", 2)
    assert [row.title for row in rows(record)] == ["第1号通报", "第3号通报"]
    assert "/older.xml" not in site.asked  # only the newest list, as `pages` says
    assert "/a/2.html" not in site.asked  # changed three months ago
    assert run().state == "unchanged"


def test_a_sitemap_with_entities_is_kept_away(run: Run, site: Pages, record: Record) -> None:
    bomb = '<?xml version="1.0"?><urlset><!DOCTYPE x [<!ENTITY a "b">]><url><loc>http://a.cn</loc></url></urlset>'
    site.put("/map.xml", bomb, "text/xml")
    result = run({"kind": "site", "start": [f"{site.base}/map.xml"]})
    assert (result.state, "XML" in result.reason) == ("broken", True)
    assert sitemap.read(b"<html></html>", "http://a.cn/", utcnow()) is None
    empty = sitemap.read(listed().encode(), "http://a.cn/", utcnow())
    assert empty == sitemap.Sitemap(index=False, addresses=[])


def test_rsshub_base_and_route(run: Run, site: Pages, settings: Settings, record: Record) -> None:
    from crawler import catalogue

    declarations = catalogue.load()
    catalogue.sync(record, declarations)
    route = declarations["rsshub-thepaper"].start[0].removeprefix("{base}")
    entry = f"<item><title>第1号通报</title><link>{site.article(1)}</link><guid>1</guid></item>"
    site.put(
        f"/hub{route}",
        f'<rss version="2.0"><channel><title>澎湃</title>{entry}</channel></rss>',
        "application/xml",
    )
    switch.enable(record, "rsshub-thepaper", by="test", base=f"{site.base}/hub")
    with record.session() as session:
        assert session.get_one(Source, "rsshub-thepaper").enabled
    (result,) = crawl(settings, ["rsshub-thepaper"], record=record)
    assert (result.state, result.new) == ("ok", 1)
    assert f"/hub{route}" in site.asked


def test_a_hot_list_as_a_page_keeps_the_trace_of_ranks(run: Run, site: Pages, record: Record) -> None:
    def board(*topics: tuple[str, str]) -> None:
        lines = "".join(
            f'<li><a class=t href="/t/{name}">{name}</a><b>{heat}</b></li>' for name, heat in topics
        )
        site.put("/hot", f"<html><title>热榜</title><ul>{lines}</ul></html>")

    board(("东湖停水", "32.5万"), ("西山路灯", "1,204"))
    run({
        "kind": "hot", "document": "hot", "start": [f"{site.base}/hot"], "list": {"links": "a.t"}, "article": {"fields": {"heat": "b"}},
    })  # fmt: skip
    board(("西山路灯", "41万"), ("东湖停水", "30万"))
    run()
    by_text = {row.text: row.extra for row in rows(record)}
    assert [point[1:] for point in by_text["东湖停水"]["trace"]] == [[1, 325_000], [2, 300_000]]
    assert by_text["西山路灯"]["rank"] == 1


def test_a_replayed_page_keeps_the_time_at_which_it_came(run: Run, site: Pages, record: Record) -> None:
    text = "".join(WORDS) * 3
    site.put("/list", '<html><title>列表</title><a class=item href="/p/1">西山小区停水通报</a></html>')
    site.put(
        "/p/1",
        f"<html><title>停水</title><h1>西山小区停水通报</h1><i>3小时前</i><div class=moved>{text}</div></html>",
    )
    rule = {"title": "h1", "text": ".text", "published": "i"}
    broken = run({
        "kind": "site", "start": [f"{site.base}/list"], "list": {"links": "a.item"}, "article": rule,
    })  # fmt: skip
    assert (broken.state, broken.broken) == ("broken", 1)
    came = utcnow() - timedelta(days=2)
    with record.session() as session:
        page = session.scalars(select(Quarantine)).one()
        assert (page.selector, page.reason) == ("article.text: .text", "页面上没有找到正文")
        page.fetched = came  # the page broke two days ago
        source = session.get_one(Source, "local")
        source.declaration = {**source.declaration, "article": {**rule, "text": ".moved"}}
    site.answers.clear()  # the site has nothing of it any more
    site.asked.clear()
    replayed = run(replay=True)
    assert (replayed.state, replayed.new) == ("ok", 1)
    assert site.asked == []
    (row,) = rows(record)
    assert row.text == text
    assert row.fetched == came
    assert row.published is not None
    assert abs(row.published - (came - timedelta(hours=3))) < timedelta(minutes=1)  # 3小时前, as it was then


def test_trying_a_json_feed_and_a_sitemap(site: Pages, settings: Settings) -> None:
    links = [site.article(number) for number in range(1, 8)]
    items = ",".join(
        f'{{"id": "{link}", "url": "{link}", "title": "第{n}号"}}' for n, link in enumerate(links)
    )
    site.put("/feed.json", f'{{"version": "https://jsonfeed.org/version/1.1", "title": "云江", "items": [{items}]}}', "application/json")  # fmt: skip
    site.put(
        "/", '<html><link rel=alternate type="application/feed+json" href="/feed.json"><p>云江</p></html>'
    )
    for address in (f"{site.base}/feed.json", f"{site.base}/"):
        trial = try_source(address, settings)
        assert (trial.kind, trial.title, len(trial.articles)) == ("feed", "云江", 5), trial.problems
        assert trial.declaration["start"] == [f"{site.base}/feed.json"]
    site.put("/map.xml", listed(*((link, "2026-11-20") for link in links)), "text/xml")
    trial = try_source(f"{site.base}/map.xml", settings)
    assert (trial.kind, trial.links, len(trial.articles)) == ("site", 7, 5), trial.problems
    assert trial.declaration["list"]["pattern"] == trial.rule
    site.put("/maps.xml", listed((f"{site.base}/map.xml", ""), kind="sitemap"), "text/xml")
    assert "站点地图" in try_source(f"{site.base}/maps.xml", settings).problems[0]

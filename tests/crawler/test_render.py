"""Pages that only a script fills: read with a real Chromium, whose every request goes through the crawler's own guard."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crawler import catalogue, render, switch
from crawler.run import crawl
from crawler.source_run import RunResult
from crawler.try_source import try_source
from huiyin import settings as settings_module
from huiyin.errors import Unavailable, UsageError
from huiyin.records import DocumentRow, Record
from huiyin.serving import Served
from huiyin.settings import Settings

TEXT = "供水主管网突发爆裂，抢修人员已经赶到现场，预计今天上午九时恢复供水，给您带来不便，敬请谅解。"
needs_chromium = pytest.mark.skipif(
    not (shutil.which("chromium") or shutil.which("chromium-browser"))
    or not importlib.util.find_spec("playwright"),
    reason="needs Chromium (Debian: apt-get install chromium) and the extra playwright",
)
SHELL = "<!doctype html><html><head><title>云江</title></head><body><div id=app></div><script src=/app.js></script></body></html>"
Run = Callable[..., RunResult]


class Scripted:
    """A site whose pages are empty until their script has asked for the data; it remembers what was asked, by whom."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.script = ""
        self.robots = "User-agent: *\nDisallow: /closed/\n"
        self.server = Served(self._app)
        self.base = f"http://127.0.0.1:{self.server.port}"

    def _app(self, environ: dict[str, Any], start: Any) -> list[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        self.asked.append((environ["REQUEST_METHOD"], path, environ.get("HTTP_USER_AGENT", "")))
        body, kind = SHELL, "text/html; charset=utf-8"
        if path == "/robots.txt":
            body, kind = self.robots, "text/plain"
        elif path == "/app.js":
            body, kind = self.script, "text/javascript"
        elif path == "/api/list":
            body, kind = (
                json.dumps([{"id": n, "title": f"第{n}号停水抢修通报"} for n in (1, 2, 3)]),
                "application/json",
            )
        elif path.startswith("/api/item"):
            body, kind = (
                json.dumps({"title": f"第{query[3:]}号停水抢修通报", "text": TEXT * int(query[3:])}),
                "application/json",
            )
        elif path.startswith(("/closed/", "/pixel")):
            body, kind = "{}", "application/json"
        start("200 OK", [("Content-Type", kind), ("Access-Control-Allow-Origin", "*")])
        return [body.encode()]

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _ in self.asked]


FILL = """
const get = (path) => fetch(path, {method: path.includes('item') ? 'POST' : 'GET'}).then((answer) => answer.json());
const show = (html) => { document.getElementById('app').innerHTML = html; };
if (location.pathname === '/list') get('/api/list').then((rows) => show(rows.map((row) => `<a class=item href="/page/${row.id}?d=20261124">${row.title}</a>`).join('')));
else get('/api/item?id=' + location.pathname.split('/')[2]).then((row) => show(`<h1>${row.title}</h1><div class=text><p>${row.text}</p></div>`));
"""


@pytest.fixture
def site() -> Iterator[Scripted]:
    site = Scripted()
    site.script = FILL
    yield site
    site.server.close()


@pytest.fixture
def other() -> Iterator[Scripted]:
    """A server on a private address that nobody allowed."""
    other = Scripted()
    yield other
    other.server.close()


@pytest.fixture
def settings(tmp_path: Path, site: Scripted) -> Settings:
    return settings_module.load(
        home=str(tmp_path),
        allow_private=site.base.removeprefix("http://"),
        page_limit=300_000,
        download_delay=0,
        environ={},
    )


@pytest.fixture
def run(settings: Settings, record: Record, site: Scripted) -> Run:
    def once(**more: Any) -> RunResult:
        declaration = {
            "title": "本地", "kind": "site", "start": [f"{site.base}/list"], "legal_basis": "试验", "delay": 0.0, "timeout": 12.0, "render": True,
            "list": {"links": "a.item", "pages": 1}, "article": {"text": ".text", "title": "h1"}, **more,
        }  # fmt: skip
        with record.session(write=False) as session:
            known = bool(session.scalar(select(DocumentRow.id).limit(1)))
        if not known:
            switch.add(record, "local", declaration, by="test")
            switch.enable(record, "local", by="test")
        (found,) = crawl(settings, ["local"], record=record)
        return found

    return once


@needs_chromium
def test_a_page_that_only_a_script_fills(run: Run, site: Scripted, record: Record) -> None:
    result = run()
    assert (result.state, result.new) == ("ok", 3), result.reason
    with record.session(write=False) as session:
        rows = list(session.scalars(select(DocumentRow).order_by(DocumentRow.title)))
    assert [row.title for row in rows] == ["第1号停水抢修通报", "第2号停水抢修通报", "第3号停水抢修通报"]
    assert [row.text for row in rows] == [TEXT, TEXT * 2, TEXT * 3]
    assert rows[0].url == f"{site.base}/page/1?d=20261124"
    assert {agent.split("/")[0] for _, _, agent in site.asked} == {"HuiyinBot"}  # the browser's requests too
    assert site.paths.count("/app.js") == 1  # kept for the other pages
    assert run().state == "unchanged"


PRYING = """
const pry = (path) => fetch(path).then((answer) => document.title += answer.status).catch((error) => document.title += '!');
const image = new Image(); image.src = '/pixel.png';
const frame = document.createElement('iframe'); frame.src = OTHER + '/frame'; document.body.append(frame);
navigator.sendBeacon(OTHER + '/beacon', 'x');
try { new WebSocket(OTHER.replace('http', 'ws') + '/socket'); } catch (error) {}
try { new EventSource(OTHER + '/events'); } catch (error) {}
const link = document.createElement('link'); link.rel = 'prefetch'; link.href = OTHER + '/prefetch'; document.head.append(link);
window.open(OTHER + '/window');
const peer = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:' + OTHER.split(':')[2]}]});
peer.createDataChannel('x'); peer.createOffer().then((offer) => peer.setLocalDescription(offer));
if (navigator.serviceWorker) navigator.serviceWorker.register('/app.js').catch(() => 0);
Promise.all([pry(OTHER + '/api/list'), pry('http://localhost:' + OTHER.split(':')[2] + '/x'), pry('http://169.254.169.254/latest'), pry('/closed/secret'), pry('file:///etc/passwd')])
  .then(() => { setTimeout(() => { location.href = OTHER + '/gone'; }, 50); });
"""


@needs_chromium
def test_no_request_of_a_page_goes_round_the_guard(run: Run, site: Scripted, other: Scripted) -> None:
    site.script = f"const OTHER = '{other.base}';{PRYING}"
    result = run()
    assert result.state == "broken"
    assert "列表页上没有找到文章链接" in result.reason
    assert "不允许访问" in result.reason or "not a public address" in result.reason
    assert other.asked == []
    assert "/closed/secret" not in site.paths  # robots.txt holds for what a page asks for as well
    assert "/pixel.png" not in site.paths
    assert "/frame" not in site.paths
    assert site.paths.count("/list") == 1


@needs_chromium
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("for (;;) {}", ("限时",)),
        ("document.getElementById('app').innerHTML = '<p>' + '水'.repeat(200000);", ("大小上限",)),
        ("setInterval(() => fetch('/api/list?' + Math.random()), 20);", ("列表页上没有找到文章链接", "限时")),
    ],
)
def test_time_size_and_number_are_bounded(
    run: Run, site: Scripted, script: str, words: tuple[str, ...]
) -> None:
    site.script = script
    result = run(timeout=5.0)
    # A machine that is busy may reach the time limit before the page falls silent: bounded either way.
    assert result.state == "broken"
    assert any(word in result.reason for word in words), result.reason
    assert site.paths.count("/api/list") <= render.MOST_PARTS


@needs_chromium
def test_trying_an_address_that_only_a_script_fills(site: Scripted, settings: Settings) -> None:
    trial = try_source(f"{site.base}/list", settings)
    assert trial.declaration.get("render") is True, trial.problems
    assert sorted(article.title for article in trial.articles) == [
        "第1号停水抢修通报",
        "第2号停水抢修通报",
        "第3号停水抢修通报",
    ]


def test_without_the_extra_or_the_browser_it_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(settings.home)))
    with pytest.raises(Unavailable, match="apt-get install chromium"):
        render.chromium(settings)
    monkeypatch.setitem(sys.modules, "playwright", None)
    with pytest.raises(Unavailable, match="pip install"):
        render.chromium(settings)


def test_a_source_that_cannot_be_rendered_is_broken_with_the_reason(
    run: Run, site: Scripted, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv("PATH", settings.home)
    result = run()
    assert (result.state, "render" in result.reason) == ("broken", True)
    assert site.asked == []


def test_an_api_is_not_rendered() -> None:
    table = {
        "kind": "api",
        "start": ["https://a.cn/"],
        "legal_basis": "x",
        "render": True,
        "json": {"items": "a", "text": "b"},
    }
    with pytest.raises(UsageError, match="render"):
        catalogue.parse("one", table)

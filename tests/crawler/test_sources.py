"""Every declaration is valid and owes its evidence: the sample sources are crawled for real and compared with the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from crawler import catalogue
from crawler.adaptive import due
from crawler.catalogue import SOURCE_KINDS, Declaration
from crawler.health import health
from crawler.run import crawl
from crawler.sample_city import truth
from crawler.sample_city.server import serve
from crawler.source_run import RunResult
from crawler.try_source import source_name, try_source
from huiyin import settings as settings_module
from huiyin.errors import UsageError
from huiyin.records import DocumentRow, Record
from huiyin.records import Source as SourceRow
from huiyin.settings import Settings

DECLARATIONS = catalogue.load()
SAMPLES = sorted(name for name, source in DECLARATIONS.items() if source.sample)
NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
# Place in the city's truth → the source that collects it.
PLACES = {
    "forum": "sample-forum", "weibo": "sample-weibo", "video": "sample-video", "mailbox": "sample-mailbox", "paper": "sample-paper",
    "notice": "sample-notice", "news_rss": "sample-news", "gov_atom": "sample-release", "hot": "sample-hot",
}  # fmt: skip


@pytest.mark.parametrize("name", DECLARATIONS)
def test_declaration(name: str) -> None:
    source = DECLARATIONS[name]
    assert source.title
    assert source.legal_basis
    assert source.notes
    assert source.kind in SOURCE_KINDS
    assert source.sample or source.delay is None or source.delay >= 1.0
    assert catalogue.parse(name, catalogue.as_table(source)) == source


def test_the_catalogue_is_large_and_all_off(tmp_path: Path) -> None:
    record = Record.open(settings_module.load(home=str(tmp_path), environ={}))
    catalogue.sync(record, DECLARATIONS)
    with record.session(write=False) as session:
        rows = list(session.scalars(select(SourceRow)))
    record.close()
    assert sum(not row.sample for row in rows) >= 60
    assert not any(row.enabled for row in rows)


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({"kind": "sight"}, "kind"), ({"start": ["ftp://a/"]}, "ftp"), ({"start": []}, "start"), ({"legal_basis": ""}, "legal_basis"),
        ({"list": {"links": "ul["}}, "list.links"), ({"keep": "("}, "keep"), ({"lists": {}}, "lists"), ({"list": {"pages": "many"}}, "list.pages"),
        ({"document": "essay"}, "document"), ({"concurrency": 9}, "concurrency"), ({"interval": 1}, "interval"), ({"kind": "api"}, "json"),
        ({"kind": "api", "json": {"items": "a[", "text": "t"}}, "json.items"), ({"article": {"title": "//h1["}}, "article.title"),
    ],
)  # fmt: skip
def test_a_bad_declaration_is_refused_by_name(table: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        catalogue.parse(
            "abc", {"kind": "site", "start": ["https://a.cn/"], "legal_basis": "公开信息", **table}
        )


def test_a_source_that_needs_a_base_says_so() -> None:
    with pytest.raises(UsageError, match="--base"):
        _ = DECLARATIONS["rsshub-zhihu-hot"].addresses


@dataclass
class City:
    base: str
    settings: Settings
    record: Record
    first: dict[str, RunResult]
    second: dict[str, RunResult]

    def rows(self, source: str) -> list[DocumentRow]:
        with self.record.session(write=False) as session:
            return list(session.scalars(select(DocumentRow).where(DocumentRow.source == source)))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    settings = settings_module.load(home=str(tmp_path_factory.mktemp("city")), download_delay=0.0, environ={})
    record = Record.open(settings)
    server, base = serve(0, NOW)
    first = {result.source: result for result in crawl(settings, sample_base=base, record=record)}
    second = {result.source: result for result in crawl(settings, sample_base=base, record=record)}
    yield City(base, settings, record, first, second)
    server.close()
    record.close()


@pytest.mark.parametrize("name", SAMPLES)
def test_sample_source_is_collected_whole(city: City, name: str) -> None:
    assert city.first[name].state == "ok", city.first[name]
    assert city.first[name].broken == 0
    expected = {
        url: row
        for url, row in truth(NOW, city.base).items()
        if PLACES.get(str(row["where"]), "sample-jiedu" if "/jiedu/" in url else "sample-policy") == name
    }
    found = {row.url: row for row in city.rows(name) if row.kind != "reply"}
    if name == "sample-hot":
        assert set(found) <= set(expected)  # the list shows the last two days only
        assert len(found) >= 5
    elif name in ("sample-news", "sample-release"):  # feeds show the newest forty
        assert len(set(found) & set(expected)) == min(40, len(expected))
    else:
        assert set(expected) - set(found) == set()
    for url, row in found.items():
        if url not in expected:  # what a microblog reposts from elsewhere comes along with it
            assert name == "sample-weibo"
            continue
        published = datetime.fromisoformat(str(expected[url]["published"]))
        assert row.published is not None, url
        assert abs((row.published - published).total_seconds()) < 60, url
        assert row.sample
        assert len(row.text) >= 2
        assert "网站标识码" not in row.text
        assert row.author == "" or row.author.startswith("u")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_second_pass_finds_nothing_new(city: City, name: str) -> None:
    again = city.second[name]
    assert (again.new, again.duplicate, again.changed, again.broken) == (0, 0, 0, 0), again
    assert again.state == "unchanged"
    assert again.fetched <= 6


def test_the_special_pages_of_the_city(city: City) -> None:
    special = {str(row["key"]): url for url, row in truth(NOW, city.base).items() if row["where"] == "paper"}
    papers = {row.url: row for row in city.rows("sample-paper")}
    assert set(special.values()) <= set(papers)
    for (
        row
    ) in papers.values():  # the GBK page under a utf-8 header, the one with broken markup, the paged one
        assert "\ufffd" not in row.text + row.title
        assert "下一页" not in row.text
    policies = city.rows("sample-policy")
    assert all({"number", "body", "status"} & set(row.extra) for row in policies)


def test_talk_and_answers(city: City) -> None:
    replies = [row for row in city.rows("sample-mailbox") if row.kind == "reply"]
    messages = {row.id: row for row in city.rows("sample-mailbox") if row.kind == "message"}
    assert replies
    assert all(row.parent in messages and row.origin and row.published for row in replies)
    threads = city.rows("sample-forum")
    assert max(len(row.comments) for row in threads) > 15  # more than one page of floors
    reposts = [row for row in city.rows("sample-weibo") if row.parent]
    ids = {row.id for row in city.rows("sample-weibo")}
    assert reposts
    assert {row.parent for row in reposts} <= ids
    assert any(row.comments for row in city.rows("sample-weibo"))
    assert all(row.extra["trace"] for row in city.rows("sample-hot"))


def test_copies_fold_within_their_story(city: City) -> None:
    stories = {url: row["story"] for url, row in truth(NOW, city.base).items()}
    generated = {url for url, row in truth(NOW, city.base).items() if row["generated"]}
    rows = {row.id: row for row in city.rows("sample-weibo")}
    folded = [row for row in rows.values() if row.duplicate_of in rows]
    crossing = [row for row in folded if stories[row.url] != stories[rows[row.duplicate_of].url]]
    assert len(crossing) <= 0.02 * len(folded)
    assert sum(row.url in generated for row in folded) >= 0.95 * len(generated)
    assert all(not rows[row.duplicate_of].duplicate_of for row in folded)


def test_health_and_schedule_after_the_crawl(city: City) -> None:
    found = {one.name: one for one in health(city.record, datetime.now(UTC)) if one.sample}
    assert set(found) == set(SAMPLES)
    assert all(
        one.success == 1.0 and one.last_new and sum(one.days[-1].values()) == 2 for one in found.values()
    )
    states: Counter[str] = Counter()
    for one in found.values():
        states.update(one.days[-1])
    assert states == {"ok": len(SAMPLES), "unchanged": len(SAMPLES)}
    assert due(city.record, datetime.now(UTC)) == []


@pytest.mark.parametrize(
    ("path", "kind", "articles"),
    [
        ("/gov/notice/list_1.html", "site", 5),
        ("/paper/list_1.html", "site", 5),
        ("/feeds/rss.xml", "feed", 5),
        ("/feeds/atom.xml", "feed", 5),
    ],
)
def test_trying_an_address(city: City, path: str, kind: str, articles: int) -> None:
    allowed = city.base.removeprefix("http://")
    result = try_source(city.base + path, city.settings, allow=(allowed,))
    assert (result.kind, len(result.articles)) == (kind, articles), result
    made = catalogue.parse(source_name(city.base + path), result.declaration)
    assert isinstance(made, Declaration)
    assert all(article.text for article in result.articles)


def test_trying_a_private_or_empty_address(city: City) -> None:
    with pytest.raises(Exception, match="not a public address"):
        try_source(city.base, city.settings)
    with pytest.raises(UsageError):
        try_source("https://", city.settings)

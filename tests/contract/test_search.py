"""The search contract, run on every engine: the same entries and queries must give the same answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from huiyin.search import Entry, Index, Query

START = datetime(2026, 11, 1, tzinfo=UTC)


def entry(number: int, words: str, title: str = "", **keywords: str) -> Entry:
    return Entry(
        f"d{number}", START + timedelta(hours=number), tuple(words.split()), tuple(title.split()), keywords
    )


ENTRIES = [
    entry(1, "三小 食堂 吃 坏 肚子", topic="food_drug", source="forum", duplicate="false"),
    entry(2, "食堂 阿姨 很 好", topic="education", source="forum", duplicate="false"),
    entry(3, "疫情 通报", "食堂 卫生", topic="health", source="paper", duplicate="false"),
    entry(30, "吃 食堂 肚子 好", topic="food_drug", source="weibo", duplicate="true"),
    entry(31, "停水 通知", topic="urban", source="paper", duplicate="false", sentiment="-1"),
]


@pytest.fixture(params=["tantivy", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    if request.param == "tantivy":
        from huiyin.search.tantivy import TantivyIndex

        made: Index = TantivyIndex(tmp_path / "index")
    else:
        address = os.environ.get("HUIYIN_TEST_ELASTICSEARCH")
        if not address:
            pytest.skip("needs a running Elasticsearch: set HUIYIN_TEST_ELASTICSEARCH to its address")
        from huiyin.search.elastic import ElasticIndex

        made = ElasticIndex(address)
        made.clear()
    made.add(ENTRIES)
    yield made
    made.close()


def ids(index: Index, **query: object) -> list[str]:
    return list(index.search(Query(**query)).ids)  # type: ignore[arg-type]


def test_words_are_all_required_and_newest_comes_first(index: Index) -> None:
    assert ids(index, words=("食堂",)) == ["d30", "d3", "d2", "d1"]
    assert ids(index, words=("食堂", "肚子")) == ["d30", "d1"]
    assert ids(index, words=("没有的词",)) == []


def test_two_character_words_are_found(index: Index) -> None:
    assert ids(index, words=("疫情",)) == ["d3"]


def test_phrases_keep_their_order(index: Index) -> None:
    assert ids(index, phrases=(("吃", "坏", "肚子"),)) == ["d1"]
    assert ids(index, phrases=(("食堂", "卫生"),)) == ["d3"]


def test_excluded_words_alone_still_match_the_rest(index: Index) -> None:
    assert ids(index, exclude=("食堂",)) == ["d31"]


def test_filters_and_times(index: Index) -> None:
    assert ids(index, filters={"topic": ("food_drug", "urban")}) == ["d31", "d30", "d1"]
    assert ids(index, filters={"topic": ("food_drug",), "duplicate": ("false",)}) == ["d1"]
    assert ids(index, filters={"sentiment": ("-1",)}) == ["d31"]
    since, until = START + timedelta(hours=2), START + timedelta(hours=31)
    assert ids(index, since=since, until=until, order="oldest") == ["d2", "d3", "d30"]


def test_pages_and_totals(index: Index) -> None:
    found = index.search(Query(limit=2, offset=1))
    assert (found.total, found.ids) == (5, ("d30", "d3"))


def test_relevance_prefers_the_title(index: Index) -> None:
    assert ids(index, words=("食堂",), order="relevance")[0] == "d3"


def test_facets_and_histogram_count_all_hits(index: Index) -> None:
    found = index.search(Query(limit=1, facets=("source", "topic"), histogram=timedelta(days=1)))
    assert sorted(found.facets["source"]) == [("forum", 2), ("paper", 2), ("weibo", 1)]
    assert found.histogram == ((START, 3), (START + timedelta(days=1), 2))
    shanghai = index.search(Query(histogram=timedelta(days=1), histogram_offset=timedelta(hours=-8)))
    assert shanghai.histogram[0] == (START - timedelta(hours=8), 3)


def test_adding_again_replaces_even_into_another_month(index: Index) -> None:
    moved = Entry("d1", START + timedelta(days=45), ("搬走",), (), {"topic": "land"})
    index.add([moved, moved])
    assert index.count() == 5
    assert ids(index, words=("搬走",)) == ["d1"]
    assert ids(index, words=("坏",)) == []


def test_remove_and_clear(index: Index) -> None:
    assert index.remove(["d1", "unknown"]) == 1
    assert index.count() == 4
    index.clear()
    assert (index.count(), ids(index)) == (0, [])

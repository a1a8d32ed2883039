"""The search contract, run on every engine: the same entries and queries must give the same answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from huiyin.errors import UsageError
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


@pytest.fixture
def index(empty: Index) -> Index:
    empty.add(ENTRIES)
    return empty


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
    assert ids(index, phrases=(("卫生", "食堂"),)) == []
    assert ids(index, phrases=(("疫情",),)) == ["d3"]


def test_a_phrase_does_not_reach_from_title_into_text(index: Index) -> None:
    assert ids(index, phrases=(("卫生", "疫情"),)) == []


def test_excluded_words_alone_still_match_the_rest(index: Index) -> None:
    assert ids(index, exclude=("食堂",)) == ["d31"]
    assert ids(index, words=("食堂",), exclude=("卫生", "坏")) == ["d30", "d2"]


def test_filters_and_times(index: Index) -> None:
    assert ids(index, filters={"topic": ("food_drug", "urban")}) == ["d31", "d30", "d1"]
    assert ids(index, filters={"topic": ("food_drug",), "duplicate": ("false",)}) == ["d1"]
    assert ids(index, filters={"sentiment": ("-1",)}) == ["d31"]
    assert ids(index, filters={"topic": ("food",)}) == []
    assert ids(index, filters={"topic": ()}) == ["d31", "d30", "d3", "d2", "d1"]
    since, until = START + timedelta(hours=2), START + timedelta(hours=31)
    assert ids(index, since=since, until=until, order="oldest") == ["d2", "d3", "d30"]


def test_folded_duplicates_leave_the_hits_and_the_counts(index: Index) -> None:
    found = index.search(Query(words=("食堂",), filters={"duplicate": ("false",)}, facets=("source",)))
    assert (found.total, found.ids) == (3, ("d3", "d2", "d1"))
    assert found.facets["source"] == (("forum", 2), ("paper", 1))


def test_pages_and_totals(index: Index) -> None:
    found = index.search(Query(limit=2, offset=1))
    assert (found.total, found.ids) == (5, ("d30", "d3"))
    assert index.search(Query(limit=0)).total == 5
    assert ids(index, limit=0) == []
    assert ids(index, offset=5) == []


def test_a_page_beyond_ten_thousand_is_empty_but_counted(index: Index) -> None:
    found = index.search(Query(limit=100, offset=20_000, facets=("source",)))
    assert (found.total, found.ids) == (5, ())
    assert dict(found.facets["source"]) == {"forum": 2, "paper": 2, "weibo": 1}


def test_relevance_prefers_the_title(index: Index) -> None:
    assert ids(index, words=("食堂",), order="relevance")[0] == "d3"


def test_rare_words_weigh_the_same_in_every_month(empty: Index) -> None:
    """The word is common in November and rare in December: its weight is that of the whole index."""
    empty.add([entry(number, "停水 通知 全文") for number in range(1, 30)])
    empty.add([entry(24 * 40, "停水 通知 全文"), entry(24 * 41, "停水 停水 停水")])
    assert ids(empty, words=("停水",), order="relevance")[0] == "d984"


def test_facets_and_histogram_count_all_hits(index: Index) -> None:
    found = index.search(Query(limit=1, facets=("source", "topic"), histogram=timedelta(days=1)))
    assert found.facets["source"] == (("forum", 2), ("paper", 2), ("weibo", 1))
    assert found.histogram == ((START, 3), (START + timedelta(days=1), 2))
    shanghai = index.search(Query(histogram=timedelta(days=1), histogram_offset=timedelta(hours=-8)))
    assert shanghai.histogram[0] == (START - timedelta(hours=8), 3)


def test_facets_are_exact_over_months_and_many_values(empty: Index) -> None:
    entries = [
        Entry(
            f"m{number}", START + timedelta(days=number % 90), ("词",), (), {"place": f"地{number % 450:03}"}
        )
        for number in range(1_350)
    ]
    empty.add(entries)
    found = empty.search(Query(facets=("place",))).facets["place"]
    assert len(found) == 200
    assert found[0] == ("地000", 3)
    assert {count for _, count in found} == {3}


def test_times_long_ago_and_ahead(empty: Index) -> None:
    old, new = datetime(1965, 3, 4, 5, 6, 7, 800_000, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
    empty.add([Entry("old", old, ("词",)), Entry("new", new, ("词",))])
    assert ids(empty) == ["new", "old"]
    assert ids(empty, until=old) == []
    assert ids(empty, since=old, until=old + timedelta(seconds=1)) == ["old"]
    assert empty.search(Query(histogram=timedelta(days=1))).histogram[0] == (
        datetime(1965, 3, 4, tzinfo=UTC),
        1,
    )


def test_wild_dates_are_kept_and_found(empty: Index) -> None:
    years = (1, 1583, 1901, 1999, 2000, 2050, 2051, 2099, 2999, 9999)
    empty.add([Entry(f"y{year}", datetime(year, 6, 5, tzinfo=UTC), ("词",)) for year in years])
    assert ids(empty) == [f"y{year}" for year in years[::-1]]
    assert ids(empty, since=datetime(2051, 1, 1, tzinfo=UTC), order="oldest") == [
        "y2051",
        "y2099",
        "y2999",
        "y9999",
    ]
    empty.add([Entry("y1", datetime(2000, 6, 6, tzinfo=UTC), ("词",))])
    assert empty.count() == len(years)


def test_adding_again_replaces_even_into_another_month(index: Index) -> None:
    moved = Entry("d1", START + timedelta(days=45), ("搬走",), (), {"topic": "land"})
    assert index.add([moved, moved]) >= 1
    assert index.count() == 5
    assert ids(index, words=("搬走",)) == ["d1"]
    assert ids(index, words=("坏",)) == []
    assert index.search(Query()).ids.count("d1") == 1


def test_of_one_id_twice_in_one_call_the_later_stays(empty: Index) -> None:
    empty.add([Entry("d1", START, ("先",)), Entry("d1", START + timedelta(days=45), ("后",))])
    assert empty.count() == 1
    assert ids(empty, words=("后",)) == ["d1"]


def test_remove_and_clear(index: Index) -> None:
    assert index.remove(["d1", "d1", "unknown"]) == 1
    assert index.count() == 4
    assert index.remove([]) == 0
    index.clear()
    assert (index.count(), ids(index)) == (0, [])
    index.add(ENTRIES[:1])
    assert ids(index) == ["d1"]


def test_whole_months_are_dropped(index: Index) -> None:
    later = [Entry(f"n{day}", START + timedelta(days=day), ("晚",)) for day in (29, 30, 31, 75)]
    index.add(later)
    assert index.drop_before(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) == 0  # November has not ended
    assert index.drop_before(datetime(2026, 12, 2, tzinfo=UTC)) == 6
    assert ids(index) == ["n75", "n31", "n30"]
    assert index.drop_before(datetime(2027, 6, 1, tzinfo=UTC)) == 3
    assert (index.count(), ids(index)) == (0, [])
    index.add(ENTRIES)
    assert index.count() == 5


def test_a_walk_is_not_disturbed_by_writing(empty: Index) -> None:
    empty.add(entry(number, "词 甲" if number % 2 else "词 乙") for number in range(5_000))
    query = Query(words=("甲",), limit=3, offset=7)
    walking = empty.walk(query)
    seen = [next(walking) for _ in range(10)]
    empty.add(entry(number, "词 甲") for number in range(4_900, 5_100))
    empty.remove(f"d{number}" for number in range(2_000))
    seen += list(walking)
    assert seen == [f"d{number}" for number in range(4_999, 0, -2)]
    now = set(empty.walk(query))
    assert "d5099" in now
    assert "d1" not in now
    assert next(empty.walk(Query(order="oldest"))) == "d2000"


def test_a_walk_passes_thousands_of_one_second(empty: Index) -> None:
    empty.add(Entry(f"e{number}", START, ("同时",)) for number in range(4_500))
    seen = list(empty.walk(Query()))
    assert len(seen) == 4_500
    assert set(seen) == {f"e{number}" for number in range(4_500)}


def test_pages_over_ties_neither_repeat_nor_lose(empty: Index) -> None:
    empty.add(Entry(f"e{number}", START, ("同时",)) for number in range(95))
    empty.add(Entry(f"e{number}", START, ("同时",)) for number in range(30))
    pages = [ids(empty, limit=10, offset=start) for start in range(0, 100, 10)]
    flat = [name for page in pages for name in page]
    assert len(flat) == 95
    assert set(flat) == {f"e{number}" for number in range(95)}
    assert flat == list(empty.walk(Query()))
    assert flat[::-1] == list(empty.walk(Query(order="oldest")))


def test_strange_words_are_words(empty: Index) -> None:
    long = "长" * 400
    odd = ("C++", "a:b", '"', "*", "AND", "\\", "(甲", "１２３", "😀", "\u00a0", "o'clock", long)
    empty.add([Entry("odd", START, odd, (), {"place": long})])
    for word in odd:
        if word.strip():
            assert ids(empty, words=(word,)) == ["odd"], word
    assert ids(empty, words=("\u00a0",)) == []
    assert ids(empty, words=("A",)) == []  # nothing is lowered or split here: that is nlp's
    assert ids(empty, filters={"place": (long,)}) == ["odd"]
    assert ids(empty, phrases=(("a:b", '"', "*"),)) == ["odd"]


def test_an_empty_index_answers(empty: Index) -> None:
    found = empty.search(Query(words=("词",), facets=("source",), histogram=timedelta(hours=1)))
    assert (found.total, found.ids, found.facets["source"], found.histogram) == (0, (), (), ())
    assert list(empty.walk(Query())) == []
    assert (empty.count(), empty.remove(["d1"]), empty.add([]), empty.drop_before(START)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"filters": {"colour": ("red",)}},
        {"facets": ("words",)},
        {"limit": -1},
        {"offset": -5},
        {"order": "random"},
        {"histogram": timedelta(0)},
        {"since": datetime(2026, 11, 1)},
        {"words": ("词",) * 501},
    ],
)
def test_what_no_engine_can_answer_is_said_at_once(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Query(**wrong)  # type: ignore[arg-type]

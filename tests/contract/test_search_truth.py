"""Both engines against a plain reading of the contract: random entries, random queries, the same answers."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

from huiyin.search import FILTERS, Entry, Index, Query, Results
from huiyin.search.contract import seconds

START = datetime(2026, 8, 20, tzinfo=UTC)
WORDS = [f"词{number}" for number in range(25)]


def make_entries(chance: random.Random, count: int) -> list[Entry]:
    def some(most: int) -> tuple[str, ...]:
        return tuple(chance.choice(WORDS) for _ in range(chance.randint(0, most)))

    return [
        Entry(
            f"e{chance.randint(0, count)}",  # some ids come twice, often in another month
            START
            + timedelta(
                seconds=chance.choice((chance.randint(0, 10_000_000), 3_600 * chance.randint(0, 50)))
            ),
            some(12),
            some(4),
            {name: f"{name}{chance.randint(0, 4)}" for name in FILTERS if chance.random() < 0.9},
        )
        for _ in range(count)
    ]


def make_query(chance: random.Random) -> Query:
    moments = sorted(START + timedelta(seconds=chance.randint(0, 10_000_000)) for _ in range(2))
    return Query(
        words=tuple(chance.choices(WORDS, k=chance.choice((0, 0, 1, 1, 2)))),
        phrases=tuple(
            tuple(chance.choices(WORDS, k=chance.choice((1, 2, 2)))) for _ in range(chance.choice((0, 0, 1)))
        ),
        exclude=tuple(chance.choices(WORDS, k=chance.choice((0, 0, 1, 3)))),
        since=moments[0] if chance.random() < 0.3 else None,
        until=moments[1] if chance.random() < 0.3 else None,
        filters={
            name: tuple(f"{name}{chance.randint(0, 5)}" for _ in range(chance.randint(0, 3)))
            for name in chance.sample(FILTERS, chance.choice((0, 0, 1, 2)))
        },
        order=chance.choice(("newest", "oldest")),
        limit=chance.choice((0, 5, 20, 500)),
        offset=chance.choice((0, 0, 3, 40)),
        facets=tuple(chance.sample(FILTERS, chance.choice((0, 1, 3)))),
        histogram=chance.choice((None, timedelta(hours=1), timedelta(days=1), timedelta(days=7))),
        histogram_offset=timedelta(hours=chance.choice((0, -8, 16))),
    )


def within(phrase: tuple[str, ...], words: tuple[str, ...]) -> bool:
    return any(words[at : at + len(phrase)] == phrase for at in range(len(words) - len(phrase) + 1))


def hit(entry: Entry, query: Query) -> bool:
    every, when = {*entry.words, *entry.title_words}, seconds(entry.when)
    return (
        every.issuperset(query.words)
        and every.isdisjoint(query.exclude)
        and all(within(phrase, entry.words) or within(phrase, entry.title_words) for phrase in query.phrases)
        and all(entry.keywords.get(name, "") in values for name, values in query.filters.items() if values)
        and (query.since is None or when >= seconds(query.since))
        and (query.until is None or when < seconds(query.until))
    )


def truth(entries: dict[str, Entry], query: Query) -> Results:
    hits = sorted(
        (entry for entry in entries.values() if hit(entry, query)),
        key=lambda entry: entry.rank,
        reverse=query.order != "oldest",
    )
    page = hits[query.offset : query.offset + query.limit]
    facets = {
        name: tuple(
            sorted(
                Counter(e.keywords.get(name, "") for e in hits).items(), key=lambda item: (-item[1], item[0])
            )
        )
        for name in query.facets
    }
    bars: Counter[int] = Counter()
    if query.histogram:
        width = int(query.histogram.total_seconds())
        offset = int(query.histogram_offset.total_seconds()) % width
        bars.update((seconds(entry.when) - offset) // width * width + offset for entry in hits)
    histogram = tuple((datetime.fromtimestamp(at, UTC), count) for at, count in sorted(bars.items()))
    return Results(len(hits), tuple(entry.id for entry in page), facets, histogram)


def test_any_query_gives_what_a_plain_reading_gives(empty: Index) -> None:
    chance = random.Random(8)
    entries: dict[str, Entry] = {}
    for _ in range(3):
        batch = make_entries(chance, 300)
        empty.add(batch)
        entries |= {entry.id: entry for entry in batch}
    gone = chance.sample(sorted(entries), 60)
    assert empty.remove(gone) == 60
    for name in gone:
        del entries[name]
    assert empty.count() == len(entries)
    found = 0
    for number in range(200):
        query = make_query(chance)
        expected = truth(entries, query)
        assert empty.search(query) == expected, (number, query)
        found += bool(expected.ids)
        if number % 10 == 0:
            every = truth(entries, Query(**{**_fields(query), "limit": 10_000, "offset": 0}))  # type: ignore[arg-type]
            assert tuple(empty.walk(query)) == every.ids, (number, query)
    assert found > 60  # the queries are not all empty


def _fields(query: Query) -> dict[str, object]:
    return {name: getattr(query, name) for name in Query.__slots__}

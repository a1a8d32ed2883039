"""The overview: every number opens its rows, the map counts what the search finds, all 34 units are on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from answering_city import City
from api_city import open_city

from dashboard import provinces
from huiyin.search import Entry


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = open_city(tmp_path)
    for number, place in enumerate(["杭州市", "杭州市", "拉萨市", "台湾省", "朝阳区", "云江市", ""]):
        words = {
            "source": "forum",
            "kind": "post",
            "topic": "other",
            "place": place,
            "sentiment": "-1",
            "urgency": "0",
            "duplicate": "false",
        }
        made.index.add([Entry(f"p{number}", made.now - timedelta(hours=2), ("水",), (), words)])
    yield made
    made.close()


def figures(page: str) -> list[tuple[str, int]]:
    """(address, number) of every link to a search whose text is a number."""
    found = re.findall(r'<a href="(/search\?[^"]+)"[^>]*>([\d,]+)</a>', page)
    return [(unescape(address), int(number.replace(",", ""))) for address, number in found]


def hits(city: City, address: str) -> int:
    found = re.search(r"<strong>([\d,]+) 条</strong>", city.client("zhang").get(address))
    assert found is not None
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("days", ["1", "7"])
def test_every_number_opens_as_many_rows(city: City, days: str) -> None:
    found = figures(city.client("zhang").get(f"/overview?days={days}"))
    assert len(found) > 40
    wrong = {
        address: (number, hits(city, address)) for address, number in found if number != hits(city, address)
    }
    assert wrong == {}


def test_the_map_shows_all_units_and_says_what_it_cannot_place(city: City) -> None:
    page = city.client("zhang").get("/overview")
    counts = dict(
        re.findall(
            r"<tr><td>([^<]+)</td><td class=\"figure\"><a href=\"/search\?province=[^>]+>(\d+)</a>", page
        )
    )
    assert len(counts) == 34
    assert {name: count for name, count in counts.items() if count != "0"} == {
        "浙江省": "2",
        "西藏自治区": "1",
        "台湾省": "1",
    }
    assert "另有 2 条提到的地点不能确定省份，13 条没有提到地点" in page
    assert "提到最多的是浙江省，2 条" in page


def test_each_unit_has_a_tile_of_its_own() -> None:
    places = {(unit.column, unit.row) for unit in provinces.units()}
    assert len(places) == len(provinces.units()) == 34

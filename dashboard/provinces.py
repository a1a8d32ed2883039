"""The map of the overview: the 34 provincial units of China as equal tiles (方格地图), placed roughly as they lie.

Drawn by us, from no outline and no outside tile: see docs/decisions. A place of a document counts for the unit that the gazetteer
gives it; a name that several units share counts for none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from nlp.stages.places import known

# One row of the grid a line, north first; a dot is no unit. Each of the 34 units stands once.
GRID = (
    ". . . . . . . 黑龙江",
    ". . . . . . 内蒙古 吉林",
    "新疆 . 甘肃 宁夏 山西 北京 天津 辽宁",
    ". 青海 . 陕西 河南 河北 山东 .",
    "西藏 四川 重庆 湖北 安徽 江苏 上海 .",
    ". 云南 贵州 湖南 江西 浙江 . .",
    ". . 广西 广东 香港 福建 台湾 .",
    ". . . 海南 澳门 . . .",
)
FULL = {
    "内蒙古": "内蒙古自治区", "新疆": "新疆维吾尔自治区", "宁夏": "宁夏回族自治区", "西藏": "西藏自治区", "广西": "广西壮族自治区", "香港": "香港特别行政区",
    "澳门": "澳门特别行政区", "北京": "北京市", "天津": "天津市", "上海": "上海市", "重庆": "重庆市",
}  # fmt: skip
SHADES = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """One unit: where it stands in the grid, its count, and its shade (0 nothing, SHADES most)."""

    name: str
    full: str
    column: int
    row: int
    count: int = 0
    shade: int = 0


@cache
def units() -> tuple[Tile, ...]:
    """The 34 units without counts."""
    found = []
    for row, line in enumerate(GRID):
        for column, name in enumerate(line.split()):
            if name != ".":
                found.append(Tile(name, FULL.get(name, f"{name}省"), column, row))
    return tuple(found)


@cache
def unit_of(place: str) -> str:
    """The full name of the unit that a place lies in; "" where the gazetteer does not know, or knows several."""
    full = {unit.full for unit in units()}
    if place in full:
        return place
    provinces = {found.province for found in known(place)}
    only = next(iter(provinces)) if len(provinces) == 1 else ""
    return only if only in full else ""


def tiles(places: Iterable[tuple[str, int]]) -> list[Tile]:
    """The units with the counts of `places`, shaded by the rank among those that have any."""
    counts: Counter[str] = Counter()
    for place, count in places:
        counts[unit_of(place)] += count
    steps = sorted({counts[unit.full] for unit in units() if counts[unit.full]})
    return [
        Tile(unit.name, unit.full, unit.column, unit.row, counts[unit.full], _shade(counts[unit.full], steps))
        for unit in units()
    ]


def _shade(count: int, steps: list[int]) -> int:
    return 1 + (SHADES - 1) * steps.index(count) // max(1, len(steps) - 1) if count else 0


def places_of(full: str, places: Iterable[str]) -> list[str]:
    """Those of `places` that lie in a unit."""
    return [place for place in places if place and unit_of(place) == full]

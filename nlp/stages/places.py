"""Places that a text names: provinces, cities and counties of China, and the stand-ins of anonymised messages (A市, B3县).

One pass of an Aho-Corasick automaton over the names of `lexicons/divisions.tsv` and `lexicons/local_places.tsv`.
A name that several cities share (鼓楼区, 朝阳区) belongs to the one whose city or province the text names; without such
a word its province stays empty rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from huiyin.document import Place

_STAND_IN = re.compile(r"[A-Z](?<![A-Za-z0-9][A-Z])[0-9]{0,2}(?:市|县|区|省)")
# A district right after its city that the table does not hold (云江市望江区).
_YOUNG = re.compile(
    r"((?!市|全|城|新|郊|矿|地|社|小|校|园|辖)[\u4e00-\u9fff][\u4e00-\u9fff](?<![小社城市辖新郊园景片地校山厂])[区县])(?![域委])"
)
# After these a short name is part of another name: 北京路, 上海银行, 南京条约.
_NO_PLACE_AFTER = (
    "路",
    "东路",
    "西路",
    "南路",
    "北路",
    "中路",
    "大道",
    "街",
    "银行",
    "人寿",
    "日报",
    "晚报",
    "卫视",
    "证券",
    "条约",
    "菜",
)
# County names that are common nouns: a place only right after the city that they belong to.
_NOUNS = frozenset(
    (
        "城区",
        "矿区",
        "郊区",
        "新城区",
        "市中区",
        "城中区",
        "市南区",
        "市北区",
        "城东区",
        "城西区",
        "城北区",
        "城关区",
    )
)


@dataclass(frozen=True, slots=True)
class Division:
    """One row of the table: six-digit code (empty for a local name), full name, and the names above it."""

    code: str
    place: Place


@dataclass(frozen=True, slots=True)
class _Table:
    automaton: AhoCorasick
    names: tuple[str, ...]
    divisions: tuple[tuple[Division, ...], ...]
    """The divisions that the name at the same index may mean."""
    short: tuple[bool, ...]


def find(text: str) -> tuple[Place, ...]:
    """Distinct places in order of mention. 湖南省长沙市岳麓区 in a row is one place, the county."""
    return distinct(mentions(text))


def distinct(found: Sequence[tuple[int, Place]]) -> tuple[Place, ...]:
    """The places of mentions, each once, in order."""
    if len(found) < 2:
        return (found[0][1],) if found else ()
    # The same name is nearly always the same object: comparing whole places is left for the few that stay.
    same = {id(place): place for _, place in found}
    return tuple(dict.fromkeys(same.values()) if len(same) > 1 else same.values())


def mentions(text: str) -> tuple[tuple[int, Place], ...]:
    """Every mention as (offset of its last name, place), in order."""
    table = _table()
    hits = table.automaton.find_matches_as_indexes(text)
    stand_ins = _stand_ins(text)
    if not stand_ins:
        return tuple(_chosen(table, text, hits)) if hits else ()
    if not hits:
        return tuple(stand_ins)
    return tuple(sorted([*_chosen(table, text, hits), *stand_ins], key=lambda item: item[0]))


def known(name: str) -> tuple[Place, ...]:
    """All divisions that a full or short name may mean; empty where the table does not know it."""
    table = _table()
    if name not in table.names:
        return ()
    return tuple(division.place for division in table.divisions[table.names.index(name)])


def _stand_ins(text: str) -> list[tuple[int, Place]]:
    return [(m.start(), _stand_in(m[0])) for m in _STAND_IN.finditer(text)]


@lru_cache(maxsize=1024)
def _stand_in(name: str) -> Place:
    if name[-1] == "市":
        return Place(name, "", name)
    return Place(name, "", "", "" if name[-1] == "省" else name)


def _chosen(table: _Table, text: str, hits: Iterable[tuple[int, int, int]]) -> list[tuple[int, Place]]:
    kept = [hit for hit in hits if not (table.short[hit[0]] and text.startswith(_NO_PLACE_AFTER, hit[2]))]
    sure = {table.divisions[index][0].code for index, _, _ in kept if len(table.divisions[index]) == 1}
    out: list[tuple[int, Place]] = []
    last_end, last_code = -9, ""
    for index, start, end in kept:
        choice = _resolve(table.divisions[index], sure, last_code if start - last_end <= 1 else "")
        name = table.names[index]
        if choice is None:
            if name not in _NOUNS:
                out.append((start, Place(name, county=name)))
                last_end, last_code = end, ""
            continue
        parent = last_code.rstrip("0") if start - last_end <= 1 else ""
        if name in _NOUNS and not (parent and choice.code.startswith(parent)):
            continue
        place = choice.place
        if parent and choice.code != last_code and choice.code.startswith(parent):
            out.pop()
        elif out and start == last_end and out[-1][1].county == name:
            # 深圳市龙华区 is younger than the table, which knows another 龙华区 only: read with its city just before.
            continue
        elif (young := _YOUNG.match(text, end)) and place.city == name and not place.county:
            place = replace(place, name=young[1], county=young[1])
        out.append((start, place))
        last_end, last_code = end, choice.code
    return out


def _resolve(divisions: tuple[Division, ...], sure: set[str], before: str) -> Division | None:
    """The one division meant: under the name right before, else under a city, else a province that the text names."""
    if len(divisions) == 1:
        return divisions[0]
    if before:
        under = [division for division in divisions if division.code.startswith(before.rstrip("0"))]
        if len(under) == 1:
            return under[0]
    for digits in (4, 2):
        prefixes = {
            code[:digits] for code in sure if digits == 2 or code[2:4] != "00" or code[:2] in _MUNICIPALITIES
        }
        under = [division for division in divisions if division.code[:digits] in prefixes]
        if len(under) == 1:
            return under[0]
    return None


_MUNICIPALITIES = ("11", "12", "31", "50")


@cache
def _table() -> _Table:
    """Built once from the two files (about 3,300 names)."""
    names: dict[str, list[Division]] = {}
    short: dict[str, bool] = {}
    rows = [line.split("\t") for line in _lines("divisions.tsv")]
    full = {row[0]: row[1] for row in rows}
    for row in rows:
        division = Division(row[0], _place(row[0], full))
        names.setdefault(row[1], []).append(division)
        short[row[1]] = False
        if len(row) > 2 and row[2] != row[1]:
            names.setdefault(row[2], []).append(division)
            short.setdefault(row[2], True)
    for line in _lines("local_places.tsv"):
        name, province, city, county, alias = (line.split("\t") + [""] * 4)[:5]
        local = Division("", Place(name, province, city, county))
        for word in filter(None, (name, alias)):
            names.setdefault(word, []).append(local)
            short.setdefault(word, word == alias)
    for name, divisions in names.items():
        if short[name]:  # 吉林 alone is the province, 海南 the island: the higher division wins
            divisions.sort(key=lambda division: -len(division.code) + len(division.code.rstrip("0")))
            names[name] = divisions[:1]
    keys = tuple(names)
    automaton = AhoCorasick(keys, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA)
    return _Table(
        automaton, keys, tuple(tuple(names[key]) for key in keys), tuple(short[key] for key in keys)
    )


def _place(code: str, full: dict[str, str]) -> Place:
    name, province = full[code], full.get(code[:2] + "0000", "")
    if code.endswith("0000"):
        return Place(name, name, name if code[:2] in _MUNICIPALITIES else "", "")
    city = full.get(code[:4] + "00", province if code[:2] in _MUNICIPALITIES else "")
    if code.endswith("00"):
        return Place(name, province, name, "")
    return Place(name, province, city, name)


def _lines(file: str) -> list[str]:
    text = (files("nlp.lexicons") / file).read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]

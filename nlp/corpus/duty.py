"""Must an issue be answered, and by whom (61号): the tables huiyin/rules/must_answer.toml and responsible.toml, applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from huiyin.rules import load


@dataclass(frozen=True, slots=True)
class Duty:
    """Who answers: `first` names the units (or the role where the directory has none), `coordinates` who co-ordinates."""

    scope: str
    first: tuple[str, ...]
    coordinates: str
    reason: str


def must_answer(
    topic: str,
    text: str,
    level: int,
    rumour_score: float = 0.0,
    *,
    policy: str = "",
    by_hand: bool = False,
) -> list[tuple[int, str]]:
    """(kind 1..5, reason sentence) for each kind of 重点回应 that applies; empty where none does.

    text: titles, texts and concerns of the issue; level 0..3; policy: name of a policy that it is about, where known;
    by_hand: a superior body required it.
    """
    rules = load("must_answer")
    found = []
    for row in rules["kind"]:
        if row.get("by_hand"):
            cue = "上级部门已要求回应" if by_hand else ""
        else:
            cue = _cue(row, topic, text, level, rumour_score, policy)
        if cue:
            found.append((int(row["number"]), f"{row['name']}：{cue}（{rules['basis']}）"))
    return found


def _cue(row: Mapping[str, Any], topic: str, text: str, level: int, rumour_score: float, policy: str) -> str:
    if row.get("needs_policy") and not (
        policy or "政策" in text or "规定" in text or "办法" in text or "新规" in text
    ):
        return ""
    hits = [word for word in row.get("words", ()) if word in text]
    if hits:
        return f"文中提到“{'”“'.join(hits[:3])}”"
    least = row.get("level_at_least")
    topics = row.get("topics", ())
    if topic in topics and (least is None or level >= least):
        name = load("levels")["names"][level]
        return f"主题属于该类事项，当前等级为“{name}”"
    rumour = row.get("rumour_at_least")
    if rumour is not None and rumour_score >= rumour:
        return f"疑似传言程度 {rumour_score:.2f}"
    return ""


def who_answers(
    places: Sequence[str],
    topic: str,
    text: str,
    directory: Sequence[Mapping[str, Any]],
    *,
    event_label: str = "",
    policy_body: str = "",
    spoke: Mapping[str, int] | None = None,
) -> Duty:
    """The first row of responsible.toml that holds, with the units of the directory filled in.

    places: names the issue is about, most named first; directory: rows of name, level (province, city, county, vertical …),
    place, topics (keys), optional words (cues in the text); spoke: how strongly the issue's official texts name a unit
    (`voices`). A unit fits by topic or by its words or name in the text, and a unit of a district or county only where the
    issue names that place. Those who have spoken on the matter come first; where none fits, `first` is the role.
    """
    units = _units(places, topic, text, directory, spoke or {})
    distinct = list(dict.fromkeys(places))
    for row in load("responsible")["scope"]:
        if not _holds(row, units, distinct, event_label, policy_body):
            continue
        sure = row["key"] == "several_places" and any(unit["name"] in (spoke or {}) for unit in units)
        named = tuple(str(unit["name"]) for unit in units) if row["key"] in NAMED or sure else ()
        return Duty(row["key"], named or (row["first"],), row.get("coordinates", ""), row["reason"])
    return Duty("local", ("涉事责任部门",), "", "属地管理、分级负责、谁主管谁负责")


NAMED = frozenset({"vertical", "several_departments", "local"})
"""Scopes in which the directory's units answer; `first` is a mere role there only where no unit fits."""
CLOSE = 0.5
UNITS = 3
"""Most units that are named; more is nobody."""


def voices(texts: Sequence[tuple[str, str]], directory: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Unit → how strongly official texts point to it: 3 for each that it issued or that bears it in the title, 1 for each that
    names it. texts: (head: issuer, origin and title; body)."""
    found: dict[str, int] = {}
    for unit in directory:
        names = _names(unit)
        weight = sum(
            3 if any(name in head for name in names) else 1
            for head, body in texts
            if any(name in head or name in body for name in names)
        )
        if weight:
            found[str(unit["name"])] = weight
    return found


def _names(unit: Mapping[str, Any]) -> tuple[str, ...]:
    """Full name, its short form, and for a city's units both as people at home say it: 云江市教育局 is 市教育局 there. A city
    has many a 区教育局, so districts have no such short name."""
    name, place = str(unit["name"]), str(unit.get("place", ""))
    names = [name]
    for long, short in load("responsible")["short"].items():
        if name.endswith(long):
            names.append(name.removesuffix(long) + short)
    if len(place) >= 2 and _rank(place) == 1:
        names += [
            place[-1] + one[len(place) :]
            for one in names
            if one.startswith(place) and len(one) > len(place) + 2
        ]
    return tuple(names)


def _units(
    places: Sequence[str],
    topic: str,
    text: str,
    directory: Sequence[Mapping[str, Any]],
    spoke: Mapping[str, int],
) -> list[Mapping[str, Any]]:
    """Units by strength of the link: how much they have spoken (up to 3), fit by topic or words (2), named in the text (1).
    Those clearly weaker than the best are nobody's answer; `other` is no topic that anybody answers for."""
    scored = []
    speakers = tuple(load("responsible")["speakers"])
    most = max((weight for name, weight in spoke.items() if not name.endswith(speakers)), default=0)
    for unit in directory:
        if _elsewhere(str(unit.get("place", "")), places, text):
            continue
        weight = spoke.get(str(unit["name"]), 0)
        named = any(name in text for name in _names(unit))
        fits = (topic != "other" and topic in unit.get("topics", ())) or any(
            word in text for word in unit.get("words", ())
        )
        if not (weight and weight * 2 >= most) and not named and not fits:
            continue
        strength = 3 * weight / max(most, 1) + 2 * fits + named
        scored.append((0.0 if str(unit["name"]).endswith(speakers) else strength, unit))
    top = max((strength for strength, _ in scored), default=0.0)
    best = sorted((one for one in scored if one[0] >= top - CLOSE), key=lambda one: -one[0])
    return [unit for _, unit in best][:UNITS]


def _holds(
    row: Mapping[str, Any],
    units: Sequence[Mapping[str, Any]],
    places: Sequence[str],
    event_label: str,
    policy: str,
) -> bool:
    if "event_labels" in row:
        return event_label in row["event_labels"]
    if "policy_bodies" in row:
        return policy in row["policy_bodies"]
    if "levels" in row:
        return any(unit.get("level") in row["levels"] for unit in units)
    if "places_at_least" in row:
        return _several(places) >= int(row["places_at_least"])
    if "units_at_least" in row:
        return len(units) >= int(row["units_at_least"])
    return True


_RANKS = ("省", "市州盟", "区县旗", "镇乡道村社")


def _rank(place: str) -> int:
    """0 province … 3 town or village, by the last character of a name; 1 (a city) where it tells nothing."""
    return next((rank for rank, endings in enumerate(_RANKS) if place[-1:] and place[-1] in endings), 1)


def _several(places: Sequence[str]) -> int:
    """How many different places of the highest rank named: a city and its district are one place, two cities are two."""
    ranks = [_rank(place) for place in places]
    return sum(rank == min(ranks) for rank in ranks) if ranks else 0


def _elsewhere(place: str, places: Sequence[str], text: str) -> bool:
    """Whether a unit's place is another than the issue's: the issue is known to be in others of its rank, or the place is a
    district, county or smaller that the issue does not name."""
    if not place:
        return False
    if any(place in one or one in place for one in places if _rank(one) == _rank(place)):
        return False
    return (_rank(place) >= 2 and place not in text) or any(_rank(one) == _rank(place) for one in places)

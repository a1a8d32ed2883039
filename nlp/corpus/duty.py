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
) -> Duty:
    """The first row of responsible.toml that holds, with the units of the directory filled in.

    places: names the issue is about, most named first; directory: rows of name, level (province, city, county, vertical …),
    place, topics (keys), optional words (cues in the text). A unit fits by topic or by its words or name in the text;
    among those that fit, units of the issue's own places come first.
    """
    units = _units(places, topic, text, directory)
    distinct = list(dict.fromkeys(places))
    for row in load("responsible")["scope"]:
        if not _holds(row, units, distinct, event_label, policy_body):
            continue
        named = tuple(str(unit["name"]) for unit in units) if row["key"] in _NAMED else ()
        return Duty(row["key"], named or (row["first"],), row.get("coordinates", ""), row["reason"])
    return Duty("local", ("涉事责任部门",), "", "属地管理、分级负责、谁主管谁负责")


_NAMED = frozenset({"vertical", "several_departments", "local"})


def _units(
    places: Sequence[str], topic: str, text: str, directory: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Units by strength of the link: named in the text, then by their words, then by topic. Weaker links count only where no
    stronger one is found; at most four."""
    scored = []
    for unit in directory:
        if _elsewhere(str(unit.get("place", "")), places):
            continue
        named = str(unit["name"]) in text
        cued = any(word in text for word in unit.get("words", ()))
        topical = topic in unit.get("topics", ())
        if named or cued or topical:
            scored.append((3 if named else 2 if cued and topical else 1, unit))
    top = max((score for score, _ in scored), default=0)
    return [unit for score, unit in scored if score == top or score == 3][:4]


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


def _elsewhere(place: str, places: Sequence[str]) -> bool:
    """Whether an issue is known to be in another place of the same rank than a unit's."""
    same = [one for one in places if _rank(one) == _rank(place)]
    return bool(place and same) and not any(place in one or one in place for one in same)

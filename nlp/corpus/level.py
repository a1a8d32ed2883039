"""The level of an issue: the highest of event grade, heat and sensitivity, each with its reasons in words.

All thresholds are in huiyin/rules/levels.toml. Words that say a matter is settled (已解决) are not read at all: only fewer
urgent facts, never a phrase, can make a level lower; and adding a text never lowers the event or the sensitivity part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from huiyin.document import Casualties
from huiyin.rules import load
from nlp.corpus import heat
from nlp.corpus.posts import OFFICIAL


@dataclass(frozen=True, slots=True)
class Fact:
    """What one document adds to its issue. `author` and `source` empty where unknown; `text`: title and text."""

    id: str
    text: str = ""
    kind: str = "other"
    topic: str = "other"
    urgency: int = 0
    sentiment: int = 0
    rumour_score: float = 0.0
    casualties: Casualties | None = None
    places: tuple[str, ...] = ()
    author: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """What the level rests on.

    hourly: texts an hour, oldest first, the last one the present hour; distinct_authors, distinct_sources: over the whole
    issue; burst: standard deviations above the usual (`heat.measure`); None: from
    `hourly` alone, hours taken as equal. event_class: which table of grades applies, ''
    where none does yet. seriously_injured and loss_yuan: from a person or a finding; texts do not tell them reliably.
    """

    documents: Sequence[Fact] = ()
    hourly: Sequence[float] = ()
    distinct_authors: int = 0
    distinct_sources: int = 0
    burst: float | None = None
    event_class: str = "accident"
    seriously_injured: int | None = None
    loss_yuan: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """`value` 0..3; `label`: the grade or state in words; `reasons` in Chinese, at least one."""

    value: int
    label: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """`level` 0..3 is the highest of the three parts."""

    level: int
    event: Part
    heat: Part
    sensitivity: Part
    casualties: Casualties = field(default_factory=Casualties)

    @property
    def parts(self) -> dict[str, dict[str, Any]]:
        """event, heat and sensitivity, each with level, label and reasons: the form that the record keeps."""
        named = (("event", self.event), ("heat", self.heat), ("sensitivity", self.sensitivity))
        return {
            name: {"level": part.value, "label": part.label, "reasons": list(part.reasons)}
            for name, part in named
        }


def grade(facts: IssueFacts) -> Level:
    """The level of an issue from its facts; pure, so that the same facts always give the same level and reasons."""
    rules = load("levels")
    claimed, confirmed = casualties(facts.documents)
    event = _event(facts, claimed, confirmed, rules["event"])
    warmth = _heat(facts, rules["heat"])
    sensitivity = _sensitivity(facts, rules["sensitivity"])
    return Level(max(event.value, warmth.value, sensitivity.value), event, warmth, sensitivity, claimed)


def casualties(documents: Sequence[Fact]) -> tuple[Casualties, Casualties]:
    """(highest number claimed, highest number confirmed) of each kind. Confirmed: said by a public body, or that number
    or more by two authors; where authors are unknown, by two documents."""
    claimed: dict[str, int | None] = {}
    confirmed: dict[str, int | None] = {}
    for name in ("deaths", "injured", "missing"):
        voices: dict[str, int] = {}
        official: list[int] = []
        for one in documents:
            value = None if one.casualties is None else getattr(one.casualties, name)
            if value is None or (one.topic == "other" and one.urgency < 2 and one.kind not in OFFICIAL):
                continue  # a novel, an old war, a crash abroad
            voice = one.author or one.id
            voices[voice] = max(voices.get(voice, 0), value)
            if one.kind in OFFICIAL:
                official.append(value)
        said = sorted(voices.values(), reverse=True)
        claimed[name] = said[0] if said else None
        sure = official + said[1:2]
        confirmed[name] = max(sure) if sure else None
    return Casualties(**claimed), Casualties(**confirmed)


def _event(facts: IssueFacts, claimed: Casualties, confirmed: Casualties, rules: dict[str, Any]) -> Part:
    pending, reasons = rules["pending"], []
    grades = [row for row in rules["grades"] if row["class"] == facts.event_class]
    known = {
        "deaths": confirmed.deaths,
        "seriously_injured": facts.seriously_injured,
        "loss_yuan": facts.loss_yuan,
    }
    value, label = 0, ""
    if grades and any(
        number is not None and (number > 0 or name != "deaths") for name, number in known.items()
    ):
        row = next(row for row in grades if any((known[name] or 0) >= row[name] for name in known))
        label, value = row["name"], rules["levels"][row["name"]]
        shown = [f"死亡 {known['deaths']} 人"] if known["deaths"] else []
        shown += [f"重伤 {known['seriously_injured']} 人"] if known["seriously_injured"] else []
        shown += [f"直接经济损失 {known['loss_yuan']:,} 元"] if known["loss_yuan"] else []
        reasons.append(f"{'，'.join(shown) or '未造成死亡'}，按{row['basis']}为{label}")
    raised, open_reasons = _pending(facts, claimed, confirmed, pending)
    if open_reasons:
        label = f"{label}（数字待核）" if label else "待定"
    value = max(value, raised)
    reasons += open_reasons
    return Part(value, label or "无事件", tuple(reasons) or ("没有文档提到伤亡或正在发生的险情",))


def _pending(
    facts: IssueFacts, claimed: Casualties, confirmed: Casualties, rules: dict[str, Any]
) -> tuple[int, list[str]]:
    """Level and reasons of what is claimed but not graded."""
    level, reasons = 0, []
    if (claimed.deaths or 0) > (confirmed.deaths or 0) or (claimed.deaths and not facts.event_class):
        level = max(level, rules["death"])
        reasons.append(f"有文档称死亡 {claimed.deaths} 人，尚待核实，等级待定")
    elif claimed.deaths:
        level = max(level, rules["death"])
    if (claimed.missing or 0) >= rules["missing"]:
        level = max(level, rules["missing_level"])
        reasons.append(f"下落不明 {claimed.missing} 人，与死亡人数分列，不合并计算")
    if (claimed.injured or 0) >= rules["injured"]:
        level = max(level, rules["injured_level"])
        reasons.append(f"有文档称受伤 {claimed.injured} 人，未区分轻重伤，等级待定")
    urgent = [one for one in facts.documents if one.urgency >= 3 and one.topic in rules["topics"]]
    if urgent:
        voices = len({one.author or one.id for one in urgent})
        sure = voices >= rules["urgent_confirmed_by"]
        level = max(level, rules["urgent_confirmed_level"] if sure else rules["urgent_level"])
        reasons.append(f"{len(urgent)} 篇文档（{voices} 个账号）反映正在发生的险情或伤亡，等级待定")
    return level, reasons


def _reached(value: float, steps: Sequence[float]) -> int:
    return sum(value >= step for step in steps)


def _heat(facts: IssueFacts, rules: dict[str, Any]) -> Part:
    volume, now = sum(facts.hourly[-24:]), max(facts.hourly[-2:], default=0)
    by_volume = _reached(volume, rules["volume"])
    burst = facts.burst
    if burst is None:
        burst = heat.burst(facts.hourly, [1.0] * len(facts.hourly))[0]
    by_speed = min(_reached(burst, rules["speed"]), _reached(now, rules["speed_least_per_hour"]))
    by_spread = min(_reached(facts.distinct_sources, rules["spread"]), _reached(volume, rules["volume"]) + 1)
    authors = facts.distinct_authors
    if not authors and not any(one.author for one in facts.documents):
        authors = len(facts.documents)  # citizens' messages and news carry no author: each is its own voice
    allowed = min(_reached(authors, rules["authors"]), _reached(facts.distinct_sources, rules["sources"]))
    value = min(max(by_volume, by_speed, by_spread), allowed)
    reasons = [f"近 24 小时 {volume:.0f} 篇，涉及 {facts.distinct_sources} 个来源、{authors} 个账号"]
    if by_speed:
        reasons.append(f"近两小时最多每小时 {now:.0f} 篇，高出常态 {burst:.1f} 个标准差")
    if max(by_volume, by_speed, by_spread) > allowed:
        reasons.append("账号或来源过少，热度不再上调，防止少数账号刷量")
    return Part(value, load("levels")["names"][value], tuple(reasons))


def _sensitivity(facts: IssueFacts, rules: dict[str, Any]) -> Part:
    value, reasons = 0, []
    urgency = rules["urgency"]
    for step in (3, 2, 1):
        voices = {
            one.author or one.id
            for one in facts.documents
            if one.urgency >= step and (one.topic != "other" or one.urgency > 2)
        }  # chatter that sounds pressing is nobody's duty; danger is, whatever the topic
        if voices:
            sure = len(voices) >= urgency["confirmed_by"]
            reached = urgency["confirmed" if sure else "one"][step]
            if reached > value:
                value = reached
                reasons.append(f"{len(voices)} 个账号的文档紧急程度达到“{load('levels')['names'][step]}”")
    rumour = rules["rumour"]
    doubtful = [
        one for one in facts.documents if one.rumour_score >= rumour["score"] and one.kind not in OFFICIAL
    ]
    if len(doubtful) >= rumour["least"]:
        frightening = {one.author or one.id for one in doubtful if one.topic in rumour["panic_topics"]}
        panic = len(frightening) >= rumour["panic_least"]  # a rumour that nobody passes on frightens nobody
        value = max(value, rumour["panic_level"] if panic else rumour["level"])
        kind = "可能引起恐慌的疑似传言" if panic else "疑似传言"
        reasons.append(
            f"{len(doubtful)} 篇文档为{kind}（最高 {max(one.rumour_score for one in doubtful):.2f}）"
        )
    for row in rules["words"]:
        reached, hits = _words(facts.documents, row)
        if hits:
            value = max(value, reached)
            reasons.append(f"{row['name']}：文中出现“{'”“'.join(hits[:4])}”")
    return Part(
        value, load("levels")["names"][value], tuple(reasons) or ("未见敏感群体、公权力、道德底线或传言因素",)
    )


def _words(documents: Sequence[Fact], row: dict[str, Any]) -> tuple[int, list[str]]:
    """Highest level by one group of words, and the words. A group word and a harm must stand in one sentence-like piece."""
    level, hits = 0, []
    for one in documents:
        if one.topic == "other" and not one.urgency:
            continue  # a film review may well speak of a violent policeman
        for piece in one.text.replace("！", "。").replace("？", "。").replace("\n", "。").split("。"):
            group = [word for word in row["words"] if word in piece]
            if not group:
                continue
            harm = [word for word in row["harm"] if word in piece]
            level = max(level, row["harm_level"] if harm else row["level"])
            hits += [word for word in [*harm, *group] if word not in hits]
    return level, hits

"""Evidence for and against a claim: verified facts, clauses in force, and the rumour library. By rule, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from huiyin.records import Clause, Fact, Policy, Rumour, utcnow
from response_kits.figures import figures, same
from response_kits.library.policies import bare_title, in_force
from response_kits.words import Ranker, overlap, words

_DENIALS = (
    "没有", "未发现", "未出现", "不存在", "并未", "并无", "无人", "均无", "不属实", "不实", "不是", "不会", "无死亡", "未发生", "没发生",
    "从未", "不涉及", "不变", "未作", "不作改变", "没有改变", "仍为", "仍按", "合格", "符合", "正常", "达标",
)  # fmt: skip
_ASKED = frozenset(
    (
        "deaths",
        "injured",
        "missing",
        "condition",
        "cause",
        "investigation",
        "accountability",
        "test",
        "loss",
        "contact",
        "next",
    )
)
"""Slots of which one fact answers most questions; of rules, prices and measures an issue has many that say different things."""
_PEOPLE = frozenset(("deaths", "missing", "severe", "hospital", "injured"))
_HOW = re.compile("如何|怎么|怎样|何时|什么时候|为什么|为何")
"""Asks for more than whether a number holds."""
_HOW_IS = re.compile("怎么样了|好些了|脱离危险|醒过?来")
"""Asks how somebody hurt is."""
_KINDS = (
    (
        re.compile("为什么|为何|为啥|怎么会|怎么回事|原因"),
        re.compile("原因|由于|[系为]因|所致|造成|导致|调查|因[^此素]"),
    ),
    (
        re.compile("何时|什么时[候间]|几点|几号|哪天|多久|多长时间"),
        re.compile(
            r"\d[\d.]*(?:年|月|日|时|天|小时|个工作日)|将于|即日|[一二三四五六七八九十]+(?:天|日|个月|个工作日)"
        ),
    ),
    (re.compile("多少|几[个名人户家次天元]"), re.compile(r"\d|[一二三四五六七八九十百两]+[个名人户家次]")),
    (re.compile("谁|哪家|哪个(?:单位|部门|公司)"), re.compile("公司|[局委办院处]|部门|政府|单位|中心|集团")),
)
"""What a question asks for, and what a text must have to tell it."""
_VERB = re.compile("(?:如何|怎么|怎样|何时|什么时候)(?P<verb>[\u4e00-\u9fff]{2,4})")
CANDIDATES = 40
RANK_SMOOTHING = 5
"""Reciprocal rank fusion: how much a first place weighs against a later one."""
_IDLE = re.compile("^前言")
RELATED = 0.34
"""Least share of common content words for a fact to bear on a claim at all."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One passage that bears on a claim. `stance`: for, against or about; `reason` says in words why."""

    kind: str  # fact | clause | rumour
    id: int
    text: str
    stance: str
    reason: str
    source: str
    score: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def stance(claim: str, fact: str) -> tuple[str, str]:
    """How a fact stands to a claim: ("for" | "against" | "about" | "", the reason in words).

    A figure that counts the same thing decides first; then a denial of what the claim says. "" where it does not bear on it.
    """
    for said in figures(claim):
        for known in figures(fact):
            if said.what and said.what == known.what and said.unit == known.unit:
                if same(said, known):
                    return "for", f"同一口径的数字一致：{known.text}"
                return "against", f"传言称{said.text}，核实为{known.text}"
    shared = overlap(claim, fact)
    common = len(set(words(claim)) & set(words(fact)))
    if _kinds(claim) & _denied_people(fact):
        return "against", "核实情况否认了同一事项"
    if shared < RELATED or common < 2:
        return "", ""
    denial = next((word for word in _DENIALS if word in fact), "")
    claim_denies = any(word in claim for word in ("没有", "没", "不", "未", "无"))
    if denial and not claim_denies:
        return "against", f"核实情况中有“{denial}”，与传言相反"
    return "about", f"涉及同一事项（共同用词 {shared:.0%}）"


def fits(question: str, text: str) -> bool:
    """May a text answer a question of this kind at all: a reason for why, a time for when, a number for how many?"""
    return all(not asks.search(question) or tells.search(text) for asks, tells in _KINDS)


def asks_why(question: str) -> bool:
    return bool(_KINDS[0][0].search(question))


def does(question: str, text: str) -> bool:
    """Does a text speak of what a question asks how or when to do (如何返还: 返还)? True where it asks no such thing."""
    verb = _VERB.search(question)
    return verb is None or any(word in text for word in words(verb["verb"]) or (verb["verb"],))


def answered(question: str, facts: Sequence[Fact]) -> list[Fact]:
    """Verified facts that answer a question: those that confirm or deny it, or speak of it in mostly the same words, or whose
    slot is what it asks for."""
    from response_kits.facts import slot_by_rule

    asked = "condition" if _HOW_IS.search(question) else slot_by_rule(question)
    found = []
    for fact in facts:
        if not fits(question, fact.text) or not does(question, fact.text):
            continue
        side, _ = stance(question, fact.text)
        if (
            side == "against"
            or (side == "for" and not _HOW.search(question))
            or (asked in _ASKED and fact.slot == asked)
            or (fact.slot == asked and asked != "other" and overlap(question, fact.text) >= RELATED)
            or overlap(question, fact.text) >= 0.6
        ):
            found.append(fact)
    return found


def _kinds(claim: str) -> frozenset[str]:
    found = set()
    for key, cues in (
        ("deaths", ("死亡", "死了", "身亡", "遇难", "没救过来", "没抢救过来", "去世")),
        ("severe", ("重症", "病危", "危重")),
    ):
        if any(cue in claim for cue in cues):
            found.add(key)
    return frozenset(found)


def _denied_people(fact: str) -> frozenset[str]:
    found = set()
    for key, cues in (
        ("deaths", ("没有死亡", "无死亡", "未发生死亡", "无人死亡", "没有人死亡", "没有人员死亡", "无人员死亡", "没有学生死亡", "没有出现死亡", "未出现死亡", "无死亡病例", "没有死亡病例")),
        ("missing", ("无失联", "没有失联", "无人失联", "失联人员已全部找到", "无失踪")),
        ("severe", ("无重症", "没有重症", "无危重", "均为轻症", "均无生命危险")),
    ):  # fmt: skip
        if any(cue in fact for cue in cues):
            found.add(key)
    return frozenset(found)


def about(
    session: Session,
    claim: str,
    facts: Sequence[Fact],
    *,
    clauses: Sequence[tuple[Policy, Clause, float]] = (),
    top: int = 6,
) -> list[Evidence]:
    """What bears on a claim: verified facts, given clauses, and judged rumours of the library; decisive ones first."""
    found = []
    for fact in facts:
        side, reason = stance(claim, fact.text)
        if side:
            found.append(
                Evidence("fact", fact.id, fact.text, side, reason, fact.source, overlap(claim, fact.text))
            )
    for rumour, score in similar_rumours(session, claim):
        if rumour.verdict != "待核":
            side = {"不实": "against", "属实": "for"}.get(rumour.verdict, "about")
            found.append(Evidence("rumour", rumour.id, rumour.rebuttal or rumour.claim, side,
                                  f"辟谣库：{rumour.verdict}（相似 {score:.2f}）", _source_of(rumour), score))  # fmt: skip
    for policy, clause, score in clauses:
        found.append(
            Evidence(
                "clause",
                clause.id,
                clause.text,
                "about",
                "相关条文",
                f"《{policy.title}》{clause.path}",
                score,
            )
        )
    order = {"against": 0, "for": 0, "about": 1}
    return sorted(found, key=lambda e: (order[e.stance], -e.score))[:top]


def similar_rumours(session: Session, claim: str, least: float = 0.5) -> list[tuple[Rumour, float]]:
    """Rumours of the library (withdrawn ones left out) that share at least this much with a claim, best first."""
    rows = session.scalars(select(Rumour).where(Rumour.state != "withdrawn")).all()
    scored = [
        (row, max(_alike(claim, said) for said in [row.claim, *map(str, row.variants)])) for row in rows
    ]
    return sorted(((row, score) for row, score in scored if score >= least), key=lambda pair: -pair[1])


def says(text: str, rumour: Rumour, least: float = 0.5) -> bool:
    """Does a question or claim speak of what this rumour claims, in any of its wordings?"""
    return max(_alike(text, said) for said in [rumour.claim, *map(str, rumour.variants)]) >= least


def _alike(claim: str, said: str) -> float:
    """Likeness of two claims, 0 where they share fewer than two words or count differently."""
    common = len(set(words(claim)) & set(words(said)))
    numbers = {(f.value, f.unit) for f in figures(claim)} & {(f.value, f.unit) for f in figures(said)}
    if common + len(numbers) < 2 or not common:
        return 0.0
    for left in figures(claim):
        if any(left.what and left.what == right.what and not same(left, right) for right in figures(said)):
            return 0.0
    return max(overlap(claim, said), 0.6 if numbers else 0.0)


def clauses_for(
    session: Session, query: str, *, asked: Sequence[str] = (), top: int = 5, day: date | None = None
) -> list[tuple[Policy, Clause, float]]:
    """Clauses of the policy library for a matter (`query`) and what is asked about it, best first; score 0 … 1.

    Repealed and replaced documents are left out. One that is published and not yet in force stays in: it may be the very one
    that people ask about (see policies.in_force).
    """
    on = day or utcnow().date()
    chosen = select(Policy).where(Policy.interprets.is_(None)).options(defer(Policy.text))
    policies = {
        p.id: p
        for p in session.scalars(chosen)
        if p.status in ("in_force", "amended") or in_force(session, p, on).in_force
    }
    near = _near(session, policies, " ".join([query, *asked]))
    if not near:
        return []
    from response_kits.library.retrieval import Finder, Text

    # Word overlap finds the candidates in a library of any size; the finder, which weighs more, puts them in order.
    by_key = {str(clause.id): (policies[clause.policy_id], clause) for clause in near}
    finder = Finder(
        [Text(key, bare_title(p.title), f"{c.heading}\n{c.text}") for key, (p, c) in by_key.items()]
    )
    questions = [query, *asked]
    scores: dict[str, float] = {}
    for passages in finder.find_many(questions, CANDIDATES):
        for rank, passage in enumerate(passages):
            scores[passage.id] = scores.get(passage.id, 0.0) + 1 / (RANK_SMOOTHING + rank)
    for key, (policy, _) in by_key.items():
        if policy.replaced_by is not None and key in scores:
            scores[key] *= 0.6  # in force for a while yet; its successor is what people speak of
    best = len(questions) / RANK_SMOOTHING
    ranked = sorted(scores.items(), key=lambda pair: (-pair[1], int(pair[0])))
    return [(*by_key[key], score / best) for key, score in ranked[:top]]


def _near(session: Session, policies: dict[int, Policy], query: str) -> list[Clause]:
    """The clauses that share most with a query by BM25. Those that only say since when, or repeat a title, answer nothing."""
    wanted = set(words(query))
    close = []
    for row in (
        session.scalars(select(Clause).where(Clause.policy_id.in_(policies))) if wanted and policies else ()
    ):
        whole = f"{bare_title(policies[row.policy_id].title)} {row.heading} {row.text}"
        # A cheap look first: segmenting a whole library for each question would take seconds.
        if sum(word in whole for word in wanted) >= min(2, len(wanted)) and not _IDLE.search(row.path + row.text[:12]) and not (
            len(row.text) < 60 and "施行" in row.text
        ):  # fmt: skip
            close.append((row, whole))
    return [row for row, _ in Ranker(close).search(query, CANDIDATES)]


def _source_of(rumour: Rumour) -> str:
    return "、".join(str(s.get("title", "")) for s in rumour.sources if isinstance(s, dict)) or "辟谣库"

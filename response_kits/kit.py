"""The response kit of an issue: what is claimed, known and unknown, the evidence, what people ask, who answers, by when, how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import NotFound
from huiyin.records import Clause, Draft, Fact, Issue, Policy, Statement
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits import claims, clocks, drafts, evidence, statements
from response_kits import facts as fact_records
from response_kits import strategy as strategies
from response_kits.asking import of_one, usable
from response_kits.duty import on_duty
from response_kits.library import rumours as rumour_library
from response_kits.library.explained import by_clause
from response_kits.library.policies import citation, in_force
from response_kits.questions import GRADES, asked, questions_of
from response_kits.words import overlap

__all__ = ["GRADES", "Kit", "asked", "build", "fact_row", "get_issue", "issue_row", "questions_of"]


@dataclass
class Kit:
    """Everything for the answer to one issue, as plain values (INTERFACES `huiyin kit`). Field contents: docs of the builders."""

    issue: dict[str, Any]
    must_answer: list[dict[str, Any]] = field(default_factory=list)
    recommended: list[str] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    unknown: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    clauses: list[dict[str, Any]] = field(default_factory=list)
    similar: list[dict[str, Any]] = field(default_factory=list)
    strategy: dict[str, Any] = field(default_factory=dict)
    responsible: dict[str, Any] = field(default_factory=dict)
    hand_over: dict[str, Any] | None = None
    rumours: list[dict[str, Any]] = field(default_factory=list)
    clocks: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[dict[str, str]] = field(default_factory=list)
    drafts: list[dict[str, Any]] = field(default_factory=list)
    statements: list[dict[str, Any]] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)
    made: str = ""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def get_issue(session: Session, issue_id: str) -> Issue:
    """The issue, or the one that it was merged into. Raises NotFound."""
    issue = session.get(Issue, issue_id)
    while issue is not None and issue.merged_into:
        issue = session.get(Issue, issue.merged_into)
    if issue is None:
        raise NotFound(f"没有编号为 {issue_id} 的事件；huiyin issues 列出全部事件")
    return issue


def build(session: Session, issue_id: str, now: datetime, settings: Settings | None = None) -> Kit:
    """Build the kit from the record; nothing is stored. `settings` sign the drafts from which the gaps are read."""
    issue = get_issue(session, issue_id)
    verified = fact_records.of_issue(session, issue.id)
    unverified = fact_records.of_issue(session, issue.id, states=("unverified",))
    rumours = rumour_library.listing(session, issue_id=issue.id)
    questions = questions_of(issue, verified, rumours)
    said = claims.of_issue(session, issue.id)
    wanted = [str(q["question"]) for q in questions[:6]] + [r.claim for r in rumours[:4]]
    found = evidence.clauses_for(session, _query(issue), asked=wanted, top=6, day=now.date())
    policies = list({policy.id: policy for policy, _, _ in found}.values())
    past = similar_issues(session, issue)
    office = (settings or Settings()).organisation
    duty = on_duty(session, issue, verified, statements.of_issue(session, issue.id), office)
    texts = [*(str(q["question"]) for q in questions), *(c.text for c in said)]
    kit = Kit(
        issue=issue_row(session, issue, now),
        must_answer=strategies.named(issue.must_answer) or strategies.must_answer(issue, policies, texts),
        claims=[_claim(session, c, verified, found, issue.id) for c in said],
        known=[fact_row(fact) for fact in verified],
        questions=questions,
        clauses=[_clause(session, *hit, now) for hit in found],
        similar=past,
        strategy=strategies.strategy(issue, verified, rumours, policies, past),
        responsible=strategies.responsible(session, issue, policies, duty),
        hand_over=strategies.hand_over(issue),
        rumours=[{"id": r.id, "claim": r.claim, "verdict": r.verdict, "state": r.state, "rebuttal": r.rebuttal} for r in rumours],
        clocks=[view.as_dict() for view in clocks.views(session, issue.id, now)],
        drafts=[_draft(d) for d in session.scalars(select(Draft).where(Draft.issue_id == issue.id).order_by(Draft.id))],
        statements=[_statement(s) for s in statements.of_issue(session, issue.id)],
        conflicts=[c.as_dict() for c in statements.conflicts(session, issue.id) if not c.explained],
        made=now.isoformat(),
    )  # fmt: skip
    kit.unknown = unknowns(duty.unit, questions, unverified, kit.claims)
    kit.recommended = recommended(kit)
    kit.gaps = gaps(session, issue, settings or Settings(), now, kit)
    kit.advice = _advice(kit)
    return kit


def unknowns(
    unit: str,
    questions: Sequence[dict[str, Any]],
    unverified: Sequence[Fact],
    said: Sequence[dict[str, Any]],
) -> list[dict[str, Any]]:
    """What is 正在核查 and whom to ask: open questions, unverified facts, claims without evidence."""
    unit = unit or "承办部门"
    rows = [{"text": q["question"], "from": "question", "count": q["count"], "ask": _whom(q["question"], unit)}
            for q in questions if not q["answered"] and _worth_asking(q)]  # fmt: skip
    rows += [
        {"text": f.text, "from": "fact", "fact": f.id, "count": 0, "ask": f.source or unit}
        for f in unverified
    ]
    rows += [{"text": c["text"], "from": "claim", "count": c["count"], "ask": _whom(c["text"], unit)}
             for c in said if c["verdict"] == "unverified"]  # fmt: skip
    return rows


def _worth_asking(row: dict[str, Any]) -> bool:
    """A whole question that many put or that is nobody's own case: a unit can be sent to find out."""
    text = str(row["question"])
    return row["grade"] == "must" or (usable(text) and (int(row["count"]) > 1 or not of_one(text)))


def _whom(text: str, unit: str) -> str:
    slot = fact_records.slot_by_rule(text)
    by_slot = {"deaths": "应急管理部门、卫生健康部门", "injured": "卫生健康部门", "condition": "卫生健康部门", "missing": "应急管理部门",
               "cause": "调查组", "investigation": "调查组", "accountability": "主管部门、纪检监察机关", "test": "检测机构"}  # fmt: skip
    return by_slot.get(slot, unit)


def similar_issues(session: Session, issue: Issue, top: int = 5, least: float = 0.34) -> list[dict[str, Any]]:
    """Earlier issues like this one and how they were answered: [{id, title, score, state, unit, topic, statements}]."""
    # Columns only: the rows carry curves and examples, which would be read 2,000 times for nothing.
    wanted = select(Issue.id, Issue.title, Issue.keywords, Issue.topic).where(
        Issue.id != issue.id, Issue.merged_into == "", Issue.first < issue.first
    )
    mine = f"{issue.title} {' '.join(map(str, issue.keywords or []))}"
    scored = []
    for name, title, keywords, topic in session.execute(wanted.order_by(Issue.last.desc()).limit(2000)):
        score = overlap(mine, f"{title} {' '.join(map(str, keywords or []))}") + 0.1 * (topic == issue.topic)
        if score >= least:
            scored.append((score, name))
    scored.sort(key=lambda pair: -pair[0])
    rows = []
    for score, name in scored[:top]:
        other = session.get_one(Issue, name)
        said = session.scalars(
            select(Statement).where(Statement.issue_id == other.id).order_by(Statement.published)
        )
        rows.append({"id": other.id, "title": other.title, "score": round(min(score, 1.0), 3), "state": other.state, "unit": other.unit,
                     "topic": other.topic, "conclusion": other.conclusion, "statements": [_statement(s) for s in said]})  # fmt: skip
    return rows


def gaps(session: Session, issue: Issue, settings: Settings, now: datetime, kit: Kit) -> list[dict[str, str]]:
    """Facts to collect: what a situation notice (and, where there is a rumour, a rebuttal) of this issue still lacks."""
    kinds = recommended(kit)
    found: dict[str, dict[str, str]] = {}
    for kind in kinds:
        about = {"policy": kit.clauses[0]["policy"]} if kind == "interpretation" else {}
        for gap in drafts.compose(session, issue.id, kind, settings, now, about).gaps:
            found.setdefault(gap["need"], {**gap, "kind": kind, "kind_name": drafts.name_of(kind)})
    return list(found.values())


def recommended(kit: Kit) -> list[str]:
    """Kinds of text that this issue calls for: a rebuttal where a claim was judged, an interpretation where most of what is
    verified is a rule's content, else a situation notice."""
    rules = sum(1 for fact in kit.known if fact["slot"] == "rule")
    by_rule = bool(kit.clauses) and rules * 2 > len(kit.known) and "interpretation" in drafts.kinds()
    kinds = ["interpretation"] if by_rule else ["notice"]
    return kinds + (["rebuttal"] if any(r["verdict"] in ("不实", "部分属实") for r in kit.rumours) else [])


def _advice(kit: Kit) -> list[str]:
    """What to do next, in words."""
    steps = []
    open_musts = [q for q in kit.questions if q["grade"] == "must" and not q["answered"]]
    overdue = [c for c in kit.clocks if c["overdue"]]
    if overdue:
        steps.append(f"{overdue[0]['name']}{overdue[0]['words']}，已核实部分先发，其余写明正在核查")
    if open_musts:
        steps.append(f"{len(open_musts)} 个必答问题尚无已核实事实，先向{_first_ask(kit)}核实")
    if kit.conflicts:
        steps.append("已发布的数字之间有出入，先统一口径")
    if any(r["verdict"] == "待核" for r in kit.rumours):
        steps.append("有传言尚无核查结论，不得辟谣，先核查")
    if kit.hand_over:
        steps.append(kit.hand_over["words"])
    return steps


def _first_ask(kit: Kit) -> str:
    return next((str(row["ask"]) for row in kit.unknown if row["from"] == "question"), "承办部门")


def _query(issue: Issue) -> str:
    subject = load("contents")["subjects"].get(issue.topic, "").removesuffix("有关情况")
    return f"{issue.title} {' '.join(map(str, issue.keywords or []))} {subject}"


_VERDICTS = {
    "against": "与核实情况不符", "for": "与核实情况一致", "mixed": "部分相符，须拆开说", "unverified": "待核查",
    "outdated": "与此前通报一致，数字已更新",
}  # fmt: skip


def _claim(
    session: Session,
    claim: claims.Claim,
    facts: Sequence[Fact],
    found: Sequence[tuple[Policy, Clause, float]],
    issue_id: str,
) -> dict[str, Any]:
    rows = evidence.about(session, claim.text, facts)
    sides = {row.stance for row in rows}
    verdict = (
        "mixed"
        if {"for", "against"} <= sides
        else next((s for s in ("against", "for") if s in sides), "unverified")
    )
    if verdict in ("against", "unverified"):
        older = fact_records.of_issue(session, issue_id, states=("superseded",))
        if any(evidence.stance(claim.text, fact.text)[0] == "for" for fact in older):
            verdict = "outdated"
    close = [hit for hit in found if overlap(claim.text, hit[1].text) >= evidence.RELATED][:2]
    return {**claim.as_dict(), "verdict": verdict, "verdict_name": _VERDICTS[verdict], "evidence": [row.as_dict() for row in rows],
            "clauses": [clause.id for _, clause, _ in close]}  # fmt: skip


def fact_row(fact: Fact) -> dict[str, Any]:
    """A fact as a JSON object; times ISO 8601."""
    return {
        "id": fact.id, "slot": fact.slot, "slot_name": fact_records.slots().get(fact.slot, ""), "text": fact.text,
        "value": fact.value, "unit": fact.unit, "source": fact.source, "source_url": fact.source_url, "state": fact.state,
        "state_name": fact_records.STATES[fact.state], "as_of": fact.as_of.isoformat() if fact.as_of else None,
        "entered_by": fact.entered_by, "verified_by": fact.verified_by, "replaces": fact.replaces, "span": fact.span,
        "document": fact.document_id,
    }  # fmt: skip


def _clause(session: Session, policy: Policy, clause: Clause, score: float, now: datetime) -> dict[str, Any]:
    force = in_force(session, policy, now.date())
    passages = by_clause(session, policy.id).get(clause.id, ())
    return {"id": clause.id, "policy": policy.id, "title": policy.title, "number": policy.number, "path": clause.path,
            "citation": citation(policy, clause), "text": clause.text, "score": round(score, 3), "in_force": force.in_force,
            "reason": force.reason, "interpretation": [passage.as_dict() for passage in passages]}  # fmt: skip


def _draft(draft: Draft) -> dict[str, Any]:
    return {"id": draft.id, "kind": draft.kind, "kind_name": drafts.name_of(draft.kind), "title": draft.title, "state": draft.state,
            "version": draft.version, "gates": (draft.checks or {}).get("gates", {}), "gaps": draft.gaps}  # fmt: skip


def _statement(statement: Statement) -> dict[str, Any]:
    return {"id": statement.id, "title": statement.title, "url": statement.url, "state": statement.state,
            "published": statement.published.isoformat(), "text": statement.text[:300]}  # fmt: skip


def issue_row(session: Session, issue: Issue, now: datetime) -> dict[str, Any]:
    """One issue as `huiyin issues --json` gives it: level with its three parts and reasons, size, times, clocks, state."""
    from huiyin.records import ISSUE_STATES

    return {
        "id": issue.id, "title": issue.title, "summary": issue.summary, "topic": issue.topic, "place": issue.place, "unit": issue.unit,
        "level": issue.level, "level_parts": issue.level_parts, "documents": issue.documents, "folded": issue.folded,
        "sources": issue.sources, "heat": issue.heat, "last_hour": issue.last_hour, "sentiment": issue.sentiment,
        "rumour": issue.rumour, "casualties": issue.casualties, "first": issue.first.isoformat(), "last": issue.last.isoformat(),
        "clocks": [view.as_dict() for view in clocks.views(session, issue.id, now)],
        "state": issue.state, "state_name": ISSUE_STATES.get(issue.state, issue.state), "owner": issue.owner,
    }  # fmt: skip

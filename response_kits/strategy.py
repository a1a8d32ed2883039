"""Who answers, must it be answered, and how: RULES 4, 5, 8 and 9 applied to an issue, each result with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Fact, Issue, Organisation, Policy, Rumour
from huiyin.rules import load
from response_kits.duty import Duty


def must_answer(issue: Issue, policies: Sequence[Policy], texts: Sequence[str]) -> list[dict[str, Any]]:
    """Which of the five kinds (61号) apply: [{kind, number, name, reason}]. `texts`: questions and claims, as people put them."""
    table = load("must_answer")
    said = [issue.title, issue.summary, *texts]
    found = []
    for row in table["kind"]:
        if row.get("by_hand"):
            continue
        cue = next((word for word in row.get("words", ()) if any(word in text for text in said)), "")
        if row.get("needs_policy") and not (policies and cue):
            continue
        topical = issue.topic in row.get("topics", ()) and issue.level >= row.get("level_at_least", 0)
        if cue or topical:
            quoted = next((text for text in said if cue and cue in text), "")[:60]
            reason = f"“{quoted}”" if quoted else f"领域：{issue.topic}，级别 {issue.level}"
            found.append(
                {
                    "kind": row["key"],
                    "number": row["number"],
                    "name": row["name"],
                    "reason": reason,
                    "basis": table["basis"],
                }
            )
    return found


def named(rows: Sequence[Any] | None) -> list[dict[str, Any]]:
    """The issue's own must_answer rows [{kind, reason}] with number, name and basis from the table."""
    table = load("must_answer")
    known = {row["key"]: row for row in table["kind"]}
    known |= {row["number"]: row for row in table["kind"]}
    return [
        {"number": known.get(row.get("kind"), {}).get("number"), "name": known.get(row.get("kind"), {}).get("name", ""),
         "basis": table["basis"], **row}
        for row in rows or ()
    ]  # fmt: skip


def hand_over(issue: Issue) -> dict[str, Any] | None:
    """The duty to hand a rumour's lead over, where it gravely harms public order."""
    row = load("must_answer")["handover"]
    if issue.rumour >= row["rumour_at_least"] and issue.level >= row["level_at_least"]:
        return {"words": row["words"], "to": list(row["to"])}
    return None


def responsible(
    session: Session, issue: Issue, policies: Sequence[Policy], duty: Duty | None = None
) -> dict[str, Any]:
    """Who answers first and who coordinates (61号): the first row of responsible.toml that holds, with unit and contact.

    `duty`: the body on duty by the facts (duty.on_duty), which goes before the unit that the analysis found."""
    table = load("responsible")
    label = str((issue.level_parts or {}).get("event", {}).get("label", ""))
    units = [part for part in issue.unit.replace("，", "、").split("、") if part]
    unit = duty.unit if duty is not None else issue.unit
    entry = session.scalars(select(Organisation).where(Organisation.name == unit)).first()
    for row in table["scope"]:
        tests = {
            "event_labels": label.startswith(tuple(row.get("event_labels", ()))) if row.get("event_labels") else False,
            "policy_bodies": any(p.body.startswith("国务院") for p in policies) and "政策" in issue.title if row.get("policy_bodies") else False,
            "levels": entry is not None and entry.level in row.get("levels", ()),
            "places_at_least": len([p for p in issue.place.split("、") if p]) >= row.get("places_at_least", 99),
            "units_at_least": len(units) >= row.get("units_at_least", 99),
        }  # fmt: skip
        conditions = [key for key in tests if key in row]
        if all(tests[key] for key in conditions):
            return {
                "scope": row["key"], "name": row["name"], "first": row["first"], "unit": unit,
                "contact": duty.contact if duty is not None else (entry.contact if entry else ""), "coordinates": row["coordinates"], "reason": row["reason"],
                "basis": table["basis"],
            }  # fmt: skip
    raise AssertionError("responsible.toml ends with a row without conditions")


def strategy(
    issue: Issue,
    facts: Sequence[Fact],
    rumours: Sequence[Rumour],
    policies: Sequence[Policy],
    past: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """How to answer (SCCT), by what is verified, never by what is claimed. `also` names a second one that must be kept apart."""
    table = load("strategies")
    applying = []
    for row in table["strategy"]:
        reason = _why(row, issue, facts, rumours, policies, past)
        if reason:
            applying.append({**row, "reason": reason})
    first = applying[0]
    chosen = {key: first[key] for key in ("key", "name", "responsibility", "when", "do", "avoid", "reason")}
    also = next((r for r in applying[1:] if r["key"] == "deny"), None) if first["key"] == "rebuild" else None
    return {**chosen, "first": table["first"], "never": table["never"], "basis": table["basis"],
            "also": {"key": also["key"], "name": also["name"], "reason": also["reason"] + "；与承担责任的文稿分开发布"} if also else None}  # fmt: skip


def _why(
    row: dict[str, Any], issue: Issue, facts: Sequence[Fact], rumours: Sequence[Rumour], policies: Sequence[Policy],
    past: Sequence[dict[str, Any]],
) -> str:  # fmt: skip
    for fact in facts:
        if fact.slot in row.get("slots", ()):
            return f"已核实：{fact.text}"
        cue = next((w for w in row.get("words", ()) if w in fact.text), "")
        if cue and not row.get("verdicts"):
            return f"已核实的事实中有“{cue}”：{fact.text}"
    same = [
        p
        for p in past
        if p.get("unit") and p["unit"] == issue.unit and p.get("topic") == issue.topic and p["score"] >= 0.5
    ]
    if row.get("history") and same:
        return f"同一单位曾有同类事件：{same[0]['title']}"
    false = next((r for r in rumours if r.verdict in row.get("verdicts", ())), None)
    if false is not None:
        return f"传言“{false.claim}”经核查{false.verdict}"
    if "policy" in row.get("needs", ()) and policies and any(w in issue.title for w in row.get("words", ())):
        return f"涉及《{policies[0].title}》"
    return "尚无表明责任的已核实事实" if row["key"] == "inform" else ""


def opinion_kind(text: str, known: str = "") -> dict[str, str]:
    """Kind of opinion and how it is handled (80号): the analysis's own kind where it gives one, else by the table's words."""
    table = load("opinion_kinds")
    rows = table["kind"]
    row = next((r for r in rows if r["key"] == known), None)
    row = row or next((r for r in rows if any(w in text for w in r["words"])), None)
    row = row or next(r for r in rows if r["key"] == "unclear")
    return {"key": row["key"], "name": row["name"], "handling": row["handling"], "basis": table["basis"]}

"""The gates as they are run on a stored draft: what it may rest on is gathered from the record, then response_kits.checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Clause, Draft, Issue, Organisation, Policy, Rumour, Statement
from huiyin.settings import Settings
from response_kits import checks
from response_kits import facts as fact_records
from response_kits.wording import moment, stamp


def grounds(session: Session, draft: Draft, settings: Settings, now: datetime) -> list[checks.FactText]:
    """Everything the draft may state: verified facts of the issue (ids as they are), clauses it cites (c12), judged rumours'
    rebuttals (r3), and what the office itself sets: name, contacts, the time of issue and of the next release (o-…)."""
    found = [
        checks.FactText(
            str(f.id), f.text, f.source, f"{f.as_of.isoformat()} {moment(f.as_of)}" if f.as_of else ""
        )
        for f in fact_records.of_issue(session, draft.issue_id)
    ]
    cited = {int(i) for b in draft.bindings for i in b.get("clauses", ())}
    for clause in session.scalars(select(Clause).where(Clause.id.in_(cited))):
        policy = session.get(Policy, clause.policy_id)
        title = (
            f"《{policy.title}》（{policy.number}）{clause.path} {policy.dated} {policy.effective}"
            if policy
            else ""
        )
        found.append(checks.FactText(f"c{clause.id}", clause.text, title))
    policy_id = draft.about.get("policy")
    if policy_id and (policy := session.get(Policy, int(policy_id))):
        found.append(checks.FactText(f"p{policy.id}", f"{policy.title}\n{policy.text}", policy.number))
    for rumour in session.scalars(
        select(Rumour).where(Rumour.issue_id == draft.issue_id, Rumour.verdict != "待核")
    ):
        found.append(checks.FactText(f"r{rumour.id}", rumour.rebuttal, "辟谣库"))
    for statement in session.scalars(
        select(Statement).where(Statement.issue_id == draft.issue_id, Statement.state == "standing")
    ):
        found.append(
            checks.FactText(
                f"s{statement.id}", statement.text, statement.title, statement.published.isoformat()
            )
        )
    return found + _office(session, draft, settings, now)


def _office(session: Session, draft: Draft, settings: Settings, now: datetime) -> list[checks.FactText]:
    issue = session.get(Issue, draft.issue_id)
    times = [now, draft.changed, draft.made] + ([issue.reported or issue.seen] if issue else [])
    rows = [
        checks.FactText(
            "o-office",
            f"{settings.organisation} {draft.about.get('organisation', '')} {draft.about.get('message', '')}",
        )
    ]
    rows.append(checks.FactText("o-time", " ".join(f"{stamp(t)} {moment(t, year=True)}" for t in times)))
    if draft.about.get("next_update"):
        at = datetime.fromisoformat(draft.about["next_update"])
        rows.append(
            checks.FactText("o-next", f"下一次情况通报计划于{moment(at)}前发布 {moment(at, year=True)}")
        )
    for entry in session.scalars(select(Organisation).where(Organisation.contact != "")):
        rows.append(checks.FactText(f"o-{entry.id}", f"{entry.name} {entry.contact}"))
    return rows


def context(session: Session, draft: Draft, settings: Settings, now: datetime) -> dict[str, Any]:
    """What the gates know beside the grounds. `claims`: what may be quoted once; the rest names the draft and the record."""
    issue = session.get(Issue, draft.issue_id)
    rumours = session.scalars(select(Rumour).where(Rumour.issue_id == draft.issue_id)).all()
    named = draft.about.get("rumour")
    if named and (row := session.get(Rumour, int(named))) and row not in rumours:
        rumours = [*rumours, row]
    return {
        "session": session, "settings": settings, "now": now, "kind": draft.kind, "title": draft.title,
        "issue_id": draft.issue_id, "level": issue.level if issue else 0, "topic": issue.topic if issue else "",
        "casualties": dict(issue.casualties or {}) if issue else {}, "organisation": settings.organisation,
        "claims": [text.strip("。") for r in rumours for text in [r.claim, *map(str, r.variants)]] + _questions(issue),
        "gaps": draft.gaps, "bindings": draft.bindings, "draft_id": draft.id,
    }  # fmt: skip


def _questions(issue: Issue | None) -> list[str]:
    """What people ask, as it stands: a Q&A repeats it."""
    return [str(row["question"]) for row in (issue.concerns if issue else None) or [] if row.get("question")]


def check(session: Session, draft: Draft, settings: Settings, now: datetime) -> checks.Report:
    """The gates' report on the draft's present text."""
    grounds_now = grounds(session, draft, settings, now)
    return checks.run(draft.text, grounds_now, context=context(session, draft, settings, now))

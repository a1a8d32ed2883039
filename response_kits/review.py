"""The gates as they are run on a stored draft: what it may rest on is gathered from the record, then response_kits.checks."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from huiyin.records import Clause, Draft, Issue, Organisation, Policy, Rumour
from huiyin.settings import Settings
from response_kits import checks, statements
from response_kits import facts as fact_records
from response_kits.asking import usable
from response_kits.drafts._writer import source_lead
from response_kits.duty import on_duty
from response_kits.library import policies
from response_kits.library.policies import citation
from response_kits.wording import moment, stamp


def grounds(session: Session, draft: Draft, settings: Settings, now: datetime) -> list[checks.FactText]:
    """Everything the draft may state: verified facts of the issue (ids as they are) with their source and time in words, clauses
    it cites or explains (c12), judged rumours' rebuttals (r3), what the system itself wrote round them and nobody changed
    (bound pieces: greetings, “全文包括…”), and what the office sets: name, contacts, times (o-…)."""
    found = []
    for f in fact_records.of_issue(session, draft.issue_id):
        lead = f"截至{moment(f.as_of)}，" if f.as_of else ""
        lead += f"{source_lead(f.source)}，" if f.source else ""
        found.append(
            checks.FactText(str(f.id), lead + f.text, f.source, f.as_of.isoformat() if f.as_of else "")
        )
    found += _clauses(session, draft)
    for rumour in session.scalars(
        select(Rumour).where(Rumour.issue_id == draft.issue_id, Rumour.verdict != "待核")
    ):
        found.append(checks.FactText(f"r{rumour.id}", rumour.rebuttal, "辟谣库"))
    return [*found, *_pieces(draft), *_office(session, draft, settings, now)]


def _clauses(session: Session, draft: Draft) -> list[checks.FactText]:
    cited = {int(i) for b in draft.bindings for i in b.get("clauses", ())}
    explained = int(draft.about.get("policy") or 0)
    found = []
    for clause in session.scalars(
        select(Clause).where(or_(Clause.id.in_(cited), Clause.policy_id == explained))
    ):
        policy = session.get(Policy, clause.policy_id)
        found.append(
            checks.FactText(f"c{clause.id}", clause.text, citation(policy, clause) if policy else "")
        )
    return found


def _pieces(draft: Draft) -> list[checks.FactText]:
    """Sentences that stand as the system wrote them. An edit drops a piece's binding (workflow.rebind), so none of these is a
    person's word; sentences of facts are left out (a fact may have been superseded since) and so are quoted claims."""
    found = []
    for binding in draft.bindings:
        if binding.get("kind") in ("frame", "unknown", "clause", "statement"):
            first = next(
                (
                    f"{mark}{ids[0]}"
                    for mark, ids in (("c", binding.get("clauses")), ("s", binding.get("statements")))
                    if ids
                ),
                "o-frame",
            )
            found.append(checks.FactText(first, draft.text[binding["start"] : binding["end"]]))
    return found


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
        "policies": [_policy(session, policy, draft, now) for policy in policies.listing(session)],
        "questions": _pressing(issue),
        "gaps": draft.gaps, "bindings": draft.bindings, "draft_id": draft.id,
        "contacts": _contacts(session, draft, settings, issue),
    }  # fmt: skip


def _contacts(session: Session, draft: Draft, settings: Settings, issue: Issue | None) -> list[str]:
    """Telephones and addresses that the text may give: those of the office that signs, and of the body that answers."""
    names = {settings.organisation, str(draft.about.get("organisation") or "")}
    found = []
    if issue is not None:
        facts = fact_records.of_issue(session, issue.id)
        duty = on_duty(
            session, issue, facts, statements.of_issue(session, issue.id), str(draft.about.get("organisation") or settings.organisation)
        )  # fmt: skip
        names.add(duty.unit)
        found = [duty.contact]
    own = session.scalars(
        select(Organisation.contact).where(Organisation.name.in_(names), Organisation.contact != "")
    )
    return [part for text in [*found, *own] for part in re.split("[、，,；;/ ]+", text) if part]


def _policy(session: Session, policy: Policy, draft: Draft, now: datetime) -> dict[str, str]:
    """A policy as it stands today. One published and not yet in force may be spoken of, and so may the old text that an
    interpretation compares with."""
    force = policies.in_force(session, policy, now.date())
    spoken_of = force.kind == "future" or (
        draft.kind == "interpretation" and policy.replaced_by == draft.about.get("policy")
    )
    status = policy.status if policy.status == "amended" else "in_force"
    if not force.in_force and not spoken_of:
        status = policy.status if policy.status in ("repealed", "replaced") else "repealed"
    return {"title": policy.title, "number": policy.number, "dated": policy.dated, "status": status,
            "status_note": "" if force.in_force else force.reason}  # fmt: skip


def _pressing(issue: Issue | None) -> list[str]:
    """Questions that an answer must not leave out (graded must)."""
    from response_kits.kit import questions_of

    # A cry or a piece of a list is no question that a text could answer.
    return (
        [q["question"] for q in questions_of(issue, []) if q["grade"] == "must" and usable(q["question"])]
        if issue
        else []
    )


def _questions(issue: Issue | None) -> list[str]:
    """What people ask, as it stands: a Q&A repeats it."""
    if issue is None:
        return []
    from response_kits.questions import asked

    raw = [str(row["question"]) for row in issue.concerns or [] if row.get("question")]
    return list(dict.fromkeys([*raw, *(str(row["question"]) for row in asked(issue))]))


def check(session: Session, draft: Draft, settings: Settings, now: datetime) -> checks.Report:
    """The gates' report on the draft's present text."""
    grounds_now = grounds(session, draft, settings, now)
    return checks.run(draft.text, grounds_now, context=context(session, draft, settings, now))

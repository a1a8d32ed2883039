"""Is a second answer needed (RULES 10)? Signs after our last release, each in words with the rows behind it. A person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import AnalysisRow, Clock, DocumentRow, Fact, Issue, IssueDocument, Promise, Statement
from response_kits import clocks, evidence, statements
from response_kits.library import rumours as rumour_library
from response_kits.wording import moment, sentences
from response_kits.words import overlap

WINDOW = timedelta(hours=24)
ENOUGH = 10
"""Documents of a window below which its volume and shares say nothing."""
WORSE = 0.1
"""Rise of the negative share that counts."""
STILL = 3
"""Posts after a rebuttal that count as the rumour going on."""
OFFICIAL = ("notice", "policy", "reply")


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason for another answer. `links`: (address, words) of the rows that it rests on."""

    reason: str
    links: tuple[tuple[str, str], ...] = ()


def signs(session: Session, issue: Issue, said: Sequence[Statement], now: datetime) -> list[Sign]:
    """Signs since the last of these answers; none where there has been no answer at all (then the first one is needed)."""
    standing = [s for s in said if s.state == "standing"]
    if not said:
        return []
    if not standing:
        return [Sign("已发布的回应都已更正或撤回，没有有效口径", tuple(_statement(s) for s in said))]
    last = standing[-1]
    return [
        *_open_questions(issue, standing), *_rumours(session, issue), *_volume(session, issue, last, now), *_newer(session, issue, last),
        *_promised(session, issue, now), *_late(session, issue, now), *_conflicts(session, issue),
    ]  # fmt: skip


def speaks_to(question: str, line: str) -> bool:
    """Does a sentence of a text speak to this question?"""
    return evidence.stance(question, line)[0] in ("for", "against") or overlap(question, line) >= 0.6


def _statement(row: Statement) -> tuple[str, str]:
    return f"/statements/{row.id}", row.title


def _open_questions(issue: Issue, standing: Sequence[Statement]) -> list[Sign]:
    """Questions graded as ones to be answered that no sentence of ours speaks to; 正在核查 is a promise, no answer."""
    from response_kits.kit import questions_of

    told = [t for s in standing for t, _, _ in sentences(s.text) if "正在核查" not in t]
    asked = [str(q["question"]) for q in questions_of(issue, []) if q["grade"] == "must"]
    left = [q for q in asked if not any(speaks_to(q, line) for line in told)]
    if not left:
        return []
    return [
        Sign(
            f"{len(left)} 个必答问题已发布的回应没有答到",
            tuple((f"/issues/{issue.id}?tab=kit", q) for q in left),
        )
    ]


def _rumours(session: Session, issue: Issue) -> list[Sign]:
    found = []
    for rumour in rumour_library.listing(session, issue_id=issue.id):
        if rumour.published is None:
            continue
        spread = rumour_library.spread(session, rumour.id)
        before, after = len(spread["before"]), len(spread["after"])
        if after >= STILL and after >= before:
            words = f"辟谣后 48 小时传言“{rumour.claim}”仍有 {after} 条，此前 48 小时 {before} 条"
            found.append(Sign(words, ((f"/rumours/{rumour.id}", rumour.claim),)))
    return found


def _volume(session: Session, issue: Issue, last: Statement, now: datetime) -> list[Sign]:
    """More documents, or a larger negative share, in the 24 hours after the last release than in those before it."""
    at = last.published
    before, worse_before = _window(session, issue.id, at - WINDOW, at)
    after, worse_after = _window(session, issue.id, at, min(at + WINDOW, now))
    found = []
    if after >= ENOUGH and after >= before:
        found.append(
            Sign(f"末次发布后 24 小时讨论没有回落：{before} → {after} 篇（只作对照）", (_statement(last),))
        )
    if min(before, after) >= ENOUGH and worse_after / after - worse_before / before >= WORSE:
        words = f"末次发布后 24 小时负面占比上升：{worse_before / before:.0%} → {worse_after / after:.0%}"
        found.append(Sign(words, (_statement(last),)))
    return found


def _window(session: Session, issue_id: str, since: datetime, until: datetime) -> tuple[int, int]:
    """(public documents, negative ones) of the issue in a window."""
    query = (
        select(func.count(), func.count().filter(AnalysisRow.sentiment < 0))
        .select_from(IssueDocument)
        .join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
        .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id, isouter=True)
        .where(IssueDocument.issue_id == issue_id, IssueDocument.when >= since, IssueDocument.when < until)
        .where(DocumentRow.kind.not_in(OFFICIAL))
    )
    whole, negative = session.execute(query).one()
    return int(whole), int(negative)


def _newer(session: Session, issue: Issue, last: Statement) -> list[Sign]:
    """Facts verified after the last release that replaced one that it may have told, and whose words it does not have."""
    rows = session.scalars(
        select(Fact).where(
            Fact.issue_id == issue.id, Fact.state == "verified", Fact.replaces.is_not(None), Fact.verified_at > last.published
        )
    )  # fmt: skip
    fresh = [f for f in rows if f.text.rstrip("。") not in last.text]
    if not fresh:
        return []
    links = tuple((f"/issues/{issue.id}?tab=kit#fact-{f.id}", f.text) for f in fresh)
    return [Sign(f"末次发布后又核实 {len(fresh)} 条更新的情况", links)]


def _promised(session: Session, issue: Issue, now: datetime) -> list[Sign]:
    rows = session.execute(
        select(Promise, Statement).join(Statement, Statement.id == Promise.statement_id)
        .where(Promise.issue_id == issue.id, Promise.kept.is_(None), Promise.due < now, Statement.state == "standing")
    ).all()  # fmt: skip
    links = tuple((f"/statements/{s.id}#promises", p.text) for p, s in rows)
    return [Sign(f"{len(rows)} 项公开承诺到期未兑现，须作说明", links)] if rows else []


def _late(session: Session, issue: Issue, now: datetime) -> list[Sign]:
    wanted = select(Clock).where(
        Clock.issue_id == issue.id, Clock.rule == "update", Clock.met_at.is_(None), Clock.due < now
    )
    return [
        Sign(
            f"{clocks.rule(c.rule)['name']}已过（{moment(c.due)}前）", ((f"/issues/{issue.id}", issue.title),)
        )
        for c in session.scalars(wanted)
    ]


def _conflicts(session: Session, issue: Issue) -> list[Sign]:
    rows = [c for c in statements.conflicts(session, issue.id) if not c.explained]
    links = tuple((f"/statements/{c.right_statement}", f"{c.left} ↔ {c.right}") for c in rows)
    return [Sign(f"已发布的数字有 {len(rows)} 处出入，须更正或说明", links)] if rows else []

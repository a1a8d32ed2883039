"""Repeated applications for the same government information (依申请公开): a suggestion to publish it, on the issue they form.

Registers come in as files (`huiyin import`), their rows as documents with `extra.register = "disclosure"`, applicants as
pseudonyms. Numbers and words are in huiyin/rules/disclosure.toml.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import NotFound, UsageError
from huiyin.records import OPEN_STATES, DocumentRow, Issue, IssueDocument, IssueEvent, Preference, Source
from huiyin.records.audit import append
from huiyin.rules import load
from nlp.regroup import merge

SUGGESTED, DECIDED = "disclosure", "disclosure_decided"
"""Kinds of an issue's events: the suggestion, and a person's word on it."""
DECISIONS = {"adopt": "采纳，转办公开", "decline": "不采纳"}
EVERY = timedelta(minutes=1)
LOOKED = "disclosure_looked"
MOST = 3_000
"""Applications that are compared, the latest first."""
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?=年|年度|-|—|至|\D|$)")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an application asks for: pairs of characters of its subject, sorts of information, years."""

    subject: frozenset[str]
    kinds: frozenset[str]
    years: frozenset[str]
    words: str


@cache
def _patterns() -> tuple[re.Pattern[str], Mapping[str, str], re.Pattern[str]]:
    """(all words that are taken out, word → its sort, words of own affairs), longest first."""
    rule = load("disclosure")
    kinds = {word: name for name, words in rule["kinds"].items() for word in words}
    longest = sorted([*kinds, *rule["common"]["words"]], key=len, reverse=True)
    own = "|".join(map(re.escape, rule["common"]["own"]))
    return re.compile("|".join(map(re.escape, longest))), kinds, re.compile(own)


def wish(text: str) -> Wish | None:
    """What a text asks for; None where it concerns the applicant alone, or nothing is left to compare."""
    taken, kinds, own = _patterns()
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    if own.search(plain):
        return None
    found = frozenset(kinds[word] for word in taken.findall(plain) if word in kinds)
    years = frozenset(_YEAR.findall(plain))
    rest = re.sub(
        r"[\W_]+", " ", taken.sub(" ", re.sub(r"《[^》]*条例》|20\d\d年?(?:度)?|第\d+条", " ", plain))
    )
    subject = frozenset(part[i : i + 2] for part in rest.split() for i in range(len(part) - 1))
    return Wish(subject, found, years, rest.strip()) if len(subject) >= 2 else None


def same(left: Wish, right: Wish, like: float) -> bool:
    """Do two applications ask for the same information: one subject, a sort in common, no different years."""
    if left.years and right.years and not left.years & right.years:
        return False
    if not left.kinds & right.kinds and (left.kinds or right.kinds):
        return False
    least = min(len(left.subject), len(right.subject))
    return len(left.subject & right.subject) >= like * least


def clusters(wishes: Sequence[tuple[str, Wish]], like: float) -> list[list[str]]:
    """Names of applications for the same, in their order: each joins the cluster with most of whose members it agrees."""
    found: list[list[tuple[str, Wish]]] = []
    for name, one in wishes:
        agree = [(sum(same(one, other, like) for _, other in group) / len(group), group) for group in found]
        share, group = max(agree, key=lambda pair: pair[0], default=(0.0, []))
        if share >= 0.5:
            group.append((name, one))
        else:
            found.append([(name, one)])
    return [[name for name, _ in group] for group in found]


def suggest(session: Session, now: datetime) -> list[IssueEvent]:
    """Make the suggestions that are due, in the caller's transaction; looked for every EVERY. The same again: no change."""
    looked = session.get(Preference, LOOKED)
    if looked is not None and timedelta(0) <= now - datetime.fromisoformat(looked.value["at"]) < EVERY:
        return []
    rule = load("disclosure")
    session.merge(Preference(name=LOOKED, value={"at": now.isoformat()}))
    rows = _applications(session, now - timedelta(days=rule["within_days"]))
    known = {row.id: row for row in rows}
    wishes = [(row.id, one) for row in rows if (one := wish(f"{row.title} {row.text}"))]
    made = []
    for names in clusters(wishes, rule["like"]):
        group = [known[name] for name in names]
        people = applicants(group)
        if people >= rule["least_applicants"]:
            event = _suggest(session, group, people, rule, now)
            if event is not None:
                made.append(event)
    return made


def _applications(session: Session, since: datetime) -> list[DocumentRow]:
    """Applications that lie in an issue, oldest first."""
    brought = select(Source.name).where(Source.kind.in_(("import", "push")))
    wanted = (
        select(DocumentRow).join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .where(
            DocumentRow.source.in_(brought), DocumentRow.when >= since, DocumentRow.kind == "message",
            DocumentRow.extra["register"].as_string() == "disclosure",
        )
        .order_by(DocumentRow.when.desc(), DocumentRow.id).limit(MOST)
    )  # fmt: skip
    return list(session.scalars(wanted))[::-1]


def applicants(rows: Iterable[DocumentRow]) -> int:
    """Different people, by pseudonym; all who gave no name count as one."""
    return len({row.author for row in rows})


def _suggest(
    session: Session, group: list[DocumentRow], people: int, rule: Mapping[str, Any], now: datetime
) -> IssueEvent | None:
    issue = _gathered(session, group, now)
    if issue is None:
        return None
    names = {row.id for row in group}
    last = next(
        (event for event in _events(session, issue.id) if names & set(event.data.get("documents", ()))), None
    )
    if last is not None:
        told = last.data["applicants"]
        declined = last.kind == DECIDED and last.data["decision"] == "decline"
        if last.kind == DECIDED and not declined:
            return None
        if people < told * rule["again"] if declined else people <= told:
            return None
    first, latest = group[0].when, group[-1].when
    event = IssueEvent(
        issue_id=issue.id, kind=SUGGESTED, at=now,
        text=f"主动公开建议：{(latest - first).days + 1} 天内有 {people} 名申请人、{len(group)} 件申请要求公开同一信息",
        data={
            "documents": [row.id for row in group], "applicants": people, "first": first.isoformat(), "last": latest.isoformat(),
            "asked": (group[-1].title or group[-1].text)[:120], "basis": rule["basis"],
        },
    )  # fmt: skip
    session.add(event)
    session.flush()
    return event


def _gathered(session: Session, group: list[DocumentRow], now: datetime) -> Issue | None:
    """The issue that holds most of the applications. Others that hold nothing else, and that nobody works on, are merged into it."""
    names = [row.id for row in group]
    members = session.scalars(select(IssueDocument).where(IssueDocument.document_id.in_(names))).all()
    counts = Counter(member.issue_id for member in members)
    issues = {issue.id: issue for issue in session.scalars(select(Issue).where(Issue.id.in_(counts)))}
    opened = [issue for issue in issues.values() if issue.state in OPEN_STATES and not issue.merged_into]
    if not opened:
        return None
    target = max(opened, key=lambda issue: (counts[issue.id], -issue.first.timestamp(), issue.id))
    gone = []
    for issue in opened:
        whole = select(IssueDocument.document_id).where(IssueDocument.issue_id == issue.id)
        alone = set(session.scalars(whole)) <= set(names)
        if issue is not target and alone and issue.state == "new" and not issue.owner:
            gone.append(issue.id)
    if gone:
        merge(session, target.id, gone, "", now, reason="多件依申请公开要求公开同一信息")
        session.flush()
    return target


def _events(session: Session, issue_id: str) -> list[IssueEvent]:
    """Suggestions and decisions of an issue, the latest first."""
    wanted = select(IssueEvent).where(
        IssueEvent.issue_id == issue_id, IssueEvent.kind.in_((SUGGESTED, DECIDED))
    )
    return list(session.scalars(wanted.order_by(IssueEvent.id.desc())))


def of_issue(session: Session, issue_id: str) -> IssueEvent | None:
    """The suggestion that waits for a person's word on this issue."""
    last = next(iter(_events(session, issue_id)), None)
    return last if last is not None and last.kind == SUGGESTED else None


def waiting(session: Session, limit: int = 30) -> list[tuple[IssueEvent, Issue]]:
    """Suggestions that wait for a person's word, those with most applicants first."""
    wanted = (
        select(IssueEvent, Issue).join(Issue, Issue.id == IssueEvent.issue_id)
        .where(IssueEvent.kind.in_((SUGGESTED, DECIDED)), Issue.merged_into == "", Issue.state.in_(OPEN_STATES))
        .order_by(IssueEvent.id)
    )  # fmt: skip
    last = {issue.id: (event, issue) for event, issue in session.execute(wanted)}
    found = [(event, issue) for event, issue in last.values() if event.kind == SUGGESTED]
    return sorted(found, key=lambda pair: (-pair[0].data["applicants"], pair[0].id))[:limit]


def decide(session: Session, issue_id: str, decision: str, reason: str, by: str, now: datetime) -> IssueEvent:
    """A person's word on the suggestion: written to the issue's log and to the audit chain. Raises UsageError, NotFound."""
    if decision not in DECISIONS:
        raise UsageError("请选择采纳或不采纳。")
    if not reason.strip():
        raise UsageError("请写明理由：采纳的写由谁在何时公开，不采纳的写依据（例如条例第十四至十六条）。")
    open_one = of_issue(session, issue_id)
    if open_one is None:
        raise NotFound("这个事件没有待处理的主动公开建议。")
    event = IssueEvent(
        issue_id=issue_id, kind=DECIDED, by=by, at=now, text=f"主动公开建议：{DECISIONS[decision]}。{reason.strip()}",
        data={**open_one.data, "decision": decision, "suggestion": open_one.id},
    )  # fmt: skip
    session.add(event)
    session.flush()
    append(
        session,
        by,
        f"disclosure.{decision}",
        f"issue:{issue_id}",
        {"event": open_one.id, "reason": reason.strip()},
    )
    return event

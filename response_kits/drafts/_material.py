"""What a draft is made from: the issue, its verified facts, clauses, the rumour or policy it is about, contacts, times."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import NotFound
from huiyin.records import Clause, Draft, Fact, Issue, Policy, Rumour, Statement
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits import facts as fact_records
from response_kits.duty import Duty, on_duty
from response_kits.library.policies import bare_title
from response_kits.words import words


@dataclass(frozen=True)
class Material:
    """Everything a kind of draft may draw on. `about` is kept with the draft, so that it can be built again."""

    session: Session
    settings: Settings
    now: datetime
    issue: Issue
    facts: list[Fact]
    open_facts: list[Fact]
    clauses: list[tuple[Policy, Clause]] = field(default_factory=list)
    rumour: Rumour | None = None
    policy: Policy | None = None
    old_policy: Policy | None = None
    questions: list[dict[str, Any]] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def organisation(self) -> str:
        return str(self.about.get("organisation") or self.settings.organisation)

    @property
    def next_update(self) -> datetime | None:
        value = self.about.get("next_update")
        return datetime.fromisoformat(value) if value else None

    def of(self, slots: Sequence[str]) -> list[Fact]:
        """Verified facts of these slots, in the order of the slots."""
        return [fact for slot in slots for fact in self.facts if fact.slot == slot]

    def duty(self) -> Duty:
        """The body that answers and its telephone."""
        return on_duty(self.session, self.issue, self.facts, self.statements, self.organisation)

    @property
    def subject(self) -> str:
        """What the text is about, for its title: the issue's title where verified facts carry all its words, else the plain
        name of the field and place. A title may claim no more than the text can show, and never repeats a rumour."""
        said = [fact.text for fact in self.facts] + [
            f"{s.title}{s.text}" for s in self.statements if s.state == "standing"
        ]
        known = {w for text in said for w in words(text)}
        title = self.issue.title.strip("“” 。！？!?")
        if self.about.get("subject"):
            return str(self.about["subject"])
        # An issue may be called after a notice, or after one of a row of them: 甲事故情况（一）.
        title = matter(title) or re.sub(r"(?:的|有关)*情况$", "", _NUMBERED.sub("", title)) or title
        # A headline with a count is no name of a matter.
        plainly = not re.search(r"[\d%\s？?：:，,；《》]", title)
        if title and plainly and known and all(word in known for word in words(title)) and len(title) <= 30:
            return title
        told = next((w for s in self.statements if s.state == "standing" and (w := matter(s.title))), "")
        if told:
            return told
        from response_kits.drafts.interpretation import cited

        policy = self.policy or cited(self)
        if policy is not None:
            return f"《{bare_title(policy.title)}》有关规定"
        noun = load("contents")["subjects"].get(self.issue.topic, "有关情况")
        return f"{self.issue.place}{noun}"


_NUMBERED = re.compile(r"（(?:[一二三四五六七八九十]{1,3}|\d{1,2})）$")
"""The number of a notice in a row of notices."""


def matter(title: str) -> str:
    """What a published notice is about, from its title: 关于甲的情况通报 → 甲; "" where the title does not say it plainly."""
    name = re.sub(r"^[^关，。]{0,16}关于|^网民反映", "", _NUMBERED.sub("", title))
    name = re.sub("^网民反映", "", name)
    head = re.sub(r"(?:通报|通告|公告|说明|续报)$", "", name)
    if head == name or re.search("[《》“”]|印发|预警", title):
        return ""
    while (
        shorter := re.sub(
            r"(?:的|情况|初步|核查|调查|结果|原因|第[一二三四五]次|最新|处置|处理|决定|有关|及|和)$", "", head
        )
    ) != head:
        head = shorter
    return head if 4 <= len(head) <= 30 else ""


def material(
    session: Session, issue_id: str, settings: Settings, now: datetime, about: dict[str, Any]
) -> Material:
    """Collect it. `about` may hold rumour, policy, old_policy (ids), next_update (ISO), number, subject, message, organisation.

    Raises NotFound where something named is not in the record.
    """
    issue = session.get(Issue, issue_id)
    if issue is None:
        raise NotFound(f"没有编号为 {issue_id} 的事件")
    rumour = _named(session, Rumour, about.get("rumour"), "传言")
    if rumour is None and not about.get("policy"):
        rumour = session.scalars(
            select(Rumour)
            .where(Rumour.issue_id == issue_id, Rumour.verdict.in_(("不实", "部分属实")))
            .order_by(Rumour.id)
        ).first()
    policy = _named(session, Policy, about.get("policy"), "政策文件")
    old = _named(session, Policy, about.get("old_policy"), "政策文件")
    if policy is not None and old is None:
        old = session.scalars(select(Policy).where(Policy.replaced_by == policy.id)).first()
    return Material(
        session, settings, now, issue, fact_records.of_issue(session, issue_id),
        fact_records.of_issue(session, issue_id, states=("unverified",)), rumour=rumour, policy=policy, old_policy=old,
        questions=_asked(issue),
        statements=list(session.scalars(select(Statement).where(Statement.issue_id == issue_id).order_by(Statement.published))),
        about=about,
    )  # fmt: skip


def _asked(issue: Issue) -> list[dict[str, Any]]:
    from response_kits.kit import asked

    return sorted(asked(issue), key=lambda row: -int(row["count"]))


def _named(session: Session, kind: type[Any], key: Any, name: str) -> Any:
    if key in (None, ""):
        return None
    row = session.get(kind, int(key))
    if row is None:
        raise NotFound(f"没有编号为 {key} 的{name}")
    return row


def earlier(session: Session, issue_id: str, kind: str) -> list[Draft]:
    """Published drafts of a kind on an issue, oldest first."""
    return list(
        session.scalars(
            select(Draft)
            .where(Draft.issue_id == issue_id, Draft.kind == kind, Draft.state == "published")
            .order_by(Draft.id)
        )
    )

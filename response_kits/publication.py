"""What follows when a draft goes out or is taken back: the statement kept, clocks met, the issue answered, the rumour's entry made public."""

from __future__ import annotations

import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Draft, Issue, IssueEvent, Rumour, Statement, audit
from huiyin.settings import Settings
from response_kits import clocks, drafts, recall, statements
from response_kits.library import rumours
from response_kits.moves import Person
from response_kits.wording import stamp


def published(
    session: Session, draft: Draft, user: Person, settings: Settings, now: datetime, url: str
) -> None:
    """The text goes out: statement kept, clocks met, the next one started, the issue answered."""
    _restamp(session, draft, user, now)
    draft.published, draft.published_url = now, url
    name = drafts.name_of(draft.kind)
    internal = drafts.is_internal(draft.kind)
    if not internal:
        statements.keep(
            session, title=draft.title, text=draft.text, body=str(draft.about.get("organisation") or settings.organisation),
            issue_id=draft.issue_id, draft_id=draft.id, url=url, published=now, by=user.name, sample=draft.sample,
        )  # fmt: skip
        clocks.meet(session, draft.issue_id, draft.kind, f"{name} {draft.id}", now)
        issue = session.get(Issue, draft.issue_id)
        if issue is not None:
            at = draft.about.get("next_update")
            if draft.kind in ("notice", "rebuttal"):
                clocks.after_release(session, issue, now, datetime.fromisoformat(at) if at else None)
            if issue.state not in ("closed", "not_ours", "false_alarm", "watching"):
                issue.state = "answered"
        _rumour_answered(session, draft, user, now)
    words = f"{'报送' if internal else '发布'}{name}：《{draft.title}》"
    kind = "draft" if internal else "answer"
    data = {"draft": draft.id, "url": url}
    session.add(IssueEvent(issue_id=draft.issue_id, at=now, by=user.name, kind=kind, text=words, data=data))


def _rumour_answered(session: Session, draft: Draft, user: Person, now: datetime) -> None:
    """A published rebuttal makes its entry of the rumour library public, where it was judged and not yet out."""
    number = draft.about.get("rumour") if draft.kind == "rebuttal" else None
    rumour = session.get(Rumour, int(number)) if number else None
    if rumour is not None and rumour.state == "draft" and rumour.verdict != "待核":
        rumour.rebuttal = rumour.rebuttal or draft.text
        rumours.move(session, rumour.id, "publish", user.name, "", now)


def _restamp(session: Session, draft: Draft, user: Person, now: datetime) -> None:
    """The time of issue in the last line becomes the time of publication: the one mechanical change after approval, recorded."""
    head, _, last = draft.text.rpartition("\n")
    if re.fullmatch(r"\d{4}年\d{1,2}月\d{1,2}日\d{1,2}时\d{2}分", last) and last != stamp(now):
        draft.text = f"{head}\n{stamp(now)}"
        draft.bindings = [{**b, "end": min(b["end"], len(draft.text))} for b in draft.bindings]
        data = {"version": draft.version, "before": last, "after": stamp(now)}
        audit.append(session, user.name, "draft.restamp", f"draft/{draft.id}", data, at=now)


def taken_back(session: Session, draft: Draft, user: Person, reason: str, now: datetime) -> None:
    for statement in session.scalars(select(Statement).where(Statement.draft_id == draft.id)).all():
        recall.correct(session, statement.id, "withdrawn", user.name, reason, now)

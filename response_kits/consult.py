"""会商: which bodies a text is sent to, by when they answer, and what their silence means; kept with the draft (`about`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, UsageError
from huiyin.records import Draft, IssueEvent, Remark, audit
from huiyin.settings import Settings
from response_kits import workflow
from response_kits.moves import Person
from response_kits.wording import moment

SILENCE = {"agree": "逾期未答复视为无意见", "wait": "逾期未答复须催办，不得视为同意"}
STANCES = {"agree": "同意", "change": "修改后同意", "object": "不同意"}


def ask(
    session: Session,
    draft_id: int,
    bodies: Sequence[str],
    due: datetime | None,
    silence: str,
    user: Person,
    settings: Settings,
    now: datetime,
    *,
    version: int | None = None,
    note: str = "",
) -> Draft:
    """Send a draft to bodies for their word. Raises UsageError (no body, no deadline ahead, unknown rule) and what `workflow.act` does.

    A deadline never stops the clocks of the issue.
    """
    named = list(dict.fromkeys(body.strip() for body in bodies if body.strip()))
    if not named:
        raise UsageError("请写明会商单位，每行一个")
    if due is None or due <= now:
        raise UsageError("会商须写明答复期限，且晚于现在")
    if silence not in SILENCE:
        raise UsageError(f"逾期如何处理须选择一项：{'、'.join(SILENCE.values())}")
    reason = f"会商单位：{'、'.join(named)}；{moment(due)}前答复，{SILENCE[silence]}"
    draft = workflow.act(
        session,
        draft_id,
        "consult",
        user,
        settings,
        now,
        version=version,
        reason=f"{reason}。{note}" if note else reason,
    )
    round_ = {"bodies": named, "due": due.isoformat(), "silence": silence, "at": now.isoformat(), "by": user.name,
              "version": draft.version, "answers": {}, "lapsed": ""}  # fmt: skip
    draft.about = {**draft.about, "consultations": [*rounds(draft), round_]}
    return draft


def rounds(draft: Draft) -> list[dict[str, Any]]:
    """All rounds of consultation, oldest first."""
    return list(draft.about.get("consultations", ()))


def waiting(draft: Draft) -> list[str]:
    """Bodies of the present round that have not answered; none where the draft is not out for consultation."""
    if draft.state != "consult" or not rounds(draft):
        return []
    last = rounds(draft)[-1]
    return [body for body in last["bodies"] if body not in last["answers"]]


def answer(
    session: Session, draft_id: int, body: str, stance: str, text: str, user: Person, now: datetime
) -> Draft:
    """Record what a consulted body said, as a remark too. Raises Conflict where it was not asked, or answered already."""
    draft = workflow.get(session, draft_id, lock=True)
    if body not in waiting(draft):
        raise Conflict(f"稿件 {draft_id} 没有在等“{body}”的会商答复")
    if stance not in STANCES:
        raise UsageError(f"答复须选择一项：{'、'.join(STANCES.values())}")
    if stance != "agree" and not text.strip():
        raise UsageError(f"{body}{STANCES[stance]}，须写明意见")
    words = f"{body}：{STANCES[stance]}。{text.strip()}".strip()
    workflow.remark(session, draft_id, words, user, now)
    _note(draft, {"answers": {body: {"stance": stance, "at": now.isoformat(), "by": user.name}}})
    return draft


def lapse(session: Session, now: datetime) -> list[Draft]:
    """Rounds whose deadline is over: silence that agrees is recorded as a remark, silence that waits is noted for the chaser."""
    done = []
    for draft in session.scalars(select(Draft).where(Draft.state == "consult").order_by(Draft.id)):
        silent = waiting(draft)
        if (
            not silent
            or rounds(draft)[-1]["lapsed"]
            or datetime.fromisoformat(rounds(draft)[-1]["due"]) > now
        ):
            continue
        last = rounds(draft)[-1]
        words = f"{'、'.join(silent)}：至{moment(datetime.fromisoformat(last['due']))}未答复。按会商约定，{SILENCE[last['silence']]}。"
        if last["silence"] == "agree":
            session.add(Remark(draft_id=draft.id, by="", at=now, text=words))
        session.add(
            IssueEvent(
                issue_id=draft.issue_id, at=now, by="", kind="draft", text=f"会商到期：稿件 {draft.id}。{words}", data={"draft": draft.id}
            )
        )  # fmt: skip
        data = {"silent": silent, "silence": last["silence"]}
        audit.append(session, "", "draft.consult-lapsed", f"draft/{draft.id}", data, at=now)
        _note(draft, {"lapsed": now.isoformat()})
        done.append(draft)
    return done


def overdue(session: Session) -> list[Draft]:
    """Drafts whose consultation is over its deadline, with a body that must be chased."""
    rows = session.scalars(select(Draft).where(Draft.state == "consult").order_by(Draft.changed))
    return [d for d in rows if waiting(d) and rounds(d)[-1]["lapsed"] and rounds(d)[-1]["silence"] == "wait"]


def _note(draft: Draft, change: dict[str, Any]) -> None:
    *before, last = rounds(draft)
    answers = {**last["answers"], **change.get("answers", {})}
    draft.about = {**draft.about, "consultations": [*before, {**last, **change, "answers": answers}]}

"""Sign-off of a draft (RULES 6, gate people): one table of allowed moves; every move writes Signoff and the audit chain.

承办部门 (unit) → 保密审查 (secrecy) → 分管领导 (leader) → for red and orange issues 主要领导 (principal) → approved → published.
Nobody approves a text that they wrote or edited. A blocked gate stops a draft; a warning can be overridden by name and reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from huiyin.errors import Conflict, Forbidden, NotFound, UsageError
from huiyin.records import Draft, DraftVersion, Issue, IssueEvent, Remark, Signoff, audit
from huiyin.settings import Settings
from response_kits import drafts, publication
from response_kits.moves import MOVES, OPEN, PRINCIPAL_FROM, STATES, WRITERS, Move, Person
from response_kits.review import check

__all__ = [
    "MOVES", "OPEN", "STATES", "Move", "Person", "act", "available_moves", "editors", "gate_name", "get", "level_of", "rebind", "refusal",
    "remark", "save", "verified_part",
]  # fmt: skip


def editors(session: Session, draft: Draft) -> set[str]:
    """Everybody whose words are in the draft: its author and whoever saved a version of it."""
    saved = session.scalars(select(DraftVersion.by).where(DraftVersion.draft_id == draft.id))
    return {name for name in (draft.author, *saved) if name}


def level_of(session: Session, draft: Draft) -> int:
    """The level that decides on the principal's signature: as sent for review, or the issue's present one where higher."""
    issue = session.get(Issue, draft.issue_id)
    return max(draft.level, issue.level if issue else 0)


def refusal(session: Session, draft: Draft, move: str, user: Person) -> str:
    """Why this person may not make this move now, in words; "" where they may. Gates are judged when the move is made."""
    row = MOVES.get((draft.state, move))
    if row is None:
        return f"稿件处于“{STATES[draft.state]}”，没有这一步"
    if user.role not in row.roles:
        return f"“{row.name}”由{'、'.join(_role(r) for r in row.roles)}办理"
    if row.approves and user.name in editors(session, draft):
        return "不得审批自己起草或修改过的稿件"
    return _condition(session, draft, row.condition, user)


def _condition(session: Session, draft: Draft, key: str, user: Person) -> str:
    if key == "author" and user.name not in editors(session, draft) and user.role != "leader":
        return "撤稿由起草人、修改人或领导决定"
    if key == "principal" and level_of(session, draft) < PRINCIPAL_FROM:
        return "黄色、蓝色事件由分管领导签发，不必报主要领导"
    if key == "no_principal" and level_of(session, draft) >= PRINCIPAL_FROM:
        return "红色、橙色事件须报主要领导签发"
    if key == "other_leader" and user.name in _signed(session, draft, "leader"):
        return "分管领导与主要领导的审签不得由同一人完成"
    if key == "remark" and not _answered(session, draft):
        return "尚无会商意见，先记录被会商单位的答复"
    return ""


def _signed(session: Session, draft: Draft, before: str) -> set[str]:
    query = select(Signoff.by).where(
        Signoff.draft_id == draft.id,
        Signoff.version == draft.version,
        Signoff.before == before,
        Signoff.move == "approve",
    )
    return set(session.scalars(query))


def _answered(session: Session, draft: Draft) -> bool:
    asked = session.scalars(
        select(Signoff.at)
        .where(Signoff.draft_id == draft.id, Signoff.move == "consult")
        .order_by(Signoff.id.desc())
    ).first()
    query = select(Remark.id).where(Remark.draft_id == draft.id)
    return session.scalars(query if asked is None else query.where(Remark.at >= asked)).first() is not None


def available_moves(draft: Draft, user: Person) -> list[dict[str, Any]]:
    """Moves that this person can make now: [{move, name, after, after_name, reason (needed), gated}]. Needs a session's draft."""
    session = object_session(draft)
    if session is None:
        raise UsageError("available_moves takes a draft that is attached to a session")
    return [
        {"move": move, "name": row.name, "after": row.after, "after_name": STATES[row.after], "reason": row.reason, "gated": row.gated}
        for (state, move), row in MOVES.items()
        if state == draft.state and not refusal(session, draft, move, user)
    ]  # fmt: skip


def act(
    session: Session,
    draft_id: int,
    move: str,
    user: Person,
    settings: Settings,
    now: datetime,
    *,
    version: int | None = None,
    reason: str = "",
    override: Mapping[str, str] | None = None,
    url: str = "",
) -> Draft:
    """Make a move. `version` is what the person saw (optimistic lock); `override` names warnings that they answer for: gate → why.

    Raises Conflict (no such move now, another version, a gate blocks), Forbidden (not this person), UsageError (no reason).
    """
    draft = get(session, draft_id, lock=True)
    row = MOVES.get((draft.state, move))
    if row is None:
        allowed = "、".join(m for s, m in MOVES if s == draft.state) or "无"
        raise Conflict(f"稿件 {draft_id} 处于“{STATES[draft.state]}”，不能“{move}”；可用：{allowed}")
    _same_version(draft, version)
    why_not = refusal(session, draft, move, user)
    if why_not:
        raise Forbidden(f"稿件 {draft_id}：{why_not}")
    if row.reason and not reason.strip():
        raise UsageError(f"“{row.name}”须写明理由")
    note = _gates(session, draft, settings, now, dict(override or {})) if row.gated else ""
    if move == "submit":
        issue = session.get(Issue, draft.issue_id)
        draft.level = issue.level if issue else draft.level
    before, draft.state, draft.changed = draft.state, row.after, now
    _sign(session, draft, move, before, user, now, "；".join(t for t in (reason, note) if t))
    if row.after == "published":
        publication.published(session, draft, user, settings, now, url)
    if before == "published":
        publication.taken_back(session, draft, user, reason, now)
    session.flush()
    return draft


def get(session: Session, draft_id: int, *, lock: bool = False) -> Draft:
    """The draft; `lock` holds its row until the transaction ends (PostgreSQL; SQLite has one writer anyway)."""
    draft = session.get(Draft, draft_id, with_for_update=lock or None)
    if draft is None:
        raise NotFound(f"没有编号为 {draft_id} 的稿件")
    return draft


def save(
    session: Session,
    draft_id: int,
    version: int,
    title: str,
    text: str,
    user: Person,
    settings: Settings,
    now: datetime,
    *,
    bindings: list[dict[str, Any]] | None = None,
    note: str = "",
) -> Draft:
    """Save an edit as the next version. Any state before publication goes back to draft: what was approved is no longer the text.

    Bindings are carried over to sentences that are still there, unless given. Raises Conflict (another version, already out).
    """
    draft = get(session, draft_id, lock=True)
    if draft.state in ("published", "withdrawn"):
        raise Conflict(f"稿件 {draft_id} {STATES[draft.state]}，不能修改；请另起更正稿")
    if user.role not in WRITERS:
        raise Forbidden("管理员不起草、不修改稿件")
    _same_version(draft, version)
    kept = rebind(draft.text, draft.bindings, text) if bindings is None else bindings
    before = draft.state
    draft.title, draft.text, draft.bindings = title, text, kept
    draft.version, draft.state, draft.changed = version + 1, "draft", now
    session.add(DraftVersion(draft_id=draft.id, version=draft.version, title=title, text=text, bindings=kept,
                             by=user.name, at=now, note=note))  # fmt: skip
    draft.checks = check(session, draft, settings, now).as_dict()
    _sign(session, draft, "edit", before, user, now, note)
    session.flush()
    return draft


def rebind(old: str, bindings: list[dict[str, Any]], new: str) -> list[dict[str, Any]]:
    """Bindings of `old` moved to where their very words stand in `new`; those whose words were changed are dropped."""
    moved, at = [], 0
    for binding in bindings:
        piece = old[binding["start"] : binding["end"]]
        found = new.find(piece, at)
        found = found if found >= 0 else new.find(piece)
        if piece and found >= 0:
            moved.append({**binding, "start": found, "end": found + len(piece)})
            at = found + len(piece)
    return moved


def remark(
    session: Session,
    draft_id: int,
    text: str,
    user: Person,
    now: datetime,
    quote: str = "",
    near: int = 0,
) -> Remark:
    """A comment, or what a consulted body answered (say which body in the text). `quote` pins it to a passage of the present text,
    the one nearest to `near` where it stands there more than once. Raises UsageError where the text does not have the passage."""
    if not text.strip():
        raise UsageError("意见不能为空")
    draft, span = get(session, draft_id), list[int]()
    passage = quote.replace("\r\n", "\n").strip()
    if passage:
        place = nearest(draft.text, passage, near)
        if place is None:
            raise UsageError("正文里没有您引用的这段话；可能已被修改，请刷新页面后重新选择。意见没有提交")
        span = [place, place + len(passage), draft.version]
    row = Remark(draft_id=draft.id, by=user.name, at=now, text=text.strip(), span=span)
    session.add(row)
    session.flush()
    audit.append(session, user.name, "draft.remark", f"draft/{draft_id}", {"remark": row.id}, at=now)
    return row


def nearest(text: str, passage: str, near: int) -> int | None:
    """Where a passage stands in a text, the place nearest to `near`; None where it does not."""
    places: list[int] = []
    at = text.find(passage)
    while at >= 0 and len(places) < 500:
        places.append(at)
        at = text.find(passage, at + 1)
    return min(places, key=lambda place: abs(place - near), default=None)


def verified_part(session: Session, draft_id: int, user: Person, settings: Settings, now: datetime) -> Draft:
    """已核实部分先发: a new draft of the same kind with what is verified now and the rest as 正在核查. It takes the same steps."""
    draft = get(session, draft_id)
    about = {**draft.about, "part_of": draft.id}
    made = drafts.create(session, draft.issue_id, draft.kind, settings, now, by=user.name, about=about)
    session.add(IssueEvent(issue_id=draft.issue_id, at=now, by=user.name, kind="draft",
                           text=f"已核实部分先发：由稿件 {draft.id} 分出稿件 {made.id}", data={"draft": made.id}))  # fmt: skip
    return made


def _same_version(draft: Draft, version: int | None) -> None:
    if version is not None and version != draft.version:
        raise Conflict(
            f"稿件 {draft.id} 已有新版本（{draft.version}），您看到的是第 {version} 版；请先查看新版本"
        )


def _gates(
    session: Session, draft: Draft, settings: Settings, now: datetime, override: dict[str, str]
) -> str:
    """Run the gates on the present text. Raises Conflict where one blocks, or warns and nobody answers for it."""
    report = check(session, draft, settings, now)
    draft.checks = report.as_dict()
    blocked = [name for name, state in report.gates.items() if state == "block"]
    if blocked:
        raise Conflict(f"稿件 {draft.id} 未通过检查：{'、'.join(gate_name(n) for n in blocked)}；修改后再送")
    warned = [name for name, state in report.gates.items() if state == "warn"]
    missing = [name for name in warned if not override.get(name, "").strip()]
    if missing:
        raise Conflict(
            f"稿件 {draft.id} 有提示待处理：{'、'.join(gate_name(n) for n in missing)}；修改，或逐项写明理由后继续"
        )
    return "；".join(f"对“{gate_name(name)}”提示的说明：{override[name]}" for name in warned)


def gate_name(key: str) -> str:
    """A gate's name in Chinese (gates.toml), or its key where the table has none."""
    from huiyin.rules import load

    return next((str(row["name"]) for row in load("gates")["gate"] if row["key"] == key), key)


def _sign(
    session: Session, draft: Draft, move: str, before: str, user: Person, now: datetime, reason: str
) -> None:
    session.add(Signoff(draft_id=draft.id, version=draft.version, move=move, before=before, after=draft.state, by=user.name,
                        role=user.role, at=now, reason=reason))  # fmt: skip
    data = {
        "version": draft.version,
        "before": before,
        "after": draft.state,
        "role": user.role,
        "reason": reason,
    }
    audit.append(session, user.name, f"draft.{move}", f"draft/{draft.id}", data, at=now)


def _role(key: str) -> str:
    from huiyin.records import ROLES

    return ROLES.get(key, key)

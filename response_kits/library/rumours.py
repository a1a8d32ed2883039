"""The rumour library: claims with variants, verdict and rebuttal; spread before and after; recurrence; hand-over packets."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import DocumentRow, IssueEvent, Rumour, RumourMatch, audit

VERDICTS = ("属实", "部分属实", "不实", "待核")
STATES = {"draft": "草稿", "published": "已发布", "paused": "已暂停", "withdrawn": "已撤回"}
OFFICIAL = ("notice", "policy", "reply")
"""Kinds of documents that are an office's own: they deny a claim, and spread nothing."""
_MOVES = {
    ("draft", "publish"): "published",
    ("paused", "publish"): "published",
    ("published", "pause"): "paused",
    ("draft", "withdraw"): "withdrawn",
    ("published", "withdraw"): "withdrawn",
    ("paused", "withdraw"): "withdrawn",
    ("withdrawn", "reopen"): "draft",
}


def add(
    session: Session,
    claim: str,
    *,
    verdict: str = "待核",
    rebuttal: str = "",
    variants: tuple[str, ...] = (),
    sources: tuple[dict[str, str], ...] = (),
    issue_id: str = "",
    by: str,
    now: datetime,
    sample: bool = False,
) -> Rumour:
    """Enter a claim; the same claim again gives the entry that is there. Raises UsageError for an unknown verdict."""
    text = claim.strip()
    if not text:
        raise UsageError("传言内容不能为空")
    _checked(verdict)
    present = session.scalars(select(Rumour).where(Rumour.claim == text)).first()
    if present is not None:
        return present
    rumour = Rumour(
        claim=text, variants=list(dict.fromkeys(variants)), verdict=verdict, rebuttal=rebuttal, sources=list(sources),
        state="draft", issue_id=issue_id, first=now, by=by, sample=sample,
    )  # fmt: skip
    session.add(rumour)
    session.flush()
    audit.append(
        session, by, "rumour.add", f"rumour/{rumour.id}", {"claim": text, "verdict": verdict}, at=now
    )
    return rumour


def get(session: Session, rumour_id: int) -> Rumour:
    rumour = session.get(Rumour, rumour_id)
    if rumour is None:
        raise NotFound(f"辟谣库没有编号为 {rumour_id} 的条目")
    return rumour


def listing(session: Session, *, issue_id: str | None = None) -> list[Rumour]:
    """All rumours, newest first; or those of one issue."""
    query = select(Rumour).order_by(Rumour.first.desc(), Rumour.id.desc())
    return list(session.scalars(query if issue_id is None else query.where(Rumour.issue_id == issue_id)))


def add_variant(session: Session, rumour_id: int, text: str, by: str, now: datetime) -> Rumour:
    """Another wording of the same claim."""
    rumour = get(session, rumour_id)
    if text.strip() and text.strip() not in rumour.variants:
        rumour.variants = [*rumour.variants, text.strip()]
        audit.append(session, by, "rumour.variant", f"rumour/{rumour_id}", {"text": text.strip()}, at=now)
    return rumour


def judge(
    session: Session,
    rumour_id: int,
    verdict: str,
    rebuttal: str,
    sources: tuple[dict[str, str], ...],
    by: str,
    now: datetime,
) -> Rumour:
    """Give the verdict, with what it rests on. A verdict other than 待核 needs a source. Raises UsageError."""
    _checked(verdict)
    if verdict != "待核" and not (sources or rebuttal.strip()):
        raise UsageError("给出核查结论须写明依据或来源")
    rumour = get(session, rumour_id)
    before = rumour.verdict
    rumour.verdict, rumour.rebuttal = verdict, rebuttal or rumour.rebuttal
    rumour.sources = [*rumour.sources, *sources]
    audit.append(
        session, by, "rumour.judge", f"rumour/{rumour_id}", {"before": before, "after": verdict}, at=now
    )
    return rumour


def move(session: Session, rumour_id: int, act: str, by: str, reason: str, now: datetime) -> Rumour:
    """publish, pause, withdraw, reopen. Raises Conflict where the move is not allowed, or nothing is decided yet."""
    rumour = get(session, rumour_id)
    after = _MOVES.get((rumour.state, act))
    if after is None:
        allowed = "、".join(a for s, a in _MOVES if s == rumour.state) or "无"
        raise Conflict(f"传言 {rumour_id} {STATES[rumour.state]}，不能{act}；可用：{allowed}")
    if act == "publish" and (rumour.verdict == "待核" or not rumour.rebuttal.strip()):
        raise Conflict(f"传言 {rumour_id} 尚无核查结论或辟谣正文，不能发布")
    if act in ("pause", "withdraw") and not reason.strip():
        raise UsageError("暂停或撤回须写明理由")
    before, rumour.state = rumour.state, after
    if act == "publish":
        rumour.published = now
    audit.append(
        session, by, f"rumour.{act}", f"rumour/{rumour_id}", {"before": before, "reason": reason}, at=now
    )
    return rumour


def confirm(session: Session, match_id: int, yes: bool, by: str, now: datetime) -> RumourMatch:
    """A person's word on a suggested match."""
    match = session.get(RumourMatch, match_id)
    if match is None:
        raise NotFound(f"没有编号为 {match_id} 的匹配")
    match.decision = "confirmed" if yes else "rejected"
    audit.append(
        session,
        by,
        "rumour.match",
        f"rumour/{match.rumour_id}",
        {"document": match.document_id, "yes": yes},
        at=now,
    )
    return match


def matches(session: Session, rumour_id: int, *, sure: bool = False) -> list[RumourMatch]:
    """Posts that say the claim (rejected ones left out), oldest first; with `sure` only those of the public that need no person's
    word any more."""
    query = select(RumourMatch).where(RumourMatch.rumour_id == rumour_id, RumourMatch.decision != "rejected")
    if sure:
        query = query.join(DocumentRow, DocumentRow.id == RumourMatch.document_id).where(
            RumourMatch.decision.in_(("auto", "confirmed")), DocumentRow.kind.not_in(OFFICIAL)
        )
    return list(session.scalars(query.order_by(RumourMatch.when)))


def spread(session: Session, rumour_id: int, hours: int = 48) -> dict[str, Any]:
    """Posts that say the claim in the `hours` before and after the rebuttal was published, with the rows behind each number.

    Shown as before and after, never as cause. `published` is null where there is no rebuttal yet.
    """
    rumour = get(session, rumour_id)
    rows = matches(session, rumour_id)
    first = rows[0].when if rows else None
    result: dict[str, Any] = {"total": len(rows), "hours": hours, "first": first.isoformat() if first else None,
                              "published": None, "before": [], "after": []}  # fmt: skip
    if rumour.published is None:
        return result
    window, at = timedelta(hours=hours), rumour.published
    result["published"] = at.isoformat()
    result["before"] = [m.document_id for m in rows if at - window <= m.when < at]
    result["after"] = [m.document_id for m in rows if at <= m.when < at + window]
    return result


def recurrence(
    session: Session, rumour_id: int, quiet: timedelta = timedelta(days=7), *, sure: bool = False
) -> list[dict[str, Any]]:
    """Waves of a rumour: a new wave begins after `quiet` without a post. Each: first, last, documents. `sure`: see `matches`."""
    waves: list[dict[str, Any]] = []
    last: datetime | None = None
    for match in matches(session, rumour_id, sure=sure):
        if last is None or match.when - last > quiet:
            waves.append({"first": match.when, "last": match.when, "documents": []})
        waves[-1]["documents"].append(match.document_id)
        waves[-1]["last"] = last = match.when
    return [{**w, "first": w["first"].isoformat(), "last": w["last"].isoformat()} for w in waves]


def hand_over(session: Session, rumour_id: int, to: str, by: str, now: datetime) -> dict[str, Any]:
    """Freeze what is known of a rumour for police or the internet authority: JSON with its SHA-256 and time.

    Authors are the pseudonyms that the record keeps; who receives it asks the platform for more by law.
    """
    if not to.strip():
        raise UsageError("移交须写明接收机关")
    rumour = get(session, rumour_id)
    posts = []
    for match in matches(session, rumour_id):
        document = session.get(DocumentRow, match.document_id)
        if document is not None:
            posts.append({"id": document.id, "source": document.source, "url": document.url, "text": document.text,
                          "published": document.when.isoformat(), "fetched": document.fetched.isoformat(),
                          "author": document.author, "reposts": document.reposts, "score": match.score})  # fmt: skip
    content = {"rumour": rumour.id, "claim": rumour.claim, "variants": rumour.variants, "verdict": rumour.verdict,
               "rebuttal": rumour.rebuttal, "sources": rumour.sources, "posts": posts,
               "at": now.isoformat(), "by": by, "to": to}  # fmt: skip
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    packet = {"hash": digest, "at": now.isoformat(), "by": by, "to": to, "content": content}
    rumour.packets = [*rumour.packets, packet]
    audit.append(session, by, "rumour.hand_over", f"rumour/{rumour_id}", {"to": to, "hash": digest}, at=now)
    if rumour.issue_id:
        session.add(IssueEvent(issue_id=rumour.issue_id, at=now, by=by, kind="handover",
                               text=f"向{to}移交传言线索（{len(posts)}条帖文）", data={"rumour": rumour_id, "hash": digest}))  # fmt: skip
    return packet


def packet_intact(packet: dict[str, Any]) -> bool:
    """Does a hand-over packet still have the hash it was frozen with?"""
    body = json.dumps(packet["content"], ensure_ascii=False, sort_keys=True)
    return bool(hashlib.sha256(body.encode()).hexdigest() == packet["hash"])


def _checked(verdict: str) -> None:
    if verdict not in VERDICTS:
        raise UsageError(f"核查结论“{verdict}”不可用；可用：{'、'.join(VERDICTS)}")

"""When a fact changes after a draft was written: which sentences are stale, and the text with their facts renewed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Draft, Fact
from huiyin.settings import Settings
from response_kits import workflow
from response_kits.wording import moment, opened


@dataclass(frozen=True, slots=True)
class Stale:
    """A sentence (its span) that rests on a fact no longer verified; `new` is the fact that took its place, or None."""

    start: int
    end: int
    text: str
    old: int
    new: int | None


def find(session: Session, draft: Draft) -> list[Stale]:
    """Stale sentences of the draft's present text, in order."""
    found = []
    for binding in draft.bindings:
        for number in binding.get("facts", ()):
            fact = session.get(Fact, int(number))
            if fact is not None and fact.state != "verified":
                newer = successor(session, fact)
                text = draft.text[binding["start"] : binding["end"]]
                found.append(
                    Stale(binding["start"], binding["end"], text, fact.id, newer.id if newer else None)
                )
    return found


def successor(session: Session, fact: Fact) -> Fact | None:
    """The verified fact at the end of the chain that replaced this one."""
    seen: set[int] = set()
    current: Fact | None = fact
    while current is not None and current.state != "verified" and current.id not in seen:
        seen.add(current.id)
        current = session.scalars(
            select(Fact).where(Fact.replaces == current.id).order_by(Fact.id.desc())
        ).first()
    return current if current is not None and current.state == "verified" else None


def renew(session: Session, draft_id: int, user: workflow.Person, settings: Settings, now: datetime) -> Draft:
    """Put the newer facts into the text and save it as the next version (which goes back to draft). Sentences whose fact was
    withdrawn, with nothing in its place, are taken out. The draft as it is, where nothing is stale."""
    draft = workflow.get(session, draft_id)
    if not find(session, draft):
        return draft
    text, bindings = "", []
    at = 0
    for binding in sorted(draft.bindings, key=lambda b: b["start"]):
        text += draft.text[at : binding["start"]]
        piece, facts = _renewed(session, draft.text[binding["start"] : binding["end"]], binding)
        if piece:
            bindings.append({**binding, "facts": facts, "start": len(text), "end": len(text) + len(piece)})
        text += piece
        at = binding["end"]
    text += draft.text[at:]
    note = "按最新核实的事实更新"
    return workflow.save(
        session, draft.id, draft.version, draft.title, text, user, settings, now, bindings=bindings, note=note
    )


def _renewed(session: Session, piece: str, binding: dict[str, Any]) -> tuple[str, list[int]]:
    """A sentence with its stale facts replaced word for word, 截至 times too; "" where nothing verified is left in it."""
    kept: list[int] = []
    standing = [
        fact
        for n in binding.get("facts", ())
        if (fact := session.get(Fact, int(n))) and fact.state == "verified"
    ]
    for number in binding.get("facts", ()):
        fact = session.get(Fact, int(number))
        if fact is None or fact.state == "verified":
            kept.append(int(number))
            continue
        newer = successor(session, fact)
        if newer is None:
            piece = piece.replace(opened(fact.text), "")
            continue
        later = bool(fact.as_of and newer.as_of and newer.as_of != fact.as_of)
        if later and newer.as_of and any(other.as_of == fact.as_of for other in standing):
            # The others of the sentence are still of the old time: the new one stands apart, with its own.
            piece = piece.replace(opened(fact.text), "").rstrip("。；，")
            piece = f"{piece}；截至{moment(newer.as_of)}，{opened(newer.text)}。"
            kept.append(newer.id)
            continue
        piece = piece.replace(opened(fact.text), opened(newer.text))
        if fact.as_of and newer.as_of:
            piece = piece.replace(f"截至{moment(fact.as_of)}", f"截至{moment(newer.as_of)}")
        kept.append(newer.id)
    if binding.get("facts") and not kept:
        return "", []
    for wrong, right in (
        ("，，", "，"),
        ("；；", "；"),
        ("，；", "；"),
        ("；。", "。"),
        ("。；", "；"),
        ("，。", "。"),
    ):
        piece = piece.replace(wrong, right)
    return piece, kept

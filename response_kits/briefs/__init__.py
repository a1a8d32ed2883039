"""Briefs for leaders: daily, weekly, special (one issue), yearly section. Figures are frozen in the record when a brief is
made; every format prints that model. A kind is one file in kinds/."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, NotFound
from huiyin.records import AuditRow, Brief, Preference
from huiyin.records.audit import append
from huiyin.settings import Settings
from response_kits.briefs.kinds import kind, kinds
from response_kits.briefs.render import MIME, render

__all__ = [
    "MIME",
    "digest",
    "draw",
    "edit",
    "foreign_figures",
    "keep",
    "kind",
    "kinds",
    "make",
    "render",
    "sign",
    "unaltered",
]


def draw(
    session: Session, settings: Settings, key: str, *, now: datetime, kind_name: str = "weekly"
) -> dict[str, Any]:
    """The model of a period (`key`: 2026-W47, 2026-11-24, 2026; for a special report the issue's id). It only reads: over many
    documents it may take seconds, for which nobody should wait to write. Raises UsageError for a period that is none or to come."""
    model = kind(kind_name).model(session, settings, key, now)
    model["sample"] = session.get(Preference, "sample") is not None
    model["figures"] = sorted(
        _numbers(json.dumps(kind(kind_name).blocks(model, settings), ensure_ascii=False))
    )
    return model


def keep(session: Session, model: dict[str, Any], *, by: str, now: datetime) -> Brief:
    """Keep a model as a new brief, or in the place of a draft of the same period. A signed one is never changed: a new version
    stands beside it."""
    kind_name, period, subject = str(model["kind"]), str(model["period"]), str(model.get("subject", ""))
    same = (Brief.kind == kind_name, Brief.subject == subject) + (
        () if subject else (Brief.period == period,)
    )
    last = session.scalars(select(Brief).where(*same).order_by(Brief.version.desc()).limit(1)).first()
    title = model["title"] if kind_name in ("special", "yearly") else f"{model['title']}（{model['number']}）"
    if last is not None and last.state == "draft":
        brief = last
        brief.period, brief.model, brief.title, brief.by, brief.at = period, model, title, by, now
    else:
        version = last.version + 1 if last else 1
        brief = Brief(
            kind=kind_name,
            period=period,
            subject=subject,
            title=title,
            model=model,
            by=by,
            at=now,
            version=version,
        )
        session.add(brief)
    session.flush()
    append(
        session,
        by,
        "make-brief",
        f"brief:{brief.id}",
        {"kind": kind_name, "period": period, "version": brief.version},
    )
    return brief


def make(
    session: Session, settings: Settings, key: str, *, by: str, now: datetime, kind_name: str = "weekly"
) -> Brief:
    """`draw` and `keep` in one transaction."""
    return keep(session, draw(session, settings, key, now=now, kind_name=kind_name), by=by, now=now)


def foreign_figures(brief: Brief) -> list[str]:
    """Numbers in an editor's words that the brief's own figures do not have: for the editor and the signer to look at."""
    model = brief.model
    words = [str(model.get(field, "")) for field in kind(brief.kind).FIELDS]
    words += [str(event.get("summary", "")) for event in model.get("key_events", ())]
    return sorted(_numbers(" ".join(words)) - set(model.get("figures", ())) - {"24", "48"})


def _numbers(text: str) -> set[str]:
    return {found.replace(",", "") for found in re.findall(r"\d[\d,]*(?:\.\d+)?", text)}


def edit(session: Session, number: int, words: dict[str, Any], *, seen: str, by: str, now: datetime) -> Brief:
    """An editor's hand on the words that the kind leaves open, and on the summaries of its key events; never on a figure.

    `words`: field → text or lines. `seen` is `at` of the brief that the editor read. Raises Conflict where it was changed or signed
    since, NotFound.
    """
    brief = _draft(session, number, "这期简报已经签发，不能修改；请重新生成一个新版本。")
    if seen != brief.at.isoformat():
        raise Conflict("您打开页面之后，这期简报已被修改。您的修改没有保存；请复制您的文字，刷新页面后再改。")
    model = dict(brief.model)
    fields = kind(brief.kind).FIELDS
    for field, value in words.items():
        if field in fields:
            model[field] = value
        elif field == "summary" and "issue" in model:
            model["issue"] = {**model["issue"], "summary": value}
        elif field.startswith("summary:"):
            model["key_events"] = [
                {**event, "summary": value} if event["id"] == field.removeprefix("summary:") else event
                for event in model.get("key_events", ())
            ]
    changed = sorted(field for field in words if _field(model, field) != _field(brief.model, field))
    model["edited_by"] = by
    brief.model, brief.by, brief.at = model, by, now
    append(session, by, "edit-brief", f"brief:{number}", {"fields": changed})
    return brief


def _field(model: dict[str, Any], field: str) -> Any:
    if field == "summary":
        return model.get("issue", {}).get("summary")
    if field.startswith("summary:"):
        return next(
            (
                event["summary"]
                for event in model.get("key_events", ())
                if event["id"] == field.removeprefix("summary:")
            ),
            None,
        )
    return model.get(field)


def sign(session: Session, number: int, settings: Settings, *, seen: str, by: str, now: datetime) -> Brief:
    """Sign what was read: from now on neither figure nor word changes. Raises Conflict where it was changed since it was read,
    is signed, or was last edited by the same person."""
    brief = _draft(session, number, "这期简报已经签发。")
    if seen != brief.at.isoformat():
        raise Conflict("您打开页面之后，这期简报已被修改；没有签发。请刷新页面，读过新的全文再签发。")
    if brief.by == by:
        raise Conflict("不能签发自己编辑的简报，请由另一位同事签发。")
    # The words are kept as they are signed: a later version of the program could put them otherwise.
    brief.model = {**brief.model, "blocks": kind(brief.kind).blocks(brief.model, settings)}
    brief.state, brief.signed_by, brief.signed_at = "signed", by, now
    append(
        session,
        by,
        "sign-brief",
        f"brief:{number}",
        {"period": brief.period, "version": brief.version, "sha256": digest(brief.model)},
    )
    return brief


def _draft(session: Session, number: int, otherwise: str) -> Brief:
    brief = session.get(Brief, number)
    if brief is None:
        raise NotFound("没有这期简报。")
    if brief.state != "draft":
        raise Conflict(otherwise)
    return brief


def digest(model: dict[str, Any]) -> str:
    """SHA-256 of a model's canonical JSON."""
    return hashlib.sha256(json.dumps(model, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def unaltered(session: Session, brief: Brief) -> bool:
    """Whether a signed brief is what the audit chain says was signed."""
    row = session.scalars(
        select(AuditRow).where(AuditRow.thing == f"brief:{brief.id}", AuditRow.act == "sign-brief").order_by(AuditRow.number.desc()).limit(1)
    ).first()  # fmt: skip
    return row is not None and row.data.get("sha256") == digest(brief.model)

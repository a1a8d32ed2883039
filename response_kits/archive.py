"""Export of a draft's whole file (归档): texts, versions, sign-off, checks, evidence, clocks and audit rows as one ZIP."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import AuditRow, Clause, Draft, DraftVersion, Fact, Policy, Remark, Signoff, audit
from huiyin.settings import Settings
from response_kits import channels, clocks, drafts, workflow
from response_kits.kit import fact_row
from response_kits.library.policies import citation
from response_kits.workdays import ZONE


def export(session: Session, draft_id: int, settings: Settings, now: datetime, *, by: str) -> bytes:
    """The ZIP's bytes. `manifest.json` gives the SHA-256 of every file in it; the export itself is noted in the audit chain."""
    draft = workflow.get(session, draft_id)
    files: dict[str, bytes] = {
        "正文.txt": f"{draft.title}\n\n{draft.text}\n".encode(),
        "稿件.json": _json(_draft(draft)),
        "版本.json": _json([_version(v) for v in session.scalars(
            select(DraftVersion).where(DraftVersion.draft_id == draft_id).order_by(DraftVersion.version))]),
        "签发.json": _json([_signoff(s) for s in session.scalars(
            select(Signoff).where(Signoff.draft_id == draft_id).order_by(Signoff.id))]),
        "意见.json": _json([{"by": r.by, "at": r.at.isoformat(), "text": r.text, "span": r.span, "resolved": r.resolved}
                           for r in session.scalars(select(Remark).where(Remark.draft_id == draft_id).order_by(Remark.id))]),
        "依据.json": _json(_grounds(session, draft)),
        "时限.json": _json([view.as_dict() for view in clocks.views(session, draft.issue_id, now)]),
        "各渠道版本.json": _json([v.as_dict() for v in channels.versions(session, draft, settings)]),
        "审计.json": _json([_audit(r) for r in session.scalars(
            select(AuditRow).where(AuditRow.thing == f"draft/{draft_id}").order_by(AuditRow.number))]),
    }  # fmt: skip
    manifest = {"draft": draft_id, "at": now.isoformat(), "by": by,
                "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}}  # fmt: skip
    files["manifest.json"] = _json(manifest)
    audit.append(session, by, "draft.export", f"draft/{draft_id}", {"files": len(files)}, at=now)
    return _zip(files, now)


def _zip(files: dict[str, bytes], now: datetime) -> bytes:
    buffer = io.BytesIO()
    stamp = now.astimezone(ZONE).timetuple()[:6]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, stamp), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _draft(draft: Draft) -> dict[str, Any]:
    return {"id": draft.id, "issue": draft.issue_id, "kind": draft.kind, "kind_name": drafts.name_of(draft.kind), "title": draft.title,
            "state": draft.state, "version": draft.version, "author": draft.author, "level": draft.level, "checks": draft.checks,
            "gaps": draft.gaps, "bindings": draft.bindings, "url": draft.published_url,
            "published": draft.published.isoformat() if draft.published else None}  # fmt: skip


def _version(row: DraftVersion) -> dict[str, Any]:
    return {
        "version": row.version,
        "title": row.title,
        "text": row.text,
        "by": row.by,
        "at": row.at.isoformat(),
        "note": row.note,
    }


def _signoff(row: Signoff) -> dict[str, Any]:
    return {"version": row.version, "move": row.move, "before": row.before, "after": row.after, "by": row.by, "role": row.role,
            "at": row.at.isoformat(), "reason": row.reason}  # fmt: skip


def _audit(row: AuditRow) -> dict[str, Any]:
    return {"number": row.number, "at": row.at.isoformat(), "by": row.by, "act": row.act, "data": row.data, "previous": row.previous,
            "hash": row.hash}  # fmt: skip


def _grounds(session: Session, draft: Draft) -> dict[str, Any]:
    """The facts and clauses that the text is bound to, as they are now."""
    fact_ids = {int(i) for b in draft.bindings for i in b.get("facts", ())}
    clause_ids = {int(i) for b in draft.bindings for i in b.get("clauses", ())}
    clauses = []
    for clause in session.scalars(select(Clause).where(Clause.id.in_(clause_ids)).order_by(Clause.id)):
        policy = session.get(Policy, clause.policy_id)
        clauses.append(
            {"id": clause.id, "citation": citation(policy, clause) if policy else "", "text": clause.text}
        )
    rows = session.scalars(select(Fact).where(Fact.id.in_(fact_ids)).order_by(Fact.id))
    return {"facts": [fact_row(row) for row in rows], "clauses": clauses}

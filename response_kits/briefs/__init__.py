"""Briefs: weekly for leaders. Figures are frozen in the record when a brief is made; every format prints that model."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Brief, Preference
from huiyin.records.audit import append
from huiyin.settings import Settings
from response_kits.briefs.model import weekly
from response_kits.briefs.render import MIME, render

__all__ = ["MIME", "make", "render"]


def make(session: Session, settings: Settings, week: str, *, by: str, now: datetime) -> Brief:
    """Make the week's brief, or make a draft of it anew; a signed one is never changed: a new version stands beside it."""
    model = weekly(session, settings, week, now)
    model["sample"] = session.get(Preference, "sample") is not None
    last = session.scalars(
        select(Brief)
        .where(Brief.kind == "weekly", Brief.period == week)
        .order_by(Brief.version.desc())
        .limit(1)
    ).first()
    title = f"{model['title']}（{model['number']}）"
    if last is not None and last.state == "draft":
        last.model, last.title, last.by, last.at = model, title, by, now
        brief = last
    else:
        brief = Brief(
            kind="weekly",
            period=week,
            title=title,
            model=model,
            by=by,
            at=now,
            version=last.version + 1 if last else 1,
        )
        session.add(brief)
    session.flush()
    append(session, by, "make-brief", f"brief:{brief.id}", {"period": week, "version": brief.version})
    return brief

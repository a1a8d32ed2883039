"""个人信息保护: on what basis each source is heard and for how long it is kept, impact assessments, opt-outs, erasures, accesses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawler import opt_outs
from crawler.pseudonym import Pseudonyms, age_of_key, old_keys
from dashboard import auth, erasure, forms, impacts
from dashboard.access import ACTS
from dashboard.retention import days_of
from dashboard.services import close_reading, read, services, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import Access, DocumentRow, Erasure, Impact, OptOut, Source, utcnow
from huiyin.records.audit import append
from huiyin.records.privacy import ERASURE_KINDS, OPT_OUT_KINDS, RISKS

bp = Blueprint("privacy", __name__)
bp.nav = [(91, "privacy.index", "个人信息保护", "")]  # type: ignore[attr-defined]

PAGE = 100
LONGEST_DAYS = 3650


@bp.get("/privacy")
@auth.allow()
def index() -> ResponseReturnValue:
    session, settings, now = read(), services().settings, utcnow()
    counts: dict[str, int] = {
        str(name): int(count)
        for name, count in session.execute(
            select(DocumentRow.source, func.count()).group_by(DocumentRow.source)
        ).all()
    }
    sources = [
        row
        for row in session.scalars(select(Source).order_by(Source.title, Source.name))
        if row.enabled or row.name in counts
    ]
    return render_template(
        "privacy/index.html", sources=sources, counts=counts, impacts=list(session.scalars(select(Impact).order_by(Impact.id.desc()))),
        opt_outs=list(session.scalars(select(OptOut).where(OptOut.ended.is_(None)).order_by(OptOut.at.desc()).limit(PAGE))),
        erasures=list(session.scalars(select(Erasure).order_by(Erasure.at.desc()).limit(PAGE))), now=now,
        key_days=age_of_key(settings, now).days, old_keys=len(old_keys(settings)), kinds=OPT_OUT_KINDS, erasure_kinds=ERASURE_KINDS, risks=RISKS,
    )  # fmt: skip


@bp.post("/privacy/sources/<name>")
@auth.allow("admin")
def keep(name: str) -> ResponseReturnValue:
    """For how long a source's documents are kept; empty: as the setting says."""
    days = forms.whole("days")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise UsageError(f"保存期限为 1 至 {LONGEST_DAYS} 天；留空则按系统设置。")
    with write() as session:
        row = session.get(Source, name[:64])
        if row is None:
            raise NotFound("没有这个来源。")
        append(
            session, g.user.name, "retention", f"source/{row.name}", {"old": row.retention_days, "new": days}
        )
        row.retention_days = days
    return redirect(url_for("privacy.index", _anchor="sources"))


@bp.get("/privacy/impacts/new")
@auth.allow("analyst", "leader", "admin")
def new_impact() -> ResponseReturnValue:
    """The form, filled with what the system itself knows; the judgement is a person's."""
    settings = services().settings
    days = days_of(services().record, settings)
    return render_template(
        "privacy/impact.html",
        row=None,
        values=impacts.proposal(settings, days),
        fields=impacts.FIELDS,
        risks=RISKS,
        version=0,
    )


@bp.get("/privacy/impacts/<int:number>")
@auth.allow()
def impact(number: int) -> ResponseReturnValue:
    row = _impact(read(), number)
    values = {name: getattr(row, name) for name in impacts.FIELDS}
    return render_template(
        "privacy/impact.html", row=row, values=values, fields=impacts.FIELDS, risks=RISKS, version=row.version
    )


@bp.post("/privacy/impacts")
@auth.allow("analyst", "leader", "admin")
def save_impact() -> ResponseReturnValue:
    """Add a record, or change one that nobody has approved yet."""
    number = forms.whole("id")
    values = {
        name: forms.line(name, 200) if name in ("title", "scope") else forms.text(name, 5_000)
        for name in impacts.FIELDS
    }
    risk = request.form.get("risk", "")
    with write() as session:
        row = impacts.save(
            session, number, values, risk, version=forms.whole("version") or 0, by=g.user.name, now=utcnow()
        )
        number = row.id
    return redirect(url_for("privacy.impact", number=number))


@bp.post("/privacy/impacts/<int:number>/approve")
@auth.allow("leader")
def approve_impact(number: int) -> ResponseReturnValue:
    with write() as session:
        impacts.approve(session, _impact(session, number), by=g.user.name, now=utcnow())
    return redirect(url_for("privacy.impact", number=number))


def _impact(session: Session, number: int) -> Impact:
    row = session.get(Impact, number)
    if row is None:
        raise NotFound("没有这份评估记录。")
    return row


@bp.post("/privacy/opt-outs")
@auth.allow("analyst", "admin")
def add_opt_out() -> ResponseReturnValue:
    names = Pseudonyms.open(services().settings)
    with write() as session:
        opt_outs.add(
            session,
            request.form.get("kind", ""),
            forms.line("value", 5_000),
            names,
            reason=forms.line("reason", 300),
            by=g.user.name,
        )
    return redirect(url_for("privacy.index", _anchor="opt-outs"))


@bp.post("/privacy/opt-outs/<int:number>/end")
@auth.allow("admin")
def end_opt_out(number: int) -> ResponseReturnValue:
    with write() as session:
        opt_outs.end(session, number, by=g.user.name)
    return redirect(url_for("privacy.index", _anchor="opt-outs"))


@bp.post("/privacy/erase")
@auth.allow("admin")
def erase() -> ResponseReturnValue:
    """Erase what an author wrote, or the document of a page, and collect it no more; asked twice, for it cannot be taken back."""
    kind, value, reason = request.form.get("kind", ""), forms.line("value", 5_000), forms.line("reason", 300)
    if kind not in ("author", "url") or not value:
        raise UsageError("请选择按作者还是按网址删除，并填写作者名称或网址。")
    if request.form.get("sure") != "1":
        raise UsageError("删除后不能恢复；请勾选“已核实申请人身份”再提交。")
    parts = services()
    names = Pseudonyms.open(parts.settings)
    with write() as session:
        opt_outs.add(session, kind, value, names, reason=reason, by=g.user.name)
        subject = erasure.by_author(names, value) if kind == "author" else erasure.by_url(session, value)
    close_reading()
    erasure.erase(parts.record, parts.index, parts.settings, kind, subject, by=g.user.name, reason=reason)
    return redirect(url_for("privacy.index", _anchor="erasures"))


@bp.get("/privacy/access")
@auth.allow("reviewer", "leader", "admin")
def access() -> ResponseReturnValue:
    """Who saw and took out what."""
    wanted = select(Access)
    chosen: dict[str, Any] = {
        name: request.args.get(name, "").strip()[:128] for name in ("by", "act", "thing")
    }
    for name, value in chosen.items():
        if value:
            wanted = wanted.where(getattr(Access, name) == value)
    before = request.args.get("before", "")
    if before.isdecimal() and len(before) < 18:
        wanted = wanted.where(Access.id < int(before))
    rows = list(read().scalars(wanted.order_by(Access.id.desc()).limit(PAGE)))
    days = timedelta(days=services().settings.access_log_days).days
    return render_template("privacy/access.html", rows=rows, acts=ACTS, more=len(rows) == PAGE, days=days)

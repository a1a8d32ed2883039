"""政策库: what does the rule say, is it in force? Search, upload, clauses, who cites it, its interpretation."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dashboard import auth, forms, official_docx
from dashboard.services import read, services, write
from huiyin.errors import HuiyinError, LimitExceeded, UsageError
from huiyin.records import Clause, Draft, Issue, Policy, Statement, utcnow
from response_kits import clocks, evidence, risk
from response_kits.library import explained as explained_by
from response_kits.library import policies
from response_kits.library.identify import normal_number
from response_kits.words import words as words_of

bp = Blueprint("policies", __name__)
bp.nav = [(50, "policies.index", "政策库", "")]  # type: ignore[attr-defined]

PAGE = 30
FILES = 20
CITING = 2000
"""Drafts that are looked at for citations, the newest first."""
KEEPERS = ("analyst", "spokesperson", "reviewer", "admin")


@bp.get("/policies")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    page = max(1, min(int(request.args["page"]), 10_000)) if request.args.get("page", "").isdecimal() else 1
    wanted = select(Policy)
    status = request.args.get("status", "")
    if status in policies.STATUS:
        wanted = wanted.where(Policy.status == status)
    words = request.args.get("q", "").strip()[:80]
    if words:
        number = normal_number(words) or words
        wanted = wanted.where(or_(*(
            column.contains(part, autoescape=True) for column, part in ((Policy.title, words), (Policy.body, words), (Policy.number, number))
        )))  # fmt: skip
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = list(
        session.scalars(
            wanted.order_by(Policy.dated.desc(), Policy.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
        )
    )
    today = utcnow().astimezone(services().settings.zone).date()
    return render_template(
        "policies/index.html", rows=rows, total=total, page=page, pages=max(1, -(-total // PAGE)), statuses=policies.STATUS,
        force={row.id: policies.in_force(session, row, today) for row in rows},
        clauses=evidence.clauses_for(session, words, top=8) if words else [], citation=policies.citation,
    )  # fmt: skip


@bp.post("/policies")
@auth.allow(*KEEPERS)
def upload() -> ResponseReturnValue:
    """DOCX, PDF, HTML or TXT files, told apart by their content. The same text again leads to the entry that is there."""
    files = [file for file in request.files.getlist("file")[:FILES] if file.filename]
    if not files:
        raise UsageError("请选择要上传的文件（DOCX、PDF、HTML 或 TXT）。")
    limit = services().settings.upload_limit
    url = forms.line("url", 1000)
    if url and not url.startswith(("http://", "https://")):
        raise UsageError("原文网址须以 http:// 或 https:// 开头。")
    made: list[Policy] = []
    with write() as session:
        for file in files:
            name = (file.filename or "").replace("\\", "/").rsplit("/", 1)[-1][:200]
            made.append(_added(session, file.stream.read(limit + 1), name, url, limit))
    return redirect(
        url_for("policies.show", number=made[0].id) if len(made) == 1 else url_for("policies.index")
    )


def _added(session: Session, data: bytes, name: str, url: str, limit: int) -> Policy:
    try:
        return policies.add(session, data, name, by=g.user.name, url=url, limit=limit)
    except LimitExceeded as error:
        raise LimitExceeded(
            f"“{name}”过大，没有入库：最大 {limit // 1_000_000} MB，解压后的文字也有上限。"
        ) from error
    except HuiyinError as error:
        raise UsageError(
            f"“{name}”没有入库：文件已损坏、设有密码、是没有文字层的扫描件，或不是 DOCX、PDF、HTML、TXT。同批的其他文件也没有入库。"
        ) from error


@bp.get("/policies/<int:number>")
@auth.allow()
def show(number: int) -> ResponseReturnValue:
    session = read()
    policy = policies.get(session, number)
    now = utcnow()
    today = now.astimezone(services().settings.zone).date()
    explained = list(
        session.scalars(select(Policy).where(Policy.interprets == number).order_by(Policy.dated))
    )
    older = list(session.scalars(select(Policy).where(Policy.replaced_by == number).order_by(Policy.dated)))
    waiting = [view for view in clocks.policy_clocks(session, now) if view.reason == f"《{policy.title}》"]
    return render_template(
        "policies/show.html", policy=policy, force=policies.in_force(session, policy, today), today=today, explained=explained, older=older,
        newer=session.get(Policy, policy.replaced_by) if policy.replaced_by else None, statuses=policies.STATUS,
        interprets=session.get(Policy, policy.interprets) if policy.interprets else None, citing=citing(session, policy),
        clocks=waiting, citation=policies.citation, passages=explained_by.by_clause(session, number),
        searches={clause.id: searches(policy, clause) for clause in policy.clauses},
    )  # fmt: skip


def searches(policy: Policy, clause: Clause) -> dict[str, str]:
    """What to search for to find documents about a clause: {cites: its title and place in quotation marks, about: its most telling
    words}. "" where the clause has too few words."""
    told = sorted(dict.fromkeys(words_of(f"{clause.heading}{clause.text}")), key=len, reverse=True)
    short = policy.title.strip("《》").split("（")[0]
    return {"cites": f'"{short}" "{clause.path}"', "about": " ".join(told[:2])}


@bp.get("/policies/<int:number>/assess")
@auth.allow()
def assess(number: int) -> ResponseReturnValue:
    """舆情风险评估: who is affected, what will be misread, the plan, prepared questions; as a page or (format=docx) a document."""
    session = read()
    policy = policies.get(session, number)
    today = utcnow().astimezone(services().settings.zone).date()
    made = risk.assess(session, policy, today)
    if request.args.get("format") == "docx":
        return Response(
            risk.as_docx(made), mimetype=official_docx.MIME,
            headers={"Content-Disposition": f'attachment; filename="assessment-{number}.docx"'},
        )  # fmt: skip
    return render_template("policies/assess.html", policy=policy, made=made, today=today)


def citing(session: Session, policy: Policy) -> dict[str, list[Any]]:
    """Drafts that rest on its clauses or explain it, published texts and other documents that name its number or title."""
    own = set(session.scalars(select(Clause.id).where(Clause.policy_id == policy.id)))
    rows = session.execute(
        select(Draft, Issue).join(Issue, Issue.id == Draft.issue_id).order_by(Draft.id.desc()).limit(CITING)
    )
    drafts = [
        (draft, issue) for draft, issue in rows
        if draft.about.get("policy") == policy.id or any(own.intersection(binding.get("clauses", ())) for binding in draft.bindings)
    ]  # fmt: skip
    named = policy.number or f"《{policies.bare_title(policy.title)}》"
    said = session.scalars(
        select(Statement)
        .where(Statement.text.contains(named, autoescape=True))
        .order_by(Statement.published.desc())
        .limit(50)
    )
    others = session.scalars(
        select(Policy)
        .where(Policy.id != policy.id, Policy.text.contains(named, autoescape=True))
        .order_by(Policy.dated.desc())
        .limit(50)
    )
    return {"drafts": drafts[:50], "statements": list(said), "policies": list(others)}


@bp.post("/policies/<int:number>/status")
@auth.allow(*KEEPERS)
def status(number: int) -> ResponseReturnValue:
    """A person's word on whether it is in force."""
    value, note = request.form.get("status", ""), forms.line("note", 500)
    if value not in policies.STATUS:
        raise UsageError("请选择效力状态。")
    if not note:
        raise UsageError("请写明依据（哪个文件、哪一条）。")
    with write() as session:
        policies.set_status(session, number, value, note, g.user.name, utcnow())
    return redirect(url_for("policies.show", number=number))

"""谣言: have we seen and answered this? Claim, wordings, verdict, rebuttal, spread before and after, matches, hand-over."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from dashboard import auth, forms
from dashboard.services import read, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import DocumentRow, Draft, Issue, Rumour, RumourMatch, Source, User, utcnow
from response_kits.library import rumours

bp = Blueprint("rumours", __name__)
bp.nav = [(40, "rumours.index", "谣言", "")]  # type: ignore[attr-defined]

PAGE = 30
WRITERS = ("analyst", "spokesperson", "reviewer")
DECISIONS = {"auto": "自动匹配", "suggest": "待确认", "confirmed": "已确认", "rejected": "已排除"}


@bp.get("/rumours")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    page = max(1, min(int(request.args["page"]), 10_000)) if request.args.get("page", "").isdecimal() else 1
    wanted = select(Rumour)
    if request.args.get("verdict") in rumours.VERDICTS:
        wanted = wanted.where(Rumour.verdict == request.args["verdict"])
    if request.args.get("state") in rumours.STATES:
        wanted = wanted.where(Rumour.state == request.args["state"])
    if part := request.args.get("q", "").strip()[:60]:
        wanted = wanted.where(
            or_(Rumour.claim.contains(part, autoescape=True), Rumour.rebuttal.contains(part, autoescape=True))
        )
    total = session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = list(
        session.scalars(
            wanted.order_by(Rumour.first.desc(), Rumour.id.desc()).limit(PAGE).offset((page - 1) * PAGE)
        )
    )
    return render_template(
        "rumours/index.html", rows=rows, total=total, page=page, pages=max(1, -(-total // PAGE)), counts=_counts(session, [row.id for row in rows]),
        verdicts=rumours.VERDICTS, states=rumours.STATES,
    )  # fmt: skip


def _counts(session: Session, ids: list[int]) -> dict[int, tuple[int, int]]:
    """Rumour → (posts that say it, suggestions that wait for a person)."""
    rows = session.execute(
        select(
            RumourMatch.rumour_id,
            func.count(),
            func.sum(case((RumourMatch.decision == "suggest", 1), else_=0)),
        )
        .where(RumourMatch.rumour_id.in_(ids), RumourMatch.decision != "rejected")
        .group_by(RumourMatch.rumour_id)
    )
    return {rumour: (count, int(waiting or 0)) for rumour, count, waiting in rows}


@bp.get("/rumours/<int:number>")
@auth.allow()
def show(number: int) -> ResponseReturnValue:
    session = read()
    rumour = rumours.get(session, number)
    said = (
        select(RumourMatch, DocumentRow).join(DocumentRow, DocumentRow.id == RumourMatch.document_id)
        .where(RumourMatch.rumour_id == number)
        .order_by(case((RumourMatch.decision == "suggest", 0), (RumourMatch.decision == "rejected", 2), else_=1), RumourMatch.when.desc())
        .limit(200)
    )  # fmt: skip
    return render_template(
        "rumours/show.html", rumour=rumour, matches=session.execute(said).all(), spread=rumours.spread(session, number), waves=_waves(session, number),
        verdicts=rumours.VERDICTS, states=rumours.STATES, decisions=DECISIONS, issue=session.get(Issue, rumour.issue_id) if rumour.issue_id else None,
        acts=acts_of(rumour), drafts=_drafts(session, rumour), packets=[(packet, rumours.packet_intact(packet)) for packet in rumour.packets],
        titles={name: title or name for name, title in session.execute(select(Source.name, Source.title))},
        people={name: display or name for name, display in session.execute(select(User.name, User.display))},
    )  # fmt: skip


ACTS = {"publish": "发布辟谣", "pause": "暂停", "withdraw": "撤回", "reopen": "重新打开"}


def acts_of(rumour: Rumour) -> list[tuple[str, str]]:
    """(act, its name) that the rumour's state allows."""
    allowed = {
        "draft": ("publish", "withdraw"), "published": ("pause", "withdraw"), "paused": ("publish", "withdraw"), "withdrawn": ("reopen",),
    }  # fmt: skip
    return [(act, ACTS[act]) for act in allowed[rumour.state]]


def _waves(session: Session, number: int) -> list[dict[str, Any]]:
    return rumours.recurrence(session, number)


def _drafts(session: Session, rumour: Rumour) -> list[Draft]:
    if not rumour.issue_id:
        return []
    rows = session.scalars(
        select(Draft)
        .where(Draft.issue_id == rumour.issue_id, Draft.kind == "rebuttal")
        .order_by(Draft.id.desc())
    )
    return [draft for draft in rows if draft.about.get("rumour") in (None, rumour.id)]


@bp.post("/rumours")
@auth.allow(*WRITERS)
def add() -> ResponseReturnValue:
    issue_id = forms.line("issue", 64)
    with write() as session:
        if issue_id and session.get(Issue, issue_id) is None:
            raise NotFound("没有这个事件。")
        variants = tuple(line.strip() for line in forms.text("variants", 5000).splitlines() if line.strip())[
            :30
        ]
        made = rumours.add(
            session,
            forms.line("claim", 500),
            variants=variants,
            issue_id=issue_id,
            by=g.user.name,
            now=utcnow(),
        )
    return redirect(url_for("rumours.show", number=made.id))


@bp.post("/rumours/<int:number>/judge")
@auth.allow("spokesperson", "reviewer", "leader")
def judge(number: int) -> ResponseReturnValue:
    """The verdict, with the rebuttal and what it rests on."""
    title, url = forms.line("source", 300), forms.line("url", 1000)
    if url and not url.startswith(("http://", "https://")):
        raise UsageError("依据网址须以 http:// 或 https:// 开头。")
    sources = ({"title": title or url, "url": url},) if title or url else ()
    with write() as session:
        rumours.judge(
            session,
            number,
            request.form.get("verdict", ""),
            forms.text("rebuttal", 10_000).strip(),
            sources,
            g.user.name,
            utcnow(),
        )
    return redirect(url_for("rumours.show", number=number))


@bp.post("/rumours/<int:number>/variant")
@auth.allow(*WRITERS)
def variant(number: int) -> ResponseReturnValue:
    with write() as session:
        rumours.add_variant(session, number, forms.line("text", 500), g.user.name, utcnow())
    return redirect(url_for("rumours.show", number=number))


@bp.post("/rumours/<int:number>/move")
@auth.allow("spokesperson", "leader")
def move(number: int) -> ResponseReturnValue:
    with write() as session:
        rumours.move(
            session, number, request.form.get("act", ""), g.user.name, forms.line("reason", 500), utcnow()
        )
    return redirect(url_for("rumours.show", number=number))


@bp.post("/rumours/<int:number>/matches")
@auth.allow(*WRITERS)
def decide(number: int) -> ResponseReturnValue:
    """Confirm or reject the chosen matches."""
    yes = request.form.get("act") == "confirm"
    chosen = [
        int(value) for value in request.form.getlist("match")[:200] if value.isdecimal() and len(value) < 12
    ]
    if not chosen:
        raise UsageError("请先勾选要处理的匹配。")
    with write() as session:
        rows = session.scalars(
            select(RumourMatch.id).where(RumourMatch.rumour_id == number, RumourMatch.id.in_(chosen))
        )
        for match in list(rows):
            rumours.confirm(session, match, yes, g.user.name, utcnow())
    return redirect(url_for("rumours.show", number=number, _anchor="matches"))


@bp.post("/rumours/<int:number>/handover")
@auth.allow("spokesperson", "leader")
def hand_over(number: int) -> ResponseReturnValue:
    """Freeze a packet for police or the internet authority. It is not sent: a person hands it over."""
    with write() as session:
        rumours.hand_over(session, number, forms.line("to", 120), g.user.name, utcnow())
    return redirect(url_for("rumours.show", number=number, _anchor="packets"))


@bp.get("/rumours/<int:number>/packets/<digest>.json")
@auth.allow("spokesperson", "leader", "reviewer")
def packet(number: int, digest: str) -> ResponseReturnValue:
    rumour = rumours.get(read(), number)
    found = next((row for row in rumour.packets if row["hash"] == digest), None)
    if found is None:
        raise NotFound("没有这份移交材料。")
    return Response(
        json.dumps(found, ensure_ascii=False, indent=1), mimetype="application/json",
        headers={"Content-Disposition": f'attachment; filename="handover-{number}-{digest[:8]}.json"'},
    )  # fmt: skip

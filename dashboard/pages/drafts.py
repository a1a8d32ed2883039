"""回应: is this text true, complete, allowed, kind? Reading and checking; saving and sign-off are in draft_acts.py."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from dashboard import auth, forms, official_docx
from dashboard.pages import draft_view as view
from dashboard.services import read, services
from huiyin.errors import NotFound
from huiyin.records import Clock, Draft, DraftVersion, Issue, Signoff, Statement, utcnow
from response_kits import channels, clocks, drafts, kit, workflow
from response_kits import facts as fact_records
from response_kits import pack as packs
from response_kits.moves import PRINCIPAL_FROM

bp = Blueprint("drafts", __name__)
bp.nav = [(30, "drafts.index", "回应", "回应")]  # type: ignore[attr-defined]

WRITERS = ("analyst", "spokesperson", "reviewer", "leader")
LIMIT = 200
LONGEST = 30_000
"""Longest text of a draft in characters."""
MOVES = {move: row.name for (_, move), row in workflow.MOVES.items()} | {
    "edit": "修改",
    "withdraw": "撤回",
    "submit": "送审",
}


@bp.app_context_processor
def words() -> dict[str, Any]:
    return {"clock_title": clock_title, "draft_state": draft_state, "draft_kind": drafts.name_of}


def clock_title(clock: Clock) -> str:
    """The name of a clock's rule (clocks.toml)."""
    return str(clocks.rule(clock.rule)["name"])


def draft_state(state: str) -> str:
    return workflow.STATES.get(state, state)


@bp.get("/drafts")
@auth.allow()
def index() -> ResponseReturnValue:
    """All drafts, the latest change first; `state` and `mine` filter."""
    session = read()
    wanted = select(Draft, Issue).join(Issue, Issue.id == Draft.issue_id)
    state = request.args.get("state", "open")
    if state in workflow.STATES:
        wanted = wanted.where(Draft.state == state)
    elif state != "all":
        wanted = wanted.where(Draft.state.not_in(("published", "withdrawn")))
    if request.args.get("mine") == "1":
        wanted = wanted.where(Draft.author == g.user.name)
    rows = session.execute(wanted.order_by(Draft.changed.desc(), Draft.id.desc()).limit(LIMIT)).all()
    return render_template("drafts/list.html", rows=rows, states=workflow.STATES, people=view.names(session))


@bp.get("/drafts/<int:number>")
@auth.allow()
def edit(number: int) -> ResponseReturnValue:
    return page(number)


def page(number: int, problem: str = "", **mine: Any) -> str:
    """The editor. `problem`: why a step was not taken. `mine`: title and text of a person whose save came too late, and `stale`,
    what happened."""
    session = read()
    draft = workflow.get(session, number)
    now = utcnow()
    issue = session.get_one(Issue, draft.issue_id)
    report = view.checked(session, draft, now)
    versions = session.scalars(
        select(DraftVersion).where(DraftVersion.draft_id == number).order_by(DraftVersion.version.desc())
    )
    remarks = view.pinned(session, draft)
    signoffs = session.scalars(select(Signoff).where(Signoff.draft_id == number).order_by(Signoff.id))
    siblings = session.scalars(
        select(Draft).where(Draft.issue_id == draft.issue_id, Draft.id != number).order_by(Draft.id.desc())
    )
    return render_template(
        "drafts/edit.html", draft=draft, issue=issue, report=report, marked=view.marked(draft, report["sentences"], remarks),
        problem_name=workflow.gate_name, versions=list(versions), remarks=remarks, signoffs=list(signoffs), siblings=list(siblings),
        moves=workflow.available_moves(draft, g.user), path=path(session, draft), move_names=MOVES, states=workflow.STATES,
        clocks=clocks.views(session, issue.id, now), facts=fact_records.of_issue(session, issue.id),
        open_facts=fact_records.of_issue(session, issue.id, states=("unverified",)), coverage=view.coverage(session, draft),
        people=view.names(session), may_edit=g.user.role in WRITERS and draft.state not in ("published", "withdrawn"),
        own=g.user.name in workflow.editors(session, draft), autosaved=None if mine else view.autosaved(session, draft, g.user.name),
        statement=session.scalars(select(Statement).where(Statement.draft_id == number)).first(), level=workflow.level_of(session, draft),
        mine=mine, problem=problem, stale=view.stale_sentences(session, draft),
    )  # fmt: skip


def path(session: Any, draft: Draft) -> list[tuple[str, str, bool]]:
    """The states that this draft goes through, in order: (state, name, done)."""
    order = ["draft", "unit", "secrecy", "leader"]
    if workflow.level_of(session, draft) >= PRINCIPAL_FROM:
        order.append("principal")
    order += ["approved", "published"]
    now = {"returned": "draft", "consult": "unit"}.get(draft.state, draft.state)
    at = order.index(now) if now in order else -1
    return [(state, workflow.STATES[state], place < at) for place, state in enumerate(order)]


@bp.post("/drafts/<int:number>/check")
@auth.allow(*WRITERS)
def check(number: int) -> ResponseReturnValue:
    """The checks on a text that is not saved, as a part of the page."""
    session = read()
    draft = view.copy_with(
        workflow.get(session, number), forms.line("title", 300), forms.text("text", LONGEST)
    )
    report = view.checked(session, draft, utcnow())
    return render_template(
        "drafts/_checks.html", draft=draft, report=report, coverage=view.coverage(session, draft), problem_name=workflow.gate_name, unsaved=True
    )  # fmt: skip


@bp.get("/drafts/<int:number>/versions")
@auth.allow()
def versions(number: int) -> ResponseReturnValue:
    """Two versions and the difference between them; without a choice the last two."""
    session = read()
    draft = workflow.get(session, number)
    rows = list(
        session.scalars(
            select(DraftVersion).where(DraftVersion.draft_id == number).order_by(DraftVersion.version)
        )
    )
    by_number = {row.version: row for row in rows}
    right = by_number.get(_number("right"), rows[-1] if rows else None)
    left = by_number.get(_number("left"), rows[-2] if len(rows) > 1 else right)
    if left is None or right is None:
        raise NotFound("这份文稿没有保存过的版本。")
    return render_template(
        "drafts/versions.html", draft=draft, rows=rows, left=left, right=right, lines=view.difference(left.text, right.text),
        people=view.names(session),
    )  # fmt: skip


def _number(name: str) -> int:
    value = request.args.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 9 else 0


@bp.get("/drafts/<int:number>/beside")
@auth.allow()
def beside(number: int) -> ResponseReturnValue:
    """Channel versions of the text side by side, and the other texts of the same issue."""
    session = read()
    draft = workflow.get(session, number)
    wanted = select(Draft).where(
        Draft.issue_id == draft.issue_id, Draft.state != "withdrawn", Draft.id != number
    )
    return render_template(
        "drafts/beside.html", draft=draft, rows=list(session.scalars(wanted.order_by(Draft.id.desc()).limit(5))),
        versions=channels.versions(session, draft, services().settings),
    )  # fmt: skip


@bp.get("/drafts/<int:number>/text.docx")
@auth.allow()
def docx(number: int) -> ResponseReturnValue:
    """The text as a document in the official layout; what is not signed says so on its first line."""
    session = read()
    draft = workflow.get(session, number)
    mark = (
        ""
        if draft.state in ("approved", "published")
        else f"（{workflow.STATES[draft.state]}稿，未经签发，不得对外发布）"
    )
    content = official_docx.document(draft.title, draft.text, mark)
    return Response(
        content, mimetype=official_docx.MIME,
        headers={"Content-Disposition": f'attachment; filename="draft-{draft.id}-v{draft.version}.docx"'},
    )  # fmt: skip


@bp.get("/issues/<issue_id>/pack.docx")
@auth.allow(*WRITERS)
def pack(issue_id: str) -> ResponseReturnValue:
    """发言人资料包: core messages, questions and answers, facts, clauses, clocks. For use inside the office."""
    content = packs.build(read(), issue_id[:64], services().settings, utcnow())
    return Response(
        content,
        mimetype=official_docx.MIME,
        headers={"Content-Disposition": 'attachment; filename="pack.docx"'},
    )


@bp.get("/issues/<issue_id>/pack-<any(a4, phone):paper>.pdf")
@auth.allow(*WRITERS)
def pack_pdf(issue_id: str, paper: str) -> ResponseReturnValue:
    """发言人资料包 as PDF, for paper or for a phone. For use inside the office."""
    content = packs.pdf(read(), issue_id[:64], services().settings, utcnow(), paper)
    return Response(
        content,
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="pack-{paper}.pdf"'},
    )


@bp.get("/issues/<issue_id>/kit.json")
@auth.allow()
def kit_json(issue_id: str) -> ResponseReturnValue:
    """The kit as the command `huiyin kit --json` gives it."""
    from flask import jsonify

    return jsonify(kit.build(read(), issue_id[:64], utcnow(), services().settings).as_dict())

"""Acts on a draft: create, save, sign off, publish, comment. The rules are response_kits.workflow's; here they meet the forms."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from dashboard import auth, forms
from dashboard.pages import draft_view as view
from dashboard.pages.drafts import LONGEST, WRITERS, page
from dashboard.pages.issue_acts import present
from dashboard.services import read, services, write
from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import DraftVersion, IssueEvent, Preference, Remark, utcnow
from huiyin.records.audit import append
from response_kits import archive as archives
from response_kits import drafts, stale, workflow

bp = Blueprint("draft_acts", __name__)


def _back(number: int, anchor: str = "") -> ResponseReturnValue:
    return redirect(url_for("drafts.edit", number=number, _anchor=anchor or None))


@bp.post("/issues/<issue_id>/drafts")
@auth.allow(*WRITERS)
def create(issue_id: str) -> ResponseReturnValue:
    """A new draft of a kind, written from what is verified."""
    kind, now = forms.line("kind", 32), utcnow()
    about: dict[str, Any] = {}
    for name in ("rumour", "policy"):
        if (number := forms.whole(name)) is not None:
            about[name] = number
    if at := forms.moment("next_update"):
        if at <= now:
            raise UsageError("下次发布时间须晚于现在。")
        about["next_update"] = at.isoformat()
    if message := forms.text("message", 5000).strip():
        about["message"] = message
    with write() as session:
        issue = present(session, issue_id)
        draft = drafts.create(
            session,
            issue.id,
            kind,
            services().settings,
            now,
            by=g.user.name,
            about=about,
            sample=issue.sample,
        )
        session.add(
            IssueEvent(
                issue_id=issue.id,
                at=now,
                by=g.user.name,
                kind="draft",
                text=f"起草{drafts.name_of(kind)}：《{draft.title}》",
                data={"draft": draft.id},
            )
        )
        if issue.state in ("new", "triaged", "assigned"):
            issue.state = "responding"
    return _back(draft.id)


@bp.post("/drafts/<int:number>/save")
@auth.allow(*WRITERS)
def save(number: int) -> ResponseReturnValue:
    """Save as the next version. Where somebody else saved first, nothing is lost: the person's text comes back beside theirs."""
    title, text, seen = forms.line("title", 300), forms.text("text", LONGEST), forms.needed("version")
    if not title or not text.strip():
        raise UsageError("标题和正文都不能为空；没有保存。")
    try:
        with write() as session:
            draft = workflow.get(session, number)
            if (draft.title, draft.text, draft.version) != (title, text, seen):
                workflow.save(
                    session,
                    number,
                    seen,
                    title,
                    text,
                    g.user,
                    services().settings,
                    utcnow(),
                    note=forms.line("note", 300),
                )
            session.execute(
                delete(Preference).where(Preference.name == view.autosave_key(number, g.user.name))
            )
    except Conflict as problem:
        return _stale(number, seen, title, text, str(problem)), 409
    return _back(number)


def _stale(number: int, seen: int, title: str, text: str, problem: str) -> str:
    session = read()
    draft = workflow.get(session, number)
    last = _version(session, number, draft.version)
    by = view.names(session).get(last.by, last.by) if last else ""
    if draft.version != seen:
        problem = f"您打开的是第 {seen} 版，{by or '别人'}已先保存了第 {draft.version} 版。您的文字没有保存，但都在下面；请对照修改后再保存。"
    return page(number, title=title, text=text, stale=problem, difference=view.difference(draft.text, text))


def _version(session: Session, number: int, version: int) -> DraftVersion | None:
    wanted = select(DraftVersion).where(DraftVersion.draft_id == number, DraftVersion.version == version)
    return session.scalars(wanted).first()


@bp.post("/drafts/<int:number>/autosave")
@auth.allow(*WRITERS)
def autosave(number: int) -> ResponseReturnValue:
    """Keep what a person is typing, apart from the draft's versions, until they save it."""
    value = {
        "title": forms.line("title", 300),
        "text": forms.text("text", LONGEST),
        "version": forms.needed("version"),
    }
    now = utcnow()
    with write() as session:
        workflow.get(session, number)
        session.merge(Preference(name=view.autosave_key(number, g.user.name), value=value, at=now))
    return render_template("drafts/_autosaved.html", at=now)


@bp.post("/drafts/<int:number>/forget")
@auth.allow(*WRITERS)
def forget(number: int) -> ResponseReturnValue:
    """Drop what was typed and not saved."""
    with write() as session:
        session.execute(delete(Preference).where(Preference.name == view.autosave_key(number, g.user.name)))
    return _back(number)


@bp.post("/drafts/<int:number>/move")
@auth.allow(*WRITERS)
def move(number: int) -> ResponseReturnValue:
    """A step of the sign-off. `override-<gate>` answers for a warning; blocks cannot be answered for."""
    prefix = "override-"
    override = {
        name.removeprefix(prefix): forms.line(name, 500)
        for name in list(request.form)[:60]
        if name.startswith(prefix)
    }
    url = forms.line("url", 1000)
    if url and not url.startswith(("http://", "https://")):
        raise UsageError("发布网址须以 http:// 或 https:// 开头。")
    try:
        with write() as session:
            workflow.act(
                session, number, forms.line("move", 32), g.user, services().settings, utcnow(), version=forms.needed("version"),
                reason=forms.text("reason", 2000).strip(), override=override, url=url,
            )  # fmt: skip
    except Conflict as problem:
        return page(number, problem=str(problem)), 409
    return _back(number, "signoff")


@bp.post("/drafts/<int:number>/remarks")
@auth.allow(*WRITERS)
def remark(number: int) -> ResponseReturnValue:
    with write() as session:
        workflow.remark(
            session, number, forms.text("text", 3000), g.user, utcnow(), quote=forms.text("quote", 1000), near=forms.whole("near") or 0
        )  # fmt: skip
    return _back(number, "remarks")


@bp.post("/drafts/<int:number>/remarks/<int:row>/resolve")
@auth.allow(*WRITERS)
def resolve(number: int, row: int) -> ResponseReturnValue:
    with write() as session:
        found = session.get(Remark, row)
        if found is None or found.draft_id != number:
            raise NotFound("没有这条意见。")
        found.resolved = not found.resolved
        append(
            session,
            g.user.name,
            "draft.remark-resolved",
            f"draft/{number}",
            {"remark": row, "resolved": found.resolved},
        )
    return _back(number, "remarks")


@bp.post("/drafts/<int:number>/verified-part")
@auth.allow(*WRITERS)
def verified_part(number: int) -> ResponseReturnValue:
    """已核实部分先发."""
    with write() as session:
        made = workflow.verified_part(session, number, g.user, services().settings, utcnow())
    return _back(made.id)


@bp.post("/drafts/<int:number>/renew")
@auth.allow(*WRITERS)
def renew(number: int) -> ResponseReturnValue:
    """Put newer facts in the place of those that changed, as the next version."""
    with write() as session:
        stale.renew(session, number, g.user, services().settings, utcnow())
    return _back(number)


@bp.post("/drafts/<int:number>/restore/<int:version>")
@auth.allow(*WRITERS)
def restore(number: int, version: int) -> ResponseReturnValue:
    """Save an earlier version as the newest one; the versions between are kept."""
    with write() as session:
        row = _version(session, number, version)
        if row is None:
            raise NotFound(f"没有第 {version} 版。")
        workflow.save(
            session, number, forms.needed("version"), row.title, row.text, g.user, services().settings, utcnow(),
            bindings=list(row.bindings), note=f"恢复第 {version} 版",
        )  # fmt: skip
    return _back(number)


@bp.post("/drafts/<int:number>/archive")
@auth.allow("spokesperson", "reviewer", "leader", "admin")
def archive(number: int) -> ResponseReturnValue:
    """The draft's whole file as a ZIP; the export is noted in the audit chain."""
    with write() as session:
        content = archives.export(session, number, services().settings, utcnow(), by=g.user.name)
    return Response(
        content, mimetype="application/zip", headers={"Content-Disposition": f'attachment; filename="draft-{number}.zip"'}
    )  # fmt: skip

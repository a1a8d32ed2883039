"""机构名录: who answers for what, where, and whom to call. Issues find their responsible unit here, texts their contact."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import auth, forms
from dashboard.services import read, write
from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import Organisation
from huiyin.records.audit import append
from huiyin.topics import TOPICS

bp = Blueprint("directory", __name__)
bp.nav = [(85, "directory.index", "机构名录", "")]  # type: ignore[attr-defined]

KINDS = {"city": "本级部门", "district": "下级政府和部门", "superior": "上级机关", "vertical": "垂直管理部门"}
LIMIT = 1000
KEEPERS = ("analyst", "admin")


@bp.get("/directory")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    rows = list(
        session.scalars(select(Organisation).order_by(Organisation.level, Organisation.name).limit(LIMIT))
    )
    topic = request.args.get("topic", "")
    if topic in TOPICS:
        rows = [row for row in rows if topic in row.topics]
    if part := request.args.get("q", "").strip()[:60]:
        rows = [row for row in rows if part in row.name or part in row.place]
    number = request.args.get("edit", "")
    editing = session.get(Organisation, int(number)) if number.isdecimal() and len(number) < 10 else None
    return render_template("directory/index.html", rows=rows, kinds=KINDS, editing=editing)


@bp.post("/directory")
@auth.allow(*KEEPERS)
def save() -> ResponseReturnValue:
    """Add an entry, or change the one that `id` names."""
    name, number = forms.line("name", 120), forms.whole("id")
    if not name:
        raise UsageError("请填写单位名称。")
    level = request.form.get("level", "")
    if level not in KINDS:
        raise UsageError("请选择单位的层级。")
    with write() as session:
        row = _row(session, number) if number is not None else Organisation(name=name)
        other = session.scalars(select(Organisation).where(Organisation.name == name)).first()
        if other is not None and other.id != row.id:
            raise Conflict(f"名录中已有“{name}”，没有保存。")
        row.name, row.level, row.place = name, level, forms.line("place", 60)
        row.topics = [topic for topic in dict.fromkeys(request.form.getlist("topic")) if topic in TOPICS]
        row.contact, row.sample = forms.line("contact", 120), False
        session.add(row)
        session.flush()
        append(
            session,
            g.user.name,
            "organisation-save",
            f"organisation:{row.id}",
            {"name": name, "topics": row.topics},
        )
    return redirect(url_for("directory.index"))


@bp.post("/directory/<int:number>/remove")
@auth.allow(*KEEPERS)
def remove(number: int) -> ResponseReturnValue:
    with write() as session:
        row = _row(session, number)
        append(session, g.user.name, "organisation-remove", f"organisation:{row.id}", {"name": row.name})
        session.delete(row)
    return redirect(url_for("directory.index"))


def _row(session: Session, number: int) -> Organisation:
    row = session.get(Organisation, number)
    if row is None:
        raise NotFound("名录中没有这个单位；请刷新页面。")
    return row

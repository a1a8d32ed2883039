"""系统: is it sound? People, rules with document numbers, models with their measured scores, audit, sample data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from dashboard import accounts, auth, sample, sessions
from dashboard.services import close_reading, read, services, write
from huiyin.errors import Conflict, NotFound
from huiyin.records import ROLES, AuditRow, Correction, DocumentRow, Issue, Quarantine, User
from huiyin.records.audit import append, verify
from huiyin.rules import load

bp = Blueprint("system", __name__)
bp.nav = [(90, "system.index", "系统", "")]  # type: ignore[attr-defined]

AUDIT_PAGE = 50


@bp.get("/system")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    states = dict(session.execute(select(DocumentRow.state, func.count()).group_by(DocumentRow.state)).all())
    counts = {
        "documents": sum(states.values()), "waiting": states.get("stored", 0) + states.get("analysed", 0), "failed": states.get("failed", 0),
        "index": services().index.count(), "issues": session.scalar(select(func.count()).select_from(Issue)),
        "quarantine": session.scalar(select(func.count()).select_from(Quarantine).where(Quarantine.replayed.is_(None))),
        "corrections": session.scalar(select(func.count()).select_from(Correction)),
    }  # fmt: skip
    return render_template(
        "system/index.html", counts=counts, models=models(), clocks=load("clocks")["clock"]
    )


def models() -> list[dict[str, Any]]:
    """Name, description and measured scores of each trained model, as its card's data file has them."""
    import nlp

    found = []
    for file in sorted((Path(nlp.__file__).parent / "models").glob("*/scores.json")):
        found.append({"name": file.parent.name, "scores": json.loads(file.read_text("utf-8"))})
    return found


@bp.get("/users")
@auth.allow("admin")
def users() -> ResponseReturnValue:
    rows = list(read().scalars(select(User).order_by(User.name)))
    return render_template("system/users.html", users=rows, made=None)


@bp.post("/users")
@auth.allow("admin")
def add_user() -> ResponseReturnValue:
    name = request.form.get("name", "").strip()
    with write() as session:
        password = accounts.add(
            session, name, request.form.get("role", ""), by=g.user.name, display=request.form.get("display", "").strip()[:40],
            unit=request.form.get("unit", "").strip()[:60],
        )  # fmt: skip
    return render_template(
        "system/users.html",
        users=list(read().scalars(select(User).order_by(User.name))),
        made=(name, password),
    )


@bp.post("/users/<name>")
@auth.allow("admin")
def change_user(name: str) -> ResponseReturnValue:
    move = request.form.get("act", "")
    if name == g.user.name:
        raise Conflict("不能停用或重置自己的账号；请由另一位管理员操作。")
    password = ""
    with write() as session:
        user = session.get(User, name)
        if user is None:
            raise NotFound("没有这个账号。")
        if move == "reset":
            password = accounts.reset(session, name, by=g.user.name)
        elif move in ("enable", "disable"):
            user.enabled = move == "enable"
            sessions.end_others(session, name)
            append(session, g.user.name, f"{move}-user", f"user:{name}")
        elif move == "role" and request.form.get("role") in ROLES:
            user.role = request.form["role"]
            sessions.end_others(session, name)  # what a session may do is settled when it begins
            append(session, g.user.name, "change-role", f"user:{name}", {"role": user.role})
    rows = list(read().scalars(select(User).order_by(User.name)))
    return render_template("system/users.html", users=rows, made=(name, password) if password else None)


@bp.get("/audit")
@auth.allow("reviewer", "leader", "admin")
def audit() -> ResponseReturnValue:
    session = read()
    wanted = select(AuditRow)
    if request.args.get("by"):
        wanted = wanted.where(AuditRow.by == request.args["by"][:64])
    if request.args.get("thing"):
        wanted = wanted.where(AuditRow.thing == request.args["thing"][:128])
    if request.args.get("before", "").isdigit():
        wanted = wanted.where(AuditRow.number < int(request.args["before"]))
    rows = list(session.scalars(wanted.order_by(AuditRow.number.desc()).limit(AUDIT_PAGE)))
    checked = verify(session) if request.args.get("verify") else None
    return render_template("system/audit.html", rows=rows, checked=checked, more=len(rows) == AUDIT_PAGE)


@bp.post("/sample/remove")
@auth.allow("admin")
def remove_sample() -> ResponseReturnValue:
    close_reading()
    sample.remove(services().record, services().index, g.user.name)
    return redirect(url_for("home.index"))

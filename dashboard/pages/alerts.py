"""预警: what alerted, why, on which evidence; who acknowledged it; how often each rule was right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from dashboard import auth
from dashboard.services import read, services
from huiyin.errors import NotFound, UsageError
from huiyin.records import Alert, Issue, Preference, Source, User, utcnow
from huiyin.rules import load
from response_kits import escalation
from response_kits.alerts import precision
from response_kits.alerts.deliver import configured

bp = Blueprint("alerts", __name__)
bp.nav = [(30, "alerts.index", "预警", "")]  # type: ignore[attr-defined]

PAGE = 30
STATES = {"open": "待确认", "acknowledged": "已确认", "false": "误报", "all": "全部"}
WATCH = "watch"
"""Name of the preference that holds the topics and places that the office watches (dashboard/pages/welcome.py)."""


def rules() -> dict[str, str]:
    """Rule → its name, in the order of the table."""
    return {rule["key"]: rule["name"] for rule in load("alerts")["rule"]} | escalation.NAMES


def chosen(args: Mapping[str, str]) -> Select[Any]:
    """The alerts that the address asks for, the newest first; unknown values are passed over."""
    wanted = select(Alert)
    state = args.get("state", "open")
    if state == "acknowledged":
        wanted = wanted.where(Alert.acknowledged.is_not(None), Alert.false_alarm.is_(False))
    elif state == "false":
        wanted = wanted.where(Alert.false_alarm)
    elif state != "all":
        wanted = wanted.where(Alert.acknowledged.is_(None))
    if args.get("level") in ("0", "1", "2", "3"):
        wanted = wanted.where(Alert.level == int(args["level"]))
    if args.get("rule") in rules():
        wanted = wanted.where(Alert.rule == args["rule"])
    if args.get("days", "").isdecimal() and len(args["days"]) < 5:
        wanted = wanted.where(Alert.at >= utcnow() - timedelta(days=int(args["days"])))
    watch = watched()
    if args.get("watch") == "1" and (watch["topics"] or watch["places"]):
        inside = Issue.topic.in_(watch["topics"]) | Issue.place.in_(watch["places"])
        wanted = wanted.join(Issue, Issue.id == Alert.issue_id).where(inside)
    return wanted.order_by(Alert.at.desc(), Alert.id.desc())


def watched() -> dict[str, list[str]]:
    """{topics, places} that the office watches; empty lists where nobody chose."""
    row = read().get(Preference, WATCH)
    value = row.value if row else {}
    return {"topics": list(value.get("topics", [])), "places": list(value.get("places", []))}


@bp.get("/alerts")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    page = (
        max(1, min(int(request.args["page"]), 10_000))
        if request.args.get("page", "").isdecimal() and len(request.args["page"]) < 6
        else 1
    )
    wanted = chosen(request.args)
    total = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    rows = list(
        session.scalars(wanted.options(joinedload(Alert.issue)).limit(PAGE).offset((page - 1) * PAGE))
    )
    return render_template(
        "alerts/index.html", rows=rows, total=total, page=page, pages=max(1, -(-total // PAGE)), states=STATES, rules=rules(),
        people=_people(), figures=precision(session), watch=watched(), **_channels(),
    )  # fmt: skip


def _channels() -> dict[str, Any]:
    """The channels by name; a mistake in the settings is shown here, where people look for their messages."""
    try:
        return {"channels": [channel.name for channel in configured(services().settings)], "problem": ""}
    except UsageError as error:
        return {"channels": [], "problem": str(error)}


def _people() -> dict[str, str]:
    return {name: display or name for name, display in read().execute(select(User.name, User.display))}


@bp.get("/alerts/<int:number>")
@auth.allow()
def show(number: int) -> ResponseReturnValue:
    session = read()
    alert = session.get(Alert, number)
    if alert is None:
        raise NotFound("没有这条预警；它可能已随示例数据移除。")
    about = Alert.issue_id == alert.issue_id if alert.issue_id else Alert.source == alert.source
    same = select(Alert).where(about, Alert.id != alert.id).order_by(Alert.at.desc())
    titles = {name: title or name for name, title in session.execute(select(Source.name, Source.title))}
    return render_template(
        "alerts/show.html", alert=alert, rules=rules(), people=_people(), others=list(session.scalars(same.limit(20))), titles=titles,
    )  # fmt: skip

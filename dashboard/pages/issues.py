"""事件: which issues there are, how bad, who has them. Filters stay in the address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from dashboard import auth
from dashboard.services import read, write
from huiyin.errors import NotFound, UsageError
from huiyin.records import ISSUE_STATES, OPEN_STATES, Clock, Issue, IssueEvent, utcnow
from huiyin.records.audit import append
from huiyin.topics import TOPICS

bp = Blueprint("issues", __name__)
bp.nav = [(20, "issues.index", "事件", "事件")]  # type: ignore[attr-defined]

PAGE = 20
ORDERS = {"level": "级别", "last": "最近", "heat": "热度", "size": "数量"}


def chosen(args: Any) -> Select[Any]:
    """The issues that the address asks for; unknown values are passed over, so that an old bookmark still opens."""
    wanted = select(Issue).where(Issue.merged_into == "")
    state = args.get("state", "open")
    if state == "open":
        wanted = wanted.where(Issue.state.in_(OPEN_STATES))
    elif state in ISSUE_STATES:
        wanted = wanted.where(Issue.state == state)
    levels = [int(value) for value in args.getlist("level") if value in ("0", "1", "2", "3")]
    if levels:
        wanted = wanted.where(Issue.level.in_(levels))
    if args.get("topic") in TOPICS:
        wanted = wanted.where(Issue.topic == args["topic"])
    if args.get("place"):
        wanted = wanted.where(Issue.place == args["place"][:64])
    if args.get("owner") == "me":
        wanted = wanted.where(Issue.owner == g.user.name)
    elif args.get("owner") == "none":
        wanted = wanted.where(Issue.owner == "")
    if args.get("days", "").isdigit():
        wanted = wanted.where(Issue.last >= utcnow() - timedelta(days=min(int(args["days"]), 3650)))
    if args.get("rumour") == "1":
        wanted = wanted.where(Issue.rumour >= 0.6)
    if args.get("single") != "1":
        # A lone post that asks for nothing is kept and can be searched, but it is no issue that somebody must look at.
        wanted = wanted.where((Issue.folded > 1) | (Issue.level >= 1))
    order = {"last": Issue.last, "heat": Issue.heat, "size": Issue.documents}.get(
        args.get("order", ""), Issue.level
    )
    return wanted.order_by(order.desc(), Issue.heat.desc(), Issue.last.desc(), Issue.id)


def clocks_of(session: Session, issues: list[Issue]) -> dict[str, Clock]:
    """The most pressing clock of each issue."""
    found: dict[str, Clock] = {}
    rows = session.scalars(
        select(Clock).where(Clock.issue_id.in_([issue.id for issue in issues])).order_by(Clock.due)
    )
    for clock in rows:
        kept = found.get(clock.issue_id)
        if kept is None or (kept.met_at is not None and clock.met_at is None):
            found[clock.issue_id] = clock
    return found


@bp.get("/issues")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    page = (
        max(1, min(int(request.args.get("page", "1")), 10_000))
        if request.args.get("page", "1").isdigit()
        else 1
    )
    wanted = chosen(request.args)
    total = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
    rows = list(session.scalars(wanted.limit(PAGE).offset((page - 1) * PAGE)))
    return render_template(
        "issues/index.html", issues=rows, total=total, page=page, pages=max(1, -(-total // PAGE)), clocks=clocks_of(session, rows), orders=ORDERS,
    )  # fmt: skip


@bp.post("/issues/<issue_id>/act")
@auth.allow("analyst", "spokesperson", "admin")
def act(issue_id: str) -> ResponseReturnValue:
    """Claim, give back, or mark as a false alarm; each can be undone on the issue's page."""
    move = request.form.get("act", "")
    with write() as session:
        issue = session.get(Issue, issue_id[:64])
        if issue is None:
            raise NotFound("没有这个事件；它可能已随示例数据移除。")
        if move == "claim":
            issue.owner = g.user.name
            if issue.state in ("new", "triaged"):
                issue.state = "assigned"
            text = "认领"
        elif move == "release":
            issue.owner, text = "", "放弃认领"
        elif move == "false":
            issue.state, text = "false_alarm", "标为误报"
        elif move == "reopen":
            issue.state, text = "triaged", "重新打开"
        else:
            raise UsageError("没有这种操作。")
        session.add(IssueEvent(issue_id=issue.id, by=g.user.name, kind="state", text=text))
        append(session, g.user.name, f"issue-{move}", f"issue:{issue.id}")
    return redirect(url_for("issues.index") if request.form.get("back") == "list" else f"/issues/{issue_id}")

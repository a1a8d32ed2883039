"""待办: what needs me now, first. One page for every role; each sees the queues that its role can act on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import auth, sample, shifts
from dashboard.services import read, write
from huiyin.records import OPEN_STATES, Alert, Clock, Draft, Issue, Promise, utcnow
from response_kits import consult, disclosure, recall, workflow
from response_kits.alerts import acknowledge as judge

bp = Blueprint("home", __name__)
bp.nav = [(0, "home.index", "待办", "待办")]  # type: ignore[attr-defined]

SOON = timedelta(hours=6)
LIMIT = 30


@dataclass
class Queue:
    """One list of the page: why it is here, what is in it, and what an empty one means."""

    key: str
    title: str
    empty: str
    rows: list[Any] = field(default_factory=list)


@bp.app_context_processor
def sample_banner() -> dict[str, Any]:
    return {"sample_loaded": bool(g.get("user")) and sample.loaded(read())}


@bp.get("/")
@auth.allow()
def index() -> ResponseReturnValue:
    session = read()
    queues = [
        Queue("overdue", "已超时", "没有超过规定时限的事件。", _clocks(session, overdue=True)),
        Queue(
            "soon",
            "即将到时",
            f"{int(SOON.total_seconds() // 3600)} 小时内没有到期的时限。",
            _clocks(session, overdue=False),
        ),
        Queue(
            "alerts",
            "待确认的预警",
            "没有待确认的预警。事件达到红、橙级别或出现扩散中的传言时，会在这里提示。",
            _alerts(session),
        ),
        Queue("new", "新的红色、橙色事件", "没有新的红色、橙色事件。", _new_issues(session)),
        Queue(
            "disclosure",
            "主动公开建议",
            "没有多人申请公开同一信息的情形。导入依申请公开登记表后，重复的申请会在这里提示。",
            disclosure.waiting(session, LIMIT),
        ),
        Queue(
            "shift", "等我接班", "没有交给您、等您接班的事件。", shifts.handed_to(session, g.user.name, LIMIT)
        ),
        Queue("review", "待我审核", "没有等您审核的文稿。", _to_review(session)),
        Queue("consult", "会商逾期须催办", "没有超过答复期限的会商。", _consult(session)),
        Queue("returned", "退回给我", "没有退回的文稿。", _returned(session)),
        Queue("mine", "我认领的事件", "您还没有认领事件；在“事件”列表中按 a 键认领。", _mine(session)),
        Queue(
            "recall",
            "更正还没有到位",
            "已更正、已撤回的发布都处理到位了。",
            recall.open_tasks(session)[:LIMIT],
        ),
        Queue("promises", "到期的承诺", "没有一周内到期的公开承诺。", _promises(session)),
    ]
    return render_template(
        "home/index.html",
        queues=[queue for queue in queues if queue.rows],
        quiet=[queue for queue in queues if not queue.rows],
    )


def _clocks(session: Session, *, overdue: bool) -> list[Any]:
    now = utcnow()
    due = Clock.due < now if overdue else Clock.due.between(now, now + SOON)
    wanted = (
        select(Clock, Issue).join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.state.in_(("running", "missed")), Clock.met_at.is_(None), due, Issue.merged_into == "", Issue.state.in_(OPEN_STATES))
        .order_by(Clock.due).limit(LIMIT)
    )  # fmt: skip
    return list(session.execute(wanted).all())


def _alerts(session: Session) -> list[Alert]:
    wanted = (
        select(Alert)
        .where(Alert.acknowledged.is_(None))
        .order_by(Alert.level.desc(), Alert.at.desc())
        .limit(LIMIT)
    )
    return list(session.scalars(wanted))


def _new_issues(session: Session) -> list[Issue]:
    wanted = (
        select(Issue).where(Issue.state == "new", Issue.level >= 2, Issue.merged_into == "")
        .order_by(Issue.level.desc(), Issue.last.desc()).limit(LIMIT)
    )  # fmt: skip
    return list(session.scalars(wanted))


def review_states(role: str) -> set[str]:
    """States in which a draft waits for this role: to be approved, signed or published."""
    return {
        state
        for (state, move), row in workflow.MOVES.items()
        if role in row.roles and (row.approves or move == "publish")
    }


def _to_review(session: Session) -> list[Any]:
    states = review_states(g.user.role)
    if not states:
        return []
    wanted = (
        select(Draft, Issue)
        .join(Issue, Issue.id == Draft.issue_id)
        .where(Draft.state.in_(states))
        .order_by(Draft.changed)
        .limit(LIMIT)
    )
    return [
        (draft, issue)
        for draft, issue in session.execute(wanted).all()
        if workflow.available_moves(draft, g.user)
    ]


def _consult(session: Session) -> list[Any]:
    """(draft, issue) of consultations over their deadline whose silent bodies must be chased."""
    return [(draft, session.get_one(Issue, draft.issue_id)) for draft in consult.overdue(session)[:LIMIT]]


def _returned(session: Session) -> list[Any]:
    wanted = (
        select(Draft, Issue).join(Issue, Issue.id == Draft.issue_id)
        .where(Draft.state == "returned", Draft.author == g.user.name).order_by(Draft.changed.desc()).limit(LIMIT)
    )  # fmt: skip
    return list(session.execute(wanted).all())


def _mine(session: Session) -> list[Issue]:
    wanted = (
        select(Issue).where(Issue.owner == g.user.name, Issue.state.in_(OPEN_STATES), Issue.merged_into == "")
        .order_by(Issue.level.desc(), Issue.last.desc()).limit(LIMIT)
    )  # fmt: skip
    return list(session.scalars(wanted))


def _promises(session: Session) -> list[Promise]:
    soon = utcnow() + timedelta(days=7)
    return list(
        session.scalars(
            select(Promise)
            .where(Promise.kept.is_(None), Promise.due < soon)
            .order_by(Promise.due)
            .limit(LIMIT)
        )
    )


@bp.post("/alerts/acknowledge")
@auth.allow("analyst", "spokesperson", "leader", "admin")
def acknowledge() -> ResponseReturnValue:
    """Acknowledge alerts, or mark them as false alarms (which counts against their rule)."""
    numbers = [int(value) for value in request.form.getlist("alert")[:200] if value.isdigit()]
    false = request.form.get("false") == "1"
    now = utcnow()
    with write() as session:
        for alert in session.scalars(
            select(Alert).where(Alert.id.in_(numbers), Alert.acknowledged.is_(None))
        ):
            judge(session, alert, g.user.name, now, false_alarm=false)
    return redirect("/alerts" if request.form.get("back") == "/alerts" else url_for("home.index"))

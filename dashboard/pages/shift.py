"""Acts of 交接班 and 阅知 on an issue; what is shown of them is in dashboard/shifts.py."""

from __future__ import annotations

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from dashboard import auth, forms
from dashboard.pages.issue_acts import back, note, present
from dashboard.services import write
from dashboard.shifts import HANDED, HOLDERS, READ, TAKEN, colleagues, receipts, waiting
from huiyin.errors import Conflict, UsageError

bp = Blueprint("shift", __name__)


@bp.post("/issues/<issue_id>/shift")
@auth.allow(*HOLDERS)
def hand(issue_id: str) -> ResponseReturnValue:
    """交班: to whom, and what the next one must know."""
    to, words = request.form.get("to", "")[:64], forms.text("text", 5000).strip()
    if not words:
        raise UsageError("请写明交接事项：做到哪一步、还差什么、盯什么。")
    with write() as session:
        issue = present(session, issue_id)
        person = next((user for user in colleagues(session) if user.name == to), None)
        if person is None:
            raise UsageError("请选择接班的人。")
        note(
            session,
            issue,
            HANDED,
            f"交班给 {person.display or person.name}：{words}",
            to=person.name,
            note=words,
        )
    return back(issue_id)


@bp.post("/issues/<issue_id>/shift/take")
@auth.allow(*HOLDERS)
def take(issue_id: str) -> ResponseReturnValue:
    """接班: the one it was handed to confirms, and holds the issue from now on."""
    with write() as session:
        issue = present(session, issue_id)
        handed = waiting(session, issue.id)
        if handed is None:
            raise Conflict("这次交接已经有人接班；请刷新页面看最新的认领人。")
        if handed.data.get("to") != g.user.name:
            raise UsageError("这件事项没有交给您；如需接手，请用“认领”。")
        before, issue.owner = issue.owner, g.user.name
        note(session, issue, TAKEN, "已接班", before=before, handed=handed.id)
    return back(issue_id)


@bp.post("/issues/<issue_id>/read")
@auth.allow()
def read_it(issue_id: str) -> ResponseReturnValue:
    """阅知: a receipt that this person has read where the issue stands; a second one before anything new is not written."""
    with write() as session:
        issue = present(session, issue_id)
        mine = next((one for one in receipts(session, issue.id) if one.by == g.user.name), None)
        if mine is None or mine.stale:
            note(session, issue, READ, "已阅知")
    return back(issue_id, "overview")

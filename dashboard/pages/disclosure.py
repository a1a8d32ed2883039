"""A person's word on a suggestion to publish what several people have applied for (主动公开建议)."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import auth
from dashboard.services import write
from huiyin.records import utcnow
from response_kits import disclosure

bp = Blueprint("disclosure", __name__)


@bp.post("/issues/<issue_id>/disclosure")
@auth.allow("analyst", "spokesperson", "reviewer", "leader", "admin")
def decide(issue_id: str) -> ResponseReturnValue:
    """Adopt or decline, with a reason; the page of the issue shows it in its log."""
    with write() as session:
        disclosure.decide(
            session, issue_id[:64], request.form.get("decision", ""), request.form.get("reason", "")[:1000], g.user.name, utcnow()
        )  # fmt: skip
    return redirect(url_for("issue.index", issue_id=issue_id, tab="log"))

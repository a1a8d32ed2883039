"""会商 of a draft: send it to bodies with a deadline and a rule for silence, record what they answer."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import auth, forms
from dashboard.pages.drafts import WRITERS, page
from dashboard.services import services, write
from huiyin.errors import Conflict
from huiyin.records import utcnow
from response_kits import consult

bp = Blueprint("consult", __name__)


@bp.app_context_processor
def words() -> dict[str, object]:
    return {
        "consult_rounds": consult.rounds, "consult_waiting": consult.waiting, "SILENCE": consult.SILENCE, "STANCES": consult.STANCES,
    }  # fmt: skip


@bp.post("/drafts/<int:number>/consult")
@auth.allow("spokesperson", "reviewer", "leader")
def ask(number: int) -> ResponseReturnValue:
    bodies = forms.text("bodies", 2000).replace("、", "\n").splitlines()[:30]
    try:
        with write() as session:
            consult.ask(
                session, number, bodies, forms.moment("due"), request.form.get("silence", ""), g.user, services().settings, utcnow(),
                version=forms.needed("version"), note=forms.line("note", 500),
            )  # fmt: skip
    except Conflict as problem:
        return page(number, problem=str(problem)), 409
    return redirect(url_for("drafts.edit", number=number, _anchor="remarks"))


@bp.post("/drafts/<int:number>/consult/answer")
@auth.allow(*WRITERS)
def answer(number: int) -> ResponseReturnValue:
    """What a consulted body said."""
    try:
        with write() as session:
            consult.answer(
                session,
                number,
                forms.line("body", 120),
                request.form.get("stance", ""),
                forms.text("text", 3000),
                g.user,
                utcnow(),
            )
    except Conflict as problem:
        return page(number, problem=str(problem)), 409
    return redirect(url_for("drafts.edit", number=number, _anchor="remarks"))

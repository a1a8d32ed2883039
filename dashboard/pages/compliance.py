"""时限记录: were the limits of the month met? Counts by rule, each row with its issue; as a page, DOCX, CSV."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from dashboard import auth, official_docx
from dashboard.services import read, services
from huiyin.records import utcnow
from response_kits import compliance

bp = Blueprint("compliance", __name__)
bp.nav = [(58, "compliance.index", "时限记录", "")]  # type: ignore[attr-defined]


def _month() -> str:
    return request.args.get("month") or utcnow().astimezone(services().settings.zone).strftime("%Y-%m")


@bp.get("/compliance")
@auth.allow()
def index() -> ResponseReturnValue:
    made = compliance.record(read(), _month(), services().settings, utcnow())
    return render_template("compliance/index.html", made=made, kinds=compliance.KINDS)


@bp.get("/compliance/record.<any(docx, csv):form>")
@auth.allow()
def record(form: str) -> ResponseReturnValue:
    """The record of the month as a document (docx) or as rows (csv)."""
    settings, now = services().settings, utcnow()
    made = compliance.record(read(), _month(), settings, now)
    content = compliance.as_csv(made) if form == "csv" else compliance.as_docx(made, settings, now)
    kind = "text/csv; charset=utf-8" if form == "csv" else official_docx.MIME
    name = f"compliance-{made.month}.{form}"
    return Response(content, mimetype=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

"""For machines that watch over us: is the process alive, can it work, how is it doing. No person's page, no session."""

from __future__ import annotations

import hmac
from pathlib import Path

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dashboard import auth, observing
from dashboard.services import services
from huiyin.errors import Forbidden, HuiyinError, NotFound, Unavailable
from huiyin.records.migrate import behind

bp = Blueprint("probes", __name__)


@bp.get("/healthz")
@auth.bare
def healthz() -> ResponseReturnValue:
    """The process answers. Asks nothing else: who restarts processes by this must not restart us because a database is away."""
    return jsonify({"alive": True})


@bp.get("/readyz")
@auth.bare
def readyz() -> ResponseReturnValue:
    """Record, its schema and the index answer: 200, else 503 with the part that does not. Says no more than that."""
    parts = {"record": _record(), "schema": _schema(), "search": _search()}
    ready = all(parts.values())
    words = {name: "ok" if fine else "down" for name, fine in parts.items()}
    return jsonify({"ready": ready, "parts": words}), 200 if ready else 503


@bp.get("/metrics")
@auth.bare
def metrics() -> ResponseReturnValue:
    """Measures in Prometheus's text form, to who has the token; without a token set, to this machine only."""
    _may_measure()
    try:
        made = generate_latest(observing.registry())
    except SQLAlchemyError as error:
        raise Unavailable("the record does not answer; try again later") from error
    return Response(made, content_type=CONTENT_TYPE_LATEST)


def _may_measure() -> None:
    settings = services().settings
    if settings.metrics_token_file:
        try:
            wanted = Path(settings.metrics_token_file).read_text("utf-8").strip()
        except OSError as error:
            raise Unavailable("metrics_token_file cannot be read; ask an administrator") from error
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        if (
            len(wanted) < 16
            or kind.lower() != "bearer"
            or not hmac.compare_digest(given.strip().encode(), wanted.encode())
        ):
            raise Forbidden(
                "give the token of metrics_token_file (16 characters or more) as Authorization: Bearer …"
            )
        return
    # Behind a proxy everybody comes from this machine: there a token is needed.
    proxied = settings.secure_cookies or settings.trusted_proxy or settings.hosts
    if request.remote_addr not in auth.LOOPBACK or proxied:
        raise NotFound("请检查地址，或从左侧栏目重新进入。")


def _record() -> bool:
    try:
        with services().record.session(write=False) as session:
            return bool(session.scalar(text("SELECT 1")))
    except SQLAlchemyError:
        return False


def _schema() -> bool:
    try:
        return not behind(services().record.engine)
    except SQLAlchemyError:
        return False


def _search() -> bool:
    try:
        return services().index.count() >= 0
    except (HuiyinError, OSError, ValueError):
        return False

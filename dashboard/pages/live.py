"""What changed, pushed to open pages (server-sent events): alerts to acknowledge, sizes of queues. Pages work without it.

Each stream holds one of the server's threads, so there are few and they end soon; the browser comes back by itself. Where
all places are taken, the answer is one event and a longer pause: then the page asks now and then instead of listening.

A stream outlives a moment, so whoever ends the server calls `stop` and lets the threads end before closing it: waitress
wakes itself through a pipe, and a thread that writes to the pipe's number after it was closed writes into whatever file got
that number, the record among them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, Response, g
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard import auth
from dashboard.pages.home import SOON, review_states
from dashboard.services import Services, close_reading, services
from huiyin.records import OPEN_STATES, Alert, Clock, Draft, Issue, Record, utcnow

bp = Blueprint("live", __name__)

PLACES = 6
LIFE = 55.0
"""Seconds; below the server's patience with a silent connection."""
EVERY = 3.0
HEARTBEAT = 15.0
SOONER, LATER = 3_000, 30_000
"""Milliseconds after which a browser comes back: after a stream, and where there was no place for one."""


def snapshot(session: Session, role: str) -> dict[str, int]:
    """Counts that the page shows. `newest` is the number of the newest alert, 0 where there is none; `level` the worst waiting."""
    waiting = select(func.count(), func.coalesce(func.max(Alert.level), 0)).where(
        Alert.acknowledged.is_(None)
    )
    alerts, level = session.execute(waiting).one()
    now = utcnow()
    return {
        "alerts": alerts, "level": level, "newest": session.scalar(select(func.coalesce(func.max(Alert.id), 0))) or 0,
        "overdue": _clocks(session, Clock.due < now), "soon": _clocks(session, Clock.due.between(now, now + SOON)),
        "new": _count(session, select(Issue.id).where(Issue.state == "new", Issue.level >= 2, Issue.merged_into == "")),
        "review": _count(session, select(Draft.id).where(Draft.state.in_(review_states(role)))),
    }  # fmt: skip


def _clocks(session: Session, due: Any) -> int:
    wanted = (
        select(Clock.id).join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.state.in_(("running", "missed")), Clock.met_at.is_(None), due, Issue.merged_into == "", Issue.state.in_(OPEN_STATES))
    )  # fmt: skip
    return _count(session, wanted)


def _count(session: Session, wanted: Any) -> int:
    return session.scalar(select(func.count()).select_from(wanted.subquery())) or 0


@bp.get("/events")
@auth.allow()
def events() -> Response:
    places: threading.Semaphore = services().cache.setdefault("live-places", threading.Semaphore(PLACES))
    stopping = _stopping(services())
    record, role = services().record, g.user.role
    close_reading()  # the stream opens a session a look: one for its whole life would see nothing new
    if not stopping.is_set() and places.acquire(blocking=False):
        response = Response(stream(record, role, stopping), mimetype="text/event-stream")
        response.call_on_close(places.release)
    else:
        response = Response(_event(_look(record, role), LATER), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = (
        "no"  # a proxy that gathers the stream would deliver it at its end
    )
    return response


def _look(record: Record, role: str) -> dict[str, int]:
    with record.session(write=False) as session:
        return snapshot(session, role)


def _event(counts: dict[str, int], retry: int = SOONER) -> str:
    return f"retry: {retry}\nevent: counts\ndata: {json.dumps(counts)}\n\n"


def stop(app: Flask) -> None:
    """End all streams within a moment and begin no more: the server is about to end."""
    _stopping(app.extensions["huiyin"]).set()


def _stopping(parts: Services) -> threading.Event:
    made: threading.Event = parts.cache.setdefault("live-stopping", threading.Event())
    return made


def stream(
    record: Record, role: str, stopping: threading.Event, *, life: float = LIFE, every: float = EVERY
) -> Iterator[str]:
    """Events: the counts at once and whenever they change, a comment now and then, an end after `life` seconds."""
    started = spoken = time.monotonic()
    known: dict[str, int] = {}
    while True:
        counts = _look(record, role)
        now = time.monotonic()
        if counts != known:
            yield _event(counts)
            known, spoken = counts, now
        elif now - spoken >= HEARTBEAT:
            yield ": still here\n\n"  # also how a browser that has gone is noticed
            spoken = now
        if now - started >= life or stopping.wait(every):
            return

"""The JSON API, version 1. Each view's declaration checks its requests and is its part of /api/v1/openapi.json."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select

from dashboard import auth
from dashboard.api import _fields as fields
from dashboard.api import _push as push
from dashboard.api import _shapes as shapes
from dashboard.api._contract import Endpoint, Param, endpoint, stop
from dashboard.api._feeds import atom, calendar
from dashboard.api._openapi import document as openapi_document
from dashboard.pages.search import parse, rows_of
from dashboard.services import read, services, write
from huiyin.document import KINDS
from huiyin.errors import NotFound
from huiyin.records import ISSUE_STATES, OPEN_STATES, ROLES, Alert, Clock, Issue, utcnow
from huiyin.rules import load
from huiyin.search import Query
from huiyin.topics import TOPICS
from response_kits import clocks
from response_kits.alerts import acknowledge as judge

bp = Blueprint("api_v1", __name__)

JSON = "application/json"
LIMIT = Param("limit", "rows of the answer", "integer", default=20, least=1, most=100)
OFFSET = Param("offset", "rows to pass over", "integer", default=0, least=0, most=9_800)
SINCE = Param("since", "not before: a day or a moment", "moment")
UNTIL = Param("until", "before: a day (which is not included) or a moment", "moment")
TOPIC = Param("topic", "topic", choices=tuple(TOPICS), many=True)
LEVEL = Param(
    "level", "least level: 3 red, 2 orange, 1 yellow, 0 blue", "integer", default=0, least=0, most=3
)
FACETS = ("topic", "source", "kind", "sentiment", "urgency", "place")
KEEPERS = frozenset({"analyst", "spokesperson", "leader", "admin"})
"""Roles that may acknowledge alerts, as on the page (dashboard/pages/home.py)."""
PAST = timedelta(days=30)
"""How long the calendar shows limits that are over."""


@endpoint(
    bp,
    Endpoint(
        "POST", "/api/v1/documents", "Push documents; all or none are stored, pseudonymised and masked", "push",
        (
            Param("source", "the registered push source", needed=True, length=64),
            Param("Idempotency-Key", "the same key again gets the same answer and stores nothing", where="header", length=128),
        ),
        body=fields.BODY, answer={JSON: shapes.PUSHED}, errors=(404, 413, 415, 422),
    ),
)  # fmt: skip
def push_documents(source: str, idempotency_key: str | None) -> Any:
    return push.receive(source, idempotency_key)


@endpoint(
    bp,
    Endpoint(
        "GET", "/api/v1/documents", "Search documents", "read",
        (
            Param("q", "words (all), \"phrases\", -excluded", default="", length=500), SINCE, UNTIL, TOPIC,
            Param("source", "source", many=True, length=64), Param("kind", "kind", choices=KINDS, many=True),
            Param("sentiment", "stance", choices=("-1", "0", "1"), many=True), Param("urgency", "urgency", choices=("0", "1", "2", "3"), many=True),
            Param("place", "place", many=True), Param("fold", "leave reprints out", "boolean", default=True),
            Param("order", "order", choices=("newest", "oldest", "relevance"), default="newest"),
            Param("facets", "count the values of all hits", "boolean", default=False), LIMIT, OFFSET,
        ),
        answer={JSON: shapes.listing(shapes.DOCUMENT)},
    ),
)  # fmt: skip
def documents(
    q: str, since: datetime | None, until: datetime | None, fold: bool, order: Any, facets: bool, limit: int, offset: int, **filters: tuple[str, ...]
) -> Any:  # fmt: skip
    words, phrases, exclude = parse(q)
    wanted = {name: values for name, values in filters.items() if values}
    found = services().index.search(
        Query(
            words=words, phrases=phrases, exclude=exclude, since=since, until=until, filters={**wanted, **({"duplicate": ("false",)} if fold else {})},
            order=order, limit=limit, offset=offset, facets=FACETS if facets else (),
        )
    )  # fmt: skip
    answer = {
        **_page(found.total, limit, offset),
        "items": [shapes.document(*row) for row in rows_of(read(), found.ids)],
    }
    if facets:
        answer["facets"] = {
            name: [{"value": value, "count": count} for value, count in rows]
            for name, rows in found.facets.items()
        }
    return answer


def _page(total: int, limit: int, offset: int) -> dict[str, Any]:
    return {"total": total, "limit": limit, "offset": offset}


def _count(wanted: Select[Any]) -> int:
    return read().scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0


@endpoint(
    bp,
    Endpoint(
        "GET", "/api/v1/issues", "Issues, the worst first", "read",
        (
            Param("state", "state; open: every state before the matter is closed", choices=("open", "any", *ISSUE_STATES), default="open"),
            LEVEL, TOPIC, Param("place", "place", default=""), SINCE, LIMIT, OFFSET,
        ),
        answer={JSON: shapes.listing(shapes.ISSUE)},
    ),
)  # fmt: skip
def issues(
    state: str,
    level: int,
    topic: tuple[str, ...],
    place: str,
    since: datetime | None,
    limit: int,
    offset: int,
) -> Any:
    wanted = select(Issue).where(Issue.merged_into == "", Issue.level >= level)
    if state != "any":
        wanted = wanted.where(Issue.state.in_(OPEN_STATES) if state == "open" else Issue.state == state)
    if topic:
        wanted = wanted.where(Issue.topic.in_(topic))
    if place:
        wanted = wanted.where(Issue.place == place)
    if since:
        wanted = wanted.where(Issue.last >= since)
    ordered = wanted.order_by(Issue.level.desc(), Issue.heat.desc(), Issue.last.desc(), Issue.id)
    rows = read().scalars(ordered.limit(limit).offset(offset))
    return {**_page(_count(wanted), limit, offset), "items": [shapes.issue(row) for row in rows]}


@endpoint(
    bp,
    Endpoint("GET", "/api/v1/issues/{issue_id}", "One issue with its clocks", "read", answer={JSON: shapes.WHOLE_ISSUE}, errors=(404,)),
)  # fmt: skip
def issue(issue_id: str) -> Any:
    row = read().get(Issue, issue_id[:64])
    if row is None:
        raise NotFound(f"there is no issue {issue_id[:64]!r}")
    return shapes.whole_issue(row, clocks.views(read(), row.id, utcnow()))


ALERT_PARAMS = (
    Param("state", "state", choices=("waiting", "acknowledged", "false", "any"), default="waiting"),
    Param("rule", "rule", default="", length=64), LEVEL, SINCE, LIMIT, OFFSET,
)  # fmt: skip


def _alerts(state: str, rule: str, level: int, since: datetime | None) -> Select[Any]:
    wanted = select(Alert).where(Alert.level >= level)
    if state == "waiting":
        wanted = wanted.where(Alert.acknowledged.is_(None))
    elif state == "acknowledged":
        wanted = wanted.where(Alert.acknowledged.is_not(None), Alert.false_alarm.is_(False))
    elif state == "false":
        wanted = wanted.where(Alert.false_alarm)
    if rule:
        wanted = wanted.where(Alert.rule == rule)
    if since:
        wanted = wanted.where(Alert.at >= since)
    return wanted.order_by(Alert.at.desc(), Alert.id.desc())


@endpoint(bp, Endpoint("GET", "/api/v1/alerts", "Alerts, the newest first", "read", ALERT_PARAMS, answer={JSON: shapes.listing(shapes.ALERT)}))  # fmt: skip
def alerts(limit: int, offset: int, **chosen: Any) -> Any:
    wanted = _alerts(**chosen)
    rows = read().scalars(wanted.limit(limit).offset(offset))
    return {**_page(_count(wanted), limit, offset), "items": [shapes.alert(row) for row in rows]}


@endpoint(bp, Endpoint("GET", "/api/v1/alerts.atom", "Alerts as a feed", "read", ALERT_PARAMS, answer={"application/atom+xml": None}))  # fmt: skip
def alert_feed(limit: int, offset: int, **chosen: Any) -> Any:
    rows = list(read().scalars(_alerts(**chosen).limit(limit).offset(offset)))
    made = atom(rows, request.url_root.rstrip("/"), services().settings.organisation, utcnow())
    return Response(made, mimetype="application/atom+xml")


@endpoint(
    bp,
    Endpoint(
        "POST", "/api/v1/alerts/{number}/acknowledge", "Acknowledge an alert, or mark it as a false alarm; again: no change", "write",
        (Param("false_alarm", "it was a false alarm", "boolean", default=False),), answer={JSON: shapes.ALERT}, errors=(404,),
    ),
)  # fmt: skip
def acknowledge(number: int, false_alarm: bool) -> Any:
    if g.user.role not in KEEPERS:
        stop(403, "没有权限", f"the token's owner is {ROLES[g.user.role]}, who does not acknowledge alerts")
    with write() as session:
        row = session.get(Alert, number)
        if row is None:
            raise NotFound(f"there is no alert {number}")
        judge(session, row, g.user.name, utcnow(), false_alarm=false_alarm, token=g.token.name)
        return shapes.alert(row)


@endpoint(
    bp,
    Endpoint("GET", "/api/v1/deadlines.ics", "Response limits as a calendar", "calendar", answer={"text/calendar": None}, in_query=True),
)  # fmt: skip
def deadlines() -> Any:
    now = utcnow()
    known = [row["key"] for row in load("clocks")["clock"]]
    wanted = (
        select(Clock, Issue).join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.state.in_(("running", "missed")), Clock.due >= now - PAST, Clock.rule.in_(known), Issue.merged_into == "", Issue.state.in_(OPEN_STATES))
        .order_by(Clock.due, Clock.id).limit(500)
    )  # fmt: skip
    pairs = [(clocks.view(clock, now), row) for clock, row in read().execute(wanted)]
    made = calendar(pairs, request.url_root.rstrip("/"), services().settings.organisation, now)
    return Response(made, mimetype="text/calendar")


@bp.get("/api/v1/openapi.json")
@auth.public
def openapi() -> ResponseReturnValue:
    """What this API takes and gives, for programs; nothing of the record is in it."""
    return jsonify(openapi_document(current_app, services().settings.organisation))

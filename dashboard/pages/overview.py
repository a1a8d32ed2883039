"""态势: what is happening, and is it normal? Every figure opens its rows; every chart has its table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard import auth, provinces
from dashboard.filters import local, moment
from dashboard.services import read, services
from huiyin.records import Clock, Issue, Rumour, RumourMatch, Source, Statement, utcnow
from huiyin.search import Query

bp = Blueprint("overview", __name__)
bp.nav = [(10, "overview.index", "态势", "态势")]  # type: ignore[attr-defined]

SPANS = {"1": 1, "7": 7, "21": 21}


@bp.get("/overview")
@auth.allow()
def index() -> ResponseReturnValue:
    days = SPANS.get(request.args.get("days", "7"), 7)
    session, now = read(), utcnow()
    since = now - timedelta(days=days)
    found = services().index.search(
        Query(since=since, limit=1, facets=("topic", "sentiment", "place", "source"))
    )
    before = services().index.search(Query(since=since - timedelta(days=days), until=since, limit=1))
    answers = _answers(session, since)
    marks = sorted(
        {
            moment(answer["at"], "date") if days > 1 else moment(answer["at"].replace(minute=0))
            for answer in answers
        }
    )
    return render_template(
        "overview/index.html", marks=marks, days=days, since=since, total=found.total, before=before.total, facets=found.facets,
        volume=volume(since, now, days), usual=usual(now), issues=_hot(session), rumours=_rumours(session, since), clocks=_clocks(session, since),
        unseen=_unseen(session), source_titles={row.name: row.title or row.name for row in session.execute(select(Source.name, Source.title))},
        answers=answers, provinces=provinces.tiles(found.facets["place"]), unplaced=_unplaced(found.facets["place"]), counted=now,
    )  # fmt: skip


def _unplaced(places: Any) -> dict[str, int]:
    """What the map cannot show: {unsure: documents whose place is in no unit that the gazetteer is sure of, none: without a place}."""
    return {
        "unsure": sum(count for place, count in places if place and not provinces.unit_of(place)),
        "none": sum(count for place, count in places if not place),
    }


def volume(since: datetime, now: datetime, days: int) -> list[dict[str, Any]]:
    """[{at, count, negative}] in hours for one day, else in local days; empty buckets included."""
    zone = services().settings.zone
    width = timedelta(hours=1) if days == 1 else timedelta(days=1)
    offset = -(now.astimezone(zone).utcoffset() or timedelta(0)) if days > 1 else timedelta(0)
    everything = services().index.search(
        Query(since=since, limit=1, histogram=width, histogram_offset=offset)
    )
    against = services().index.search(
        Query(since=since, limit=1, histogram=width, histogram_offset=offset, filters={"sentiment": ("-1",)})
    )
    counts, negative = dict(everything.histogram), dict(against.histogram)
    at = since.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    at = at if days == 1 else at.replace(hour=0)
    found = []
    while at <= now:
        found.append(
            {"at": at, "until": at + width, "count": counts.get(at, 0), "negative": negative.get(at, 0)}
        )
        at += width
    return found


def usual(now: datetime) -> dict[str, Any]:
    """This hour of the day so far against the same hour on the days before: {count, mean, days}."""
    start = now.replace(minute=0, second=0, microsecond=0)
    share = max((now - start).total_seconds() / 3600, 0.05)
    present = services().index.search(Query(since=start, limit=1)).total
    past = [
        services()
        .index.search(
            Query(
                since=start - timedelta(days=day),
                until=start - timedelta(days=day) + timedelta(hours=1),
                limit=1,
            )
        )
        .total
        for day in range(1, 8)
    ]
    known = [count for count in past if count]
    return {"count": present, "mean": sum(past) / len(past) * share if known else None, "days": len(known)}


def _hot(session: Session) -> list[Issue]:
    wanted = (
        select(Issue).where(Issue.merged_into == "", Issue.state.not_in(("closed", "false_alarm", "not_ours")), Issue.folded > 1)
        .order_by(Issue.heat.desc(), Issue.last.desc()).limit(10)
    )  # fmt: skip
    return list(session.scalars(wanted))


def _rumours(session: Session, since: datetime) -> list[Any]:
    matched = func.count().label("matched")
    counts = (
        select(RumourMatch.rumour_id, matched)
        .where(RumourMatch.when >= since, RumourMatch.decision.in_(("auto", "confirmed")))
        .group_by(RumourMatch.rumour_id)
        .subquery()
    )
    wanted = (
        select(Rumour, counts.c.matched)
        .join(counts, counts.c.rumour_id == Rumour.id)
        .order_by(counts.c.matched.desc())
        .limit(6)
    )
    return list(session.execute(wanted).all())


def _clocks(session: Session, since: datetime) -> dict[str, int]:
    now = utcnow()
    rows = session.scalars(
        select(Clock)
        .join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.due >= since, Issue.merged_into == "")
    )
    counts = {"met": 0, "missed": 0, "running": 0}
    for clock in rows:
        if clock.met_at is not None:
            counts["met" if clock.met_at <= clock.due else "missed"] += 1
        elif clock.state != "paused":
            counts["missed" if clock.due < now else "running"] += 1
    return counts


def _unseen(session: Session) -> list[Source]:
    bad = Source.state.in_(("broken", "blocked"))
    silent = Source.last_new < utcnow() - timedelta(days=2)
    return list(
        session.scalars(select(Source).where(bad | (Source.enabled & silent)).order_by(Source.name).limit(20))
    )


def _answers(session: Session, since: datetime) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(Statement)
        .where(Statement.published >= since, Statement.published <= utcnow())
        .order_by(Statement.published)
    )
    return [{"at": local(row.published), "title": row.title, "issue": row.issue_id} for row in rows]

"""What goes on, for those who keep the system running: a number for each request, a line in the log, measures for Prometheus."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard.services import Services, services
from huiyin import logs
from huiyin.records import OPEN_STATES, Alert, Clock, DocumentRow, Draft, Issue, Quarantine, Source, utcnow

log = logging.getLogger("huiyin.access")
HEADER = "X-Request-ID"
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
KEPT_FOR = 10.0
"""Seconds for which counts of the record are kept: a scraper in a hurry must not count a million rows each second."""


def install(app: Flask) -> None:
    """Number, time and log every request. Before the guard, so that refused requests count as well."""
    parts: Services = app.extensions["huiyin"]
    registry = CollectorRegistry()
    registry.register(Counts(parts))
    seconds = Histogram(
        "huiyin_request_seconds",
        "Time to answer requests",
        ("endpoint", "method", "status"),
        buckets=BUCKETS,
        registry=registry,
    )
    parts.cache["metrics"] = registry

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if re.fullmatch(r"[A-Za-z0-9_.-]{8,64}", given) else secrets.token_hex(8)
        g.began = time.perf_counter()
        logs.REQUEST.set(g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        took = time.perf_counter() - g.began if "began" in g else 0.0
        response.headers[HEADER] = g.get("request_id", "")
        endpoint, method = (
            request.endpoint or "none",
            request.method if request.method in METHODS else "other",
        )
        seconds.labels(endpoint, method, f"{response.status_code // 100}xx").observe(took)
        rule = (
            request.url_rule.rule if request.url_rule else "-"
        )  # the pattern, not the address: it names nobody
        fields = {
            "method": method,
            "route": rule,
            "status": response.status_code,
            "ms": round(took * 1000, 1),
        }
        log.info("%s %s %d", method, rule, response.status_code, extra={"fields": fields})
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        logs.REQUEST.set("")  # the thread's next line may be about something else


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counts(Collector):
    """Gauges that are counted in the record when they are asked for."""

    def __init__(self, parts: Services) -> None:
        self._parts = parts
        self._kept: tuple[float, list[Metric]] | None = None

    def collect(self) -> Iterable[Metric]:
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > KEPT_FOR:
            with self._parts.record.session(write=False) as session:
                found = list(_families(session))
            found.append(
                _gauge("huiyin_index_entries", "Entries of the search index", self._parts.index.count())
            )
            self._kept = (now, found)
        return self._kept[1]

    def describe(self) -> Iterable[Metric]:
        return ()  # registering must not ask the record


def _families(session: Session) -> Iterator[Metric]:
    now = utcnow()
    states = {"stored": 0, "analysed": 0, "grouped": 0, "failed": 0, **_pairs(session, DocumentRow.state)}
    yield _gauge("huiyin_documents", "Documents by what is still to be done with them", states, "state")
    recent = (
        select(func.count()).select_from(DocumentRow).where(DocumentRow.fetched >= now - timedelta(hours=1))
    )
    yield _gauge(
        "huiyin_documents_last_hour", "Documents that came in during the last hour", _one(session, recent)
    )
    waiting = select(func.count()).select_from(DocumentRow).where(DocumentRow.indexed.is_(False))
    yield _gauge(
        "huiyin_documents_unindexed",
        "Documents that the search index does not have yet",
        _one(session, waiting),
    )
    oldest = session.scalar(select(func.min(DocumentRow.fetched)).where(DocumentRow.state == "stored"))
    age = (now - oldest).total_seconds() if oldest else 0.0
    yield _gauge(
        "huiyin_oldest_waiting_seconds", "Age of the oldest document that waits for its analysis", age
    )
    yield _gauge(
        "huiyin_sources",
        "Sources that are switched on, by state",
        _pairs(session, Source.state, Source.enabled),
        "state",
    )
    kept = select(func.count()).select_from(Quarantine).where(Quarantine.replayed.is_(None))
    yield _gauge("huiyin_quarantine", "Pages in quarantine", _one(session, kept))
    open_now = (Issue.state.in_(OPEN_STATES), Issue.merged_into == "")
    levels = {str(level): 0 for level in range(4)} | _pairs(session, Issue.level, *open_now)
    yield _gauge("huiyin_issues_open", "Open issues by level (3 red, 0 blue)", levels, "level")
    overdue = (
        select(func.count()).select_from(Clock).join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.state.in_(("running", "missed")), Clock.met_at.is_(None), Clock.due < now, *open_now)
    )  # fmt: skip
    yield _gauge(
        "huiyin_clocks_overdue", "Response limits that have passed without an answer", _one(session, overdue)
    )
    alerts = select(func.count()).select_from(Alert).where(Alert.acknowledged.is_(None))
    yield _gauge("huiyin_alerts_waiting", "Alerts that nobody has acknowledged", _one(session, alerts))
    yield _gauge("huiyin_drafts", "Drafts by state", _pairs(session, Draft.state), "state")


def _pairs(session: Session, column: Any, *conditions: Any) -> dict[str, int]:
    rows = session.execute(select(column, func.count()).where(*conditions).group_by(column)).all()
    return {str(value): int(count) for value, count in rows}


def _one(session: Session, wanted: Any) -> int:
    return int(session.scalar(wanted) or 0)


def _gauge(name: str, about: str, value: float | dict[str, int], label: str = "") -> GaugeMetricFamily:
    if not isinstance(value, dict):
        return GaugeMetricFamily(name, about, value=float(value))
    made = GaugeMetricFamily(name, about, labels=(label,))
    for key, count in sorted(value.items()):
        made.add_metric((key,), float(count))
    return made


def registry() -> CollectorRegistry:
    """This application's measures."""
    made: CollectorRegistry = services().cache["metrics"]
    return made

"""What the worker does for issues after they were refreshed: rumours matched, clocks started, alerts made and sent."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import select

from huiyin.errors import HuiyinError
from huiyin.records import OPEN_STATES, Issue, Preference, Record
from huiyin.settings import Settings
from response_kits import alerts, clocks, consult, disclosure, escalation
from response_kits.library.matching import match_pending
from response_kits.sample import load_sample

log = logging.getLogger("huiyin.tend")
RECENT = timedelta(days=30)
SETTLES = timedelta(hours=1)
"""So long after the sample was loaded its issues still split and join, and its facts follow their story."""


def tend(record: Record, settings: Settings, now: datetime) -> None:
    """One round. Each step is a transaction of its own, so that a failing channel does not keep clocks from starting."""
    _sample(record, settings, now)
    while match_pending(record, settings, now):
        pass
    with record.session() as session:
        wanted = select(Issue).where(
            Issue.merged_into == "", Issue.state.in_(OPEN_STATES), Issue.last >= now - RECENT
        )
        for issue in session.scalars(wanted):
            if issue.level >= 1 or issue.must_answer:
                clocks.start_for(session, issue, settings, now)
        clocks.refresh(session, now)
    with record.session() as session:
        consult.lapse(session, now)
        escalation.raise_alerts(session, now)
    with record.session() as session:
        disclosure.suggest(session, now)
    with record.session() as session:
        alerts.evaluate(session, now)
    try:
        alerts.deliver(record, settings, now)
    except HuiyinError as error:
        log.warning("alerts were not sent: %s", error)


def _sample(record: Record, settings: Settings, now: datetime) -> None:
    """The sample's facts wait for the issues that they belong to; put in what can be put in by now."""
    with record.session(write=False) as session:
        loaded, rest = session.get(Preference, "sample"), session.get(Preference, "sample_waiting")
    if loaded is None:
        return
    settled = now - datetime.fromisoformat(loaded.value["now"]) > SETTLES
    if settled and rest is not None and not rest.value["waiting"]:
        return
    counts = load_sample(record, settings, datetime.fromisoformat(loaded.value["now"]), loaded.value["base"])
    with record.session() as session:
        session.merge(Preference(name="sample_waiting", value={"waiting": counts.get("waiting", 0)}))

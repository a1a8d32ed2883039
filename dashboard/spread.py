"""The scheduler's jobs where work is spread over machines: wake-ups for what the record says is due and nobody holds.

They keep no memory: what a lost queue forgot, or a scheduler that died, is found again in the record at the next look.
"""

from __future__ import annotations

import logging
import math

from sqlalchemy import func, or_, select

from crawler.adaptive import due
from crawler.tasks import lease_name
from huiyin.errors import Unavailable
from huiyin.queue.broker import make_app, waiting, wake
from huiyin.queue.lease import database_now, living
from huiyin.records import DocumentRow, Record
from huiyin.schedule import JOBS as ALONE
from huiyin.schedule import Job
from huiyin.settings import Settings
from nlp.tasks import BATCH

log = logging.getLogger("huiyin.spread")
MOST = 64
"""Wake-ups of one kind that are sent at one look."""

JOBS = (
    Job("dashboard.spread:wake_analysis", "interval", {"seconds": 2}),
    Job("dashboard.spread:wake_crawls", "interval", {"seconds": 10}),
    *(job for job in ALONE if job.address != "dashboard.jobs:crawl_due"),
)


def wake_analysis(settings: Settings) -> None:
    """One wake-up a batch of stored documents that nobody holds, unless some still wait to be taken."""
    record = Record.open(settings, migrate=False)
    try:
        with record.session(write=False) as session:
            free = or_(DocumentRow.claimed_until.is_(None), DocumentRow.claimed_until < database_now(session))
            some = select(DocumentRow.id).where(DocumentRow.state == "stored", free).limit(MOST * BATCH)
            count = session.scalar(select(func.count()).select_from(some.subquery())) or 0
    finally:
        record.close()
    _wake(settings, "analyse", [()] * min(MOST, math.ceil(count / BATCH)))


def wake_crawls(settings: Settings) -> None:
    """One wake-up a due source that nobody crawls."""
    record = Record.open(settings, migrate=False)
    try:
        with record.session(write=False) as session:
            now = database_now(session)
            running = {lease.name for lease in living(session, lease_name(""))}
        names = [row.name for row in due(record, now) if lease_name(row.name) not in running]
    finally:
        record.close()
    _wake(settings, "crawl", [(name,) for name in names[:MOST]])


def _wake(settings: Settings, name: str, messages: list[tuple[str, ...]]) -> None:
    if not messages:
        return
    app = make_app(settings)
    try:
        if not waiting(app, name):
            for words in messages:
                wake(app, name, *words)
    except Unavailable as error:
        log.warning("%s; the next look sends the wake-ups again", error)
    finally:
        app.close()

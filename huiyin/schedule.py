"""What runs when: APScheduler jobs, each a plain function of the settings, named by its address and imported when it runs.

The table is data; the rooms are not imported here. No job overlaps itself; a run that was missed is made up for once.
"""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import OperationalError

from huiyin.records.base import away
from huiyin.settings import Settings

log = logging.getLogger("huiyin.schedule")


@dataclass(frozen=True, slots=True)
class Job:
    """`address` is module:function of one argument, the settings; `when` is what APScheduler's trigger takes."""

    address: str
    trigger: str
    when: dict[str, Any] = field(default_factory=dict)


JOBS = (
    Job("dashboard.jobs:crawl_due", "interval", {"seconds": 15}),
    Job("dashboard.jobs:daily_brief", "cron", {"hour": 6, "minute": 40}),
    Job("dashboard.jobs:post_briefs", "interval", {"seconds": 60}),
    Job("dashboard.jobs:weekly_brief", "cron", {"day_of_week": "mon", "hour": 7, "minute": 30}),
    Job("dashboard.jobs:purge", "cron", {"hour": 3, "minute": 20}),
    Job("huiyin.records.partitions:daily", "cron", {"hour": 3, "minute": 50}),
)


def run_job(address: str, settings: Settings) -> None:
    """Run one job now; a failure is logged with its job's name and never stops the scheduler."""
    module, function = address.split(":")
    try:
        getattr(importlib.import_module(module), function)(settings)
    except Exception as error:
        if isinstance(error, OperationalError) and away(
            error
        ):  # known, and again every few seconds: one line
            log.warning(
                "the job %s waits, the record does not answer: %s", address, type(error.orig).__name__
            )
            return
        log.exception("the job %s failed; it runs again at its next time", address)


def start(settings: Settings, jobs: tuple[Job, ...] = JOBS) -> Any:
    """A started background scheduler with all jobs. The caller shuts it down."""
    from apscheduler.schedulers.background import BackgroundScheduler

    scheduler = BackgroundScheduler(
        timezone=settings.zone,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
    )
    for job in jobs:
        # An interval begins at once: what was missed while we were down is made up for at the start.
        first = {"next_run_time": datetime.now(settings.zone)} if job.trigger == "interval" else {}
        scheduler.add_job(
            run_job, job.trigger, args=(job.address, settings), id=job.address, **job.when, **first
        )
    scheduler.start()
    return scheduler

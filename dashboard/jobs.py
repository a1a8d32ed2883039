"""The jobs of the schedule (huiyin/schedule.py): plain functions of the settings."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import timedelta

from sqlalchemy import select

from dashboard import sample
from huiyin.errors import Unavailable
from huiyin.lock import only_one
from huiyin.records import Brief, Record, utcnow
from huiyin.settings import Settings

log = logging.getLogger("huiyin.jobs")

CHILDREN: set[subprocess.Popen[str]] = set()
"""Processes that jobs of this process wait for; `huiyin up` ends them when it stops."""


def command(settings: Settings, *words: str) -> list[str]:
    """The command line that runs `huiyin …` with the same settings in a process of its own."""
    return [sys.executable, "-m", "huiyin.cli", "--home", settings.home, *words]


def crawl_due(settings: Settings) -> None:
    """Crawl what is due, in a process of its own: Scrapy's reactor can be started once a process only."""
    try:
        with only_one(settings.home_path, "crawl"):
            _crawl_due(settings)
    except Unavailable:
        return  # the last crawl is still running


def _crawl_due(settings: Settings) -> None:
    from crawler.adaptive import due

    record = Record.open(settings, migrate=False)
    names = [source.name for source in due(record, utcnow())]
    with record.session(write=False) as session:
        base = sample.state(session).get("base", "")
    record.close()
    if not names:
        return
    words = [*command(settings, "crawl"), *(("--sample-base", base) if base else ()), *names]
    child = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    CHILDREN.add(child)
    try:
        _, said = child.communicate()
    finally:
        CHILDREN.discard(child)
    if child.returncode > 0:
        log.warning(
            "crawl of %s: %s",
            ", ".join(names),
            said.strip().splitlines()[-1:] or "some sources are broken or blocked",
        )


def stop_children() -> None:
    """End what jobs have started, at shut-down; a crawl may be ended at any moment."""
    for child in list(CHILDREN):
        child.terminate()


def weekly_brief(settings: Settings) -> None:
    """Make last week's brief as a draft; a person edits and signs it."""
    _brief(settings, "weekly", (utcnow().astimezone(settings.zone) - timedelta(days=7)).strftime("%G-W%V"))


def daily_brief(settings: Settings) -> None:
    """Make yesterday's brief as a draft; a person edits and signs it."""
    _brief(settings, "daily", (utcnow().astimezone(settings.zone) - timedelta(days=1)).strftime("%Y-%m-%d"))


def _brief(settings: Settings, kind: str, key: str) -> None:
    """Make the brief unless there is one: what a person has edited or signed is not made anew by the clock."""
    from response_kits.briefs import draw, keep

    record = Record.open(settings, migrate=False)
    now = utcnow()
    with record.session(write=False) as session:
        made = session.scalar(select(Brief.id).where(Brief.kind == kind, Brief.period == key).limit(1))
        model = draw(session, settings, key, now=now, kind_name=kind) if made is None else None
    if model is not None:
        with record.session() as session:
            keep(session, model, by="schedule", now=now)
    record.close()


def post_briefs(settings: Settings) -> None:
    """Send signed briefs that are due to those who are to have them."""
    from response_kits.briefs.post import deliver

    record = Record.open(settings, migrate=False)
    try:
        deliver(record, settings, utcnow())
    except Unavailable:
        return  # the last round is still sending
    finally:
        record.close()


def purge(settings: Settings) -> None:
    """Remove what is older than its source's retention."""
    from dashboard.retention import purge as remove

    try:
        remove(settings)
    except Unavailable as error:
        log.warning("purge did not run: %s", error)

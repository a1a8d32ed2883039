"""The jobs of the schedule (huiyin/schedule.py): plain functions of the settings."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import timedelta

from huiyin.errors import Unavailable
from huiyin.records import Record, utcnow
from huiyin.settings import Settings

log = logging.getLogger("huiyin.jobs")


def command(settings: Settings, *words: str) -> list[str]:
    """The command line that runs `huiyin …` with the same settings in a process of its own."""
    return [sys.executable, "-m", "huiyin.cli", "--home", settings.home, *words]


def crawl_due(settings: Settings) -> None:
    """Crawl what is due, in a process of its own: Scrapy's reactor can be started once a process only."""
    from crawler.adaptive import due

    record = Record.open(settings, migrate=False)
    with record.session(write=False) as session:
        names = [source.name for source in due(session, utcnow())]
    record.close()
    if not names:
        return
    done = subprocess.run([*command(settings, "crawl"), *names], capture_output=True, text=True, check=False)
    if done.returncode:
        log.warning(
            "crawl of %s: %s", ", ".join(names), done.stderr.strip().splitlines()[-1:] or done.returncode
        )


def consolidate(settings: Settings) -> None:
    """The slow pass over grouping: late merges and splits, each explained."""
    from nlp.issues import consolidate as late

    late(Record.open(settings, migrate=False), settings, utcnow())


def weekly_brief(settings: Settings) -> None:
    """Make last week's brief as a draft; a person edits and signs it."""
    from response_kits.briefs import make

    record = Record.open(settings, migrate=False)
    week = (utcnow().astimezone(settings.zone) - timedelta(days=7)).strftime("%G-W%V")
    with record.session() as session:
        make(session, settings, week, by="schedule", now=utcnow())


def purge(settings: Settings) -> None:
    """Remove what is older than its source's retention."""
    from dashboard.operations import purge as remove

    try:
        remove(settings)
    except Unavailable as error:
        log.warning("purge did not run: %s", error)

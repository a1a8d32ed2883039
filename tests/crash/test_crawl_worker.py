"""Crawl workers on PostgreSQL and Redis: a source whose crawler is killed is crawled by another; every page once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from crawler import catalogue
from crawler.sample_city.server import serve
from huiyin.queue.lease import living
from huiyin.records import DocumentRow, Fetch, Preference, Record, Source
from tests.crash.processes import Running, Zygote, children
from tests.crash.servers import Postgres, Redis
from tests.crash.world import World, count

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]
CRAWLED = ("sample-mailbox", "sample-video")
KILLS = 2


@pytest.fixture
def city() -> Iterator[str]:
    server, base = serve(0, datetime(2026, 11, 24, 4, tzinfo=UTC))
    yield base
    server.close()


def prepare(world: World, base: str) -> None:
    """Switch on two of the city's sources, and no other."""
    with closing(Record.open(world.settings)) as record:
        catalogue.sync(record, catalogue.load())
        with record.session() as session:
            session.add(
                Preference(name="sample", value={"base": base, "port": 0, "now": "2026-11-24T04:00:00+00:00"})
            )
            for row in session.scalars(select(Source).where(Source.kind != "push")):
                row.enabled, row.decided_by = row.name in CRAWLED, "test"
                row.declaration = {**row.declaration, "variables": {"base": base}}


def state(world: World) -> tuple[list[str], dict[str, str]]:
    """(sources under a lease now, last state of each source's runs that ended)."""
    with (
        closing(Record.open(world.settings, migrate=False)) as record,
        record.session(write=False) as session,
    ):
        running = [lease.name for lease in living(session, "crawl:")]
        ended = select(Fetch).where(Fetch.finished.is_not(None)).order_by(Fetch.id)
        return running, {run.source: run.state for run in session.scalars(ended)}


def contents(world: World) -> set[tuple[str, str]]:
    with (
        closing(Record.open(world.settings, migrate=False)) as record,
        record.session(write=False) as session,
    ):
        rows = session.execute(
            select(DocumentRow.id, DocumentRow.content_hash).where(DocumentRow.source.in_(CRAWLED))
        )
        return {(name, digest) for name, digest in rows}


def test_killed_crawlers_lose_and_double_nothing(
    zygote: Zygote,
    postgres: Postgres,
    redis: Redis,
    city: str,
    rng: random.Random,
    tmp_path: Path,
    told: Callable[..., None],
) -> None:
    alone = World(zygote, tmp_path / "alone")
    crawl = alone.start("crawl", *CRAWLED, "--sample-base", city)
    assert crawl.wait(240) == 0, crawl.tail()
    world = World(zygote, tmp_path / "home", database=postgres.fresh(), queue=redis.address)
    prepare(world, city)
    others = [world.start("worker", "--part", name) for name in ("schedule", "group", "analyse")]
    crawlers = [world.start("worker", "--part", "crawl") for _ in range(2)]
    killed, end = 0, time.monotonic() + 600
    while set(state(world)[1]) != set(CRAWLED):
        assert time.monotonic() < end, "".join(crawler.tail() for crawler in crawlers)
        if killed < KILLS and state(world)[0]:
            time.sleep(rng.uniform(0.2, 2.0))
            for crawler in crawlers:
                killed += _kill_pool(crawler)
        time.sleep(0.3)
    world.settle()
    for running in (*crawlers, *others):
        running.kill(signal.SIGTERM)
    for running in (*crawlers, *others):
        assert running.wait(90) == 0, running.tail()
    assert killed >= 1
    assert set(state(world)[1].values()) <= {"ok", "duplicate", "unchanged"}
    assert contents(world) == contents(alone)
    told(count(world), kills={"process that crawls": killed})


def _kill_pool(crawler: Running) -> int:
    found = children(crawler.pid)
    for child in found:
        os.kill(child, signal.SIGKILL)
    return len(found)

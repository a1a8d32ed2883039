"""kill -9 of each process at random points under load; then everything that was acknowledged is there once, and nothing else."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from crawler.sample_city.server import serve
from huiyin.records import DocumentRow, Record
from tests.crash.conftest import KILLS
from tests.crash.processes import Running, Zygote, children
from tests.crash.servers import Postgres, Redis
from tests.crash.world import Pusher, World, audited, count, import_file

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(3600)]
ROUND = 25
"""Kills in one installation; then everything is counted and the next begins empty."""
CRAWLED = ("sample-mailbox", "sample-video")


@pytest.fixture(scope="session")
def city() -> Iterator[str]:
    server, base = serve(0, datetime(2026, 11, 24, 4, tzinfo=UTC))
    yield base
    server.close()


@pytest.fixture(scope="session")
def undisturbed(city: str, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """What one crawl that nobody disturbs brings."""
    world = World(zygote, tmp_path_factory.mktemp("undisturbed") / "home")
    crawl = world.start("crawl", *CRAWLED, "--sample-base", city)
    assert crawl.wait(180) == 0, crawl.tail()
    found = crawled(world)
    assert len(found) > 100
    return found


def crawled(world: World) -> set[tuple[str, str]]:
    record = Record.open(world.settings, migrate=False)
    with record.session(write=False) as session:
        rows = session.execute(
            select(DocumentRow.id, DocumentRow.content_hash).where(DocumentRow.source.in_(CRAWLED))
        )
        found = {(name, digest) for name, digest in rows}
    record.close()
    return found


class Victims:
    """Processes that are killed and started again; what was to be done once is repeated until it succeeds."""

    def __init__(self, world: World, city: str, rng: random.Random, folder: Path) -> None:
        self.world, self.city, self.rng, self.folder = world, city, rng, folder
        self.standing: dict[str, Running] = {}
        self.errands: list[tuple[str, ...]] = []
        self.killed: Counter[str] = Counter()
        self._files = 0

    def stand(self, name: str, start: Callable[[], Running]) -> None:
        """Start a process that runs on; where it ended by itself it is started again."""
        if name not in self.standing or not self.standing[name].alive():
            self.standing[name] = start()

    def kill_standing(self, name: str) -> None:
        """At a random moment; the push API not before it has acknowledged something, else nothing would ever come in."""
        acknowledged, end = len(self.world.pushed), time.monotonic() + 20
        while name == "web" and len(self.world.pushed) == acknowledged and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(self.rng.uniform(0.1, 1.6))
        if self.standing[name].kill():
            self.standing[name].ended.wait(20)
            self.killed[name] += 1

    def kill_errand(self, name: str) -> None:
        """Begin a crawl or an import and kill it on its way; it is repeated at the end."""
        if name == "crawl":
            words: tuple[str, ...] = ("crawl", *CRAWLED, "--sample-base", self.city)
        else:
            self._files += 1
            file, texts = import_file(self.folder, self._files)
            self.world.imported.update(texts)
            words = ("import", str(file), "--source", "load")
        running = self.world.start(*words)
        running.ended.wait(self.rng.uniform(0.1, 2.5 if name == "crawl" else 1.0))
        self.killed[name] += running.kill()
        running.ended.wait(20)
        if words not in self.errands:
            self.errands.append(words)

    def finish(self) -> None:
        """Repeat every errand to its end; then ask what still stands to stop, as an administrator would."""
        for words in self.errands:
            running = self.world.start(*words)
            assert running.wait(240) == 0, running.tail()

    def stop(self) -> None:
        for running in self.standing.values():
            running.kill(signal.SIGTERM)
        for name, running in self.standing.items():
            assert running.wait(90) == 0, f"{name} did not stop cleanly:\n{running.tail()}"


def rounds(share: float) -> list[int]:
    """Kills of each round, so that the rounds together have the share of KILLS."""
    wanted = max(5, round(KILLS * share))
    return [ROUND] * (wanted // ROUND) + ([wanted % ROUND] if wanted % ROUND else [])


def test_one_machine(
    zygote: Zygote,
    city: str,
    undisturbed: set[tuple[str, str]],
    rng: random.Random,
    tmp_path: Path,
    told: Callable[..., None],
) -> None:
    """Push API, worker, crawl and import on SQLite and tantivy."""
    for number, kills in enumerate(rounds(0.5)):
        world = World(zygote, tmp_path / f"home-{number}")
        victims = Victims(world, city, rng, tmp_path)
        with Pusher(world, rng.randrange(2**32)) as pusher:
            victims.stand("web", world.web)
            pusher.wait_for(80)
            while victims.killed.total() < kills:
                victims.stand("web", world.web)
                victims.stand("work", lambda world=world: world.start("work"))
                audited(world)
                name = rng.choice(("web", "work", "work", "crawl", "import"))
                (victims.kill_errand if name in ("crawl", "import") else victims.kill_standing)(name)
            victims.stand("web", world.web)
            pusher.finish()
        victims.finish()
        victims.stop() if victims.standing["work"].alive() else victims.standing.pop("work")
        world.drain()
        found = count(world)
        if any(words[0] == "crawl" for words in victims.errands):
            assert crawled(world) == undisturbed
        told(found, kills=dict(victims.killed), refused=pusher.refused)


def test_the_whole_system_at_once(
    zygote: Zygote, rng: random.Random, tmp_path: Path, told: Callable[..., None]
) -> None:
    """`huiyin up` with its worker: the parent alone, the worker alone, or both at the same moment."""
    for number, kills in enumerate(rounds(0.2)):
        world = World(zygote, tmp_path / f"home-{number}")
        killed: Counter[str] = Counter()
        up = world.start("up", "--no-sample")
        with Pusher(world, rng.randrange(2**32)) as pusher:
            pusher.wait_for(80)
            while killed.total() < kills:
                time.sleep(rng.uniform(0.3, 4.0))
                whom = rng.choice(("up", "worker of up", "all of up"))
                if whom == "worker of up":
                    worker = next(iter(children(up.pid)), None)
                    if worker is not None:
                        os.kill(worker, signal.SIGKILL)
                        killed[whom] += 1
                    continue
                killed[whom] += up.kill() if whom == "up" else up.kill_group()
                up.ended.wait(20)
                up = world.start("up", "--no-sample")
            pusher.finish()
        world.settle()
        assert up.kill(signal.SIGTERM)
        assert up.wait(60) == 0, up.tail()
        told(count(world), kills=dict(killed), refused=pusher.refused)


PARTS = ("analyse", "analyse", "group", "group", "schedule", "schedule")


def test_many_workers(
    zygote: Zygote,
    postgres: Postgres,
    redis: Redis,
    rng: random.Random,
    tmp_path: Path,
    told: Callable[..., None],
) -> None:
    """Each part of `huiyin worker`, and processes of Celery's pool, on PostgreSQL and Redis."""
    for number, kills in enumerate(rounds(0.3)):
        database = postgres.fresh()
        world = World(zygote, tmp_path / f"home-{number}", database=database, queue=redis.address)
        victims = Victims(world, "", rng, tmp_path)
        with Pusher(world, rng.randrange(2**32)) as pusher:
            _all_stand(victims)
            pusher.wait_for(80)
            while victims.killed.total() < kills:
                _all_stand(victims)
                audited(world)
                name = rng.choice(("web", "import", *(f"{part} {place}" for place, part in enumerate(PARTS))))
                if name == "import":
                    victims.kill_errand(name)
                elif name.startswith("analyse") and rng.random() < 0.5:
                    time.sleep(rng.uniform(0.1, 1.6))
                    for child in children(victims.standing[name].pid)[:1]:
                        os.kill(child, signal.SIGKILL)
                        victims.killed["process of the pool"] += 1
                else:
                    victims.kill_standing(name)
            _all_stand(victims)
            pusher.finish()
        victims.finish()
        world.settle()
        victims.stop()
        told(count(world), kills=dict(victims.killed), refused=pusher.refused)


def _all_stand(victims: Victims) -> None:
    victims.stand("web", victims.world.web)
    for place, part in enumerate(PARTS):
        victims.stand(f"{part} {place}", lambda part=part: victims.world.start("worker", "--part", part))

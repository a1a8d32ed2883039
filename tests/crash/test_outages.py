"""Six kinds of outage under load: disk, index, PostgreSQL, Redis, clock, network. Afterwards everything acknowledged is there once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from huiyin.search import open_index
from tests.crash.conftest import SECONDS
from tests.crash.processes import QUIET, ROOT, Running, Zygote
from tests.crash.servers import Postgres, Proxy, Redis
from tests.crash.world import Pusher, World, count

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(1800)]
Told = Callable[..., None]


class Crew:
    """Processes that a supervisor would start again where they end by themselves (systemd, `huiyin up`, `huiyin worker`)."""

    def __init__(self, **starts: Callable[[], Running]) -> None:
        self.starts = starts
        self.living = {name: start() for name, start in starts.items()}
        self.again = 0

    def tend(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for name, start in self.starts.items():
                if not self.living[name].alive():
                    self.living[name] = start()
                    self.again += 1
            time.sleep(0.5)

    def settle(self, world: World, patience: float = 300.0) -> None:
        end = time.monotonic() + patience
        while pending := world.pending():
            assert time.monotonic() < end, f"{pending} still pending; " + "".join(
                running.tail()[-600:] for running in self.living.values()
            )
            self.tend(1.0)

    def stop(self) -> None:
        for running in self.living.values():
            running.kill(signal.SIGTERM)
        for name, running in self.living.items():
            assert running.wait(90) == 0, f"{name} did not stop cleanly:\n{running.tail()}"


def parts(world: World, *names: str) -> dict[str, Callable[[], Running]]:
    """Starters of the dashboard and of a worker's parts."""
    starts: dict[str, Callable[[], Running]] = {"web": world.web}
    for place, name in enumerate(names):
        starts[f"{name}_{place}"] = lambda name=name: world.start("worker", "--part", name)  # type: ignore[misc]
    return starts


def under_load(
    world: World, crew: Crew, outage: Callable[[], None], seed: int, told: Told, **more: object
) -> None:
    """Push, let the outage happen, push on, let everything settle, stop, count."""
    with Pusher(world, seed) as pusher:
        pusher.wait_for(120)
        before, refused = len(world.pushed), pusher.refused
        outage()
        in_outage, refused = len(world.pushed) - before, pusher.refused - refused
        pusher.wait_for(len(world.pushed) + 80, 180)
        pusher.finish()
    crew.settle(world)
    crew.stop()
    told(
        count(world),
        acknowledged_in_outage=in_outage,
        refused_in_outage=refused,
        started_again=crew.again,
        **more,
    )


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 96 MB."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(place)], check=False
    ).returncode:
        pytest.skip("a file system cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_disk_full(zygote: Zygote, rng: random.Random, small_disk: Path, told: Told) -> None:
    world = World(zygote, small_disk / "home")
    crew = Crew(web=world.web, work=lambda: world.start("work"))

    def outage() -> None:
        filler = small_disk / "filler"
        end = time.monotonic() + SECONDS
        with filler.open("ab", buffering=0) as out:
            while time.monotonic() < end:  # what is freed meanwhile is taken as well
                try:
                    while True:
                        out.write(b"\0" * 4096)
                except OSError:
                    crew.tend(0.5)
        filler.unlink()

    under_load(world, crew, outage, rng.randrange(2**32), told)


def test_index_unusable(zygote: Zygote, rng: random.Random, tmp_path: Path, told: Told) -> None:
    """tantivy's folder is gone for a while, another writer holds it, then its files are damaged: rebuilt from the record."""
    world = World(zygote, tmp_path / "home")
    index, away = world.home / "index", world.home / "index.away"
    crew = Crew(web=world.web, work=lambda: world.start("work"))

    def outage() -> None:
        index.rename(away)
        index.write_text("not a folder")
        crew.tend(SECONDS / 2)
        index.unlink()
        away.rename(index)
        crew.tend(SECONDS / 2)
        for name in ("web", "work"):
            crew.living[name].kill()
            crew.living[name].ended.wait(20)
        for file in index.rglob("meta.json"):
            file.write_text("{")
        broken = world.start("work", "--once")
        assert broken.wait(60) == 1
        assert "huiyin reindex" in broken.said()
        shutil.rmtree(index)  # as the message says
        rebuilt = world.start("reindex")
        assert rebuilt.wait(120) == 0, rebuilt.tail()
        crew.tend(1)

    under_load(world, crew, outage, rng.randrange(2**32), told)


def test_elasticsearch_stopped(
    zygote: Zygote, postgres: Postgres, redis: Redis, rng: random.Random, tmp_path: Path, told: Told
) -> None:
    address = os.environ.get("HUIYIN_TEST_ELASTICSEARCH")
    if not address:
        pytest.skip("needs a running Elasticsearch: set HUIYIN_TEST_ELASTICSEARCH")
    proxy = Proxy(urlsplit(address).port or 9200)
    search = f"http://127.0.0.1:{proxy.port}"
    world = World(zygote, tmp_path / "home", database=postgres.fresh(), queue=redis.address, search=search)
    emptied = open_index(world.settings)
    emptied.clear()
    crew = Crew(**parts(world, "analyse", "group", "schedule"))

    def outage() -> None:
        proxy.refuse()
        crew.tend(SECONDS)
        proxy.accept()

    under_load(world, crew, outage, rng.randrange(2**32), told)
    emptied.clear()
    emptied.close()
    proxy.close()


def test_postgresql_stopped(
    zygote: Zygote, postgres: Postgres, redis: Redis, rng: random.Random, tmp_path: Path, told: Told
) -> None:
    world = World(zygote, tmp_path / "home", database=postgres.fresh(), queue=redis.address)
    crew = Crew(**parts(world, "analyse", "group", "schedule"))

    def outage() -> None:
        postgres.stop("immediate")
        crew.tend(SECONDS)
        assert _status(world) >= 500
        postgres.start()

    under_load(world, crew, outage, rng.randrange(2**32), told)


def _status(world: World) -> int:
    """What the push API answers now; -1 where nobody answers."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{world.port}/api/v1/documents?source=push-load", data=b'[{"id": "x", "text": "y"}]',
        headers={"Authorization": f"Bearer {world.token}", "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_redis_stopped_and_emptied(
    zygote: Zygote, postgres: Postgres, redis: Redis, rng: random.Random, tmp_path: Path, told: Told
) -> None:
    world = World(zygote, tmp_path / "home", database=postgres.fresh(), queue=redis.address)
    crew = Crew(**parts(world, "analyse", "group", "schedule"))
    pushed = 0

    def outage() -> None:
        nonlocal pushed
        redis.stop()
        pushed = len(world.pushed)
        crew.tend(SECONDS)
        assert len(world.pushed) > pushed, "without Redis nothing was taken in"
        redis.start()

    under_load(world, crew, outage, rng.randrange(2**32), told)


class Skewed:
    """Starts `huiyin …` under libfaketime; the clock can be set while it runs."""

    def __init__(self, world: World, folder: Path, name: str) -> None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
        if not found:
            pytest.skip("needs libfaketime (Debian: apt-get install libfaketime)")
        self.world, self.folder, self.name = world, folder, name
        self.clock = folder / f"{name}.clock"
        self.environment = {
            "LD_PRELOAD": str(found[-1]), "FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip

    def set(self, offset: str) -> None:
        self.clock.write_text(offset)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        out = (self.folder / f"{self.name}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "huiyin.cli", "--home", str(self.world.home), *words], cwd=ROOT, stdout=out, stderr=out,
            env={**os.environ, **QUIET, **self.world.environment, **self.environment}, start_new_session=True,
        )  # fmt: skip
        out.close()
        return process


@contextmanager
def ended(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_clocks_skewed(
    zygote: Zygote, postgres: Postgres, redis: Redis, rng: random.Random, tmp_path: Path, told: Told
) -> None:
    """One analysing worker is two hours ahead and one behind, a writer of issues jumps, one with a right clock waits."""
    world = World(zygote, tmp_path / "home", database=postgres.fresh(), queue=redis.address)
    ahead, behind, jumping = (Skewed(world, tmp_path, name) for name in ("ahead", "behind", "jumping"))
    ahead.set("+2h")
    behind.set("-2h")
    jumping.set("+0")
    wrong = [skewed.start("worker", "--part", "analyse") for skewed in (ahead, behind)]
    wrong.append(jumping.start("worker", "--part", "group"))
    log = tmp_path / "jumping.log"
    _until("the jumping writer sits", lambda: log.exists() and "the seat group is ours" in log.read_text())
    crew = Crew(**parts(world, "group", "schedule"))

    def outage() -> None:
        for offset in ("+3h", "-3h", "+40d"):
            jumping.set(offset)
            crew.tend(SECONDS / 3)
        os.killpg(wrong[0].pid, signal.SIGKILL)  # leaves claims that were made by a clock ahead of ours
        wrong[0].wait(20)
        wrong[0] = ahead.start("worker", "--part", "analyse")

    try:
        under_load(world, crew, outage, rng.randrange(2**32), told)
    finally:
        with ended(*wrong):
            pass


def test_clock_put_back_on_one_machine(
    zygote: Zygote, rng: random.Random, tmp_path: Path, told: Told
) -> None:
    """The worker and the dashboard lived a day ahead, were killed, and come back with the right time."""
    world = World(zygote, tmp_path / "home")
    ahead = Skewed(world, tmp_path, "ahead")
    ahead.set("+1d")
    web, work = ahead.start("up", "--web", "--no-sample"), ahead.start("work")
    crew: list[Crew] = []

    def outage() -> None:
        ahead.set("-1d")
        time.sleep(SECONDS / 2)
        for process in (web, work):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        crew.append(Crew(web=world.web, work=lambda: world.start("work")))
        crew[0].tend(SECONDS / 2)

    with Pusher(world, rng.randrange(2**32)) as pusher, ended(web, work):
        pusher.wait_for(80, 180)
        outage()
        pusher.wait_for(len(world.pushed) + 80, 180)
        pusher.finish()
    crew[0].settle(world)
    crew[0].stop()
    told(count(world))


def test_network_cut(
    zygote: Zygote, postgres: Postgres, redis: Redis, rng: random.Random, tmp_path: Path, told: Told
) -> None:
    """The worker that writes issues and the one that schedules are cut off from record and queue, and come back later."""
    world = World(zygote, tmp_path / "home", database=postgres.fresh(), queue=redis.address)
    record, queue = Proxy(postgres.port), Proxy(redis.port)
    far = {
        "HUIYIN_DATABASE": world.database.replace(str(postgres.port), str(record.port)),
        "HUIYIN_QUEUE": world.queue.replace(str(redis.port), str(queue.port)),
    }
    remote = [world.start("worker", "--part", name, env=far) for name in ("group", "schedule", "analyse")]
    _until("the far worker groups", lambda: "the seat group is ours" in remote[0].said())
    _until("the far worker schedules", lambda: "the seat schedule is ours" in remote[1].said())
    crew = Crew(**parts(world, "analyse", "group", "schedule"))
    near = next(running for name, running in crew.living.items() if name.startswith("group"))

    def outage() -> None:
        record.stall()
        queue.stall()
        crew.tend(SECONDS)
        _until("the near worker takes over", lambda: "the seat group is ours" in near.said(), 40)
        record.heal()
        queue.heal()
        crew.tend(5)

    under_load(world, crew, outage, rng.randrange(2**32), told)
    for running in remote:
        running.kill(signal.SIGTERM)
    for running in remote:
        running.wait(120)
    record.close()
    queue.close()


def _until(what: str, true: Callable[[], bool], patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"{what}: not in {patience:.0f} s"
        time.sleep(0.2)

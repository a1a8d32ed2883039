"""`huiyin worker` on three machines' stead: one is killed, one is cut off and comes back, the third finishes the work."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from huiyin.records import DocumentRow, Record
from tests.crash.conftest import SECONDS
from tests.crash.processes import Zygote, children
from tests.crash.servers import Postgres, Proxy, Redis
from tests.crash.world import World, count, import_file

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]
PARTS = ("worker", "--parts", "analyse,group,schedule")


def analysed(world: World) -> int:
    with (
        closing(Record.open(world.settings, migrate=False)) as record,
        record.session(write=False) as session,
    ):
        return session.scalar(select(func.count()).where(DocumentRow.state != "stored")) or 0


def until(what: str, true: Callable[[], bool], patience: float = 120.0) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"{what}: not in {patience:.0f} s"
        time.sleep(0.1)


def test_one_killed_one_cut_off(
    zygote: Zygote, postgres: Postgres, redis: Redis, tmp_path: Path, told: Callable[..., None]
) -> None:
    world = World(zygote, tmp_path / "home", database=postgres.fresh(), queue=redis.address)
    record, queue = Proxy(postgres.port), Proxy(redis.port)
    far = {
        "HUIYIN_DATABASE": world.database.replace(str(postgres.port), str(record.port)),
        "HUIYIN_QUEUE": world.queue.replace(str(redis.port), str(queue.port)),
    }
    cut = world.start(*PARTS, env=far)
    until("the far worker sits on both seats", lambda: cut.said().count("is ours") == 2)
    killed, last = world.start(*PARTS), world.start(*PARTS)
    until(
        "all three have their children", lambda: all(len(children(w.pid)) == 3 for w in (cut, killed, last))
    )
    for number in range(5):
        file, texts = import_file(tmp_path, number)
        world.imported.update(texts)
        bringing = world.start("import", str(file), "--source", "load")
        assert bringing.wait(120) == 0, bringing.tail()
        if number == 1:
            until("work is under way", lambda: analysed(world) > 0)
            record.stall()
            queue.stall()
        if number == 2:
            assert killed.kill_group()
    until("the last worker sits on both seats", lambda: last.said().count("is ours") == 2)
    time.sleep(SECONDS)
    record.heal()
    queue.heal()
    world.settle(300)
    status = world.start("worker", "--status")
    assert status.wait(60) == 0, status.tail()
    assert "pending   0 to analyse, 0 to group, 0 to index" in status.said()
    for running in (cut, last):
        running.kill(signal.SIGTERM)
    for running in (cut, last):
        assert running.wait(90) == 0, running.tail()
    told(count(world), kills={"worker": 1}, cut_off=1)
    record.close()
    queue.close()

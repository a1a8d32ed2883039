"""A backup made under load is of one moment and complete; killed half-way it leaves no file that could be taken for one."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from huiyin.document import document_id
from huiyin.records import DocumentRow, Record
from tests.crash.processes import Zygote
from tests.crash.world import PUSH, Pusher, World, audited, count

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(900)]


def test_backup_under_load_comes_back_whole(
    zygote: Zygote, rng: random.Random, tmp_path: Path, told: Callable[..., None]
) -> None:
    world = World(zygote, tmp_path / "home")
    web, work = world.web(), world.start("work")
    files: list[tuple[Path, set[str]]] = []
    killed = 0
    with Pusher(world, rng.randrange(2**32)) as pusher:
        for number in range(6):
            pusher.wait_for(len(world.pushed) + 80)
            audited(world)
            before, file = set(world.pushed), tmp_path / f"backup-{number}.tar.gz"
            running = world.start("backup", str(file))
            if number % 2:
                running.ended.wait(rng.uniform(0.02, 0.4))
                killed += running.kill()
                running.ended.wait(20)
            else:
                assert running.wait(120) == 0, running.tail()
            if file.exists():
                files.append((file, before))
        pusher.finish()
    assert len(files) >= 3
    for running in (web, work):
        running.kill()
        running.ended.wait(20)
    sizes = []
    for file, before in files:
        again = World.restored(world, tmp_path / f"again-{file.name}")
        restored = again.start("restore", str(file))
        assert restored.wait(120) == 0, restored.tail()
        record = Record.open(again.settings, migrate=False)
        with record.session(write=False) as session:
            there = {row.id: row for row in session.scalars(select(DocumentRow))}
        record.close()
        assert {document_id(PUSH, native) for native in before} <= set(there), (
            "acknowledged before, but not in the backup"
        )
        natives = {document_id(PUSH, native): native for native in world.pushed}
        again.pushed = {natives[name]: row.text for name, row in there.items()}
        again.drain()
        sizes.append(count(again).documents)
    told(count(again), backups=len(files), killed=killed, sizes=sizes)

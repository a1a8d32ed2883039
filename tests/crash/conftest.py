"""The fork server, real servers, and how long and how often: HUIYIN_CRASH_KILLS (default 20), HUIYIN_CRASH_SECONDS (default 10)."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.processes import Zygote
from tests.crash.servers import Postgres, Redis
from tests.crash.world import Count

KILLS = int(os.environ.get("HUIYIN_CRASH_KILLS", "20"))
SECONDS = float(os.environ.get("HUIYIN_CRASH_SECONDS", "10"))
"""How long an outage lasts; the full run says 60."""


@pytest.fixture(scope="session")
def seed() -> int:
    """Printed, so that a failing run can be repeated: HUIYIN_CRASH_SEED."""
    return int(os.environ.get("HUIYIN_CRASH_SEED", str(int(time.time()))))


@pytest.fixture
def rng(seed: int) -> random.Random:
    print(f"HUIYIN_CRASH_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    made = Zygote(tmp_path_factory.mktemp("logs"))
    yield made
    made.close()


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    made = Postgres()
    yield made
    made.close()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    made = Redis(tmp_path / "redis")
    yield made
    made.stop()


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Print a figure, and add it to the file that HUIYIN_CRASH_FIGURES names."""

    def tell(count: Count, **more: object) -> None:
        line = json.dumps(
            {"test": request.node.name, **more, **dataclasses.asdict(count)}, ensure_ascii=False
        )
        print(f"\n{line}")
        if file := os.environ.get("HUIYIN_CRASH_FIGURES"):
            with Path(file).open("a", encoding="utf-8") as out:
                out.write(line + "\n")

    return tell

"""The invented city of the dashboard's tests, for people who mean it harm."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "dashboard"))

from answering_city import City

from dashboard import create_app


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


@pytest.fixture
def city_with(tmp_path: Path) -> Iterator[Callable[..., City]]:
    """`city_with(name=value)`: the city under other settings."""
    made: list[City] = []

    def make(**changes: Any) -> City:
        city = City(tmp_path / str(len(made)))
        for name, value in changes.items():
            object.__setattr__(city.settings, name, value)
        city.app = create_app(city.settings, city.record, city.index)
        made.append(city)
        return city

    yield make
    for one in made:
        one.close()

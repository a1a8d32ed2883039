"""Fixtures that every test may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from huiyin.records import Record
from huiyin.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project (HUIYIN_SHARED_DATA overrides); skips where it is absent."""
    folder = Path(os.environ.get("HUIYIN_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"needs the data folder {folder.name}, which is not beside this checkout")
    return folder


@pytest.fixture
def record(settings: Settings) -> Iterator[Record]:
    """The record of the test's own `settings`, closed afterwards."""
    opened = Record.open(settings)
    yield opened
    opened.close()

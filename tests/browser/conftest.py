"""The running system of the end-to-end tests, seen through Debian's Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.end_to_end.conftest import people, system

__all__ = ["browser", "people", "shots", "system"]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: HUIYIN_CI_OUTPUT, so that CI keeps them, else a temporary folder."""
    folder = Path(os.environ.get("HUIYIN_CI_OUTPUT") or tmp_path_factory.mktemp("shots")) / "screens"
    folder.mkdir(parents=True, exist_ok=True)
    return folder

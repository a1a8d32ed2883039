"""Settings: defaults < file < environment < argument; a wrong one is told with its name, value and choices."""

from __future__ import annotations

from pathlib import Path

import pytest

from huiyin.errors import UsageError
from huiyin.settings import Settings, load, table


def test_each_layer_wins_over_the_one_before(tmp_path: Path) -> None:
    file = tmp_path / "huiyin.toml"
    file.write_text('port = 9000\nregion = "白石县"\n', "utf-8")
    assert load(environ={}).port == 8000
    assert load(file, environ={}).port == 9000
    assert load(file, environ={"HUIYIN_PORT": "9001"}).port == 9001
    found = load(file, environ={"HUIYIN_PORT": "9001"}, port=9002)
    assert (found.port, found.region) == (9002, "白石县")


def test_a_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("secure_cookies = true\n", "utf-8")
    assert load(environ={"HUIYIN_CONFIG": str(file)}).secure_cookies is True


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("prot = 1", "prot"),
        ('port = "eighty"', "port"),
        ("port = ", "TOML"),
        ('clock_start = "noon"', "earliest, reported or seen"),
    ],
)
def test_a_wrong_file_is_told(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "huiyin.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=words):
        load(file, environ={})


def test_truth_values_of_the_environment() -> None:
    assert load(environ={"HUIYIN_SECURE_COOKIES": "yes"}).secure_cookies is True
    assert load(environ={"HUIYIN_SECURE_COOKIES": "0"}).secure_cookies is False
    with pytest.raises(UsageError, match="secure_cookies"):
        load(environ={"HUIYIN_SECURE_COOKIES": "maybe"})


def test_every_setting_has_a_help(tmp_path: Path) -> None:
    assert all(len(text) > 10 for _, _, text in table())
    assert Settings(home=str(tmp_path)).database_url == f"sqlite:///{tmp_path / 'huiyin.db'}"

"""What deploy/ and docs/operate/ name exists: commands with these options, settings, files; and no password stands there.

Docker and systemd do not run here: this reads the files as they would.
"""

from __future__ import annotations

import argparse
import configparser
import importlib
import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from huiyin import cli
from huiyin.settings import table

ROOT = Path(__file__).resolve().parents[2]
DEPLOY, OPERATE = ROOT / "deploy", ROOT / "docs" / "operate"
SETTINGS = {f"HUIYIN_{name.upper()}" for name, _, _ in table()} | {"HUIYIN_CONFIG"}
UNITS = sorted((DEPLOY / "systemd").iterdir())
OURS = ("web", "scheduler", "worker")


def understood(words: list[str]) -> None:
    """Raise AssertionError unless `huiyin WORDS` is a command with such options."""
    words = list(words)
    while words and words[0] in ("--config", "--home"):
        words = words[2:]
    found = cli.commands()
    if words[0] in ("--help", "--version"):
        return
    assert words[0] in found, words
    module = importlib.import_module(found[words[0]][0])
    parser = argparse.ArgumentParser(prog=words[0], exit_on_error=False)
    module.configure(parser)
    try:
        parser.parse_args(words[1:])
    except (SystemExit, argparse.ArgumentError) as error:
        pytest.fail(f"huiyin {' '.join(words)} is refused: {error}")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return made


def test_each_command_of_compose_is_ours_with_options_that_we_know(compose: dict[str, Any]) -> None:
    for name in OURS:
        command = compose["services"][name]["command"]
        assert command[0] == "huiyin"
        understood(command[1:])
    understood(compose["services"]["worker"]["healthcheck"]["test"][2:])


def test_each_setting_of_compose_is_known_and_comes_from_a_secret(compose: dict[str, Any]) -> None:
    for name in OURS:
        service = compose["services"][name]
        for setting, value in service["environment"].items():
            assert setting.removesuffix("_FILE") in SETTINGS, setting
            if setting.endswith("_FILE"):
                assert Path(value).name in service["secrets"]


def test_no_password_stands_in_compose_and_each_secret_is_made(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    copy = tmp_path / "make-secrets"
    copy.write_bytes((DEPLOY / "make-secrets").read_bytes())
    copy.chmod(0o755)
    subprocess.run([str(copy)], check=True, capture_output=True)
    secrets = tmp_path / "secrets"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    for name, place in compose["secrets"].items():
        assert place["file"] == f"./secrets/{name}"
        assert (secrets / name).read_text().strip()
    before = {file.name: file.read_text() for file in secrets.iterdir()}
    for file in secrets.iterdir():
        file.chmod(0o600)
    subprocess.run([str(copy)], check=True, capture_output=True)
    assert {file.name: file.read_text() for file in secrets.iterdir()} == before  # made once
    passwords = [before[f"{name}_password"] for name in ("postgres", "elastic", "redis")]
    assert len(set(passwords)) == 3
    assert all(len(password) == 48 for password in passwords)
    for name, service in compose["services"].items():
        for key, value in service.get("environment", {}).items():
            assert "PASSWORD" not in key or (key.endswith("_FILE") and value.startswith("/run/secrets/")), (
                name
            )


def test_each_service_is_watched_and_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert all("healthcheck" in service for service in services.values())
    for name in OURS:
        assert {need for need, how in services[name]["depends_on"].items() if how["condition"] == "service_healthy"} == {
            "postgres", "elasticsearch", "redis",
        }  # fmt: skip
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000"]  # nothing else is open, and this one on this machine only
    used = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_the_image_copies_what_there_is_and_installs_extras_that_there_are() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name
    import tomllib

    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    extras = re.search(r"\.\[([\w,]+)\]", text)
    assert extras
    assert set(extras[1].split(",")) <= set(known)
    assert re.search(r"^USER huiyin$", text, re.MULTILINE)


@pytest.mark.parametrize("file", UNITS, ids=lambda file: file.name)
def test_each_unit_runs_a_command_of_ours(file: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(file.read_text("utf-8"))
    if file.suffix == ".timer":
        assert (file.with_suffix(".service")).exists()
        assert unit["Timer"]["OnCalendar"]
        return
    line = unit["Service"]["ExecStart"].replace("$$", "$").replace("%%", "%")
    words = shlex.split(line)
    if words[0] == "/bin/sh":
        words = shlex.split(words[2].replace("$(date +%F)", "2026-11-24").removeprefix("exec "))
    assert words[0] == "/opt/huiyin/.venv/bin/huiyin"
    understood(words[1:])
    for pair in unit["Service"]["Environment"].split():
        name = pair.partition("=")[0]
        assert name in SETTINGS or not name.startswith("HUIYIN_"), name
    assert unit["Service"]["User"] == "huiyin"


def _begins(word: str, following: str) -> bool:
    """Whether `huiyin COMMAND` begins here: the word also names a user and a service."""
    program = word == "huiyin" or word.endswith("/bin/huiyin")
    return program and (following[0].isalpha() or following in ("--home", "--config"))


PAGES = ("one-machine.md", "compose.md", "backup-drill.md", "upgrade.md", "troubleshooting.md")


@pytest.mark.parametrize("name", PAGES)
def test_each_command_of_the_pages_is_understood(name: str) -> None:
    text = (OPERATE / name).read_text("utf-8")
    lines = [line for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    lines += re.findall(r"`((?:\S*/)?huiyin [a-z][^`]*)`", text)
    seen = 0
    for line in lines:
        for part in re.split(r"\|\||&&|;|\|", line.split("  #")[0]):
            words = shlex.split(part)
            place = next((i for i in range(len(words) - 1) if _begins(words[i], words[i + 1])), None)
            if place is not None:
                understood(
                    [
                        "x" if re.fullmatch(r"[A-Z]{3,}", word) else word
                        for word in words[place + 1 :]
                        if ">" not in word
                    ]
                )
                seen += 1
    assert seen
    for setting in re.findall(r"HUIYIN_[A-Z_]+", text):
        assert setting.removesuffix("_FILE") in SETTINGS or setting.startswith(
            ("HUIYIN_TEST_", "HUIYIN_CRASH_")
        ), setting
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (OPERATE / target).resolve().exists(), target

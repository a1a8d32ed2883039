"""The house's own rules: imports point one way, commands are all there, settings and docs agree."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from huiyin import cli, settings

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "huiyin": {"huiyin"},
    "crawler": {"huiyin", "crawler"},
    "nlp": {"huiyin", "nlp"},
    "response_kits": {"huiyin", "crawler", "nlp", "response_kits"},
    "dashboard": {"huiyin", "crawler", "nlp", "response_kits", "dashboard"},
}
COMMANDS = [
    "up",
    "doctor",
    "crawl",
    "extract",
    "import",
    "analyse",
    "group",
    "match",
    "find",
    "policy",
    "issues",
    "kit",
    "check",
    "assess",
    "brief",
    "backup",
    "restore",
    "reindex",
    "purge",
    "audit",
    "user",
    "train",
    "evaluate",
    "replay",
    "sample",
    "work",
]


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("room", list(MAY_IMPORT))
def test_imports_point_one_way(room: str) -> None:
    wrong = {
        f"{file.relative_to(ROOT)} imports {name}"
        for file in (ROOT / room).rglob("*.py")
        for name in imported(file) & set(MAY_IMPORT) - MAY_IMPORT[room]
    }
    assert not wrong


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_explains_itself(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "huiyin.cli", name, "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"huiyin {name}" in done.stdout


def test_wrong_use_is_told_with_the_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["nonsense"]) == 2
    assert "choose from" in capsys.readouterr().err


def test_a_wrong_setting_is_told_with_its_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HUIYIN_PORT", "eighty")
    assert cli.main(["issues"]) == 2
    assert "port" in capsys.readouterr().err


def test_docs_list_every_setting() -> None:
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    missing = [name for name, _, _ in settings.table() if f"`{name}`" not in page]
    assert not missing, "run `make docs`"


def test_no_file_names_a_machine_or_grows_out_of_its_room() -> None:
    for room in MAY_IMPORT:
        for file in (ROOT / room).rglob("*.py"):
            assert f"/{'work'}/" not in file.read_text("utf-8"), file

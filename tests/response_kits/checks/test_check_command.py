"""`huiyin check`: the exact report, exit status, a readable page, wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huiyin import cli


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    draft, facts = tmp_path / "draft.md", tmp_path / "facts.jsonl"
    draft.write_text("共有42名学生就诊。\n其中8人住院。\n", "utf-8")
    facts.write_text(
        json.dumps({"id": 7, "text": "共有42名学生就诊，其中3人住院。", "as_of": "2026-11-24T15:00:00+08:00"})
        + "\n",
        "utf-8",
    )
    return str(draft), str(facts)


def test_json_report(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", files[0], "--facts", files[1], "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    first, second = report["sentences"]
    assert (first["text"], first["supported"], first["facts"], first["problems"]) == (
        "共有42名学生就诊。",
        True,
        ["7"],
        [],
    )
    assert not second["supported"]
    assert {"kind", "span", "message"} <= set(second["problems"][0])
    assert report["gates"]["evidence"] == "block"
    assert set(report["gates"].values()) <= {"pass", "warn", "block"}


def test_readable_report(files: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", files[0], "--facts", files[1]]) == 0
    out = capsys.readouterr().out
    assert "不予通过　言之有据" in out
    assert "其中8人住院。" in out


def test_wrong_use(files: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", str(tmp_path / "none.md"), "--facts", files[1]]) == 2
    assert cli.main(["check", files[0], "--facts", str(tmp_path / "none.jsonl")]) == 2
    assert "no such file" in capsys.readouterr().err

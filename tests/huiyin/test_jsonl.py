"""JSONL: bounded, in order, one sentence where a line is wrong."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from huiyin import jsonl
from huiyin.errors import HuiyinError, LimitExceeded, UsageError


def test_rows_come_in_order_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('\ufeff{"id": 1}\n\n{"id": 2, "text": "说"}\n', "utf-8")
    assert [row["id"] for row in jsonl.rows(str(file))] == [1, 2]


@pytest.mark.parametrize(
    ("line", "words"),
    [("{", "line 2: not JSON"), ("[1]", "not a JSON object"), ('{"id": 1}', "'text' is missing")],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, words: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(f'{{"id": 0, "text": ""}}\n{line}\n', "utf-8")
    with pytest.raises(HuiyinError, match=words):
        list(jsonl.rows(str(file), need=("id", "text")))


def test_a_missing_file_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        list(jsonl.rows(str(tmp_path / "none.jsonl")))


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "LINE_LIMIT", 100)
    file = tmp_path / "a.jsonl"
    file.write_text('{"text": "' + "长" * 200 + '"}', "utf-8")
    with pytest.raises(LimitExceeded):
        list(jsonl.rows(str(file)))


def test_bytes_that_are_no_utf8_do_not_lose_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(b'{"text": "\xff\xfe"}\n{"text": "b"}\n')
    assert [row["text"] for row in jsonl.rows(str(file))] == ["\ufffd\ufffd", "b"]


def test_what_cannot_be_utf8_is_escaped() -> None:
    line = jsonl.dump({"text": "\ud83d 中"})
    line.encode()
    assert json.loads(line)["text"] == "\ud83d 中"
    stream = io.StringIO()
    assert jsonl.write([{"a": "中"}], stream) == 1
    assert stream.getvalue() == '{"a": "中"}\n'

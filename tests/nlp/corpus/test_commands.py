"""`huiyin group` and `huiyin replay` as they are called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huiyin.cli import main
from tests.nlp.corpus.test_gather import CHATTER, FIRE, SHORT

ROWS = [
    {"id": 1, "text": "永兴仓储园发生火灾，消防到场", "published": "2026-11-02T08:00:00", "mark": "x"},
    {"id": 2, "text": "永兴仓储园火灾还没扑灭，浓烟滚滚", "published": "2026-11-02T08:10:00+08:00"},
    {"id": 3, "text": "", "title": "实验二小食堂饭菜变质", "published": "not a time"},
    {"id": 4, "text": "永兴仓储园发生火灾，消防到场了", "published": None},
    {"id": 5, "text": None},
]


def written(folder: Path, rows: list[dict[str, object]]) -> str:
    file = folder / "in.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", "utf-8")
    return str(file)


def test_group_keeps_order_and_fields(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["group", written(tmp_path, ROWS)]) == 0
    out = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in out] == [1, 2, 3, 4, 5]
    assert out[0]["mark"] == "x"
    assert all(isinstance(row["issue"], str) and row["issue"] for row in out)
    assert out[0]["issue"] == out[1]["issue"] == out[3]["issue"] != out[2]["issue"]
    assert out[3]["copy_of"] == "1"


def test_late_finds_what_one_pass_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = [
        *FIRE,
        *CHATTER,
        SHORT,
    ]
    rows: list[dict[str, object]] = [
        {"id": f"d{at}", "text": text, "published": f"2026-11-02T08:{at:02d}:00+08:00", "author": f"u{at}"}
        for at, text in enumerate(texts)
    ]
    rows[-1]["author"] = "u1"
    sizes = []
    for words in ([], ["--late"]):
        assert main(["group", written(tmp_path, rows), *words]) == 0
        out = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [row["id"] for row in out] == [row["id"] for row in rows]
        sizes.append(sum(row["issue"] == out[0]["issue"] for row in out))
    assert sizes == [len(FIRE), len(FIRE) + 1]


def test_window_of_a_day_closes_what_is_silent_for_longer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [dict(ROWS[0]), {**ROWS[0], "id": 9, "published": "2026-11-09T08:00:00"}]
    issues = []
    for days in ("1", "30"):
        assert main(["group", written(tmp_path, rows), "--window", days]) == 0
        issues.append({json.loads(line)["issue"] for line in capsys.readouterr().out.splitlines()})
    assert [len(one) for one in issues] == [2, 1]


@pytest.mark.parametrize("days", ["0", "-3", "nan"])
def test_wrong_window_is_wrong_use(tmp_path: Path, days: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["group", written(tmp_path, ROWS), f"--window={days}"]) == 2
    assert "--window" in capsys.readouterr().err


def stream() -> list[dict[str, object]]:
    """One event that grows over six hours to a peak, and quiet chatter that stays alone."""
    rows: list[dict[str, object]] = []
    for number in range(60):
        minute = int(360 * (number / 60) ** 0.4)
        when = f"2026-11-02T{10 + minute // 60:02d}:{minute % 60:02d}:00+08:00"
        text = f"永兴仓储园火灾，桥西区浓烟滚滚，目击者{number}说仓库还在烧"
        rows.append(
            {
                "id": f"e{number}",
                "text": text,
                "published": when,
                "event": "fire",
                "source": f"s{number % 4}",
                "author": f"u{number}",
            }
        )
    words = (
        "栖霞路口修车铺",
        "猫咪绝育",
        "高数期末复习",
        "羽毛球拍穿线",
        "二手自行车转让",
        "芒果布丁做法",
        "候鸟摄影",
        "古筝考级",
    )
    for number, word in enumerate(words):
        rows.append(
            {
                "id": f"q{number}",
                "text": word,
                "published": f"2026-11-03T{10 + number}:00:00+08:00",
                "event": None,
            }
        )
    return rows


def test_replay_reports_lead_misses_and_false_alarms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", written(tmp_path, stream()), "--heat-only", "--json", "--size", "30"]) == 0
    found = json.loads(capsys.readouterr().out)
    heat = {row["threshold"]: row for row in found["thresholds"] if row["part"] == "heat"}
    assert found["documents"] == 68
    assert heat[1]["big_events"] == heat[1]["caught_before_peak"] == 1
    assert heat[1]["median_lead_hours"] > 0
    assert heat[1]["false_alarms"] == 0
    assert heat[3]["missed"] == 1


def test_replay_names_a_row_without_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["replay", written(tmp_path, [{"id": 7, "text": "x", "published": "gestern"}]), "--heat-only"])
        == 1
    )
    assert "row 7" in capsys.readouterr().err

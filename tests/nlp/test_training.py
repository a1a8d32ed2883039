"""Training machinery on small made data: learner, measure, registry, a head trained from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from huiyin.cli import main
from huiyin.errors import UsageError
from huiyin.settings import Settings
from nlp import training
from nlp.heads import Heads
from nlp.training import data, linear, scores, student
from nlp.training.task import Task


def test_ridge_solves_its_equations() -> None:
    rng = np.random.default_rng(0)
    rows = csr_matrix(rng.normal(size=(60, 8)).astype(np.float32))
    aims = rng.normal(size=(60, 2)).astype(np.float32)
    weights, mean = student.ridge(rows, aims, np.ones(60, dtype=np.float32), penalty=0.7, steps=60)
    dense = rows.toarray()
    exact = np.linalg.solve(dense.T @ dense + 0.7 * np.eye(8), dense.T @ (aims - aims.mean(axis=0)))
    assert np.allclose(weights, exact, atol=1e-3)
    assert np.allclose(mean, aims.mean(axis=0))


def test_softmax_regression_separates() -> None:
    rows = csr_matrix(np.array([[1, 0], [2, 0], [0, 1], [0, 2]], dtype=np.float32))
    aims = np.eye(2, dtype=np.float32)[[0, 0, 1, 1]]
    weights, bias = linear.fit(rows, aims, penalty=0.1)
    assert ((rows @ weights + bias).argmax(axis=1) == [0, 0, 1, 1]).all()


def test_measure_counts_right() -> None:
    result = scores.measure(
        "urgency", "0123", ["0", "2", "3", "1"], ["0", "2", "2", "0"], [1.0] * 4, ["a", "a", "b", "b"]
    )
    assert result["accuracy"] == 0.5
    assert result["recall_2_3"] == result["precision_2_3"] == 1.0
    assert result["kinds"]["a"] == {"texts": 2, "accuracy": 1.0}
    assert result["ece"] == pytest.approx(0.5)
    assert "| 0 |" in scores.table(result)


def test_registry_names_what_it_has() -> None:
    assert {"topic", "sentiment", "urgency", "respond", "stack"} <= set(training.names())
    with pytest.raises(UsageError, match="choose from"):
        training.trainer("weather")


def test_pool_leaves_out_twins_of_held_texts(tmp_path: Path) -> None:
    folder = tmp_path / "rumour"
    folder.mkdir()
    body = "某地昨晚发生一起事情，大家都在议论，具体情况有待有关部门进一步核实，请大家不要信谣传谣"
    rows = [{"text": "转发：" + body}, {"text": body + "！！"}, {"text": "别的内容，与此无关，说的是天气"}]
    (folder / "ced.train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    held = [data.Row("1", body, "weibo", {})]
    assert {row.text[:2] for row in data.pool(tmp_path, [], held)} == {"转发", "别的"}


def test_a_head_is_trained_saved_and_read(tmp_path: Path) -> None:
    noise = ["工地夜里施工噪音扰民", "臭气熏天污水直排", "油烟污染睡不着"]
    school = ["学校老师乱补课", "幼儿园学位不够", "中考招生不公平"]
    file = tmp_path / "gold.jsonl"
    with file.open("w", encoding="utf-8") as stream:
        for number in range(90):
            pair = (noise, "environment") if number % 2 else (school, "education")
            text = pair[0][number % 3] + f"，第{chr(0x4E00 + number * 7)}{chr(0x5000 + number * 3)}处"
            stream.write(json.dumps({"id": number, "text": text, "topic": pair[1], "kind": "message"}) + "\n")
    task = Task("topic", ("environment", "education"))
    said = task.train(
        [str(file)],
        Settings(home=str(tmp_path)),
        output=tmp_path / "m",
        aux=tmp_path / "none",
        barred=[],
        force=False,
    )
    assert "saved" in said
    heads = Heads.load(["topic"], tmp_path / "m")
    found = heads.scores(["噪音扰民污染", "学校老师招生"])["topic"].argmax(axis=1)
    assert [heads.classes("topic")[k] for k in found] == ["environment", "education"]
    assert "## Limits" in (tmp_path / "m" / "topic" / "MODEL_CARD.md").read_text("utf-8")


def test_evaluate_prints_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gold.jsonl"
    file.write_text(
        '{"id": 1, "text": "夜里施工噪音扰民，请处理", "topic": "environment", "kind": "message"}\n', "utf-8"
    )
    assert main(["evaluate", "topic", "--data", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["texts"] == 1
    assert main(["evaluate", "weather", "--data", str(file)]) == 2

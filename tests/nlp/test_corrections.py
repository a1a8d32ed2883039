"""Analysts' corrections as training texts, and the gate: a new model takes the old one's place only where it is better."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from huiyin.cli import main
from huiyin.records import Correction, DocumentRow, Record
from huiyin.settings import Settings
from nlp.heads import Heads
from nlp.training import corrections
from nlp.training.task import Task

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SWAMP = "湿地白鹭栖息地被围垦"
NOISE = ("工地夜里施工噪音扰民", "臭气熏天污水直排", "油烟污染睡不着")
SCHOOL = ("学校老师乱补课", "幼儿园学位不够", "中考招生不公平")


def _fill(home: Path, corrected: list[tuple[str, str, str, str]]) -> Settings:
    """A record with documents and corrections: (document, text, field, new label)."""
    settings = Settings(home=str(home))
    record = Record.open(settings)
    with record.session() as session:
        for key, text in {key: text for key, text, _, _ in corrected}.items():
            session.add(DocumentRow(id=key, source="s", title="题", text=text, when=NOW, kind="message"))
        for key, _, field, new in corrected:
            session.add(Correction(document_id=key, field=field, old="", new=new, by="xie"))
    record.close()
    return settings


def _gold(file: Path, *, wrong: bool = False) -> list[str]:
    with file.open("w", encoding="utf-8") as stream:
        for number in range(120):
            texts, label = (NOISE, "environment") if number % 2 else (SCHOOL, "education")
            if wrong:
                label = ("education", "environment")[number // 2 % 2]
            text = texts[number % 3] + f"，第{chr(0x4E00 + number * 7)}{chr(0x5000 + number * 3)}处"
            stream.write(json.dumps({"id": number, "text": text, "topic": label, "kind": "message"}) + "\n")
    return [str(file)]


def _train(task: Task, data: list[str], settings: Settings, folder: Path, *, with_them: bool = False) -> str:
    return task.train(
        data, settings, output=folder, aux=folder / "none", barred=[], force=False, corrections=with_them
    )


def test_the_last_word_on_each_label_is_read(tmp_path: Path) -> None:
    settings = _fill(
        tmp_path,
        [
            ("a", "噪音扰民", "topic", "health"),
            ("a", "噪音扰民", "topic", "environment"),
            ("a", "噪音扰民", "respond", "1"),
            ("b", "谢谢", "respond", "0"),
            ("b", "谢谢", "urgency", "0"),
            ("gone", "", "topic", "other"),
        ],
    )
    rows = {row.id: row for row in corrections.read(settings)}
    assert rows["correction:a"].labels == {"topic": "environment", "respond": "true"}
    assert rows["correction:a"].text == "题\n噪音扰民"
    assert rows["correction:b"].labels == {"respond": "false", "urgency": "0"}
    assert rows["correction:gone"].text == "题"


def test_texts_that_measure_are_never_learnt_from(tmp_path: Path) -> None:
    settings = _fill(tmp_path, [("a", "噪音扰民", "topic", "environment")])
    assert corrections.read(settings, ["题\n噪音扰民"]) == []


def test_training_learns_what_analysts_corrected(tmp_path: Path) -> None:
    settings = _fill(
        tmp_path, [(f"d{n}", f"{SWAMP}{chr(0x4E00 + n)}", "topic", "environment") for n in range(12)]
    )
    data, task = _gold(tmp_path / "gold.jsonl"), Task("topic", ("education", "environment"))
    shares = []
    for folder, with_them in ((tmp_path / "without", False), (tmp_path / "with", True)):
        assert "saved" in _train(task, data, settings, folder, with_them=with_them)
        scores = Heads.load(["topic"], folder).scores([SWAMP])["topic"][0]
        shares.append(float(scores[1] - scores[0]))
    assert shares[1] > shares[0] + 0.5
    card = (tmp_path / "with" / "topic" / "MODEL_CARD.md").read_text("utf-8")
    assert "12 texts that analysts corrected, each weighing 2 times" in card


def test_a_worse_model_does_not_replace_the_old_one(tmp_path: Path) -> None:
    settings, folder = Settings(home=str(tmp_path)), tmp_path / "m"
    task = Task("topic", ("education", "environment"))
    assert "saved" in _train(task, _gold(tmp_path / "good.jsonl"), settings, folder)
    before = (folder / "topic" / "weights.npy").read_bytes()
    assert "kept the old model" in _train(task, _gold(tmp_path / "bad.jsonl", wrong=True), settings, folder)
    assert (folder / "topic" / "weights.npy").read_bytes() == before


def test_models_without_corrections_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"id": "1", "text": "听说", "label": "rumor"}\n', "utf-8")
    assert main(["train", "rumour", "--data", str(file), "-o", str(tmp_path / "m"), "--corrections"]) == 2
    assert "has no corrections" in capsys.readouterr().err

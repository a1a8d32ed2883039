"""`huiyin train` from the command line, every model in one new folder, which the analyser then reads."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from huiyin.cli import main
from huiyin.settings import Settings
from nlp.analyse import Analyser

GOLD = (
    ("工地夜里施工噪音扰民，请部门处理", "environment", -1, 1, True),
    ("化工厂爆炸，三人死亡，现场还在救援", "safety", -1, 3, True),
    ("湖人主场险胜，詹姆斯砍下四十分", "other", 0, 0, False),
    ("感谢消防员，辛苦了，点赞", "other", 1, 0, False),
    ("学校食堂多名学生呕吐腹泻，家长着急", "food_drug", -1, 2, True),
)
FEELINGS = (
    ("气死我了，太过分", "angry"),
    ("好害怕，不敢出门", "fear"),
    ("难过得想哭", "sad"),
    ("开心，哈哈，太好了", "happy"),
    ("天哪，竟然这样", "surprise"),
    ("今天路过公园", "neutral"),
)


def _write(file: Path, rows: list[dict[str, object]]) -> str:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(file)


def _twist(number: int) -> str:
    return f"，第{chr(0x4E00 + number * 7)}{chr(0x5000 + number * 3)}处"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which each model was trained by its command."""
    place = tmp_path_factory.mktemp("trained")
    gold: list[dict[str, object]] = [
        {"id": n, "text": text + _twist(n), "topic": topic, "sentiment": feeling, "urgency": level,
         "respond": answer, "kind": "message"}
        for n in range(150)
        for text, topic, feeling, level, answer in (GOLD[n % len(GOLD)],)
    ]  # fmt: skip
    moods: list[dict[str, object]] = [
        {"text": FEELINGS[n % 6][0] + _twist(n), "label": FEELINGS[n % 6][1]} for n in range(120)
    ]
    posts: list[dict[str, object]] = [
        {"id": str(n), "text": ("紧急扩散，听说有人贩子抢孩子" if n % 2 else "今天和朋友看电影吃火锅") + _twist(n),
         "label": "rumor" if n % 2 else "nonrumor", "date": f"2015-01-{n % 28 + 1:02}",
         "comments": ["真的假的，求证"] if n % 2 else ["好看，喜欢"]}
        for n in range(160)
    ]  # fmt: skip
    files = {
        name: _write(place / "gold.jsonl", gold) for name in ("topic", "sentiment", "urgency", "respond")
    }
    files["stack"] = files["topic"]
    files["emotion"] = _write(place / "moods.jsonl", moods)
    files["rumour"] = _write(place / "posts.jsonl", posts)
    for name, file in files.items():
        words = ["train", name, "--data", file, "-o", str(place / "m"), "--aux", str(place / "none")]
        assert main([*words, "--bar", file] if name == "stack" else words) == 0, name
    return place / "m"


def test_each_model_has_a_card_and_its_scores(models: Path) -> None:
    heads = {file.parent.name for file in models.glob("*/head.json")}
    assert {"topic", "sentiment", "urgency", "respond", "emotion", "stack", "rumour"} <= heads
    for name in heads:
        assert "## Retrain" in (models / name / "MODEL_CARD.md").read_text("utf-8"), name
        figures = json.loads((models / name / "scores.json").read_text("utf-8"))
        assert all(math.isfinite(value) for value in figures.values()), name


def test_the_analyser_reads_what_the_commands_wrote(models: Path) -> None:
    blast, sport = Analyser.load(Settings(), models=models).many(
        [{"text": GOLD[1][0] + "。"}, {"text": GOLD[2][0] + "。"}]
    )
    assert (blast.topic, blast.respond, blast.sentiment) == ("safety", True, -1)
    assert (sport.topic, sport.respond, sport.urgency) == ("other", False, 0)
    assert blast.urgency >= 2


def test_shipped_models_have_cards_and_scores() -> None:
    from nlp.heads import MODELS

    for file in MODELS.glob("*/head.json"):
        assert (file.parent / "MODEL_CARD.md").is_file(), file
        figures = json.loads((file.parent / "scores.json").read_text("utf-8"))
        assert figures, file
        assert all(isinstance(value, (int, float)) for value in figures.values()), file

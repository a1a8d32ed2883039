"""The analyser on real weights: order, batches, hard inputs, the output's form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from huiyin import jsonl
from huiyin.cli import main
from huiyin.document import Analysis
from nlp.analyse import Analyser
from nlp.features import SPACE, buckets
from nlp.heads import Head, Heads, softmax
from nlp.moment import moment
from nlp.stages.urgency_rules import judge

TEXTS = [
    "小区楼下工地每天凌晨施工，噪音严重扰民，请有关部门尽快处理！",
    "请问办理居住证需要哪些材料？",
    "感谢消防员，辛苦了，为你们点赞！",
    "昨晚化工厂发生爆炸，已造成3人死亡、10人受伤，现场仍在救援。",
    "湖人主场险胜火箭，詹姆斯砍下40分",
]
HARD = [
    "",
    " ",
    "😀😀😀",
    "\x00\x01\x02",
    "\ud800abc",
    "Hello, world. This is English.",
    "啊" * 300_000,
    "http://t.cn/abc",
    "1234567890" * 50,
    "ⅷ㈱ﷺ",
    bytes(range(256)).decode("latin-1") * 300,
    "👨‍👩‍👧🇨🇳" * 2_000,
    "臺北車站發生爆炸，已造成三人死亡，現場請求救援",
    "3死" * 200_000,
    "1-" * 200_000,
    "住室1号路" * 100_000,
    "市民反映某小区施工噪音扰民，昨日发生事故致3人死亡，电话13800138000。" * 60_000,
]


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser.load()


def test_a_result_does_not_depend_on_its_batch(analyser: Analyser) -> None:
    together = list(analyser.many({"text": text} for text in TEXTS + HARD[:6] + TEXTS))
    assert together[: len(TEXTS)] == together[-len(TEXTS) :]
    for text, found in zip(TEXTS, together, strict=False):
        alone = analyser.one(text)
        assert (alone.topic, alone.urgency, alone.words) == (found.topic, found.urgency, found.words)
        assert alone.respond_score == pytest.approx(found.respond_score, abs=1e-5)


def test_plain_cases(analyser: Analyser) -> None:
    noise, question, thanks, blast, sport = analyser.many({"text": text} for text in TEXTS)
    assert (noise.topic, noise.sentiment, noise.respond) == ("environment", -1, True)
    assert question.respond
    assert question.urgency == 0
    assert thanks.sentiment == 1
    assert blast.urgency == 3
    assert any("死亡" in reason for reason in blast.urgency_reasons)
    assert (sport.topic, sport.respond, sport.urgency) == ("other", False, 0)


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_hard_texts_get_an_answer(analyser: Analyser, text: str) -> None:
    found = analyser.one(text)
    assert isinstance(found, Analysis)
    assert 0 <= found.urgency <= 3
    json.dumps(found.as_dict())


def test_empty_says_nothing(analyser: Analyser) -> None:
    found = analyser.one("")
    assert (found.topic, found.urgency, found.respond, found.sentiment, found.words) == (
        "other",
        0,
        False,
        0,
        (),
    )


def test_every_urgency_above_zero_gives_a_reason_in_chinese(analyser: Analyser) -> None:
    for found in analyser.many({"text": text} for text in TEXTS):
        if found.urgency:
            assert found.urgency_reasons
            assert all(any("\u4e00" <= c <= "\u9fff" for c in reason) for reason in found.urgency_reasons)


def test_traditional_script_is_read_as_simplified(analyser: Analyser) -> None:
    other = analyser.one("臺北車站發生爆炸，已造成三人死亡，現場請求救援")
    same = analyser.one("台北车站发生爆炸，已造成三人死亡，现场请求救援")
    assert (other.topic, other.urgency, other.casualties) == (same.topic, same.urgency, same.casualties)


@pytest.mark.parametrize(
    "published", ["", "昨天", "2026", "24/11/2026", "2026年11月24日", 0, -1, 1e30, True, [], {}, "9999-99-99"]
)
def test_any_published_gets_an_answer(analyser: Analyser, published: object) -> None:
    row = {"text": "2019年工厂火灾造成3人死亡，现场正在救援", "published": published}
    assert next(analyser.many([row])).urgency in (0, 1, 2, 3)


def test_an_old_year_is_past_however_the_time_is_written() -> None:
    text = "2019年工厂火灾造成3人死亡，公司已停产"
    now = judge(text, published="2019-05-01").level
    later = {
        judge(text, published=form).level
        for form in ("2026-11-24", "2026/11/24 10:00", "2026年11月24日 10时05分", "2026-11-24T10:00:00Z")
    }
    assert now >= 2
    assert later == {0}


def test_moments_are_aware_or_none() -> None:
    assert str(moment("2026年11月24日 10时05分")) == "2026-11-24 10:05:00+08:00"
    assert str(moment(1_700_000_000)) == str(moment(1_700_000_000_000)) == "2023-11-14 22:13:20+00:00"
    assert str(moment("2026/1/2")) == "2026-01-02 00:00:00+08:00"
    unread: list[object] = ["", "昨天", None, True, [], "2026-13-45", 1e30, "２月"]
    assert {moment(value) for value in unread} == {None}


def test_title_is_read_once(analyser: Analyser) -> None:
    assert analyser.one("噪音扰民，睡不着", title="噪音扰民").words == analyser.one("噪音扰民，睡不着").words


def test_command_streams_in_order_and_passes_fields_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(
        "".join(json.dumps({"id": i, "text": t, "mine": i}) + "\n" for i, t in enumerate(TEXTS)), "utf-8"
    )
    assert main(["analyse", str(file)]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == list(range(len(TEXTS)))
    assert [row["mine"] for row in rows] == list(range(len(TEXTS)))
    assert {
        "topic",
        "topics",
        "sentiment",
        "urgency",
        "urgency_reasons",
        "respond",
        "places",
        "keywords",
        "pii",
    } <= set(rows[0])


def test_a_missing_text_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text('{"id": 1}\n', "utf-8")
    assert main(["analyse", str(file)]) == 1
    assert "'text'" in capsys.readouterr().err


def test_buckets_know_no_neighbour() -> None:
    many, offsets = buckets(["甲乙丙", "", "丁"])
    one, _ = buckets(["丁"])
    assert (many[offsets[2] :] == one).all()
    assert many.max() < SPACE


def test_a_missing_model_names_itself(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"model 'nothing'.*huiyin train nothing"):
        Head.load("nothing", tmp_path)


def test_packing_loses_little(tmp_path: Path) -> None:
    weights = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    Head.pack("x", "abc", weights, np.zeros(3), 1.0).save(tmp_path)
    head = Head.load("x", tmp_path)
    assert np.abs(np.asarray(head.weights) * head.scale - weights).max() < 0.03


def test_scores_are_shares() -> None:
    assert softmax(np.array([[1.0, 2.0, 900.0]])).sum() == pytest.approx(1.0)


def test_quality_rows_are_readable(shared_data: Path, analyser: Analyser) -> None:
    rows = list(jsonl.rows(str(shared_data / "gold" / "dev.jsonl")))[:50]
    assert len(list(analyser.many(rows))) == 50


def test_heads_load_all_names() -> None:
    heads = Heads.load(["topic", "respond"])
    assert heads.classes("respond") == ("false", "true")

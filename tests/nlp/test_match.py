"""Matching posts with known rumours: decisions, order, streaming, the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from huiyin.cli import main
from nlp.corpus.match import Claim, Matcher

LIBRARY = [
    Claim("water", "云江市自来水被化工厂污染，喝了会中毒，今晚全市停水", rebuttal="经检测，云江市自来水各项指标合格，今晚不停水。"),
    Claim("school", "云江市第三小学食物中毒死亡两名学生", rebuttal="云江市第三小学无死亡病例，42名学生就诊。"),
    Claim("bridge", "云江大桥因裂缝将于12月1日起封闭三个月", variants=("跨江大桥要关三个月，赶紧绕行",)),
    Claim("garlic", "大蒜水可以治疗流感"),
]  # fmt: skip


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(LIBRARY)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("求证：云江市自来水被化工厂污染了，今晚全市都要停水？喝了会中毒", "water"),
        ("听说第三小学食物中毒，死了两名学生，太可怕了", "school"),
        ("跨江大桥要关三个月，大家赶紧绕行", "bridge"),
        ("经检测，自来水各项指标合格，今晚不停水，请市民放心。", "water"),
        ("喝大蒜水能治流感，转给家人", "garlic"),
    ],
)
def test_claim_variant_and_rebuttal_are_found(matcher: Matcher, text: str, right: str) -> None:
    assert matcher.match([text])[0][0].id == right


def test_a_copy_is_linked_without_a_person_and_other_talk_is_not(matcher: Matcher) -> None:
    copy, other = matcher.match([LIBRARY[0].claim + "，大家快转！", "今天天气真好，和朋友去公园散步"])
    assert copy[0].decision == "auto"
    assert all(match.decision == "none" for match in other)


def test_scores_fall_and_top_bounds_them(matcher: Matcher) -> None:
    found = matcher.match(["云江市的学生和自来水"], top=2)[0]
    assert len(found) <= 2
    assert [match.score for match in found] == sorted((match.score for match in found), reverse=True)


def test_what_is_said_of_a_text_does_not_depend_on_its_batch(matcher: Matcher) -> None:
    texts = ["第三小学有学生死亡吗", "", "大桥封闭", "😀" * 10, "大蒜" * 2000, LIBRARY[1].rebuttal]
    assert matcher.match(texts) == [matcher.match([text])[0] for text in texts]


def test_texts_that_share_nothing_have_no_match(matcher: Matcher) -> None:
    assert matcher.match(["", "hello world", "！！！"]) == [[], [], []]


def test_an_empty_library_matches_nothing() -> None:
    assert Matcher([]).match(["自来水停水"]) == [[]]


def test_one_entry_is_enough() -> None:
    found = Matcher(LIBRARY[3:]).match(["大蒜水可以治疗流感"])[0]
    assert (found[0].id, found[0].decision) == ("garlic", "auto")


def test_a_changed_number_and_a_denial_lower_the_score(matcher: Matcher) -> None:
    same, changed = matcher.match(
        ["云江大桥因裂缝将于12月1日起封闭三个月", "云江大桥不会封闭三个月，12月8日起照常通行"]
    )
    assert same[0].score > changed[0].score


def test_the_command_keeps_order_and_unknown_fields(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    library, posts = tmp_path / "lib.jsonl", tmp_path / "in.jsonl"
    library.write_text(
        "".join(json.dumps({"id": c.id, "claim": c.claim, "rebuttal": c.rebuttal or None}) + "\n" for c in LIBRARY), "utf-8"
    )  # fmt: skip
    posts.write_text(
        '{"id": 7, "text": "大蒜水可以治疗流感", "from": "x"}\n{"id": 8, "text": null}\n', "utf-8"
    )
    assert main(["match", str(posts), "--library", str(library), "--top", "1"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["id"], first["from"], first["matches"][0]["id"]) == (7, "x", "garlic")
    assert set(first["matches"][0]) == {"id", "score", "decision"}
    assert "text" not in first
    assert (second["id"], second["matches"]) == (8, [])


@pytest.mark.parametrize("top", ["0", "-3"])
def test_a_useless_top_is_refused(tmp_path: Path, top: str) -> None:
    library = tmp_path / "lib.jsonl"
    library.write_text('{"id": 1, "claim": "大蒜水"}\n', "utf-8")
    assert main(["match", str(library), "--library", str(library), "--top", top]) == 2

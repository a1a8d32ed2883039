"""One spelling, by two roads; the words of the index."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import segment
from nlp.normalise import _slow, normalise, normalise_many


@pytest.mark.parametrize(
    ("text", "spelling"),
    [
        ("ＡＢＣ１２３，", "abc123,"),
        ("臺灣颱風", "台湾台风"),
        ("㈱", "(株)"),
        ("a\x00b", "a b"),
        ("\ud800", "\ufffd"),
        ("", ""),
    ],
)
def test_known_spellings(text: str, spelling: str) -> None:
    assert normalise(text) == spelling


@given(st.lists(st.text(st.characters(), max_size=40), max_size=6))
def test_table_and_unicodedata_agree_whatever_the_batch(texts: list[str]) -> None:
    assert normalise_many(texts) == [_slow(text) for text in texts]


def test_words_leave_out_punctuation_and_monsters() -> None:
    found = segment.words("A市的学校，" + "x" * 500 + "！停课通知。")
    assert "学校" in found
    assert all(word.isalnum() and len(word) <= segment.WORD_LIMIT for word in found)


def test_both_cutters_cut_alike() -> None:
    pytest.importorskip("rjieba")
    text = normalise("反映某小区夜间施工噪音扰民的问题，请求有关部门尽快处理并给予答复")
    assert segment.cutter()(text) == segment._jieba(text)

"""Words of a text, the same for index and models: `normalise`, then jieba's dictionary cut (in Rust where rjieba is)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from nlp.normalise import normalise

Cut = Callable[[str], list[str]]

WORD_LIMIT = 64
"""Longest index word in characters; longer runs (base64, keyboard mashing) are no words."""


@lru_cache(maxsize=1)
def cutter() -> Cut:
    """rjieba's cut, else jieba's: the same dictionary and model, some thirty times slower."""
    try:
        import rjieba
    except ImportError:
        return _jieba
    cut: Cut = rjieba.cut
    return cut


def _jieba(text: str) -> list[str]:
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        import jieba
    jieba.setLogLevel(logging.WARNING)
    return list(jieba.lcut(text))


def index_words(cut: Iterable[str]) -> tuple[str, ...]:
    """The words among the pieces of a cut: letters, digits and ideographs; no punctuation, no blanks."""
    return tuple(filter(str.isalnum, cut))


def words(text: str) -> tuple[str, ...]:
    """Index words of any text, in order, repeats kept; the query side of the search index calls this too."""
    return words_of(normalise(text))


def words_of(spelling: str) -> tuple[str, ...]:
    """Index words of a text that is normalised already."""
    found = index_words(cutter()(spelling))
    if _MONSTER.search(spelling):
        found = tuple([word for word in found if len(word) <= WORD_LIMIT])
    return found


# Only runs of ASCII stay in one piece however long they are: ideographs are cut by the dictionary.
_MONSTER = re.compile(rf"[0-9a-z]{{{WORD_LIMIT + 1}}}")

"""Words of a text for comparing passages: jieba's dictionary in Rust, numbers and single characters left out."""

from __future__ import annotations

import importlib
import math
import unicodedata
from collections import Counter
from collections.abc import Hashable, Sequence
from functools import cache, lru_cache
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_STOP = frozenset(
    [
        "我们",
        "你们",
        "他们",
        "自己",
        "这个",
        "那个",
        "什么",
        "怎么",
        "为什么",
        "是不是",
        "有没有",
        "可以",
        "可能",
        "已经",
        "还是",
        "因为",
        "所以",
        "如果",
        "但是",
        "没有",
        "不是",
        "就是",
        "进行",
        "相关",
        "有关",
        "情况",
        "问题",
        "工作",
        "目前",
        "以及",
        "或者",
        "其中",
        "对于",
        "关于",
        "根据",
        "按照",
        "现在",
        "今天",
        "昨天",
        "大家",
        "有人",
        "听说",
        "据说",
        "网传",
        "多名",
        "一些",
        "这样",
        "那样",
        "时候",
        "知道",
        "到底",
    ]
)


@cache
def _cutter() -> Any:
    try:
        return importlib.import_module("rjieba")
    except ImportError:  # PyPy has no build of rjieba; the dictionary is the same
        return importlib.import_module("jieba")


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """Content words of two characters and more, NFKC and lower case, in order, repeats kept."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return tuple(
        w for w in _cutter().cut(plain) if len(w) > 1 and w not in _STOP and any(c.isalpha() for c in w)
    )


def overlap(left: str, right: str) -> float:
    """Share of the shorter text's different content words that the other one has too, 0 … 1."""
    a, b = set(words(left)), set(words(right))
    return len(a & b) / max(1, min(len(a), len(b)))


class Ranker(Generic[Key]):
    """BM25 (k1 1.5, b 0.75) over a few thousand passages held in memory."""

    def __init__(self, passages: Sequence[tuple[Key, str]]) -> None:
        self.keys = [key for key, _ in passages]
        self.counts = [Counter(words(text)) for _, text in passages]
        self.lengths = [sum(count.values()) or 1 for count in self.counts]
        self.mean = sum(self.lengths) / max(1, len(self.lengths))
        self.holders: dict[str, list[int]] = {}
        for n, count in enumerate(self.counts):
            for word in count:
                self.holders.setdefault(word, []).append(n)

    def search(self, query: str, top: int = 5) -> list[tuple[Key, float]]:
        """Keys with their scores, best first; those that share no word with the query are left out."""
        scores: Counter[int] = Counter()
        total = len(self.keys)
        for word in set(words(query)):
            held = self.holders.get(word, [])
            weight = math.log(1 + (total - len(held) + 0.5) / (len(held) + 0.5))
            for n in held:
                seen = self.counts[n][word]
                norm = 1.5 * (0.25 + 0.75 * self.lengths[n] / self.mean)
                scores[n] += weight * seen * 2.5 / (seen + norm)  # type: ignore[assignment]
        return [(self.keys[n], float(score)) for n, score in scores.most_common(top)]

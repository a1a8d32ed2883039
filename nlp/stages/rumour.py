"""Rumour: how much a text, and what people answer to it, reads like posts that were debunked before. Never a verdict.

The text's share comes from a linear head over the analyser's n-grams. Where there are comments, a second head reads them
together (doubt, denial and alarm against everyday talk), and both are weighed. Reasons name the words they rest on.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from huiyin.errors import HuiyinError
from nlp.heads import MODELS, Heads
from nlp.normalise import normalise, normalise_many

HEAD = "rumour"
COMMENTS = "rumour_comments"
TOLD = "rumour_told"
"""The text head that is joined with comments: learnt from posts that have them."""
COMMENTS_READ = 100
"""Most comments that are read, the first ones: what is said early decides early."""
SAY = 0.5
"""From this share on, words that such texts have in common are named."""

_SIGNS: tuple[tuple[str, str], ...] = (
    ("催人转发", r"紧急转发|速转|转疯|扩散|大家转|请转|转起来|转给"),
    ("消息来源不明", r"听说|据说|网传|据传|求证|内部消息|有人说|朋友圈|刚收到"),
    ("绝对或惊人的说法", r"震惊|惊天|太可怕|千万别|千万不要|全部死亡|无一生还|绝对真实|真相"),
    ("自称已证实", r"已经?证实|不是假的|真实消息|央视(?:已经|都)?播|电视(?:都|已经)播"),
    ("常见的旧谣言题材", r"器官|偷(?:小孩|孩子)|抢(?:小孩|孩子)|人贩子|艾滋"),
    ("封城、停课一类的措施传言", r"封城|封路|封闭管理.{0,4}[?？]|停课.{0,4}[?？]|确诊.{0,6}[?？]"),
)
_GATE = re.compile("|".join(pattern for _, pattern in _SIGNS))
_RULES = tuple((name, re.compile(pattern)) for name, pattern in _SIGNS)
_STANCES: tuple[tuple[str, str], ...] = (
    ("否认", r"谣言?|辟谣|造谣|是?假的|假新闻|不实|旧闻|老新闻|别信|不可信|骗人的|瞎编|编的"),
    ("质疑或求证", r"真的?假|真假|求证|是真的(?:吗|么|嘛|\?)|真的(?:吗|么|\?)|求真相|存疑|真实性|可信吗"),
    ("称其属实", r"已?证实|是真的[^吗么嘛?]|真事|亲眼|属实"),
)
_STANCE = tuple((name, re.compile(pattern)) for name, pattern in _STANCES)
_BARE = re.compile(r"^(?:转发微博|转发|轻转发|repost|转|\W)*$")
_STYLE = re.compile(r"https?://\S+|@[\w-]+|[#【】]|\[[\u4e00-\u9fff]{1,4}\]|转发微博|原图")
_MENTION = re.compile(r"@[\w-]+[:： ]?|https?://\S+")


class RumourScorer:
    """Scores texts. `decide` takes the head's answer from the analyser's one product; `score` works out its own."""

    def __init__(self, models: Path = MODELS) -> None:
        self._models = models
        try:
            self._weights: dict[str, float] = json.loads((models / HEAD / "join.json").read_text("utf-8"))
            words = (models / HEAD / "words.txt").read_text("utf-8").split("\n")
        except FileNotFoundError as error:
            raise HuiyinError(
                f"model {HEAD!r}: {error.filename} is missing; train it with huiyin train {HEAD}"
            ) from error
        self._words = [word for word in words if word and word[0] != "#"]
        self._telling = AhoCorasick(self._words, matchkind=MatchKind.LeftmostFirst)

    @classmethod
    def load(cls, models: Path = MODELS) -> RumourScorer:
        """Read the weights. Raises HuiyinError naming the model that is missing."""
        return cls(models)

    def score(self, text: str, comments: Sequence[str] = ()) -> tuple[float, tuple[str, ...]]:
        """(share 0–1, reasons in Chinese) of one text; for many, `decide` with the analyser's product is quicker."""
        margin = _margin(_heads(HEAD, self._models), HEAD, [text])[0]
        return self.decide(margin, text, comments)

    def decide(self, margin: float, text: str, comments: Sequence[str] = ()) -> tuple[float, tuple[str, ...]]:
        """(share 0–1, reasons) from the text's log-odds `margin`, the logit of `true` less that of `false`."""
        said = [comment for comment in comments[:COMMENTS_READ] if comment.strip()]
        if said:
            margin = self._joined(text, said)
        share = 1 / (1 + math.exp(-max(-30.0, min(30.0, margin))))
        if not any(map(str.isalnum, text)):
            return 0.0, ()
        return round(share, 4), tuple(self._reasons(text, said, share))

    def _joined(self, text: str, said: Sequence[str]) -> float:
        margin = _margin(_heads(TOLD, self._models), TOLD, [plain(text)])[0]
        answers = _margin(_heads(COMMENTS, self._models), COMMENTS, [joined(said)])[0]
        weights = self._weights
        return (
            weights["text"] * margin
            + weights["comments"] * answers
            + weights["count"] * math.log1p(len(said))
            + weights["bias"]
        )

    def _reasons(self, text: str, said: Sequence[str], share: float) -> list[str]:
        reasons = []
        if _GATE.search(text):
            for name, pattern in _RULES:
                match = pattern.search(text)
                if match:
                    reasons.append(f"{name}：“{match.group()}”")
        if share >= SAY:
            found = list(dict.fromkeys(hit[0] for hit in self._telling.find_matches_as_indexes(text)))[:3]
            if found:
                named = "、".join(f"“{self._words[word]}”" for word in found)
                reasons.append(f"用词与以往被辟谣的内容相近：{named}")
        return reasons + stances(said) if said else reasons


def plain(text: str) -> str:
    """A text without what is habit of a platform: addresses, names called, hashtags, emoticons."""
    return " ".join(_STYLE.sub(" ", normalise(text)).split())


def joined(comments: Sequence[str]) -> str:
    """Comments as one text, without the names they call."""
    return " ".join(" ".join(_MENTION.sub(" ", comment) for comment in comments).split())


def stances(comments: Sequence[str]) -> list[str]:
    """What the comments say of the text's truth, counted, with the words found."""
    reasons = []
    for name, pattern in _STANCE:
        found = [match.group() for comment in comments if (match := pattern.search(comment))]
        if found:
            words = "、".join(f"“{word}”" for word in list(dict.fromkeys(found))[:3])
            reasons.append(f"{len(comments)} 条评论中有 {len(found)} 条{name}：{words}")
    bare = sum(1 for comment in comments if _BARE.match(comment))
    if bare >= max(3, len(comments) // 2):
        reasons.append(f"{len(comments)} 条评论中有 {bare} 条只是转发")
    return reasons


@lru_cache(maxsize=4)
def _heads(name: str, models: Path) -> Heads:
    return Heads.load((name,), models)


def _margin(heads: Heads, name: str, texts: Sequence[str]) -> list[float]:
    logits: Any = heads.scores(normalise_many(texts))[name]
    margins: list[float] = (logits[:, 1] - logits[:, 0]).tolist()
    return margins

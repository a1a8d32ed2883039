"""Respond: should a government body answer; and what kind of opinion it is (80号, handling of opinions)."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = {
    "suggestion": "constructive suggestion: say what was adopted",
    "difficulty": "a real difficulty: say how it is being solved",
    "problem": "a serious problem reported: investigate, publish the finding",
    "question": "people do not know or are unsure: publish authoritative information, explain",
    "mistaken": "mistaken view: inform and correct",
    "false": "false information: respond at once; hand over where unlawful",
}
_SUGGESTION = frozenset(
    ["建议", "提议", "建言", "献策", "能否", "可否", "不妨", "倡议", "希望增设", "优化", "完善", "增设"]
)
_QUESTION = frozenset(
    [
        "咨询",
        "请问",
        "询问",
        "如何",
        "怎么办",
        "是否",
        "什么时候",
        "何时",
        "多少",
        "哪些",
        "吗",
        "想问",
        "问一下",
        "了解",
        "规定",
    ]
)
_PROBLEM = frozenset(
    [
        "举报",
        "贪污",
        "腐败",
        "受贿",
        "黑社会",
        "保护伞",
        "暴力",
        "殴打",
        "违法",
        "非法",
        "违规",
        "强拆",
        "侵占",
        "私吞",
        "挪用",
        "造假",
        "骗取",
        "欺诈",
        "诈骗",
        "安全隐患",
        "污染",
        "偷排",
        "假冒",
        "隐瞒",
        "瞒报",
        "包庇",
    ]
)


def decide(shares: NDArray[Any], threshold: float, empty: Sequence[bool]) -> list[tuple[bool, float]]:
    """For each text (respond, share of true), from shares of shape (texts,). A text that says nothing needs no answer."""
    nothing = np.asarray(empty, dtype=bool)
    answer = (shares >= threshold) & ~nothing
    return list(zip(answer.tolist(), np.where(nothing, 0.0, shares).tolist(), strict=True))


def opinion_kind(words: Set[str], *, respond: bool, sentiment: int, urgency: int, rumour: float) -> str:
    """A key of KINDS, or an empty string where nobody owes an answer."""
    if not respond:
        return ""
    if rumour >= 0.8:
        return "false"
    if urgency >= 2 or not words.isdisjoint(_PROBLEM):
        return "problem"
    if sentiment >= 0:
        return "suggestion" if not words.isdisjoint(_SUGGESTION) else "question"
    if not words.isdisjoint(_QUESTION) and words.isdisjoint({"投诉", "反映", "请求"}):
        return "question"
    return "difficulty"

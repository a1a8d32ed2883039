"""Rumour: how much a text reads like a rumour, by the signs that word lists know."""

from __future__ import annotations

import re
from collections.abc import Sequence

_SIGNS: tuple[tuple[float, str, str], ...] = (
    (0.25, "催人转发", r"紧急转发|速转|转疯|扩散|大家转|请转|转起来|转给"),
    (0.20, "消息来源不明", r"听说|据说|网传|据传|求证|内部消息|有人说|朋友圈|刚收到"),
    (0.20, "绝对或惊人的说法", r"震惊|惊天|太可怕|千万别|千万不要|全部死亡|无一生还|绝对真实|真相"),
    (0.15, "自称已证实", r"已经?证实|不是假的|真实消息|央视(?:已经|都)?播|电视(?:都|已经)播"),
    (0.20, "拐卖、器官、艾滋一类的旧谣言题材", r"器官|偷(?:小孩|孩子)|抢(?:小孩|孩子)|人贩子|艾滋"),
    (0.15, "封城、停课一类的措施传言", r"封城|封路|封闭管理.{0,4}[?？]|停课.{0,4}[?？]|确诊.{0,6}[?？]"),
)
_GATE = re.compile("|".join(pattern for _, _, pattern in _SIGNS))
_RULES = tuple((weight, name, re.compile(pattern)) for weight, name, pattern in _SIGNS)
_BASE = 0.12


class RumourScorer:
    """Scores single texts; comments that doubt or deny raise the score."""

    @classmethod
    def load(cls) -> RumourScorer:
        return cls()

    def score(self, text: str, comments: Sequence[str] = ()) -> tuple[float, tuple[str, ...]]:
        """(share 0–1, reasons in Chinese, each with the words found)."""
        value = _BASE
        reasons: list[str] = []
        if _GATE.search(text):
            for weight, name, pattern in _RULES:
                match = pattern.search(text)
                if match:
                    value += weight
                    reasons.append(f"{name}：“{match.group()}”")
        doubts = sum(1 for comment in comments if re.search(r"谣言|辟谣|假的|造谣|真的吗|真假", comment))
        if doubts:
            value += 0.3 * doubts / len(comments)
            reasons.append(f"{len(comments)} 条评论中有 {doubts} 条质疑真假")
        return min(value, 0.95), tuple(reasons)

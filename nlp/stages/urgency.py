"""Urgency: the rules' level and their reasons; all heads together may move it, and then say by which words."""

from __future__ import annotations

from collections.abc import Sequence

from nlp.stages.urgency_rules import Judgement

NAMES = ("关注", "一般", "紧急", "特急")


def limit(rule: int, stacked: int) -> int:
    """The level to give: the heads may move the rules' level by one step, up or down."""
    return min(max(stacked, rule - 1), rule + 1)


def reasons(judgement: Judgement, level: int, words: Sequence[str]) -> tuple[str, ...]:
    """The rules' reasons, with one more where the level was moved; it names `words`, the words that weigh most."""
    if level == judgement.level:
        return judgement.reasons
    quoted = "".join(f"“{word}”" for word in words) or "全文"
    if level > judgement.level:
        return (*judgement.reasons, f"模型据{quoted}等用词，由{NAMES[judgement.level]}升为{NAMES[level]}")
    return (
        *judgement.reasons,
        f"模型综合全文（{quoted}）认为情况较缓，由{NAMES[judgement.level]}降为{NAMES[level]}",
    )

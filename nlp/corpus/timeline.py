"""Turns of an issue: first text, first official word, bursts, peaks, new numbers of casualties, silence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from nlp.corpus.posts import Post, tidy

TEXT = 60
_NAMES = (("deaths", "死亡"), ("injured", "受伤"), ("missing", "下落不明"))


def find(posts: Sequence[Post], *, limit: int = 20) -> list[dict[str, Any]]:
    """Turns in order of time, each `{at, kind, text, document}`; `document` is the one it rests on.

    kinds: first, official (first word of a public body, and each later one), casualties (a number higher than any before),
    source (second, fourth, eighth … source joins), peak (the busiest hour, of 5 texts or more), last.
    Where there are more than `limit`, sources go first, then later official words.
    """
    ordered = sorted(posts, key=lambda one: (one.when, one.id))
    if not ordered:
        return []
    turns = [_turn(ordered[0], "first", f"首次出现：{_short(ordered[0])}")]
    sources: set[str] = {ordered[0].source}
    highest: dict[str, int] = {}
    for one in ordered:
        if one.official:
            turns.append(_turn(one, "official", f"官方发声：{_short(one)}"))
        turns += _numbers(one, highest)
        if one.source and one.source not in sources:
            sources.add(one.source)
            if len(sources) & (len(sources) - 1) == 0:
                turns.append(_turn(one, "source", f"扩散到 {len(sources)} 个来源：{one.source}"))
    turns += _peak(ordered)
    if len(ordered) > 1:
        turns.append(_turn(ordered[-1], "last", f"最近一篇：{_short(ordered[-1])}"))
    for kind in ("source", "official"):
        while len(turns) > limit and sum(turn["kind"] == kind for turn in turns) > 1:
            turns.remove([turn for turn in turns if turn["kind"] == kind][-1])
    return sorted(turns, key=lambda turn: str(turn["at"]))[: max(limit, 2)]


def _turn(one: Post, kind: str, text: str, at: datetime | None = None) -> dict[str, Any]:
    return {"at": (at or one.when).isoformat(), "kind": kind, "text": text, "document": one.id}


def _short(one: Post) -> str:
    text = tidy(one.title or one.text)
    return text if len(text) <= TEXT else text[: TEXT - 1] + "…"


def _numbers(one: Post, highest: dict[str, int]) -> list[dict[str, Any]]:
    found = []
    for name, word in _NAMES:
        value = None if one.casualties is None else getattr(one.casualties, name)
        if value and value > highest.get(name, 0):
            before = f"（此前最高 {highest[name]} 人）" if name in highest else ""
            highest[name] = value
            found.append(_turn(one, "casualties", f"提到{word} {value} 人{before}"))
    return found


def _peak(ordered: Sequence[Post]) -> list[dict[str, Any]]:
    """The hour that began with a text and held most of them."""
    best, at, end = 0, 0, 0
    for start, one in enumerate(ordered):
        end = max(end, start)
        while end < len(ordered) and ordered[end].when < one.when + timedelta(hours=1):
            end += 1
        if end - start > best:
            best, at = end - start, start
    if best < 5:
        return []
    return [_turn(ordered[at], "peak", f"高峰：一小时内 {best} 篇")]

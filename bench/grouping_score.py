"""Scores of a grouping: B-cubed, pairs, open purity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def scores(events: Sequence[str | None], groups: Sequence[str]) -> dict[str, float]:
    """B-cubed precision, recall, F1 and pairwise F1 over the judged documents (event not None), and open purity: for each
    event of three or more, the event's share of all documents of its main group; mean over events."""
    judged = [(event, group) for event, group in zip(events, groups, strict=True) if event is not None]
    by_event, by_group = Counter(event for event, _ in judged), Counter(group for _, group in judged)
    both = Counter(judged)
    precision = sum(n * n / by_group[group] for (_, group), n in both.items()) / len(judged)
    recall = sum(n * n / by_event[event] for (event, _), n in both.items()) / len(judged)
    pairs = sum(n * (n - 1) for n in both.values())
    possible = sum(n * (n - 1) for n in [*by_group.values(), *by_event.values()])
    whole = Counter(groups)
    purity = []
    for event, size in by_event.items():
        if size >= 3:
            inside, group = max((n, group) for (one, group), n in both.items() if one == event)
            purity.append(inside / whole[group])
    return {
        "bcubed_p": precision,
        "bcubed_r": recall,
        "bcubed_f1": 2 * precision * recall / (precision + recall),
        "pairs_f1": 2 * pairs / possible if possible else 0.0,
        "open_purity": sum(purity) / len(purity) if purity else 0.0,
    }

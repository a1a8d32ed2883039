"""Posts that the rumour heads are fitted on: labelled ones with their early comments, and others as what rumours are not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from huiyin import jsonl
from huiyin.errors import UsageError
from nlp.stages.rumour import plain

EARLY = timedelta(minutes=30)
_ELSE: tuple[tuple[str, float, int, bool], ...] = (
    ("sentiment/smp2020_usual.train.jsonl", 0.15, 3_000, False),
    ("sentiment/smp2020_virus.train.jsonl", 0.15, 1_500, False),
    ("news/thucnews_titles.train.jsonl", 0.5, 1_500, False),
    ("news/xinwenlianbo_2026-05_08.jsonl", 0.7, 600, False),
    ("news/cec_emergency.train.jsonl", 1.0, 264, False),
    ("messages/tipdm_topic_raw.train.jsonl", 0.3, 600, False),
    ("rumour/debunk_pairs.jsonl", 0.3, 1_200, True),
    ("rumour/piyao_titles.jsonl", 0.15, 1_000, True),
)
"""Other texts of the auxiliary folder: path, weight of a text, how many at most, whether they are rumours."""


@dataclass(frozen=True)
class Post:
    """A labelled post. `comments`: those of the first half hour, None where the data has none."""

    id: str
    text: str
    rumour: bool
    source: str
    when: datetime
    comments: tuple[str, ...] | None = None


def read(files: Sequence[str]) -> list[Post]:
    """Labelled posts, joined with the reposts of files that hold them. Raises UsageError where no row is labelled."""
    posts: dict[str, dict[str, Any]] = {}
    reposts: dict[str, dict[str, Any]] = {}
    for file in files:
        for row in jsonl.rows(file, need=("id",)):
            if "reposts" in row:
                reposts[str(row["id"])] = row
            elif row.get("label") is not None and row.get("text"):
                posts[str(row["id"])] = row
    if not posts:
        raise UsageError(f"{', '.join(files)}: no row with text and label")
    found = []
    for key, row in posts.items():
        when = _moment(row.get("date"))
        comments = _early(reposts[key], when) if key in reposts else _strings(row.get("comments"))
        label = str(row["label"]).lower() in ("rumor", "rumour", "true_rumour", "1", "true")
        first = when or _moment(reposts.get(key, {}).get("first")) or datetime.min
        found.append(Post(key, str(row["text"]), label, str(row.get("dataset") or ""), first, comments))
    return found


def _strings(value: Any) -> tuple[str, ...] | None:
    return tuple(map(str, value)) if isinstance(value, list) else None


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _early(row: dict[str, Any], when: datetime | None) -> tuple[str, ...]:
    """Comments within EARLY of the post, or of its first repost where the post's own time is missing or far off."""
    first = _moment(row.get("first"))
    start = when if when and first and abs(first - when) < timedelta(days=30) else first or when
    return tuple(
        str(text)
        for at, text in row["reposts"]
        if start and (moment := _moment(at)) and moment - start <= EARLY
    )


def others(aux: Path) -> tuple[list[str], list[bool], list[float]]:
    texts: list[str] = []
    aims: list[bool] = []
    weights: list[float] = []
    for path, weight, most, rumour in _ELSE:
        if not (aux / path).is_file():
            continue
        rows = list(jsonl.rows(str(aux / path)))
        random.Random(1).shuffle(rows)
        for row in rows[:most]:
            text = str(row.get("text") or row.get("claim") or row.get("title") or "")
            if not text or (rumour and "rumor" not in (row.get("label"), row.get("verdict"))):
                continue
            texts.append(plain(text[:2_000]))
            aims.append(rumour)
            weights.append(weight)
    return texts, aims, weights

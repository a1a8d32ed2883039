"""Training texts: rows in gold format, and unlabelled or otherwise labelled texts from a folder of public data."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huiyin import jsonl

LABELS = Path(__file__).with_name("labels.tsv")
POOL: tuple[tuple[str, str, int], ...] = (
    ("messages/tipdm_topic_raw.train.jsonl", "message", 9_999),
    ("messages/tipdm_hot_messages.jsonl", "message", 9_999),
    ("messages/tipdm_reply.train.jsonl", "message", 9_999),
    ("messages/fuzhou_12345_river.train.jsonl", "message", 9_999),
    ("messages/people_liuyan_fuzhou.jsonl", "message", 9_999),
    ("rumour/ced.train.jsonl", "weibo", 9_999),
    ("rumour/weibo_jin17.train.jsonl", "weibo", 9_999),
    ("sentiment/smp2020_usual.train.jsonl", "weibo", 8_000),
    ("sentiment/smp2020_virus.train.jsonl", "weibo", 5_000),
    ("rumour/debunk_pairs.jsonl", "weibo", 9_999),
    ("rumour/piyao_titles.jsonl", "headline", 9_999),
    ("news/thucnews_titles.train.jsonl", "headline", 5_000),
    ("news/tnews_fewclue.train.jsonl", "headline", 9_999),
    ("traces/weibo_hot_2026-05_08.jsonl", "headline", 3_000),
    ("news/xinwenlianbo_2026-05_08.jsonl", "headline", 9_999),
    ("news/cec_emergency.train.jsonl", "weibo", 9_999),
)
"""Files of the auxiliary folder: path, kind, how many texts at most."""


@dataclass(frozen=True)
class Row:
    """A text with what is known of it. `labels` holds topic, urgency, sentiment, respond as strings, where known."""

    id: str
    text: str
    kind: str
    labels: dict[str, str]
    source: str = "given"
    aux: str = ""


def full_text(row: dict[str, Any]) -> str:
    """Title and text as the analyser joins them."""
    title, text = str(row.get("title") or "").strip(), str(row.get("text") or row.get("claim") or "").strip()
    return text or title if not title or text.startswith(title) or not text else f"{title}\n{text}"


def read(files: Iterable[str]) -> list[Row]:
    """Rows in gold format (`id`, `text`, optional `title`, `kind`, and labels). Labels are lower-case strings."""
    rows = []
    for file in files:
        for row in jsonl.rows(file, need=("id", "text")):
            labels = {
                name: str(row[name]).lower()
                for name in ("topic", "urgency", "sentiment", "respond", "emotion")
                if row.get(name) is not None
            }
            rows.append(Row(str(row["id"]), full_text(row), str(row.get("kind") or ""), labels))
    return rows


def digest(text: str) -> str:
    """The key of `labels.tsv`: a text is known again without being kept."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


def _twin(text: str) -> tuple[str, str]:
    """Keys by which a text that was lightly edited at either end is still known."""
    plain = re.sub(r"\W", "", text)
    return plain[:60], plain[10:40] if len(plain) >= 40 else plain[:60]


def pool(folder: Path, known: Sequence[Row], barred: Sequence[Row] = ()) -> list[Row]:
    """Texts of the auxiliary folder, without those of `known` and `barred` (held-back texts) and their twins.

    Labels of `labels.tsv` are attached where the text is met; `aux` is the label that the set itself gives.
    """
    seen: set[str] = set()
    for row in (*known, *barred):
        seen.update(_twin(row.text))
        seen.update(_twin(row.text.partition("\n")[2]))
        seen.update(_twin(row.text.partition("\n")[0]))
    seen.discard("")
    extra = _labels()
    rows: list[Row] = []
    for path, kind, most in POOL:
        if not (folder / path).is_file():
            continue
        found = list(jsonl.rows(str(folder / path)))
        random.Random(1).shuffle(found)
        for number, entry in enumerate(found[:most]):
            text = full_text(entry)[:2_000]
            body = str(entry.get("text") or entry.get("claim") or entry.get("title") or "")
            keys = set(_twin(body)) | set(_twin(text))
            if keys & seen or len(text) < 2:
                continue
            seen |= keys
            aux = str(entry.get("label") or entry.get("domain") or entry.get("type") or "")
            rows.append(Row(f"{path}:{number}", text, kind, extra.get(digest(text), {}), path, aux))
    return rows


def _labels() -> dict[str, dict[str, str]]:
    table = {}
    for line in LABELS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            key, *marks = line.split("\t")
            named = zip(("topic", "urgency", "sentiment", "respond"), marks, strict=True)
            table[key] = {name: mark for name, mark in named if mark != "-"}
    return table

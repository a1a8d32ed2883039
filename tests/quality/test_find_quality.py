"""Passage finding on held-back questions and on statutes, against BM25 in the same run."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from huiyin import jsonl
from response_kits.library.clauses import split

ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = Path(__file__).with_name("law_questions.tsv")
SUPERSEDED = (
    "保守国家秘密法(2010-04-29)", "保守国家秘密法实施条例(2014-01-17)", "未成年人保护法(2020-10-17)",
    "突发事件应对法(2007-08-30)", "环境噪声污染防治法(2018-12-29)", "行政复议法(2017-09-01)",
)  # fmt: skip


def compare(
    questions: Sequence[dict[str, Any]], library: Sequence[dict[str, Any]]
) -> dict[str, dict[str, float]]:
    spec = importlib.util.spec_from_file_location("bench_retrieval", ROOT / "bench" / "retrieval.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result: dict[str, dict[str, float]] = module.compare(questions, library)
    return result


def articles(folder: Path) -> dict[str, tuple[str, str]]:
    """Every article of the statutes in force: `statute|article` → (name, text)."""
    found: dict[str, tuple[str, str]] = {}
    for file in sorted(folder.glob("*.md")):
        if file.stem in SUPERSEDED:
            continue
        text = file.read_text("utf-8")
        spans: dict[str, tuple[int, int]] = {}
        for piece in split(text):
            article = re.match(r"第.+?条(?:之.)?", piece.path)
            name = article[0] if article else piece.path
            start, end = spans.get(name, (piece.start, piece.end))
            spans[name] = min(start, piece.start), max(end, piece.end)
        for name, (start, end) in spans.items():
            found[f"{file.stem}|{name}"] = file.stem.split("(")[0], text[start:end]
    return found


def test_replies_to_citizens_are_found_better_than_by_bm25(shared_data: Path) -> None:
    folder = shared_data / "retrieval"
    result = compare(
        list(jsonl.rows(str(folder / "questions.jsonl"))), list(jsonl.rows(str(folder / "library.jsonl")))
    )
    assert result["find"]["R@1"] >= result["BM25"]["R@1"] + 0.05
    assert result["find"]["R@5"] >= result["BM25"]["R@5"] + 0.04
    assert result["find"]["R@1"] >= 0.69
    assert result["find"]["R@5"] >= 0.80


def test_articles_of_statutes_are_found(shared_data: Path) -> None:
    found = articles(shared_data / "policy" / "laws")
    library = [{"id": key, "title": name, "text": text} for key, (name, text) in found.items()]
    rows = [
        line.split("\t") for line in QUESTIONS.read_text("utf-8").splitlines() if not line.startswith("#")
    ]
    questions = [{"question": asked, "answer": f"{statute}|{article}"} for asked, statute, article in rows]
    missing = [row["answer"] for row in questions if row["answer"] not in found]
    if missing:
        pytest.fail(f"not among the articles: {missing}")
    result = compare(questions, library)
    assert result["find"]["R@5"] >= max(0.9, result["BM25"]["R@5"])
    assert result["find"]["R@1"] >= 0.6

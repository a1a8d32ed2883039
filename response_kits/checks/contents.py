"""要素齐全: what a kind of text must contain (RULES 7; huiyin/rules/contents.toml), known by cues; what lacks is named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from huiyin.rules import load
from response_kits.checks import Page, Problem
from response_kits.checks._signs import table

KEY = "contents"


def check(page: Page) -> Iterator[Problem]:
    """Warnings; silent where the kind of text is not told or has no table."""
    kind = str(page.context.get("kind") or "")
    cues = table("contents").get(kind)
    rows = {part["key"]: part for part in load("contents").get(kind, {}).get("parts", ())}
    if not cues or not rows:
        return
    for key, pattern in cues.items():
        name = rows[key]["name"] if key in rows else table("contents")["extra"][key]
        if not re.search(pattern, page.text):
            yield Problem(f"缺少“{name}”", state="warn", reason=key)

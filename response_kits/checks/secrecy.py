"""保密审查: marks of secrecy, of internal papers and of work secrets (保密法 2024 第三十五条; 条例 第十七条)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from huiyin.rules import load
from response_kits.checks import Page, Problem
from response_kits.checks._signs import table

KEY = "secrecy"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    rows = table("secrecy")
    gate = next(row for row in load("gates")["gate"] if row["key"] == "secrecy")
    marks = sorted({*gate["marks"], *rows["marks"]} - set(rows["spoken"]), key=len, reverse=True)
    return (
        re.compile("|".join(map(re.escape, marks))),
        re.compile("|".join(rows["patterns"])),
        re.compile("|".join(rows["talk"])),
    )


def check(page: Page) -> Iterator[Problem]:
    """A mark blocks; where a sentence only speaks of secrets (不涉及国家机密) it is let pass."""
    marks, patterns, talk = _patterns()
    taken: list[tuple[int, int]] = []
    for pattern in (patterns, marks):
        for match in pattern.finditer(page.text):
            if any(a < match.end() and match.start() < b for a, b in taken):
                continue
            around = page.text[max(0, match.start() - 6) : match.end() + 4]
            if pattern is marks and "★" not in match[0] and talk.search(around):
                continue
            taken.append(match.span())
            yield Problem(f"含密级或内部标识“{match[0]}”，未经保密审查解密不得公开", *match.span())

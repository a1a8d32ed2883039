"""慎报原因: no cause and no responsibility is named before a fact states a finding (RULES 7; 国办发〔2016〕61号)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from response_kits.checks import Page, Problem
from response_kits.checks._signs import table

KEY = "cause"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    rows = table("cause")
    return re.compile("|".join(rows["says"])), re.compile("|".join(rows["open"]))


def check(page: Page) -> Iterator[Problem]:
    """Blocks a sentence that names a cause where no fact does."""
    says, still_open = _patterns()
    if any(says.search(fact.text) and not still_open.search(fact.text) for fact in page.facts):
        return
    for sentence, start, _ in page.sentences:
        match = says.search(sentence)
        if (
            match
            and not still_open.search(sentence)
            and not any(a <= start + match.start() < b for a, b in page.quoted)
        ):
            yield Problem(
                f"“{match[0]}”写明了原因或责任，但没有调查结论作依据；可写“原因正在核查”",
                start + match.start(),
                start + match.end(),
            )

"""Words that promise or claim without limit (绝对, 百分之百, 保证绝不 …): they cannot be kept or shown, so each wants a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from response_kits.checks import Page, Problem
from response_kits.checks._signs import table

KEY = "absolute"


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile("|".join(table("tone")["absolute"]))


def check(page: Page) -> Iterator[Problem]:
    """A warning, unless a fact says it in the same words or it stands in what may be quoted."""
    for match in _pattern().finditer(page.text):
        if match[0] not in page.told and not any(a <= match.start() < b for a, b in page.quoted):
            yield Problem(f"“{match[0]}”说得过满，请改为有依据、可兑现的说法", *match.span(), state="warn")

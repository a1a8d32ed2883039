"""辟谣: the claim is quoted once and never in the headline, fact first (RULES 7): repeating a rumour spreads it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from response_kits.checks import Page, Problem
from response_kits.checks._text import spoken
from response_kits.words import words

KEY = "rebuttal"
_VERDICT = re.compile("不实|不属实|谣言|虚假|部分属实|失实|误传")


def check(page: Page) -> Iterator[Problem]:
    """Only for rebuttals (by `kind`, or a text that judges a claim of the context)."""
    claims = [str(c) for c in page.context.get("claims", ()) if len(str(c)) >= 6]
    if page.context.get("kind") != "rebuttal" or not claims:
        return
    title = spoken(page.title)
    text = spoken(page.text)
    for claim in claims:
        bare = spoken(claim)
        if bare in title or (len(words(claim)) >= 3 and set(words(claim)) <= set(words(page.title))):
            yield Problem(
                f"标题重复了传言“{claim[:30]}”，标题只写事实或事项", state="block", reason="headline"
            )
        if text.count(bare) > 1 + (bare in title and page.text.startswith(page.title)):
            yield Problem(
                f"传言“{claim[:30]}”引用了{text.count(bare)}次，只引一次", state="warn", reason="repeated"
            )
    first = next((s for s, _, _ in page.sentences if s.strip() != page.title.strip()), "")
    if any(spoken(claim) in spoken(first) for claim in claims) and not _VERDICT.search(first):
        yield Problem("开头先引了传言，应先说事实", state="warn", reason="order")

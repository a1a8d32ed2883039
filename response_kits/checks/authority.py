"""发布权限: some information has a lawful publisher (食品安全法 第一百一十八条; 突发公共卫生事件应急条例 第二十五条)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from response_kits.checks import Page, Problem
from response_kits.checks._signs import table

KEY = "authority"


def check(page: Page) -> Iterator[Problem]:
    """A warning where the office that publishes is not the lawful publisher; silent where no office is named."""
    office = str(page.context.get("organisation") or "")
    if not office:
        return
    for row in table("authority")["matter"]:
        if re.search("|".join(row["publishers"]), office):
            continue
        match = re.search("|".join(row["signs"]), page.text)
        if match:
            yield Problem(
                f"“{match[0]}”属{row['name']}，由{row['lawful']}发布（{row['basis']}）；请先取得授权或由其发布",
                *match.span(),
                state="warn",
                reason=row["key"],
            )

"""依据有效: a cited document is in force, not repealed, replaced or amended, by the policy library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from response_kits.checks import Page, Problem
from response_kits.library import policies
from response_kits.library.identify import numbers

KEY = "in_force"
_TITLE = re.compile(r"《([^《》\n]{4,80}?)》(?:\s*[（(](\d{4})(?:年(?:修订|修正))?[）)])?")
_DEAD = {"repealed": "已废止", "replaced": "已被新文件替代"}


def check(page: Page) -> Iterator[Problem]:
    """Repealed or replaced blocks, amended warns; a number that the library does not know warns. Without a library, silent."""
    known = _library(page)
    if known is None:
        return
    for form, start, end in numbers(page.text):
        row = next((p for p in known if p["number"] == form), None)
        if row is not None:
            yield from _state(row, form, start, end)
        elif form not in page.told:
            yield Problem(f"政策库中没有{form}，请核对文号和效力", start, end, state="warn", reason="unknown")
    for match in _TITLE.finditer(page.text):
        same = [p for p in known if _bare(p["title"]) == _bare(match[1])]
        if match[2]:
            same = [p for p in same if match[2] in p["dated"] or match[2] in p["title"]] or same
        if same and all(p["status"] in _DEAD for p in same):
            yield from _state(same[0], f"《{match[1]}》", *match.span())


def _state(row: dict[str, str], name: str, start: int, end: int) -> Iterator[Problem]:
    note = f"（{row['note']}）" if row["note"] else ""
    if row["status"] in _DEAD:
        yield Problem(f"{name}{_DEAD[row['status']]}，不得作为依据{note}", start, end, reason=row["status"])
    elif row["status"] == "amended":
        yield Problem(
            f"{name}已修改，请核对所引条文是否为现行文本{note}", start, end, state="warn", reason="amended"
        )


def _library(page: Page) -> list[dict[str, str]] | None:
    """{title, number, status, note, dated} of every document, from the record or from `context["policies"]`."""
    given = page.context.get("policies")
    session = page.context.get("session")
    if given is not None:
        rows: list[Any] = list(given)
        return [
            {k: str(row.get(k) or "") for k in ("title", "number", "status", "dated")}
            | {"note": str(row.get("status_note") or row.get("note") or "")}
            for row in rows
        ]
    if session is None:
        return None
    now = page.context.get("now")
    today = now.date() if isinstance(now, datetime) else date.today()
    found = []
    for policy in policies.listing(session):
        force = policies.in_force(session, policy, today)
        status = policy.status if force.in_force or policy.status in _DEAD else "repealed"
        found.append(
            {
                "title": policy.title,
                "number": policy.number,
                "status": status,
                "dated": policy.dated,
                "note": policy.status_note or ("" if force.in_force else force.reason),
            }
        )
    return found


def _bare(title: str) -> str:
    return re.sub(r"中华人民共和国|[《》\s]|[（(].{1,12}[）)]$", "", title)

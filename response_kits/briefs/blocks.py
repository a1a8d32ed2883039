"""The pieces that a brief is printed from: plain data, the same for HTML, DOCX and PDF, so that none can differ from another.

A block is a dict with `kind`: heading {text, level}, text {text, field?}, bullets {items, field?}, table {head, rows, widths, align},
chart {form: bars | rank, title, rows: [{label, count, negative}], note}, box {text, items}. A cell of a table is
{text, sub, href, grade}; `href` opens the rows behind a figure on the dashboard, `grade` is an issue's level.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

Block = dict[str, Any]


def heading(text: str, level: int = 1, *, grade: int | None = None) -> Block:
    return {"kind": "heading", "text": text, "level": level, "grade": grade}


def text(words: str, field: str = "") -> Block:
    """A paragraph; `field` names the field of the model that an editor may write."""
    return {"kind": "text", "text": words, "field": field}


def bullets(items: Sequence[str], field: str = "") -> Block:
    return {"kind": "bullets", "items": list(items), "field": field}


def cell(value: Any, *, href: str = "", sub: str = "", grade: int | None = None) -> dict[str, Any]:
    words = f"{value:,}" if isinstance(value, int) else str(value)
    return {"text": words, "href": href, "sub": sub, "grade": grade}


def table(
    head: Sequence[str], rows: Sequence[Sequence[Any]], widths: Sequence[float], figures: Sequence[int] = ()
) -> Block:
    """`widths`: shares of the page's width; `figures`: columns set to the right."""
    cells = [[one if isinstance(one, dict) else cell(one) for one in row] for row in rows]
    align = ["right" if at in figures else "left" for at in range(len(head))]
    return {"kind": "table", "head": list(head), "rows": cells, "widths": list(widths), "align": align}


def chart(form: str, title: str, rows: Sequence[dict[str, Any]], note: str = "") -> Block:
    """`rows`: [{label, count, negative?}]; `title` says the finding."""
    kept = [
        {"label": str(row["label"]), "count": int(row["count"]), "negative": int(row.get("negative", 0))}
        for row in rows
    ]
    return {"kind": "chart", "form": form, "title": title, "rows": kept, "note": note}


def box(words: str, items: Sequence[str]) -> Block:
    return {"kind": "box", "text": words, "items": list(items)}


def search_link(**wanted: str) -> str:
    """The address of the search whose number of hits is the figure: copies are not folded there."""
    return f"/search?{urlencode({**wanted, 'fold': '0'})}"


def issue_link(issue: str, since: str, until: str, **wanted: str) -> str:
    """The address of an issue's documents in a window."""
    return f"/issues/{issue}?{urlencode({'tab': 'documents', 'fold': '0', 'since': since, 'until': until, **wanted})}"

"""Plain tables for the terminal; a Chinese character takes two columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under a head, columns aligned: figures to the right, words to the left."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(width(line[i]) for line in lines) for i in range(len(head))]
    right = [all(row[i][:1].isdigit() or not row[i] for row in rows) for i in range(len(head))]
    out = []
    for line in lines:
        cells = []
        for i, cell in enumerate(line):
            space = " " * (widths[i] - width(cell))
            cells.append(space + cell if right[i] else cell + space)
        out.append("  ".join(cells).rstrip())
    return "\n".join(out)

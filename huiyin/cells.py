"""Values in files that spreadsheets open: a text that a spreadsheet might read as a formula gets a mark that says it is a text."""

from __future__ import annotations

from typing import Any

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(value: Any) -> str:
    """`value` as text that no spreadsheet takes for a formula; some pass over blanks before the sign, so do we."""
    text = str(value)
    return f"'{text}" if text.startswith(STARTS) or text.lstrip().startswith(STARTS) else text

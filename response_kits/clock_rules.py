"""The rows of clocks.toml and the limits that they set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from huiyin.errors import UsageError
from huiyin.rules import load
from response_kits.workdays import Due, after_working_days

STATES = {"running": "计时中", "met": "已完成", "missed": "已超时", "paused": "已暂停"}


def rule(key: str) -> Mapping[str, Any]:
    """The row of clocks.toml. Raises UsageError."""
    for row in load("clocks")["clock"]:
        if row["key"] == key:
            found: Mapping[str, Any] = row
            return found
    raise UsageError(
        f"no clock rule {key!r}; choose from {', '.join(row['key'] for row in load('clocks')['clock'])}"
    )


def due_of(row: Mapping[str, Any], start: datetime, *, extended: bool = False) -> Due:
    """When the limit of a rule ends that started then."""
    if "hours" in row:
        return Due(start + timedelta(hours=float(row["hours"])))
    days = int(row["working_days"]) + (int(row.get("extension_working_days", 0)) if extended else 0)
    return after_working_days(start, days)

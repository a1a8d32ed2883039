"""Statutory and local rules as data: one TOML file a table, each row with its document number."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from huiyin.errors import UsageError


@cache
def load(name: str) -> dict[str, Any]:
    """The table `name` (file <name>.toml beside this one). Do not change what it returns. Raises UsageError."""
    file = files("huiyin.rules") / f"{name}.toml"
    if not file.is_file():
        raise UsageError(f"no rule table {name!r} in huiyin/rules")
    return tomllib.loads(file.read_text("utf-8"))

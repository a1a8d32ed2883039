"""Kinds of brief: one file each, found by name. A kind has NAME, FIELDS (what an editor may write: field → (label, one a line)),
`period(key, …)`, `model(…)` (figures, frozen) and `blocks(model, settings)` (what all three formats print)."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import datetime
from functools import cache
from typing import Any, Protocol

from sqlalchemy.orm import Session

from huiyin.errors import UsageError
from huiyin.settings import Settings
from response_kits.briefs.blocks import Block


class Kind(Protocol):
    NAME: str
    FIELDS: dict[str, tuple[str, bool]]

    def model(self, session: Session, settings: Settings, key: str, now: datetime) -> dict[str, Any]: ...

    def blocks(self, model: dict[str, Any], settings: Settings) -> list[Block]: ...


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its file's name."""
    found = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda one: one.name):
        module: Any = importlib.import_module(f"{__name__}.{info.name}")
        found[info.name] = module
    return found


def kind(name: str) -> Kind:
    """Raises UsageError for a kind that there is not."""
    if name not in kinds():
        raise UsageError(f"brief {name!r}: choose {', '.join(kinds())}")
    return kinds()[name]

"""The few spiders that read declarations, one for each kind of source."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def spider_class(kind: str) -> type[Any]:
    """The spider of a kind: `crawler/spiders/<kind>.py` holds `<Kind>Spider`. Imported when asked for: Scrapy is heavy."""
    return getattr(import_module(f"crawler.spiders.{kind}"), f"{kind.capitalize()}Spider")  # type: ignore[no-any-return]

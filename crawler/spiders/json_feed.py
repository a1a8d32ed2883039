"""JSON Feed (jsonfeed.org, versions 1 and 1.1): recognised by what it says of itself, read as a feed's entries."""

from __future__ import annotations

import json
from typing import Any


def read(text: str) -> list[dict[str, Any]] | None:
    """The items of a JSON feed; None where the text is none. Raises ValueError where it says that it is one and is damaged."""
    head = text.lstrip("\ufeff \t\r\n")
    if not head.startswith("{") or "jsonfeed.org/version/" not in head.replace("\\/", "/"):
        return None
    try:
        data = json.loads(head)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not str(data.get("version", "")).startswith(
        ("https://jsonfeed.org/version/", "http://jsonfeed.org/version/")
    ):
        return None
    items = data.get("items")
    if not isinstance(items, list):
        raise ValueError("items is no list")
    return [item for item in items if isinstance(item, dict)]


def title(text: str) -> str:
    """The feed's own title."""
    return str(json.loads(text.lstrip("\ufeff \t\r\n")).get("title", ""))


def author(item: dict[str, Any]) -> str:
    """The item's author: 1.1 has a list, 1 had one."""
    listed = item.get("authors")
    people = listed if isinstance(listed, list) and listed else [item.get("author")]
    names = [str(one.get("name", "")) for one in people if isinstance(one, dict)]
    return next((name for name in names if name), "")


def words(item: dict[str, Any]) -> tuple[str, bool]:
    """(HTML or text as it stands, is it the whole text) of an item: its content, else its summary."""
    whole = str(item.get("content_html") or item.get("content_text") or "")
    return (whole, True) if whole else (str(item.get("summary") or ""), False)

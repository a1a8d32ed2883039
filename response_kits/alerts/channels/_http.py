"""POST of JSON with a bounded wait, shared by the channels that are web hooks."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from huiyin.errors import Unavailable, UsageError

TIMEOUT = 10.0
ANSWER_LIMIT = 65_536


def post(url: str, body: dict[str, Any], *, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The receiver's JSON answer ({} where it sends none). Raises UsageError for a bad address, Unavailable for a refusal."""
    if not url.startswith(("https://", "http://")):
        raise UsageError("the address in the channel's file does not begin with https:// or http://")
    request = urllib.request.Request(
        url,
        json.dumps(body, ensure_ascii=False).encode(),
        {"Content-Type": "application/json; charset=utf-8", **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        raw = answer.read(ANSWER_LIMIT)
    try:
        found = json.loads(raw) if raw.strip() else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def checked(answer: dict[str, Any], key: str) -> None:
    """Chat services answer 200 with an error code inside."""
    if answer.get(key) not in (0, None):
        raise Unavailable(f"the receiver refused the message: code {answer.get(key)}")


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, cut between characters, with a mark."""
    raw = text.encode()
    return text if len(raw) <= limit else raw[: limit - 3].decode(errors="ignore") + "…"

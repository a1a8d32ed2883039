"""POST of JSON with a bounded wait, shared by the channels that are web hooks."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from huiyin.errors import Unavailable, UsageError

TIMEOUT = 10.0
ANSWER_LIMIT = 65_536


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST becomes a GET without its body: the message would be lost and counted as sent."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def post(url: str, body: dict[str, Any], *, headers: dict[str, str] | None = None) -> dict[str, Any]:
    """The receiver's JSON answer ({} where it sends none). Raises UsageError for a bad address, OSError for a refusal."""
    if not url.startswith(("https://", "http://")):
        raise UsageError("the address in the channel's file does not begin with https:// or http://")
    request = urllib.request.Request(
        url, packed(body), {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    )
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
        raw = answer.read(ANSWER_LIMIT)
    try:
        found = json.loads(raw) if raw.strip() else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def packed(body: Any) -> bytes:
    """The bytes that are sent. A lone surrogate becomes a question mark: no receiver takes it."""
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")


def checked(answer: dict[str, Any], *keys: str) -> None:
    """Chat services answer 200 with a code inside; a page without one (a proxy's, a log-in page's) took nothing.

    Raises Unavailable unless one of `keys` is 0.
    """
    codes = [answer[key] for key in keys if key in answer]
    if not codes:
        raise Unavailable("the receiver did not answer as this kind of robot does; check the address")
    if codes[0] != 0:
        raise Unavailable(f"the receiver refused the message: code {str(codes[0])[:20]}")


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes as they stand in the JSON body, cut between characters, with a mark."""
    if _size(text) <= limit:
        return text
    kept = text[: max(limit, 0)]
    while kept and _size(kept) > limit - 3:
        # An ordinary character takes three bytes; the division gets near, the last steps are single.
        kept = kept[: -max(1, (_size(kept) - limit + 3) // 6)]
    return f"{kept}…"


def _size(text: str) -> int:
    return len(packed(text)) - 2

"""Who saw or took out what may hold personal data: a table of addresses, a row for each use, written before the answer goes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request

from dashboard.services import services, write
from huiyin.records import Access, utcnow

ACTS = {"view": "查看", "export": "导出", "api": "接口读取"}
_Thing = Callable[[dict[str, Any]], str]


def _named(kind: str, part: str = "") -> _Thing:
    return lambda parts: f"{kind}:{parts[part]}" if part else kind


WATCHED: dict[str, tuple[str, _Thing]] = {
    "documents.show": ("view", _named("document", "document_id")),
    "issue.index": ("view", _named("issue", "issue_id")),
    "rumours.show": ("view", _named("rumour", "number")),
    "sources.show": ("view", _named("source", "name")),
    "search.index": ("view", _named("search")),
    "search.export": ("export", lambda parts: f"search:{parts['form']}"),
    "briefs.download": ("export", lambda parts: f"brief:{parts['number']}:{parts['form']}"),
    "drafts.kit_json": ("export", _named("kit", "issue_id")),
    "drafts.pack": ("export", _named("pack", "issue_id")),
    "drafts.pack_pdf": ("export", _named("pack", "issue_id")),
    "alerts.show": ("view", _named("alert", "number")),
    "rumours.packet": ("export", _named("packet", "digest")),
    "api_v1.documents": ("api", _named("documents")),
    "api_v1.issue": ("api", _named("issue", "issue_id")),
}
"""Endpoint → what is done there, and to what. A test holds it to the application's addresses."""
HOUR = 3600
MOST = 5_000


class Seen:
    """Views of one thing by one person within an hour are one row; exports are always a row each."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[tuple[str, str, int]] = set()

    def first(self, person: str, thing: str, hour: int) -> bool:
        key = (person, thing, hour)
        with self._lock:
            if key in self._known:
                return False
            if len(self._known) >= MOST:
                self._known = {known for known in self._known if known[2] == hour}
                if len(self._known) >= MOST:
                    self._known.clear()
            self._known.add(key)
            return True


def install(app: Flask) -> None:
    """Write a row after each answer that was a success, before it leaves: where that fails, nothing was shown."""

    @app.after_request
    def note(response: Response) -> Response:
        found = WATCHED.get(request.endpoint or "")
        user = g.get("user")
        if found is None or user is None or response.status_code != 200 or request.method != "GET":
            return response
        act, thing_of = found
        thing, now = thing_of(request.view_args or {})[:128], utcnow()
        seen: Seen = services().cache.setdefault("seen", Seen())
        if act == "export" or seen.first(user.name, f"{act}:{thing}", int(now.timestamp()) // HOUR):
            with write() as session:
                session.add(
                    Access(at=now, by=user.name, act=act, thing=thing, request=g.get("request_id", "")[:64])
                )
        return response

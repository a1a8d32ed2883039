"""Logs: to standard error, as text or as JSON (a line an object), each line with the request it belongs to.

Logs are for those who keep the system running, so they name no person: telephone and identity numbers are masked, what was
typed into an address (its query) is cut off, values of SQL statements are never shown. Who did what stands in the audit chain.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO

from huiyin.pii_mask import mask
from huiyin.settings import Settings

REQUEST: ContextVar[str] = ContextVar("huiyin_request", default="")
"""Number of the request that this thread answers, "" outside of one."""
_QUERY = re.compile(r"(\bhttps?://[^\s?#'\"<>]+|(?<=\s)/[^\s?#'\"<>]*)\?[^\s'\"<>]+")
_TOKEN = re.compile(r"\bhy_[\w-]{20,}|(?i:\bbearer\s+)[\w.~+/=-]{8,}")
_LOGIN = re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+@")


def clean(text: str) -> str:
    """`text` without what a log must not hold: numbers of persons, queries of addresses, tokens, passwords in addresses."""
    text = _LOGIN.sub("***@", _TOKEN.sub("***", text))
    return mask(_QUERY.sub(r"\1?…", text))


class Text(logging.Formatter):
    """2026-11-24 15:04:05,123 WARNING huiyin.work [request]: message"""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s%(request)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        request = REQUEST.get()
        record.request = f" [{request}]" if request else ""
        return clean(super().format(record))


class Json(logging.Formatter):
    """One object a line: at (UTC), level, logger, message, and where there are any: request, exception, and `extra={"fields": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "logger": record.name, "message": clean(record.getMessage()),
        }  # fmt: skip
        if request := REQUEST.get():
            line["request"] = request
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = clean(self.formatException(record.exc_info))
        line.update(getattr(record, "fields", {}))
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(settings: Settings, stream: IO[str] | None = None) -> logging.Handler:
    """One handler for the process, as the setting log_format says; called by commands that run for long. Again: replaces it."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Json() if settings.log_format == "json" else Text())
    handler.set_name("huiyin")
    root = logging.getLogger()
    for old in [one for one in root.handlers if one.get_name() == "huiyin"]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    # A line a request is worth its place only where a program reads it.
    logging.getLogger("huiyin.access").setLevel(
        logging.INFO if settings.log_format == "json" else logging.WARNING
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a queued request is not worth a line
    return handler

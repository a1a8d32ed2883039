"""The fields of a pushed document: one table that checks them and is their schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from crawler.moments import moment
from dashboard.services import services
from huiyin.document import KINDS, Comment
from huiyin.records import utcnow

MOST_ROWS = 1_000
MOST_TEXT = 500_000
MOST_COMMENTS = 1_000


class Problem(Exception):
    """What is wrong with a field."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def _text(most: int, *, needed: bool = False, pattern: str = "") -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise Problem(f"takes a string, not {type(value).__name__}")
        if len(value) > most:
            raise Problem(f"is {len(value)} characters long; at most {most}")
        if needed and not value.strip():
            raise Problem("must not be empty")
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise Problem("has half of a surrogate pair, which is no character")
        if pattern and value and not re.fullmatch(pattern, value):
            raise Problem(f"is {value[:60]!r}, which does not have the form {pattern}")
        return value

    return check


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 2_000_000_000:
        raise Problem("takes a whole number from 0 to 2000000000")
    return value


def _when(value: Any) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970; without a zone in the office's. No guessing: a sender can do better."""
    if value is None or value == "":
        return None
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**13
    if not (whole or (isinstance(value, str) and len(value) <= 60)):
        raise Problem("takes a time as 2026-11-24T15:00:00+08:00 or as seconds since 1970")
    try:
        read = value if whole else datetime.fromisoformat(value.strip())
    except ValueError as error:
        raise Problem(f"is {str(value)[:40]!r}; write 2026-11-24T15:00:00+08:00") from error
    found = moment(read, utcnow(), services().settings.zone)
    if found is None:
        raise Problem(f"is {str(value)[:40]!r}, which is no time between 1990 and now")
    return found


def _kind(value: Any) -> str:
    if value not in KINDS:
        raise Problem(f"is {str(value)[:40]!r}; choose from {', '.join(KINDS)}")
    return str(value)


def _comments(value: Any) -> tuple[Comment, ...]:
    if not isinstance(value, list) or len(value) > MOST_COMMENTS:
        raise Problem(f"takes a list of at most {MOST_COMMENTS} comments")
    return tuple(_comment(number, item) for number, item in enumerate(value))


def _comment(number: int, value: Any) -> Comment:
    row = {"text": value} if isinstance(value, str) else value
    known = {"text", "published", "author", "kind"}
    if not isinstance(row, Mapping) or set(row) - known or "text" not in row:
        raise Problem(
            f"[{number}] takes a string, or an object with text and perhaps published, author, kind"
        )
    if row.get("kind", "comment") not in ("comment", "repost"):
        raise Problem(f"[{number}].kind takes comment or repost")
    try:
        return Comment(
            _text(20_000)(row["text"]), _when(row.get("published")), _text(200)(row.get("author", "")), row.get("kind", "comment")
        )  # fmt: skip
    except Problem as problem:
        raise Problem(f"[{number}] {problem.message}") from problem


FIELDS: dict[str, tuple[Callable[[Any], Any], dict[str, Any], str]] = {
    "id": (_text(200, needed=True), {"type": "string", "minLength": 1, "maxLength": 200}, "the sender's own id: the same id again updates the same document"),
    "text": (_text(MOST_TEXT, needed=True), {"type": "string", "minLength": 1, "maxLength": MOST_TEXT}, "the whole text"),
    "title": (_text(500), {"type": "string", "maxLength": 500}, "title"),
    "url": (_text(1000, pattern=r"https?://\S+"), {"type": "string", "maxLength": 1000, "pattern": r"^(https?://\S+)?$"}, "public address"),
    "published": (_when, {"type": ["string", "integer", "null"]}, "time of publication, ISO 8601; without a zone it is the office's"),
    "kind": (_kind, {"type": "string", "enum": list(KINDS)}, "what it is; default message"),
    "author": (_text(200), {"type": "string", "maxLength": 200}, "author; only a keyed pseudonym of it is stored"),
    "origin": (_text(200), {"type": "string", "maxLength": 200}, "stated origin (来源)"),
    "province": (_text(100), {"type": "string", "maxLength": 100}, "province of the author, as the platform shows it"),
    "parent": (_text(200), {"type": "string", "maxLength": 200}, "the sender's id of what this answers or reposts"),
    "likes": (_count, {"type": "integer", "minimum": 0, "maximum": 2_000_000_000}, "likes"),
    "reposts": (_count, {"type": "integer", "minimum": 0, "maximum": 2_000_000_000}, "reposts"),
    "replies": (_count, {"type": "integer", "minimum": 0, "maximum": 2_000_000_000}, "replies"),
    "comments": (_comments, {"type": "array", "maxItems": MOST_COMMENTS, "items": {"type": ["string", "object"]}}, "comments: strings, or objects with text, published, author, kind"),
}  # fmt: skip
NEEDED = ("id", "text")
ROW = {
    "type": "object", "required": list(NEEDED), "additionalProperties": False,
    "properties": {name: {**schema, "description": about} for name, (_, schema, about) in FIELDS.items()},
}  # fmt: skip
BODY: dict[str, dict[str, Any]] = {
    "application/json": {"type": "array", "minItems": 1, "maxItems": MOST_ROWS, "items": ROW},
    "application/x-ndjson": {"type": "string", "description": "one such object a line"},
}


def check_row(row: Any) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """(checked values by field, [{field, message}] of what is wrong)."""
    if not isinstance(row, dict):
        return {}, [{"field": "", "message": f"is no object but {type(row).__name__}"}]
    values: dict[str, Any] = {}
    wrong = [{"field": name, "message": "is missing"} for name in NEEDED if name not in row]
    for name, value in row.items():
        if name not in FIELDS:
            wrong.append(
                {"field": str(name)[:60], "message": f"is no field; the fields are {', '.join(FIELDS)}"}
            )
            continue
        try:
            values[name] = FIELDS[name][0](value)
        except Problem as problem:
            wrong.append({"field": name, "message": problem.message})
    return values, wrong

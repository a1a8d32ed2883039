"""Values of posted forms: bounded, typed, with a sentence that says what is wrong."""

from __future__ import annotations

from datetime import datetime

from flask import request

from dashboard.services import services
from huiyin.errors import UsageError

LONG = 200_000
"""Longest text of a form field in characters."""


def line(name: str, limit: int = 300) -> str:
    """One line, without spaces at its ends. Raises UsageError where it is longer than `limit`."""
    return " ".join(_bounded(name, limit).split())


def text(name: str, limit: int = LONG) -> str:
    """Several lines; line ends as "\\n"."""
    return _bounded(name, limit).replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _bounded(name: str, limit: int) -> str:
    value = request.form.get(name, "")
    if len(value) > limit:
        raise UsageError(f"提交的文字有 {len(value):,} 字，最多 {limit:,} 字；请删减后再保存。")
    return value.replace("\x00", "")


def whole(name: str) -> int | None:
    """A whole number that is not negative; None where the field is empty. Raises UsageError."""
    value = request.form.get(name, "").strip()
    if not value:
        return None
    if not value.isdecimal() or len(value) > 12:
        raise UsageError(f"“{value[:20]}”不是一个编号。")
    return int(value)


def needed(name: str) -> int:
    """As `whole`, but it must be there."""
    value = whole(name)
    if value is None:
        raise UsageError("提交的内容不完整；请刷新页面后再试。")
    return value


def moment(name: str) -> datetime | None:
    """A date and time as browsers send them (2026-11-24T15:00), in the office's zone; None where empty. Raises UsageError."""
    return read_moment(request.form.get(name, ""))


def read_moment(value: str, *, name: str = "时间", like: str = "2026-11-24 15:00") -> datetime | None:
    """A date or moment as text, without a zone the office's; None where empty. Raises UsageError, which calls it `name` and
    shows how it may be written."""
    text = value.strip()[:40]
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{name}“{text}”不能识别，请写成 {like} 的样子。") from error
    return at.replace(tzinfo=services().settings.zone) if at.tzinfo is None else at


def field(value: datetime | None) -> str:
    """A moment as the value of a datetime-local field."""
    return value.astimezone(services().settings.zone).strftime("%Y-%m-%dT%H:%M") if value else ""

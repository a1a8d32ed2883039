"""Errors that people are meant to read. They are shown in two places only: the command line and the dashboard."""

from __future__ import annotations


class HuiyinError(Exception):
    """A failure that one sentence explains: what happened, to what, and what to do. Exit status 1."""


class UsageError(HuiyinError):
    """The caller asked wrongly (unknown name, bad format). Exit status 2, HTTP 400."""


class NotFound(HuiyinError):
    """The named thing does not exist. Exit status 1, HTTP 404."""


class Conflict(HuiyinError):
    """Somebody else changed the thing first, or the move is not allowed in this state. HTTP 409."""


class Forbidden(HuiyinError):
    """The person may not do this. HTTP 403."""


class Unavailable(HuiyinError):
    """A part that we need (record, index, mail server) does not answer now; trying again later may help. HTTP 503."""


class LimitExceeded(HuiyinError):
    """Input larger or longer than we accept. HTTP 413."""


class TooMany(HuiyinError):
    """Tried too often; `wait` whole seconds are left. HTTP 429."""

    def __init__(self, wait: float) -> None:
        self.wait = int(wait) + 1
        super().__init__(f"尝试次数过多，请 {self.wait} 秒后再试。")

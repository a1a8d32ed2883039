"""Send alerts to the channels that settings name; quiet hours, digest, escalation. Each try is noted on the alert."""

from __future__ import annotations

import http.client
import importlib
import logging
import pkgutil
import smtplib
import urllib.error
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from types import ModuleType

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from huiyin.errors import HuiyinError, UsageError
from huiyin.records import Alert, Record
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits.alerts import channels
from response_kits.alerts.messages import Message, messages

log = logging.getLogger("huiyin.alerts")
OLDEST = timedelta(hours=24)
"""An alert that could not be sent for so long is no news any more; it stays on the dashboard."""
RETRY = timedelta(minutes=1)
"""A channel that refused an alert is left alone with it for so long, so that a dead server does not hold the worker up."""

__all__ = ["Channel", "Message", "configured", "deliver", "deliver_one", "quiet"]


@dataclass(frozen=True, slots=True)
class Channel:
    """`name` is the kind, with the file's name where a kind is used twice; the address stays in the file until it is used."""

    name: str
    kind: str
    file: Path

    def address(self) -> str:
        """What the file holds. Raises UsageError, which names the file, where it cannot be read."""
        try:
            return self.file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"alert_channels: {self.file} cannot be read") from error

    def module(self) -> ModuleType:
        return importlib.import_module(f"{channels.__name__}.{self.kind}")


def configured(settings: Settings) -> list[Channel]:
    """The channels of settings.alert_channels (`kind=FILE`, by commas). Raises UsageError for what is no such list."""
    known = sorted(
        info.name for info in pkgutil.iter_modules(channels.__path__) if not info.name.startswith("_")
    )
    pairs = []
    for part in filter(None, (piece.strip() for piece in settings.alert_channels.split(","))):
        kind, _, file = part.partition("=")
        if kind not in known or not file:
            raise UsageError(
                f"alert_channels has {part!r}; write kind=FILE with kind one of {', '.join(known)}"
            )
        pairs.append((kind, Path(file).expanduser()))
    uses = Counter(kind for kind, _ in pairs)
    return [Channel(kind if uses[kind] == 1 else f"{kind}:{file.name}", kind, file) for kind, file in pairs]


def quiet(now: datetime, settings: Settings) -> bool:
    """Whether it is quiet time at the office."""
    table = load("alerts")["quiet"]
    at = now.astimezone(settings.zone).time()
    start, end = time.fromisoformat(table["from"]), time.fromisoformat(table["until"])
    return start <= at < end if start <= end else at >= start or at < end


def deliver(record: Record, settings: Settings, now: datetime) -> int:
    """Send what waits. Returns the messages sent.

    A channel that fails is noted on the alerts, logged, and tried again at a call RETRY later; the others go on.
    """
    sent = 0
    for channel in configured(settings):
        with record.session(write=False) as session:
            rows = list(
                session.scalars(
                    select(Alert)
                    .options(joinedload(Alert.issue))
                    .where(Alert.at >= now - OLDEST, Alert.acknowledged.is_(None))
                    .order_by(Alert.at, Alert.id)
                )
            )
        if quiet(now, settings):
            rows = [alert for alert in rows if alert.level >= load("alerts")["quiet"]["always_level"]]
        rows = [alert for alert in rows if not _resting(alert, channel.name, now)]
        waiting = [alert for alert in rows if not _times(alert, channel.name, "sent")]
        late = [alert for alert in rows if _overdue(alert, channel.name, now)]
        for group, what in ((waiting, "sent"), (late, "escalated")):
            for message, members in messages(group, settings, escalated=what == "escalated"):
                problem = deliver_one(channel, message, settings)
                _note(record, channel.name, members, problem, what, now)
                sent += not problem
    return sent


def _times(alert: Alert, channel: str, what: str, *, ok: bool = True) -> list[datetime]:
    """When a kind of message about this alert went (or failed to go) to the channel."""
    return [
        datetime.fromisoformat(item["at"])
        for item in alert.deliveries
        if item["channel"] == channel and item["what"] == what and item["ok"] is ok
    ]


def _resting(alert: Alert, channel: str, now: datetime) -> bool:
    failed = [at for what in ("sent", "escalated") for at in _times(alert, channel, what, ok=False)]
    return bool(failed) and now - max(failed) < RETRY


def _overdue(alert: Alert, channel: str, now: datetime) -> bool:
    """Whether nobody acknowledged it for the minutes of its level, counted from when this channel told of it."""
    minutes = load("alerts")["escalation"]["minutes"].get(str(alert.level))
    told = _times(alert, channel, "sent")
    if minutes is None or not told or _times(alert, channel, "escalated"):
        return False
    return now - max(told) >= timedelta(minutes=minutes)


def deliver_one(channel: Channel, message: Message, settings: Settings) -> str:
    """Send one message; "" or what went wrong, in words without the address."""
    try:
        channel.module().send(channel.address(), message, settings)
    except (HuiyinError, OSError, ValueError, http.client.HTTPException) as error:
        problem = _words(error)
        log.warning("alert channel %s did not take a message: %s", channel.name, problem)
        return problem
    return ""


def _words(error: Exception) -> str:
    """A failure without what the receiver or the library quotes: those quote addresses, and an address is a secret."""
    if isinstance(error, HuiyinError):
        return str(error)[:200]
    if isinstance(error, urllib.error.HTTPError):
        return f"the receiver answered HTTP {error.code}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"the mail server answered {error.smtp_code}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        return f"the mail server refused the recipients: {', '.join(codes)}"
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    detail = inner.strerror if isinstance(inner, OSError) and inner.strerror else type(inner).__name__
    return f"the receiver cannot be reached: {detail}"[:200]


def _note(record: Record, channel: str, members: list[Alert], problem: str, what: str, now: datetime) -> None:
    note = {"channel": channel, "at": now.isoformat(), "ok": not problem, "error": problem, "what": what}
    with record.session() as session:
        for alert in session.scalars(select(Alert).where(Alert.id.in_([member.id for member in members]))):
            # Of failures the last is enough.
            kept = [item for item in alert.deliveries if item["ok"] or item["channel"] != channel]
            alert.deliveries = [*kept, note]

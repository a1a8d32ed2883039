"""Send alerts to the channels that settings name; quiet hours, digest, escalation. Each try is noted on the alert."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from types import ModuleType

from sqlalchemy import select

from huiyin.errors import HuiyinError, UsageError
from huiyin.records import Alert, Record
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits.alerts import channels

log = logging.getLogger("huiyin.alerts")
OLDEST = timedelta(hours=24)
"""An alert that could not be sent for so long is no news any more; it stays on the dashboard."""
LEVEL = {3: "红色", 2: "橙色", 1: "黄色", 0: "蓝色"}


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel gets: `title` one line, `text` several; `key` lets a receiver drop a repeated delivery."""

    key: str
    level: int
    title: str
    text: str


def configured(settings: Settings) -> list[tuple[str, ModuleType, str]]:
    """(kind, module, target) of each channel in settings.alert_channels: `kind=FILE`, where FILE holds the address."""
    known = {
        info.name: info.name
        for info in pkgutil.iter_modules(channels.__path__)
        if not info.name.startswith("_")
    }
    found = []
    for part in filter(None, (piece.strip() for piece in settings.alert_channels.split(","))):
        kind, _, file = part.partition("=")
        if kind not in known or not file:
            raise UsageError(
                f"alert_channels has {part!r}; write kind=FILE with kind one of {', '.join(sorted(known))}"
            )
        try:
            target = Path(file).expanduser().read_text("utf-8").strip()
        except OSError as error:
            raise UsageError(f"alert_channels: {file} cannot be read: {error.strerror}") from error
        found.append((kind, importlib.import_module(f"{channels.__name__}.{kind}"), target))
    return found


def quiet(now: datetime, settings: Settings) -> bool:
    """Whether it is quiet time at the office."""
    table = load("alerts")["quiet"]
    at = now.astimezone(settings.zone).time()
    start, end = time.fromisoformat(table["from"]), time.fromisoformat(table["until"])
    return start <= at < end if start <= end else at >= start or at < end


def deliver(record: Record, settings: Settings, now: datetime) -> int:
    """Send what waits. Returns the messages sent. A channel that fails is noted, logged, and tried again at the next call."""
    sent = 0
    for kind, channel, target in configured(settings):
        with record.session(write=False) as session:
            rows = list(session.scalars(select(Alert).where(Alert.at >= now - OLDEST).order_by(Alert.at)))
        waiting = [alert for alert in rows if not _has(alert, kind, "sent") and alert.acknowledged is None]
        if quiet(now, settings):
            waiting = [alert for alert in waiting if alert.level >= load("alerts")["quiet"]["always_level"]]
        late = [alert for alert in rows if _overdue(alert, kind, now)]
        for group, what in ((waiting, "sent"), (late, "escalated")):
            for message, members in _messages(group, settings, escalated=what == "escalated"):
                sent += _send(record, channel, kind, target, settings, message, members, what, now)
    return sent


def _has(alert: Alert, kind: str, what: str) -> bool:
    return any(item["channel"] == kind and item["what"] == what and item["ok"] for item in alert.deliveries)


def _overdue(alert: Alert, kind: str, now: datetime) -> bool:
    minutes = load("alerts")["escalation"]["minutes"].get(str(alert.level))
    if (
        minutes is None
        or alert.acknowledged is not None
        or _has(alert, kind, "escalated")
        or not _has(alert, kind, "sent")
    ):
        return False
    return now - alert.at >= timedelta(minutes=minutes)


def _messages(
    alerts: list[Alert], settings: Settings, *, escalated: bool
) -> list[tuple[Message, list[Alert]]]:
    """One message an alert, or one digest where there are many."""
    mark = "（尚未确认）" if escalated else ""
    if len(alerts) > load("alerts")["digest"]["most"]:
        lines = [
            f"{LEVEL[alert.level]} {alert.title}：{alert.reason}"
            for alert in sorted(alerts, key=lambda alert: -alert.level)
        ]
        key = f"digest:{alerts[0].id}-{alerts[-1].id}:{len(alerts)}{':escalated' if escalated else ''}"
        top = max(alert.level for alert in alerts)
        return [(Message(key, top, f"{mark}{len(alerts)} 条舆情预警", "\n".join(lines)), alerts)]
    found = []
    for alert in alerts:
        at = alert.at.astimezone(settings.zone).strftime("%m-%d %H:%M")
        text = f"{alert.reason}\n文档 {alert.evidence.get('documents', 0)} 条，来源 {alert.evidence.get('sources', 0)} 个，截至 {at}。系统判断仅供研判，请以核实为准。"
        title = f"{mark}{LEVEL[alert.level]}预警：{alert.title}"
        found.append(
            (
                Message(f"alert:{alert.id}{':escalated' if escalated else ''}", alert.level, title, text),
                [alert],
            )
        )
    return found


def _send(
    record: Record,
    channel: ModuleType,
    kind: str,
    target: str,
    settings: Settings,
    message: Message,
    members: list[Alert],
    what: str,
    now: datetime,
) -> int:
    problem = ""
    try:
        channel.send(target, message, settings)
    except (HuiyinError, OSError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:200].replace(target, "…")  # the address is a secret
        log.warning("alert channel %s did not take a message: %s", kind, problem)
    note = {"channel": kind, "at": now.isoformat(), "ok": not problem, "error": problem, "what": what}
    with record.session() as session:
        for alert in session.scalars(select(Alert).where(Alert.id.in_([member.id for member in members]))):
            kept = [
                item for item in alert.deliveries if item["ok"] or item["channel"] != kind
            ]  # of failures the last is enough
            alert.deliveries = [*kept, note]
    return 0 if problem else 1

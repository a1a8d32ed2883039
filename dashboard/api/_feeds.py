"""Alerts as Atom (RFC 4287), deadlines as iCalendar (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

from huiyin.records import Alert, Issue
from response_kits.clocks import ClockView

ATOM = "http://www.w3.org/2005/Atom"
LEVEL = {3: "红", 2: "橙", 1: "黄", 0: "蓝"}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold."""
HALF_HOUR = timedelta(minutes=30)


def atom(alerts: Sequence[Alert], base: str, organisation: str, now: datetime) -> bytes:
    """A feed of alerts, in their order. `base` is the dashboard's address without a slash at its end."""
    ElementTree.register_namespace("", ATOM)
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    _add(feed, "title", f"{organisation} 舆情预警")
    _add(feed, "id", f"{base}/alerts")
    _add(feed, "updated", (alerts[0].at if alerts else now).isoformat())
    _add(feed, "link", "", rel="alternate", href=f"{base}/alerts")
    author = ElementTree.SubElement(feed, f"{{{ATOM}}}author")
    _add(author, "name", organisation)
    for alert in alerts:
        entry = ElementTree.SubElement(feed, f"{{{ATOM}}}entry")
        _add(entry, "title", f"{LEVEL.get(alert.level, '')} {alert.title}")
        _add(entry, "id", f"{base}/alerts/{alert.id}")
        _add(entry, "updated", (alert.acknowledged or alert.at).isoformat())
        _add(entry, "published", alert.at.isoformat())
        _add(entry, "link", "", rel="alternate", href=f"{base}/alerts/{alert.id}")
        _add(entry, "summary", alert.reason)
    raw: bytes = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return raw


def _add(parent: ElementTree.Element, name: str, text: str, **attributes: str) -> None:
    made = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    made.text = _FORBIDDEN.sub("", text) or None


def calendar(clocks: Sequence[tuple[ClockView, Issue]], base: str, organisation: str, now: datetime) -> bytes:
    """A calendar with an event that ends when each limit ends, and a reminder an hour before."""
    host = re.sub(r"^https?://|[/:].*$", "", base)
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Huiyin//deadlines//ZH", "CALSCALE:GREGORIAN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escape(organisation)} 回应时限",
    ]  # fmt: skip
    for view, issue in clocks:
        about = f"{view.act}\n依据：{view.basis}\n{view.state_name}，{view.words}"
        lines += [
            "BEGIN:VEVENT", f"UID:clock-{view.id}@{host}", f"DTSTAMP:{_stamp(now)}", f"DTSTART:{_stamp(view.due - HALF_HOUR)}",
            f"DTEND:{_stamp(view.due)}", f"SUMMARY:{_escape(f'【{LEVEL.get(issue.level, str())}】{view.name}：{issue.title}')}",
            f"DESCRIPTION:{_escape(about)}", f"URL:{base}/issues/{issue.id}", "TRANSP:TRANSPARENT",
            "BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_escape(view.name)}", "TRIGGER;RELATED=END:-PT1H", "END:VALARM", "END:VEVENT",
        ]  # fmt: skip
    lines.append("END:VCALENDAR")
    return b"".join(_fold(line) for line in lines)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escape(text: str) -> str:
    """A TEXT value: every kind of line end becomes \\n, so that no title can begin a property of its own."""
    joined = "\n".join(text.splitlines())
    plain = "".join(char for char in joined if char == "\n" or ord(char) >= 32)
    for char in ("\\", ";", ","):
        plain = plain.replace(char, f"\\{char}")
    return plain.replace("\n", "\\n")


def _fold(line: str) -> bytes:
    """Lines of at most 75 bytes, cut between characters; what goes on begins with a space."""
    parts, piece = [], b""
    for char in line:
        raw = char.encode("utf-8", "replace")
        if len(piece) + len(raw) > 75:
            parts.append(piece)
            piece = b" "
        piece += raw
    return b"\r\n".join([*parts, piece]) + b"\r\n"

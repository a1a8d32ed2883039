"""Issues that alert, alerts that are raised and judged, channels with an address file each."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kit_world import NOW
from sqlalchemy import select

from huiyin.records import Alert, DocumentRow, Issue, IssueDocument, Record
from huiyin.settings import Settings
from response_kits.alerts import evaluate


def add(record: Record, key: str = "i1", level: int = 2, **more: Any) -> str:
    with record.session() as session:
        session.add(
            Issue(
                id=key, title=f"事件{key}", level=level, first=NOW - timedelta(hours=9), last=more.pop("last", NOW), documents=12, sources=3,
                authors=9, dirty=False,
                level_parts={"heat": {"level": level, "label": "高", "reasons": [f"理由{key}"]}}, **more,
            )
        )  # fmt: skip
        session.flush()
        session.add(
            DocumentRow(
                id=f"{key}-d", source="forum", text="孩子吐了" * 90, when=NOW, url="https://example.org/1"
            )
        )
        session.flush()
        session.add(IssueDocument(document_id=f"{key}-d", issue_id=key, when=NOW))
    return key


def raise_alerts(record: Record, now: datetime = NOW) -> list[Alert]:
    with record.session() as session:
        return evaluate(session, now)


def alerts(record: Record) -> list[Alert]:
    with record.session(write=False) as session:
        return list(session.scalars(select(Alert).order_by(Alert.id)))


def judge(record: Record, number: int, *, false: bool, at: datetime = NOW) -> None:
    with record.session() as session:
        alert = session.get_one(Alert, number)
        alert.acknowledged, alert.acknowledged_by, alert.false_alarm = at, "zhang", false


def through(settings: Settings, folder: Path, *channels: tuple[str, str]) -> Settings:
    """The settings with these (kind, address) as channels, each address in a file of its own."""
    parts = []
    for number, (kind, address) in enumerate(channels):
        file = folder / f"{kind}-{number}.txt"
        file.write_text(address + "\n", "utf-8")
        parts.append(f"{kind}={file}")
    return dataclasses.replace(settings, alert_channels=", ".join(parts))

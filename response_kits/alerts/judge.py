"""A person's word on an alert: seen, or a false alarm (which counts against its rule). Pages and API both come here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from huiyin.records import Alert
from huiyin.records.audit import append


def acknowledge(
    session: Session, alert: Alert, by: str, now: datetime, *, false_alarm: bool, **more: Any
) -> None:
    """Note who judged the alert, once: a judged one stays as it is. `more` goes to the audit row."""
    if alert.acknowledged is not None:
        return
    alert.acknowledged, alert.acknowledged_by, alert.false_alarm = now, by, false_alarm
    act = "false-alarm" if false_alarm else "acknowledge"
    append(session, by, act, f"alert:{alert.id}", {"issue": alert.issue_id, **more})

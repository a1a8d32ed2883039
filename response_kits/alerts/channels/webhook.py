"""A web hook of the office's own: the message as JSON; `key` repeats where a delivery is repeated."""

from __future__ import annotations

from huiyin.settings import Settings
from response_kits.alerts.channels._http import post
from response_kits.alerts.messages import Message


def send(target: str, message: Message, settings: Settings) -> None:
    body = {
        "key": message.key,
        "level": message.level,
        "title": message.title,
        "text": message.text,
        "organisation": settings.organisation,
    }
    post(target, body, headers={"Idempotency-Key": message.key})

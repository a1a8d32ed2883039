"""Feishu (飞书) group robot: a request of at most 20 KB."""

from __future__ import annotations

from huiyin.settings import Settings
from response_kits.alerts.channels._http import checked, cut, post
from response_kits.alerts.deliver import Message

LIMIT = 19_000


def send(target: str, message: Message, settings: Settings) -> None:
    checked(
        post(
            target, {"msg_type": "text", "content": {"text": cut(f"{message.title}\n{message.text}", LIMIT)}}
        ),
        "code",
    )

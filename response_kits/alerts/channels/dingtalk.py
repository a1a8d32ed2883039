"""DingTalk (钉钉) group robot: text messages of at most 20,000 bytes; the robot's keyword must be 预警."""

from __future__ import annotations

from huiyin.settings import Settings
from response_kits.alerts.channels._http import checked, cut, post
from response_kits.alerts.deliver import Message

LIMIT = 20_000


def send(target: str, message: Message, settings: Settings) -> None:
    checked(
        post(
            target,
            {"msgtype": "text", "text": {"content": cut(f"预警 {message.title}\n{message.text}", LIMIT)}},
        ),
        "errcode",
    )

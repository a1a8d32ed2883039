"""WeCom (企业微信) group robot: text messages of at most 2,048 bytes."""

from __future__ import annotations

from huiyin.settings import Settings
from response_kits.alerts.channels._http import checked, cut, post
from response_kits.alerts.messages import Message

LIMIT = 2048


def send(target: str, message: Message, settings: Settings) -> None:
    content = cut(f"{message.title}\n{message.text}", LIMIT)
    checked(post(target, {"msgtype": "text", "text": {"content": content}}), "errcode")

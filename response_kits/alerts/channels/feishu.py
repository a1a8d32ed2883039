"""Feishu (飞书) group robot: a request of at most 20 KB; the file's second line is the 签名校验 secret, where the robot has one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import Any

from huiyin.settings import Settings
from response_kits.alerts.channels._http import checked, cut, post
from response_kits.alerts.messages import Message

LIMIT = 19_000


def send(target: str, message: Message, settings: Settings) -> None:
    url, _, secret = (part.strip() for part in target.partition("\n"))
    content = cut(f"{message.title}\n{message.text}", LIMIT)
    body = {"msg_type": "text", "content": {"text": content}, **signature(secret)}
    checked(post(url, body), "code", "StatusCode")


def signature(secret: str) -> dict[str, Any]:
    """Time and signature, where the robot asks for them (open.feishu.cn, 自定义机器人使用指南)."""
    if not secret:
        return {}
    stamp = str(int(time.time()))
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}

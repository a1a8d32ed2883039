"""DingTalk (钉钉) group robot: a message of at most 20,000 bytes; the robot's keyword must be 预警, or the file's second line its 加签 secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from urllib.parse import quote_plus

from huiyin.settings import Settings
from response_kits.alerts.channels._http import checked, cut, post
from response_kits.alerts.messages import Message

LIMIT = 19_900


def send(target: str, message: Message, settings: Settings) -> None:
    url, _, secret = (part.strip() for part in target.partition("\n"))
    content = cut(f"预警 {message.title}\n{message.text}", LIMIT)
    checked(post(signed(url, secret), {"msgtype": "text", "text": {"content": content}}), "errcode")


def signed(url: str, secret: str) -> str:
    """The address with time and signature, where the robot asks for them (open.dingtalk.com, 自定义机器人安全设置)."""
    if not secret:
        return url
    stamp = str(round(time.time() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    return f"{url}&timestamp={stamp}&sign={quote_plus(base64.b64encode(digest))}"

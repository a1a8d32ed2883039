"""Rephrasing by a language model (off unless `llm_url` is set): it may say the same more plainly, never add and never leave out.

What comes back is a proposal. It passes the same gates as a draft, against the grounds of the draft that it rephrases, or is
refused with the reason. Nothing is stored; a person who takes it saves it as a new version.
"""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from huiyin.errors import Unavailable, UsageError
from huiyin.records import Draft
from huiyin.settings import Settings
from response_kits import checks, review, workflow
from response_kits.figures import figures

SECONDS = 30.0
"""Most time for the whole exchange."""
BYTES = 400_000
"""Most bytes that are read of an answer."""
LONGEST = 8_000
"""Most characters of a text that is sent."""
_TASK = (
    "你是政府新闻办公室的文字编辑。请把用户给出的正文改得更通顺、更好懂。只改说法，不得增加、删减或改变任何事实、数字、日期、单位名称、引文和结论；"
    "不得写原因、评价和承诺；保持原有分段。只返回改好的正文。"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`text`: the whole new text, signature included, "" where refused; `refused`: why, in words; `report` of the gates."""

    text: str
    refused: list[str] = field(default_factory=list)
    report: dict[str, Any] = field(default_factory=dict)


def rephrase(
    session: Session, draft: Draft, settings: Settings, now: datetime, *, seconds: float = SECONDS
) -> Proposal:
    """Ask the model and check what it says.

    Raises UsageError (no address set, a text too long or not allowed to leave the house), Unavailable (no answer in time, too
    large, or not in the form of a chat completion).
    """
    if not settings.llm_url:
        raise UsageError("没有设置 llm_url，改写功能未启用")
    if len(draft.text) > LONGEST:
        raise UsageError(f"稿件有 {len(draft.text)} 字，超过可改写的 {LONGEST} 字")
    before = review.check(session, draft, settings, now)
    kept_in = [
        workflow.gate_name(name) for name in ("secrecy", "privacy") if before.gates.get(name) == "block"
    ]
    if kept_in:
        raise UsageError(f"稿件未通过{'、'.join(kept_in)}，不能送外部改写")
    body, signature = _parts(draft.text)
    said = _ask(settings, body, seconds).strip()
    if not said:
        return Proposal("", ["模型没有返回正文"])
    text = said + signature
    report = checks.run(
        text,
        review.grounds(session, draft, settings, now),
        context={
            **review.context(session, draft, settings, now),
            "bindings": workflow.rebind(draft.text, draft.bindings, text),
        },
    )
    refused = [*_lost(body, said), *_blocked(report)]
    return Proposal("" if refused else text, refused, report.as_dict())


def _parts(text: str) -> tuple[str, str]:
    """Body and signature (the last two lines: who and when), which nobody rephrases."""
    lines = text.split("\n")
    if len(lines) < 3:
        return text, ""
    return "\n".join(lines[:-2]), "\n" + "\n".join(lines[-2:])


def _lost(old: str, new: str) -> list[str]:
    """What the new text leaves out or blows up: figures that are gone, a length that cannot be the same matter."""
    left = {(f.value, f.unit) for f in figures(new)}
    gone = [f.text for f in figures(old) if (f.value, f.unit) not in left]
    found = [f"漏掉了“{'、'.join(dict.fromkeys(gone))}”"] if gone else []
    if not 0.5 <= len(new) / max(1, len(old)) <= 1.5:
        found.append(f"篇幅由 {len(old)} 字变为 {len(new)} 字，不像同一内容")
    return found


def _blocked(report: checks.Report) -> list[str]:
    rows = [*report.notes, *(problem for s in report.sentences for problem in s["problems"])]
    return [f"{workflow.gate_name(row['kind'])}：{row['message']}" for row in rows if row["state"] == "block"]


def _ask(settings: Settings, body: str, seconds: float) -> str:
    """One chat completion. The deadline holds for the whole exchange, a server that drips included."""
    raw = _post(settings, {
        "model": settings.llm_model, "temperature": 0, "stream": False,
        "messages": [{"role": "system", "content": _TASK}, {"role": "user", "content": body}],
    }, time.monotonic() + seconds)  # fmt: skip
    try:
        content = json.loads(raw)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Unavailable("改写服务返回的内容不是对话补全格式，稿件未改动") from error
    if not isinstance(content, str):
        raise Unavailable("改写服务返回的正文不是文字，稿件未改动")
    return content


def _post(settings: Settings, message: dict[str, Any], deadline: float) -> bytes:
    address = urlsplit(settings.llm_url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise UsageError(f"llm_url {settings.llm_url!r} 不是 http(s) 地址")
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname, address.port, timeout=_left(deadline))
    path = address.path.rstrip("/")
    path = path if path.endswith("/chat/completions") else f"{path.removesuffix('/v1')}/v1/chat/completions"
    headers = {"Content-Type": "application/json"}
    if settings.llm_key_file:
        headers["Authorization"] = f"Bearer {_key(settings.llm_key_file)}"
    try:
        connection.request("POST", path, json.dumps(message).encode(), headers)
        answer = connection.getresponse()
        if answer.status != 200:
            raise Unavailable(f"改写服务返回 {answer.status}，稿件未改动")
        return _read(connection, answer, deadline)
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"改写服务没有在限时内应答（{error}），稿件未改动") from error
    finally:
        connection.close()


def _key(file: str) -> str:
    try:
        return Path(file).read_text("utf-8").strip()
    except OSError as error:
        raise UsageError(f"读不到 llm_key_file {file!r}：{error.strerror}") from error


def _read(connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, deadline: float) -> bytes:
    found = bytearray()
    while True:
        if connection.sock is not None:
            connection.sock.settimeout(_left(deadline))
        else:
            _left(deadline)
        part = answer.read1(65_536)
        if not part:
            return bytes(found)
        found += part
        if len(found) > BYTES:
            raise Unavailable(f"改写服务的应答超过 {BYTES} 字节，稿件未改动")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("超时")
    return left

"""Channel versions of one draft: website, WeChat, microblog (140 and 2,000), SMS, 60 seconds spoken. One source of truth.

Nothing is stored: a version is made from the draft's sentences each time, so that a changed fact changes all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from huiyin.records import Draft, Fact
from huiyin.settings import Settings
from response_kits.wording import sentences

LIMITS = {
    "website": 0,
    "wechat": 20_000,
    "microblog": 140,
    "microblog_long": 2_000,
    "sms": 140,
    "spoken": 260,
}
"""Most characters of each channel; 0: none. Spoken: a newsreader reads about 260 characters in 60 seconds."""
NAMES = {
    "website": "网站通告", "wechat": "微信公众号", "microblog": "微博（140 字）", "microblog_long": "微博长文", "sms": "短信",
    "spoken": "口播（60 秒）",
}  # fmt: skip
# What comes first where not everything has room: slots of the facts behind a sentence.
_ORDER = (
    "deaths",
    "missing",
    "injured",
    "condition",
    "truth",
    "rule",
    "test",
    "what",
    "measure",
    "scale",
    "price",
    "next",
    "investigation",
)
_SIGNED = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日\d{1,2}时\d{2}分")


@dataclass(frozen=True, slots=True)
class Version:
    """One channel's text. `facts`: ids behind it; `left_out`: sentences that had no room."""

    channel: str
    name: str
    text: str
    length: int
    limit: int
    facts: list[int]
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    at: int
    kind: str
    facts: tuple[int, ...]
    rank: int


def versions(session: Session, draft: Draft, settings: Settings) -> list[Version]:
    """All channel versions of the draft's present text."""
    rows = _sentences(session, draft)
    everything = sorted({f for row in rows for f in row.facts})
    body, signature = _split(draft.text)
    full = f"{draft.title}\n\n{draft.text}"
    long = (
        f"【{draft.title}】\n{body}\n（{' '.join(signature)}）" if signature else f"【{draft.title}】\n{body}"
    )
    return [
        _version("website", full, everything, 0),
        _version("wechat", f"{draft.title}\n{' '.join(signature)}\n\n{body}\n\n来源：{settings.organisation}", everything, 0),
        _fitting("microblog", f"【{draft.title}】", rows, "详情见官方网站。"),
        _version("microblog_long", long, everything, 0) if len(long) <= LIMITS["microblog_long"]
        else _fitting("microblog_long", f"【{draft.title}】", rows, "详情见官方网站。"),
        _fitting("sms", f"【{settings.organisation[:10]}】", rows, ""),
        _fitting("spoken", f"{settings.organisation}发布：", [_spoken(row) for row in rows], ""),
    ]  # fmt: skip


def _split(text: str) -> tuple[str, list[str]]:
    """(body, signature lines): the office and the time, where the text ends with them."""
    lines = text.split("\n")
    if len(lines) >= 2 and _SIGNED.fullmatch(lines[-1]):
        return "\n".join(lines[:-2]), lines[-2:]
    return text, []


def _sentences(session: Session, draft: Draft) -> list[_Sentence]:
    """Sentences of the body with the kind and facts of the binding that they lie in."""
    body, _ = _split(draft.text)
    found = []
    for text, start, end in sentences(body):
        bound = [b for b in draft.bindings if b["start"] < end and b["end"] > start]
        ids = tuple(int(f) for b in bound for f in b.get("facts", ()))
        kind = next(
            (b["kind"] for b in bound if b.get("facts") or b.get("rumours") or b.get("clauses")),
            bound[0]["kind"] if bound else "frame",
        )
        slots = [fact.slot for i in ids if (fact := session.get(Fact, i)) is not None]
        ranks = [_ORDER.index(slot) for slot in slots if slot in _ORDER]
        found.append(
            _Sentence(
                text,
                start,
                kind,
                ids,
                min(ranks, default=len(_ORDER) + (kind == "frame") * 2 + (kind == "unknown")),
            )
        )
    return found


def _fitting(channel: str, head: str, rows: Sequence[_Sentence], tail: str) -> Version:
    """As many of the most important sentences as there is room for, in the order of the text; whole sentences only."""
    limit, chosen = LIMITS[channel], []
    room = limit - len(head) - len(tail)
    useful = [row for row in rows if row.kind in ("fact", "clause", "statement", "unknown", "claim")]
    for row in sorted(useful, key=lambda r: (r.rank, r.at)):
        if len(row.text) <= room:
            chosen.append(row)
            room -= len(row.text)
    text = head + "".join(row.text for row in sorted(chosen, key=lambda r: r.at)) + tail
    return _version(
        channel, text, sorted({f for row in chosen for f in row.facts}), len(useful) - len(chosen)
    )


def _spoken(row: _Sentence) -> _Sentence:
    """For the ear: brackets with document numbers and article numbers are left out, “；” becomes a pause."""
    text = re.sub(r"（[^（）]{0,40}(?:号|条|款|部分)[^（）]{0,10}）", "", row.text).replace("；", "，")
    return _Sentence(text, row.at, row.kind, row.facts, row.rank)


def _version(channel: str, text: str, facts: list[int], left_out: int) -> Version:
    return Version(channel, NAMES[channel], text, len(text), LIMITS[channel], facts, left_out)

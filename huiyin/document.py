"""Document: one collected text, frozen and zone-aware. Analysis: what nlp says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from huiyin.errors import UsageError

KINDS = ("article", "post", "message", "notice", "policy", "reply", "comment", "hot", "other")
"""article: news; post: forum, microblog, video comment; message: citizen to government; notice: official text;
policy: policy document; reply: official answer to a message; comment: under a post; hot: hot-list entry."""


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment or repost text under a document. `author` is a pseudonym, `published` aware or None."""

    text: str
    published: datetime | None = None
    author: str = ""
    kind: str = "comment"  # comment | repost


@dataclass(frozen=True, slots=True)
class Document:
    """One collected text.

    `id` is stable for the same thing at the same place (see `document_id`). Times are aware; `published` is None
    where unknown. `author` is a keyed pseudonym or empty, never a name that came from a post. `origin` is the 来源
    that the page states. `parent` is the id of the document that this one reposts or answers.
    """

    id: str
    source: str
    text: str
    fetched: datetime
    title: str = ""
    url: str = ""
    published: datetime | None = None
    kind: str = "other"
    author: str = ""
    origin: str = ""
    parent: str = ""
    likes: int = 0
    reposts: int = 0
    replies: int = 0
    province: str = ""
    comments: tuple[Comment, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"document {self.id}: kind {self.kind!r} is not one of {', '.join(KINDS)}")
        for name in ("fetched", "published"):
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is None:
                raise UsageError(f"document {self.id}: {name} {moment} carries no time zone")

    @property
    def when(self) -> datetime:
        """The time to order by: published where known, else fetched; UTC."""
        return (self.published or self.fetched).astimezone(UTC)

    @property
    def full_text(self) -> str:
        """Title and text as one string, the title not repeated where the text opens with it."""
        if not self.title or self.text.startswith(self.title):
            return self.text
        return f"{self.title}\n{self.text}"


def document_id(source: str, native: str) -> str:
    """The stable id of the thing that `source` calls `native` (its own id, or the canonical address): 24 hex digits."""
    return hashlib.sha256(f"{source}\n{native}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    province: str = ""
    city: str = ""
    county: str = ""

    def as_dict(self) -> dict[str, str]:
        """name and province always, city and county where known. (dataclasses.asdict copies deeply: ten times as slow.)"""
        found = {"name": self.name, "province": self.province}
        if self.city:
            found["city"] = self.city
        if self.county:
            found["county"] = self.county
        return found


@dataclass(frozen=True, slots=True)
class Casualties:
    """Counts that a text claims; None where it claims nothing of the kind, 0 where it says there are none."""

    deaths: int | None = None
    injured: int | None = None
    missing: int | None = None

    def as_dict(self) -> dict[str, int | None]:
        return {"deaths": self.deaths, "injured": self.injured, "missing": self.missing}


@dataclass(frozen=True, slots=True)
class Analysis:
    """What nlp says of one text. Field meanings: INTERFACES (docs/interfaces.md); `as_dict` is the output row."""

    topic: str
    topics: tuple[tuple[str, float], ...]
    sentiment: int
    sentiment_score: float
    urgency: int
    urgency_reasons: tuple[str, ...]
    respond: bool
    respond_score: float
    rumour_score: float
    rumour_reasons: tuple[str, ...]
    places: tuple[Place, ...] = ()
    keywords: tuple[str, ...] = ()
    casualties: Casualties | None = None
    pii: tuple[tuple[str, int, int], ...] = ()
    emotion: str = ""
    opinion_kind: str = ""
    claims: tuple[Mapping[str, Any], ...] = ()
    words: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The object that `huiyin analyse` writes, without `id`. `words` (index terms) are left out."""
        return {
            "topic": self.topic,
            "topics": [{"key": key, "score": round(score, 4)} for key, score in self.topics],
            "sentiment": self.sentiment,
            "sentiment_score": round(self.sentiment_score, 4),
            "urgency": self.urgency,
            "urgency_reasons": list(self.urgency_reasons),
            "respond": self.respond,
            "respond_score": round(self.respond_score, 4),
            "rumour_score": round(self.rumour_score, 4),
            "rumour_reasons": list(self.rumour_reasons),
            "places": [place.as_dict() for place in self.places],
            "keywords": list(self.keywords),
            "casualties": None if self.casualties is None else self.casualties.as_dict(),
            "pii": [{"kind": kind, "span": [start, end]} for kind, start, end in self.pii],
            "emotion": self.emotion,
            "opinion_kind": self.opinion_kind,
            "claims": [dict(claim) for claim in self.claims],
        }

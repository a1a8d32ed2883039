"""One document as the functions over a whole issue read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from re import IGNORECASE
from re import compile as pattern
from typing import TYPE_CHECKING

from huiyin.document import Casualties

if TYPE_CHECKING:  # the record is a large import that grouping alone does not need
    from huiyin.records import AnalysisRow, DocumentRow

OFFICIAL = frozenset({"notice", "reply", "policy"})
"""Kinds of document in which a public body itself speaks."""


@dataclass(frozen=True, slots=True)
class Post:
    """`when` aware; `reach`: reposts, replies and likes together; `comments`: texts under it; `copy`: it
    passes on another document's text."""

    id: str
    text: str
    when: datetime
    title: str = ""
    kind: str = "other"
    source: str = ""
    author: str = ""
    reach: int = 0
    casualties: Casualties | None = None
    comments: tuple[str, ...] = ()
    copy: bool = False

    @classmethod
    def of(cls, row: DocumentRow, analysis: AnalysisRow, comments: Sequence[str] = ()) -> Post:
        """From the record's rows of one document."""
        said = analysis.data.get("casualties")
        counted = Casualties(said.get("deaths"), said.get("injured"), said.get("missing")) if said else None
        reach = row.reposts + row.replies + row.likes
        return cls(
            row.id,
            row.text,
            row.when,
            row.title,
            row.kind,
            row.source,
            row.author,
            reach,
            counted,
            tuple(comments),
            bool(row.duplicate_of or (row.parent and row.kind != "reply")),
        )

    @property
    def official(self) -> bool:
        return self.kind in OFFICIAL


_MARKS = pattern(
    r"https?://[\w./?=&%#~:+-]+|\[[\u4e00-\u9fff]{1,4}\]|//?\s*@[\w-]+[:：]?|@[\w-]+[:：]?|&[a-z]+;|O?网页链接|[\u200b\ufeff]"
)
_PASSED_ON = pattern(r"//\s*@[^:：/\s]{1,30}[:：]")
_LEAD_IN = pattern(
    r"^\W*(?:(?:转发微博|转给\w{1,3}|转发|转帖|转载|转|扩散|马住|mark|repost|rt)\W+|(?:群里|朋友圈|网上|别处)(?:看到的|转来的|转的|看来的)\W*)+",
    IGNORECASE,
)
_SENTENCE = pattern(r"[^。！？!?；;\n…]+[。！？!?；;…]*")


def tidy(text: str) -> str:
    """A text without addresses, mentions, emoticons and doubled blanks, as people may read it."""
    return " ".join(_MARKS.sub(" ", text).split())


def passed_on(text: str) -> str:
    """What a text says itself, or where it reposts another one (remark//@writer:text) what that one says; words such as
    转： in front are left out. A text that is nothing else stays as it is."""
    parts = [part for part in _PASSED_ON.split(text) if len(part.strip()) >= 8]
    original = parts[-1] if parts and "//" in text else text
    bare = _LEAD_IN.sub("", original)
    return bare if len(bare) >= 6 else original


def sentences(text: str, limit: int = 40) -> Iterator[str]:
    """The first sentences of a text, tidied, with their closing mark; pieces under four characters are left out."""
    count = 0
    for line in text.split("\n"):
        for match in _SENTENCE.finditer(tidy(line)):
            piece = match.group().strip(" ，,、")
            if len(piece) >= 4:
                yield piece
                count += 1
                if count >= limit:
                    return

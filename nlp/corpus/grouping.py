"""Which documents are one issue: one pass, star-shaped, bounded by a window of time and by a number of issues.

A text's rarest features lead through an inverted index to a few issues; each is scored by its centroid and its
representatives (never by the last text that came in: A-B-C chains would drift). The best one above the threshold takes
the text in, else it founds an issue. Near-duplicates follow their original without scoring. What a person decided
(merge, split, move, together, apart) is law here and in `nlp.corpus.consolidate`.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p, sqrt

from nlp.corpus import vectors
from nlp.corpus.issues import Issue, Member
from nlp.corpus.ledger import Ledger
from nlp.corpus.near_duplicates import NearDuplicates
from nlp.corpus.vectors import Vector, Weights
from nlp.segment import words_of

WINDOW = timedelta(days=400)
"""Age at which a document is forgotten; an issue without documents is closed, so silence closes it. Long, because citizens come back to a matter after months; memory is bounded by
`capacity` as well, and silence costs score."""
THRESHOLD = 0.12
"""Least score at which a text joins an issue; bench/grouping_quality.py shows the curve around it."""
LONE = 0.5
"""How much higher the bar is for joining a lone text; it sinks with the root of the issue's size."""
NEAREST = 0.5
"""Share of the nearest representative in the score; the rest is the centroid's."""
DECAY = 0.05
"""Price of silence: the score is divided by 1 + DECAY · ln(1 + days since the issue's last text)."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a document beside its text, each empty where unknown. parent: id of the document that it reposts or
    answers; author: a pseudonym, or a name that the source gives."""

    parent: str = ""
    author: str = ""


NOTHING = Context()


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a document went. `score` 0..1 (1 for a founder); `reason` in Chinese; `copy_of`: the text it reprints, or ''."""

    issue: str
    score: float
    reason: str
    copy_of: str = ""


class Grouper(Ledger):
    """Groups a stream of documents into issues. Not thread-safe: one grouper, one worker.

    window: age at which a document is forgotten, and so the silence after which an issue takes no more. capacity: most
    documents kept, the earliest are forgotten first. Both bound the memory; what is forgotten is the record's alone.
    """

    def __init__(
        self, window: timedelta = WINDOW, *, threshold: float = THRESHOLD, capacity: int = 200_000
    ) -> None:
        super().__init__()
        self.window, self.threshold, self.capacity = window, threshold, capacity
        self.weights = Weights()
        self._copies = NearDuplicates()
        self._arrivals: deque[tuple[float, str]] = deque()
        self._now = float("-inf")

    # ---- the stream

    def add(
        self,
        doc_id: str,
        text: str,
        title: str,
        when: datetime,
        *,
        words: Sequence[str] | None = None,
        context: Context = NOTHING,
    ) -> Assignment:
        """Assign one document. The same id again gets the same answer. `words`: its words in order, where already cut."""
        if doc_id in self._home:
            issue = self.live[self._home[doc_id]]
            return Assignment(issue.id, 1.0, "该文档已在此议题中", issue.members[doc_id].copy_of)
        moment = when.timestamp()
        self._now = max(self._now, moment)
        self._retire()
        cleaned, vector = self._read(text, title, words)
        bound = next((self._home[one] for one in self._together.get(doc_id, ()) if one in self._home), None)
        if bound is not None:
            self._put(self.live[bound], Member.of(doc_id, vector, moment, author=context.author))
            return Assignment(self.live[bound].id, 1.0, "人工指定与该议题中的文档归为一组")
        if context.parent in self._home:
            beside = self.live[self._home[context.parent]]
            self._put(beside, Member.of(doc_id, vector, moment, context.parent, context.author))
            return Assignment(beside.id, 1.0, "转发或答复事件中已有的内容")
        barred = {self._home[one] for one in self._apart.get(doc_id, ()) if one in self._home}
        copied = self._copies.find(cleaned, doc_id)
        if copied is not None and self._home[copied[0]] not in barred:
            issue = self.live[self._home[copied[0]]]
            self._put(
                issue, Member.of(doc_id, issue.members[copied[0]].vector(), moment, copied[0], context.author)
            )
            reason = f"与文档 {copied[0]} 近似重复，相似度 {copied[1]:.2f}"
            return Assignment(issue.id, copied[1], reason, copied[0])
        best, score, (centre, nearest) = self._best(vector, moment, barred)
        bar = self.threshold if best is None else self.bar(len(best.members))
        if best is not None and score >= bar:
            self._put(best, Member.of(doc_id, vector, moment, author=context.author), nearest)
            reason = f"与议题中心相似度 {centre:.2f}，与代表文档相似度 {nearest:.2f}，合计 {score:.2f}"
            return Assignment(best.id, score, reason)
        issue = self._found(doc_id)
        self._put(issue, Member.of(doc_id, vector, moment, author=context.author))
        near = "没有用词相近的议题" if best is None else f"最近的议题只有 {score:.2f}，不足 {bar:.2f}"
        return Assignment(issue.id, 1.0, f"新议题：{near}")

    def hear(self, doc_id: str, comments: Sequence[str]) -> None:
        """Take what is said under a document (all of it, in place of what was heard before). It weighs in the slow pass only;
        a document that is not here is none of our concern."""
        number = self._home.get(doc_id)
        if number is not None:
            member = self.live[number].members[doc_id]
            if not comments and not member.heard:
                return
            own = set(member.keys)
            said = vectors.features(vectors.terms("\n".join(comments)))
            member.heard = array("I", [key for key in said if key not in own][: vectors.FEATURES])

    def _read(self, text: str, title: str, words: Sequence[str] | None) -> tuple[str, Vector]:
        cleaned = vectors.clean(text, title)
        if words is None or len(text) > vectors.READ or vectors.noisy(text):
            words = words_of(cleaned)  # the given words hold pieces of addresses and mentions, or too much
        return cleaned, self.weights.vector(words)

    def bar(self, size: int) -> float:
        """Least score to join an issue of `size` documents: a lone text is a poor witness of what its matter is."""
        return self.threshold * (1 + LONE / sqrt(size))

    def _best(
        self, vector: Vector, moment: float, barred: set[int]
    ) -> tuple[Issue | None, float, tuple[float, float]]:
        best: Issue | None = None
        top, parts = 0.0, (0.0, 0.0)
        for number in self.candidates(vector):
            if number in barred:
                continue
            issue = self.live[number]
            centre, nearest = issue.alike(vector)
            days = max(moment - issue.last, 0.0) / 86_400
            score = (NEAREST * nearest + (1 - NEAREST) * centre) / (1 + DECAY * log1p(days))
            if score > top:
                best, top, parts = issue, score, (centre, nearest)
        return best, top, parts

    def _retire(self) -> None:
        """Forget documents older than the window, or beyond the capacity; an issue without documents closes itself."""
        oldest = self._now - self.window.total_seconds()
        while self._arrivals and (self._arrivals[0][0] < oldest or len(self._home) > self.capacity):
            doc_id = self._arrivals.popleft()[1]
            self._drop(doc_id)
            self._copies.forget(doc_id)

    def _put(self, issue: Issue, member: Member, nearest: float | None = None) -> None:
        super()._put(issue, member, nearest)
        self._arrivals.append((member.when, member.id))

    # ---- what people know about single documents

    def must_link(self, one: str, other: str) -> None:
        """Two documents belong together, whether they have come yet or not. Merges their issues where both are here."""
        self._note(self._together, self._apart, one, other)
        if one in self._home and other in self._home:
            self.merge(self.live[self._home[one]].id, self.live[self._home[other]].id)

    def cannot_link(self, one: str, other: str) -> None:
        """Two documents do not belong together. Where they are in one issue now, `other` leaves it."""
        self._note(self._apart, self._together, one, other)
        if one in self._home and self._home.get(other) == self._home[one]:
            self.split(self.live[self._home[one]].id, [other])

    def restore(
        self,
        issue: str,
        doc_id: str,
        text: str,
        title: str,
        when: datetime,
        *,
        words: Sequence[str] | None = None,
        context: Context = NOTHING,
    ) -> None:
        """Take a document into an issue as the record has it, without scoring; call in order of time. A document that is
        here already stays where it is."""
        if doc_id in self._home:
            return
        cleaned, vector = self._read(text, title, words)
        number = self._numbers.get(self.resolve(issue))
        home = self._open(issue) if number is None else self.live[number]
        copied = self._copies.find(cleaned, doc_id)
        original = context.parent if context.parent in home.members else ""
        if not original and copied is not None and copied[0] in home.members:
            original = copied[0]
        self._put(home, Member.of(doc_id, vector, when.timestamp(), original, context.author))
        self._now = max(self._now, home.last)

"""Which documents are one issue: one pass, star-shaped, bounded by a window of time and by a number of issues.

A text's rarest features lead through an inverted index to a few issues; each is scored by its centroid and its
representatives (never by the last text that came in: A-B-C chains would drift). The best one above the threshold takes
the text in, else it founds an issue. Near-duplicates follow their original without scoring. What a person decided
(merge, split, move, together, apart) is law here and in `nlp.corpus.consolidate`.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p

from huiyin.errors import NotFound, UsageError
from nlp.corpus import vectors
from nlp.corpus.issues import Issue, Member
from nlp.corpus.near_duplicates import NearDuplicates
from nlp.corpus.vectors import Vector, Weights
from nlp.segment import words_of

WINDOW = timedelta(days=400)
"""Silence after which an issue is closed. Long, because citizens come back to a matter after months; memory is bounded by
`capacity` as well, and silence costs score."""
THRESHOLD = 0.14
"""Least score at which a text joins an issue; bench/grouping_quality.py shows the curve around it."""
NEAREST = 0.5
"""Share of the nearest representative in the score; the rest is the centroid's."""
DECAY = 0.05
"""Price of silence: the score is divided by 1 + DECAY · ln(1 + days since the issue's last text)."""
KEYS = 12
"""Features, the heaviest of a text, under which it is looked up and filed."""
CANDIDATES = 10
"""Issues that are scored for one text."""
POSTINGS = 64
"""Issues filed under one feature; the longest untouched are dropped."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a document went. `score` 0..1 (1 for a founder); `reason` in Chinese; `copy_of`: the text it reprints, or ''."""

    issue: str
    score: float
    reason: str
    copy_of: str = ""


@dataclass(frozen=True, slots=True)
class Post:
    """One document of the record, as `Grouper.restore` reads it. `when` is aware."""

    id: str
    text: str
    title: str
    when: datetime


@dataclass(frozen=True, slots=True)
class StoredIssue:
    """An issue of the record. `merged`: ids of issues that were merged into it; `apart`: ids it may not be merged with."""

    id: str
    documents: Sequence[Post]
    merged: Sequence[str] = ()
    apart: Sequence[str] = ()


class Grouper:
    """Groups a stream of documents into issues. Not thread-safe: one grouper, one worker.

    window: silence after which an issue takes no more documents; capacity: most documents kept, the issues silent for
    longest are retired first; both bound the memory. Retired issues are the record's business alone.
    """

    def __init__(
        self, window: timedelta = WINDOW, *, threshold: float = THRESHOLD, capacity: int = 200_000
    ) -> None:
        self.window, self.threshold, self.capacity = window, threshold, capacity
        self.weights = Weights()
        self.live: OrderedDict[int, Issue] = OrderedDict()
        self.redirects: dict[str, str] = {}
        self.apart_issues: set[frozenset[str]] = set()
        self._home: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._index: dict[int, deque[int]] = {}
        self._copies = NearDuplicates()
        self._together: dict[str, set[str]] = {}
        self._apart: dict[str, set[str]] = {}
        self._founded = 0
        self._now = float("-inf")

    # ---- the stream

    def add(
        self, doc_id: str, text: str, title: str, when: datetime, *, words: Sequence[str] | None = None
    ) -> Assignment:
        """Assign one document. The same id again gets the same answer. `words`: its words in order, where already cut."""
        if doc_id in self._home:
            issue = self.live[self._home[doc_id]]
            return Assignment(issue.id, 1.0, "该文档已在此议题中", issue.members[doc_id].copy_of)
        moment = when.timestamp()
        self._now = max(self._now, moment)
        self._retire()
        cleaned = vectors.clean(text, title)
        vector = self.weights.vector(words_of(cleaned) if words is None else words)
        bound = next((self._home[one] for one in self._together.get(doc_id, ()) if one in self._home), None)
        if bound is not None:
            self._put(self.live[bound], Member.of(doc_id, vector, moment))
            return Assignment(self.live[bound].id, 1.0, "人工指定与该议题中的文档归为一组")
        barred = {self._home[one] for one in self._apart.get(doc_id, ()) if one in self._home}
        copied = self._copies.find(cleaned, doc_id)
        if copied is not None and self._home[copied[0]] not in barred:
            issue = self.live[self._home[copied[0]]]
            self._put(issue, Member.of(doc_id, issue.members[copied[0]].vector(), moment, copied[0]))
            reason = f"与文档 {copied[0]} 近似重复，相似度 {copied[1]:.2f}"
            return Assignment(issue.id, copied[1], reason, copied[0])
        best, score, (centre, nearest) = self._best(vector, moment, barred)
        if best is not None and score >= self.threshold:
            self._put(best, Member.of(doc_id, vector, moment), nearest)
            reason = f"与议题中心相似度 {centre:.2f}，与代表文档相似度 {nearest:.2f}，合计 {score:.2f}"
            return Assignment(best.id, score, reason)
        issue = self._found(doc_id)
        self._put(issue, Member.of(doc_id, vector, moment))
        near = (
            "没有用词相近的议题" if best is None else f"最近的议题只有 {score:.2f}，不足 {self.threshold:.2f}"
        )
        return Assignment(issue.id, 1.0, f"新议题：{near}")

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

    def candidates(self, vector: Vector, limit: int = CANDIDATES) -> list[int]:
        """Numbers of the live issues that share the most of a vector's heaviest features, best first."""
        votes: dict[int, float] = {}
        for at, (key, weight) in enumerate(vector.items()):
            if at == KEYS:
                break
            square = weight * weight
            for number in self._index.get(key, ()):
                votes[number] = votes.get(number, 0.0) + square
        return sorted(votes, key=lambda number: (-votes[number], number))[:limit]

    # ---- bookkeeping: every document has exactly one home

    def _found(self, doc_id: str) -> Issue:
        stem = "i" + hashlib.blake2s(doc_id.encode("utf-8", "surrogatepass"), digest_size=7).hexdigest()
        name, turn = stem, 1
        while name in self._numbers or name in self.redirects:
            turn += 1
            name = f"{stem}-{turn}"
        return self._open(name)

    def _open(self, name: str) -> Issue:
        self._founded += 1
        issue = Issue(name, self._founded)
        self.live[issue.number] = issue
        self._numbers[name] = issue.number
        return issue

    def _put(self, issue: Issue, member: Member, nearest: float | None = None) -> None:
        issue.take(member, nearest)
        self._home[member.id] = issue.number
        self.live.move_to_end(issue.number)
        if not member.copy_of:
            self._file(issue, member)

    def _file(self, issue: Issue, member: Member) -> None:
        for key in member.keys[:KEYS]:
            posted = self._index.get(key)
            if posted is None:
                posted = self._index[key] = deque(maxlen=POSTINGS)
            if posted and posted[-1] == issue.number:
                continue
            if key in issue.filed and issue.number in posted:
                posted.remove(issue.number)
            posted.append(issue.number)
            issue.filed.add(key)

    def _unfile(self, issue: Issue) -> None:
        for key in issue.filed:
            posted = self._index.get(key)
            if posted is not None and issue.number in posted:
                posted.remove(issue.number)
            if posted is not None and not posted:
                del self._index[key]
        issue.filed.clear()

    def _retire(self) -> None:
        oldest = self._now - self.window.total_seconds()
        while self.live:
            issue = next(iter(self.live.values()))
            if issue.last >= oldest and len(self._home) <= self.capacity:
                return
            self._close(issue)
            for doc_id in issue.members:
                del self._home[doc_id]
                self._copies.forget(doc_id)

    def _close(self, issue: Issue) -> None:
        self._unfile(issue)
        del self.live[issue.number], self._numbers[issue.id]

    def _refill(self, issue: Issue, members: Iterable[Member]) -> None:
        """Make an issue hold exactly these members; an issue left with none is closed."""
        self._unfile(issue)
        issue.rebuild(sorted(members, key=lambda one: (one.when, one.id)))
        for member in issue.members.values():
            self._home[member.id] = issue.number
            if member.copy_of not in issue.members:
                self._file(issue, member)
        if not issue.members:
            self._close(issue)

    # ---- what people, and the slow pass, change

    def resolve(self, issue: str) -> str:
        """The id under which an issue lives now: merges leave a redirect. An id never seen is returned as it is."""
        while issue in self.redirects:
            issue = self.redirects[issue]
        return issue

    def issue_of(self, doc_id: str) -> str | None:
        """Id of the live issue that holds a document; None where it is unknown or its issue is retired."""
        number = self._home.get(doc_id)
        return None if number is None else self.live[number].id

    def issue(self, issue: str) -> Issue:
        """A live issue by id, redirects followed. Raises NotFound."""
        number = self._numbers.get(self.resolve(issue))
        if number is None:
            raise NotFound(f"议题 {issue} 不在当前时间窗口内，请先从记录中恢复")
        return self.live[number]

    def merge(self, keep: str, other: str) -> str:
        """Merge `other` into `keep`; returns the id that stays. The other id redirects; an old bar between them falls."""
        target, source = self.issue(keep), self.issue(other)
        if target is source:
            return target.id
        for pair in [pair for pair in self.apart_issues if source.id in pair]:
            self.apart_issues.discard(pair)
            self.apart_issues |= {
                frozenset({target.id, one}) for one in pair if one not in (source.id, target.id)
            }
        members = [*target.members.values(), *source.members.values()]
        self._close(source)
        self.redirects[source.id] = target.id
        self._refill(target, members)
        return target.id

    def split(self, issue: str, doc_ids: Iterable[str]) -> str:
        """Move some documents, but not all, of an issue into a new one; returns its id. The two may not be merged again
        by the machine. Copies go where a person puts them. Raises UsageError, NotFound."""
        source, chosen = self.issue(issue), set(doc_ids)
        strangers = sorted(chosen - source.members.keys())
        if strangers:
            raise UsageError(f"文档 {strangers[0]} 不在议题 {source.id} 中")
        if not chosen or len(chosen) == len(source.members):
            raise UsageError(
                f"拆分议题 {source.id} 时，须选出一部分文档：选了 {len(chosen)} 篇，共 {len(source.members)} 篇"
            )
        leaving = [member for member in source.members.values() if member.id in chosen]
        staying = [member for member in source.members.values() if member.id not in chosen]
        created = self._found(min(leaving, key=lambda one: (one.when, one.id)).id)
        self._refill(source, staying)
        self._refill(created, leaving)
        self.apart_issues.add(frozenset({source.id, created.id}))
        return created.id

    def move(self, doc_id: str, issue: str) -> str:
        """Put one document into another live issue, pinned there; returns that issue's id. Raises NotFound."""
        if doc_id not in self._home:
            raise NotFound(f"文档 {doc_id} 不在当前时间窗口内")
        source, target = self.live[self._home[doc_id]], self.issue(issue)
        member = source.members[doc_id]
        member.pinned = True
        if source is not target:
            self._refill(source, [one for one in source.members.values() if one.id != doc_id])
            self._refill(target, [*target.members.values(), member])
        return target.id

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

    @staticmethod
    def _note(to: dict[str, set[str]], off: dict[str, set[str]], one: str, other: str) -> None:
        if one == other:
            raise UsageError(f"文档 {one} 不能与自身建立约束")
        for left, right in ((one, other), (other, one)):
            to.setdefault(left, set()).add(right)
            off.get(left, set()).discard(right)

    @classmethod
    def restore(
        cls, issues: Iterable[StoredIssue], window: timedelta = WINDOW, **options: int | float
    ) -> Grouper:
        """A grouper that knows these issues of the record, in any order; documents are not scored again."""
        grouper = cls(window, **options)  # type: ignore[arg-type]
        for stored in sorted(
            issues, key=lambda one: max((post.when for post in one.documents), default=datetime.max)
        ):
            if not stored.documents:
                continue
            issue = grouper._open(stored.id)
            for post in sorted(stored.documents, key=lambda post: (post.when, post.id)):
                cleaned = vectors.clean(post.text, post.title)
                copied = grouper._copies.find(cleaned, post.id)
                original = copied[0] if copied and copied[0] in issue.members else ""
                vector = grouper.weights.vector(words_of(cleaned))
                grouper._put(issue, Member.of(post.id, vector, post.when.timestamp(), original))
            grouper._now = max(grouper._now, issue.last)
            grouper.redirects |= dict.fromkeys(stored.merged, stored.id)
            grouper.apart_issues |= {frozenset({stored.id, one}) for one in stored.apart}
        return grouper

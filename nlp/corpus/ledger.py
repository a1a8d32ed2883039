"""The books of a grouper: which document is in which live issue, and the inverted index over the issues.

Every change keeps one rule: a live document has exactly one home, and an issue that holds no document is gone.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from huiyin.errors import NotFound, UsageError
from nlp.corpus.issues import Issue, Member
from nlp.corpus.vectors import Vector

KEYS = 12
"""Features, the heaviest of a text, under which it is looked up and filed."""
CANDIDATES = 4
"""Issues that are scored for one text."""
FAINT = 0.3
"""An issue with less than this share of the best one's votes is not scored."""
FLOOR = 0.01
"""Nor one whose votes, the squares of the shared weights, come to less: it could not reach the threshold."""
POSTINGS = 8
"""Issues filed under one feature; the longest untouched are dropped."""


class Ledger:
    """Live issues, in order of their last change, and their documents."""

    def __init__(self) -> None:
        self.live: OrderedDict[int, Issue] = OrderedDict()
        self.redirects: dict[str, str] = {}
        self.apart_issues: set[frozenset[str]] = set()
        self._home: dict[str, int] = {}
        self._numbers: dict[str, int] = {}
        self._index: dict[int, list[int]] = {}
        self._together: dict[str, set[str]] = {}
        self._apart: dict[str, set[str]] = {}
        self._founded = 0

    def candidates(self, vector: Vector, limit: int = CANDIDATES) -> list[int]:
        """Numbers of the live issues that share the most of a vector's heaviest features, best first."""
        votes: dict[int, float] = {}
        for at, (key, weight) in enumerate(vector.items()):
            if at == KEYS:
                break
            square = weight * weight
            for number in self._index.get(key, ()):
                votes[number] = votes.get(number, 0.0) + square
        if votes:
            least = max(FAINT * max(votes.values()), FLOOR)
            votes = {number: vote for number, vote in votes.items() if vote >= least}
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
                self._index[key] = [issue.number]
            elif posted[-1] != issue.number:
                if key in issue.filed and issue.number in posted:
                    posted.remove(issue.number)
                posted.append(issue.number)
                if len(posted) > POSTINGS:
                    del posted[0]
            issue.filed.add(key)

    def _drop(self, doc_id: str) -> None:
        """Forget a document whose time is over; what it gave to the centroid and as a representative stays."""
        number = self._home.pop(doc_id, None)
        if number is not None:
            issue = self.live[number]
            del issue.members[doc_id]
            if not issue.members:
                self._close(issue)

    def _unfile(self, issue: Issue) -> None:
        for key in issue.filed:
            posted = self._index.get(key)
            if posted is not None and issue.number in posted:
                posted.remove(issue.number)
            if posted is not None and not posted:
                del self._index[key]
        issue.filed.clear()

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

    def merge(self, keep: str, other: str, *, by_person: bool = True) -> str:
        """Merge `other` into `keep`; returns the id that stays. The other id redirects; an old bar between them falls.
        What a person merged, the slow pass does not split along that line. Raises NotFound."""
        target, source = self.issue(keep), self.issue(other)
        if target is source:
            return target.id
        if by_person:
            self._note(self._together, self._apart, next(iter(target.members)), next(iter(source.members)))
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

    def split(self, issue: str, doc_ids: Iterable[str], *, by_person: bool = True) -> str:
        """Move some documents, but not all, of an issue into a new one; returns its id. What a person split, the slow
        pass does not merge again. Copies go where a person puts them. Raises UsageError, NotFound."""
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
        if by_person:
            for member in leaving:  # the last word counts: an older "together" across the cut falls
                for other in self._together.get(member.id, set()) - chosen:
                    self._together[member.id].discard(other)
                    self._together[other].discard(member.id)
            self.apart_issues.add(frozenset({source.id, created.id}))
        return created.id

    def move(self, doc_id: str, issue: str) -> str:
        """Put one document into another live issue, pinned there; returns that issue's id. An issue left empty redirects
        there. Raises NotFound."""
        if doc_id not in self._home:
            raise NotFound(f"文档 {doc_id} 不在当前时间窗口内")
        source, target = self.live[self._home[doc_id]], self.issue(issue)
        member = source.members[doc_id]
        member.pinned = True
        if source is not target:
            self._refill(source, [one for one in source.members.values() if one.id != doc_id])
            if not source.members:
                self.redirects[source.id] = target.id
            self._refill(target, [*target.members.values(), member])
        return target.id

    # ---- what people decided

    def barred(self, one: Issue, other: Issue) -> bool:
        """Whether a person held two issues, or a document of each, apart."""
        if frozenset({one.id, other.id}) in self.apart_issues:
            return True
        small, large = sorted((one, other), key=lambda issue: len(issue.members))
        return any(not large.members.keys().isdisjoint(self._apart.get(doc, ())) for doc in small.members)

    def bound(self, some: Iterable[Member], others: Iterable[Member]) -> bool:
        """Whether a person put a document of the one side and one of the other together."""
        far = {member.id for member in others}
        return any(not far.isdisjoint(self._together.get(member.id, ())) for member in some)

    @staticmethod
    def _note(to: dict[str, set[str]], off: dict[str, set[str]], one: str, other: str) -> None:
        if one == other:
            raise UsageError(f"文档 {one} 不能与自身建立约束")
        for left, right in ((one, other), (other, one)):
            to.setdefault(left, set()).add(right)
            off.get(left, set()).discard(right)

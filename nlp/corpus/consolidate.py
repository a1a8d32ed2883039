"""The slow pass: which issues look like one, and which like two. It proposes with reasons; `apply` does what is asked.

What people decided is law: a proposal never joins what a person held apart, and never parts what a person put together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from nlp.corpus.gather import Words, attractions, holds, window
from nlp.corpus.grouping import Grouper
from nlp.corpus.issues import Issue, Member
from nlp.corpus.vectors import Vector, dot

MERGE = 0.5
"""Least cosine of two centroids (issues of two or more texts) to propose a merge; well above the joining threshold,
since a wrong merge costs more than a late one."""
SPLIT = 0.07
"""Two parts of an issue whose nearest texts are less alike than this are proposed as two issues."""
LEAST = 2
"""Texts in the smaller part of a split."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """`kind`: merge (issues: the one that stays, the one that goes) or split (issues: one; documents: those that leave)."""

    kind: str
    issues: tuple[str, ...]
    documents: tuple[str, ...]
    score: float
    reason: str


def consolidate(grouper: Grouper, only: Iterable[str] | None = None) -> list[Proposal]:
    """Late merges and splits among the live issues (or those in `only`), merges first, surest first. Changes nothing."""
    if only is None:
        issues = list(grouper.live.values())
    else:
        issues = [grouper.issue(issue) for issue in only]
    merges: dict[frozenset[str], Proposal] = {}
    splits = []
    words = window(grouper)
    for one in attractions(grouper, words) if only is None else ():
        reason = f"其中 {one.share:.0%} 的文档用词属于该议题，对数几率 {one.score:.1f}"
        documents = tuple(grouper.issue(one.fragment).members)
        merges[frozenset((one.story, one.fragment))] = Proposal(
            "merge", (one.story, one.fragment), documents, one.score, reason
        )
    for issue in issues:
        if len(issue.members) >= 2:
            for proposal in _merges(grouper, issue):
                merges.setdefault(frozenset(proposal.issues), proposal)
        proposal_or_none = _split(grouper, issue, words)
        if proposal_or_none is not None:
            splits.append(proposal_or_none)
    return sorted(merges.values(), key=lambda one: (-one.score, one.issues)) + sorted(
        splits, key=lambda one: one.issues
    )


def apply(grouper: Grouper, proposal: Proposal) -> str | None:
    """Do what a proposal says; returns the id of the issue that stays or is new, None where it no longer fits."""
    live = {issue.id: issue for issue in grouper.live.values()}
    if any(issue not in live for issue in proposal.issues):
        return None
    if proposal.kind == "merge":
        keep, gone = (live[issue] for issue in proposal.issues)
        return None if grouper.barred(keep, gone) else grouper.merge(keep.id, gone.id, by_person=False)
    source = live[proposal.issues[0]]
    leaving = set(proposal.documents) & source.members.keys()
    if not leaving or len(leaving) == len(source.members):
        return None
    return grouper.split(source.id, leaving, by_person=False)


def settle(grouper: Grouper, rounds: int = 16) -> int:
    """Take all proposals until none is left, `rounds` times at most: a merge can make the next one plain. Returns how many."""
    taken = 0
    for _ in range(rounds):
        done = sum(apply(grouper, proposal) is not None for proposal in consolidate(grouper))
        taken += done
        if not done:
            break
    return taken


def _merges(grouper: Grouper, issue: Issue) -> list[Proposal]:
    heavy = dict(sorted(issue.centroid.items(), key=lambda item: (-item[1], item[0])))
    found = []
    for number in grouper.candidates(heavy):
        other = grouper.live[number]
        if other is issue or len(other.members) < 2 or grouper.barred(issue, other):
            continue
        score = _cosine(issue.centroid, other.centroid)
        if score >= MERGE:
            keep, gone = sorted((issue, other), key=lambda one: (one.first, one.id))
            reason = f"两个议题的用词中心相似度 {score:.2f}，达到 {MERGE:.2f}"
            found.append(Proposal("merge", (keep.id, gone.id), tuple(gone.members), score, reason))
    return found


def _cosine(left: Vector, right: Vector) -> float:
    inner = sum([weight * right.get(key, 0.0) for key, weight in left.items()])
    size = sqrt(sum([x * x for x in left.values()]) * sum([x * x for x in right.values()]))
    return inner / size if size else 0.0


def _split(grouper: Grouper, issue: Issue, words: Words) -> Proposal | None:
    """Parts of the representatives that no likeness of SPLIT joins; each member goes with its nearest representative."""
    heads = issue.representatives
    if len(heads) < 2 or len(issue.members) < 2 * LEAST:
        return None
    part = list(range(len(heads)))
    closest = 0.0
    for at, one in enumerate(heads):
        vector = one.vector()
        for to in range(at + 1, len(heads)):
            alike = dot(vector, heads[to].keys, heads[to].weights)
            if alike >= SPLIT and part[at] != part[to]:
                part = [part[at] if p == part[to] else p for p in part]
            elif alike < SPLIT:
                closest = max(closest, alike)
    if len(set(part)) < 2:
        return None
    sides: dict[int, list[Member]] = {}
    for member in issue.members.values():
        vector = member.vector()
        nearest = max(range(len(heads)), key=lambda at: dot(vector, heads[at].keys, heads[at].weights))
        sides.setdefault(part[nearest], []).append(member)
    ordered = sorted(sides.values(), key=lambda side: (-len(side), side[0].id))
    if len(ordered) < 2 or len(ordered[1]) < LEAST:
        return None
    leaving = ordered[1]
    rest = [member for side in ordered if side is not leaving for member in side]
    if any(member.pinned for member in leaving) or grouper.bound(leaving, rest):
        return None
    if holds(words, rest, leaving, issue):
        return None
    reason = (
        f"其中 {len(leaving)} 篇与其余 {len(rest)} 篇的代表文档相似度不超过 {closest:.2f}，低于 {SPLIT:.2f}"
    )
    return Proposal("split", (issue.id,), tuple(member.id for member in leaving), 1 - closest, reason)

"""What a grouper keeps of one issue: its members, a centroid, a few representatives."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import inf, sqrt

from nlp.corpus.vectors import Vector, dot

REPRESENTATIVES = 4
"""Texts that a new one is compared with beside the centroid: the first, then those unlike the ones before."""
NOVEL = 0.6
"""A text less alike than this to all representatives becomes one, while there is room."""
CENTROID = 240
"""Features of a centroid; the lightest are dropped, so that an issue's cost does not grow with its size."""


@dataclass(slots=True)
class Member:
    """One document as two packed arrays, heaviest feature first. `when`: seconds since 1970; `pinned`: a person put it here;
    `heard`: features of what others say under it that it has not itself."""

    id: str
    keys: array[int]
    weights: array[float]
    when: float
    copy_of: str = ""
    pinned: bool = False
    author: str = ""
    heard: array[int] = field(default_factory=lambda: array("I"))

    @classmethod
    def of(cls, id: str, vector: Vector, when: float, copy_of: str = "", author: str = "") -> Member:
        return cls(id, array("I", vector), array("f", vector.values()), when, copy_of, False, author)

    def vector(self) -> Vector:
        return dict(zip(self.keys, self.weights, strict=True))


@dataclass(slots=True)
class Issue:
    """A live issue. `members` are in order of arrival; `filed`: the features under which the grouper's index holds it."""

    id: str
    number: int
    members: dict[str, Member] = field(default_factory=dict)
    representatives: list[Member] = field(default_factory=list)
    centroid: Vector = field(default_factory=dict)
    filed: set[int] = field(default_factory=set)
    first: float = inf
    last: float = -inf
    square: float = 0.0

    def alike(self, vector: Vector) -> tuple[float, float]:
        """(similarity to the centroid, similarity to the nearest representative), each 0..1."""
        nearest = max([dot(vector, one.keys, one.weights) for one in self.representatives], default=0.0)
        if not self.centroid:
            return nearest, nearest
        centroid = self.centroid
        inner = sum([vector[key] * centroid[key] for key in vector.keys() & centroid.keys()])
        return inner / sqrt(self.square or 1.0), nearest

    def take(self, member: Member, nearest: float | None = None) -> None:
        """Add a member. A copy of a member does not move the centroid. `nearest` as `alike` gave it, if known."""
        self.first, self.last = min(self.first, member.when), max(self.last, member.when)
        self.members[member.id] = member
        if member.copy_of in self.members:
            return
        vector = member.vector()
        if len(self.representatives) < REPRESENTATIVES:
            if nearest is None:
                nearest = self.alike(vector)[1]
            if not self.representatives or nearest < NOVEL:
                self.representatives.append(member)
        # One text alone is its own centroid: it is spelled out only when a second one comes.
        if len(self.members) == 1:
            return
        if not self.centroid:
            self._absorb(next(iter(self.members.values())).vector())
        self._absorb(vector)

    def rebuild(self, members: list[Member]) -> None:
        """Become the issue of these members, as if they had come in this order."""
        self.members, self.representatives, self.centroid = {}, [], {}
        self.first, self.last, self.square = inf, -inf, 0.0
        for member in members:
            self.take(member)

    def _absorb(self, vector: Vector) -> None:
        centroid = self.centroid
        for key, weight in vector.items():
            centroid[key] = centroid.get(key, 0.0) + weight
        if len(centroid) > 2 * CENTROID:
            heaviest = sorted(centroid.items(), key=lambda item: (-item[1], item[0]))[:CENTROID]
            self.centroid = centroid = dict(heaviest)
        self.square = sum([weight * weight for weight in centroid.values()])

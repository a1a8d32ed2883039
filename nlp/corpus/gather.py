"""Short posts and fragments find their story: what the words of a live issue make likely, against everybody's words.

A story's posts share few words two by two (a joke, a clipped post, a question), so likeness of texts cannot join them. Here an
issue is a model of language: each word that it uses more often than the window and the background do speaks for it, each
word that it has never used speaks a little against it. A fragment whose documents mostly speak for a larger issue, and
clearly for no other, is proposed to be merged into it. A writer who has spoken in an issue before is heard more readily, an
issue that burns attracts more than one that has gone quiet, and what others say under a document speaks with it.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log, log1p

from nlp.corpus.issues import Issue, Member
from nlp.corpus.ledger import Ledger
from nlp.corpus.vectors import background, background_count

UNSEEN = 0.9
"""Weight of everybody's words in the mixture: a word that the issue never used costs −ln UNSEEN."""
LEAST = 2.0
"""Natural logarithm of the odds, for the issue against everybody, at which one document counts as speaking for it."""
LONG, STEEP = 40, 0.1
"""Features beyond which each one raises the bar by STEEP: a letter's hundred words are not a hundred witnesses."""
MARGIN = 0.5
"""By how much the best issue must lead the next one."""
KNOWN = 4
"""Distinct texts that an issue must have before it may attract others."""
SUREST, FEWEST = 4, 12
"""Each pass proposes the surest 1/SUREST, at least FEWEST: a story that has grown judges the others better next time."""
SHARED = 0.3
"""How much the rest of the window counts as everybody: the story's own other fragments are in it."""
WRITER = 4.0
"""What it adds that the document's author has written in the issue."""
BUSY = 12
"""Documents of one author beyond which the author (a paper, a hot list) says nothing about a story."""
SILENCE, GAP = 0.5, 10.0
"""Price of a distance in time: SILENCE · ln(1 + days to the issue's nearest document); beyond GAP days there is no tie."""
LIVELY, FEW = 5 * 86_400.0, 5
"""A story with fewer texts than FEW in the seconds LIVELY before and after a document attracts those of its writers only: the
letters of a year about one kind of nuisance use the same words, and are many matters."""
AROUND = 12 * 3600.0
BURNING, USUAL = 1.0, 5.0
"""A story with n texts in the seconds AROUND before and after a document gains BURNING · ln((n + ½) / USUAL)."""
POSTED = 8
"""Stories looked up under one feature, those for which it speaks most."""
FRAGMENTS = 20_000
"""Issues, the last changed, that are looked at in one pass."""
DAYS = 30.0
"""Issues silent for longer before the newest document are left alone."""


@dataclass(frozen=True, slots=True)
class Attraction:
    """`fragment` belongs to `story`; `share` of its documents speak for it; `score`: their mean logarithm of odds."""

    story: str
    fragment: str
    share: float
    score: float


class Words:
    """How many distinct texts of the window hold each feature."""

    def __init__(self, members: Iterable[Member]) -> None:
        self.counts: Counter[int] = Counter()
        self.texts = 0
        for member in members:
            self.counts.update(member.keys)
            self.counts.update(member.heard)
            self.texts += 1


@dataclass(slots=True)
class _Story:
    issue: Issue
    texts: int
    odds: dict[int, float]
    authors: set[str]
    times: list[float]


def originals(issue: Issue) -> list[Member]:
    """The documents of an issue that are no copies of another one in it."""
    return [one for one in issue.members.values() if one.copy_of not in issue.members]


def attractions(ledger: Ledger, words: Words) -> list[Attraction]:
    """Fragments of live issues that belong to larger ones, surest first; each fragment once. Changes nothing."""
    newest = max((issue.last for issue in ledger.live.values()), default=0.0)
    live = [issue for issue in ledger.live.values() if issue.last >= newest - DAYS * 86_400]
    texts = {issue.number: originals(issue) for issue in live}
    writers = _writers(texts.values())
    stories = [
        _story(issue, texts[issue.number], words) for issue in live if len(texts[issue.number]) >= KNOWN
    ]
    index: dict[int, list[tuple[int, float]]] = {}
    for at, story in enumerate(stories):
        for key, odds in story.odds.items():
            index.setdefault(key, []).append((at, odds))
    for key, posted in index.items():
        if len(posted) > POSTED:
            index[key] = sorted(posted, key=lambda one: -one[1])[:POSTED]
    found = []
    for issue in live[-FRAGMENTS:]:
        one = _attraction(ledger, issue, texts[issue.number], stories, index, writers)
        if one is not None:
            found.append(one)
    found.sort(key=lambda one: (-one.score, one.fragment))
    return found[: max(len(found) // SUREST, FEWEST)]


def holds(words: Words, rest: Sequence[Member], leaving: Sequence[Member], issue: Issue) -> bool:
    """Whether most of some documents speak for the rest of their issue: then nothing parts them, however unlike the texts."""
    rest = [one for one in rest if one.copy_of not in issue.members]
    leaving = [one for one in leaving if one.copy_of not in issue.members] or leaving
    stories = [_story(issue, rest, words)]
    index = {key: [(0, odds)] for key, odds in stories[0].odds.items()}
    writers = frozenset(member.author for member in leaving if member.author)
    spoke = sum(_vote(None, member, stories, index, writers) is not None for member in leaving)
    return spoke * 2 >= len(leaving)


def window(ledger: Ledger) -> Words:
    """The words of all live documents that are no copies."""
    return Words(member for issue in ledger.live.values() for member in originals(issue))


def _writers(groups: Iterable[Sequence[Member]]) -> frozenset[str]:
    """Authors who write now and then; not those who write about everything."""
    counts = Counter(member.author for members in groups for member in members if member.author)
    return frozenset(author for author, count in counts.items() if count <= BUSY)


def _story(issue: Issue, members: Sequence[Member], words: Words) -> _Story:
    counts: Counter[int] = Counter()
    for member in members:
        counts.update(member.keys)
        counts.update(member.heard)
    size, rest = len(members), max(words.texts - len(members), 1)
    known = background()[0] + words.texts
    odds = {}
    for key, count in counts.items():
        everywhere = (background_count(key) + SHARED * words.counts[key] + 0.5) / known
        beside = SHARED * (words.counts[key] - count + 0.3) / rest
        value = log((1 - UNSEEN) * (count - 0.5) / size / max(everywhere, beside) + UNSEEN)
        if value > 0:
            odds[key] = value - log(UNSEEN)
    authors = {member.author for member in members if member.author}
    return _Story(issue, size, odds, authors, sorted(member.when for member in members))


def _near(times: Sequence[float], when: float, around: float) -> int:
    """How many of the times (seconds, sorted) lie within `around` of a moment."""
    return bisect(times, when + around) - bisect(times, when - around)


def _gap(times: Sequence[float], when: float) -> float:
    """Days to the nearest of the times (seconds), which are sorted."""
    at = bisect(times, when)
    return min(abs(when - one) for one in times[max(at - 1, 0) : at + 1]) / 86_400


def _attraction(
    ledger: Ledger,
    issue: Issue,
    members: Sequence[Member],
    stories: Sequence[_Story],
    index: dict[int, list[tuple[int, float]]],
    writers: frozenset[str],
) -> Attraction | None:
    votes: dict[int, list[float]] = {}
    for member in members:
        voted = _vote(issue, member, stories, index, writers)
        if voted is not None:
            votes.setdefault(voted[0], []).append(voted[1])
    if not votes:
        return None
    at = max(votes, key=lambda one: (len(votes[one]), -one))
    story, said = stories[at], votes[at]
    larger = (story.texts, -story.issue.number) > (len(members), -issue.number)
    if not larger or len(said) * 2 <= len(members) or ledger.barred(issue, story.issue):
        return None
    return Attraction(story.issue.id, issue.id, len(said) / len(members), sum(said) / len(said))


def _vote(
    issue: Issue | None,
    member: Member,
    stories: Sequence[_Story],
    index: dict[int, list[tuple[int, float]]],
    writers: frozenset[str],
) -> tuple[int, float] | None:
    """(place in `stories`, logarithm of the odds) of the story that one document speaks for; None where it is not plain."""
    spoken: dict[int, float] = {}
    for key in chain(member.keys, member.heard):
        for at, odds in index.get(key, ()):
            spoken[at] = spoken.get(at, 0.0) + odds
    base = (len(member.keys) + len(member.heard)) * log(UNSEEN)
    scores = []
    for at, score in spoken.items():
        story = stories[at]
        gap = _gap(story.times, member.when)
        if story.issue is issue or gap > GAP:
            continue
        heard = WRITER if member.author in story.authors and member.author in writers else 0.0
        near = _near(story.times, member.when, AROUND)
        lively = _near(story.times, member.when, LIVELY) >= FEW
        if not (lively or heard):
            continue
        burning = BURNING * log((near + 0.5) / USUAL)
        bar = LEAST + STEEP * max(len(member.keys) - LONG, 0)
        scores.append((score + base + heard + burning - SILENCE * log1p(gap) - bar, at))
    scores.sort(reverse=True)
    if not scores or scores[0][0] < 0 or (len(scores) > 1 and scores[0][0] - scores[1][0] < MARGIN):
        return None
    return scores[0][1], scores[0][0]

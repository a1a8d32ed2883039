"""Which passage of an interpretation (解读) explains which clause of its policy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Clause, Policy
from response_kits.library.policies import bare_title
from response_kits.wording import sentences
from response_kits.words import Ranker, words

LEAST = 2
"""Different content words that a passage must share with the clause where it does not name the clause."""
_NAMED = re.compile(r"第[一二三四五六七八九十百零〇\d]+条")
_FIGURE = re.compile(r"\d+(?:\.\d+)?|[一二三四五六七八九十百]{2,}")


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage of an interpretation: its document and clause there, the title, its words, and whether it names the clause."""

    policy: int
    clause: int
    title: str
    text: str
    named: bool

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def by_clause(session: Session, policy_id: int) -> dict[int, list[Passage]]:
    """Clause id → passages of the library's interpretations that explain it, in their order. Each passage goes to the clause that
    it names, else to the one nearest in words and figures; one that is near to none is left out."""
    policy = session.get(Policy, policy_id)
    explaining = session.scalars(
        select(Policy).where(Policy.interprets == policy_id).order_by(Policy.dated, Policy.id)
    ).all()
    if policy is None or not explaining:
        return {}
    ranker = Ranker([(clause.id, _bare(clause.text)) for clause in policy.clauses])
    found: dict[int, list[Passage]] = {}
    for other in explaining:
        for clause in other.clauses:
            for text in _passages(clause.text, other.title):
                for target, named in _targets(text, policy.clauses, ranker, bare_title(policy.title)):
                    found.setdefault(target, []).append(
                        Passage(other.id, clause.id, other.title, text, named)
                    )
    return found


def _passages(text: str, title: str) -> list[str]:
    """Pieces that explain one thing each: a question with its answer stays whole, prose is taken by the sentence."""
    found = []
    for line in text.split("\n"):
        line = line.strip()
        if not line or line == title.strip():
            continue
        asked = line.startswith("问") or "？" in line
        found += [line] if asked else [piece for piece, _, _ in sentences(line)]
    return found


def _targets(text: str, clauses: Sequence[Clause], ranker: Ranker[int], title: str) -> list[tuple[int, bool]]:
    paths = set(_NAMED.findall(text))
    named = [(clause.id, True) for clause in clauses if clause.path in paths]
    if named:
        return named
    said = set(words(text)) - set(words(title))
    numbers = set(_FIGURE.findall(text))
    texts = {clause.id: _bare(clause.text) for clause in clauses}
    for key, _ in ranker.search(" ".join(said), top=3):
        shared = said & set(words(texts[key]))
        if len(shared) + len(numbers & set(_FIGURE.findall(texts[key]))) >= LEAST:
            return [(key, False)]
    return []


def _bare(text: str) -> str:
    return re.sub(r"^第[^条　\s]{1,8}条[　\s]*", "", text)

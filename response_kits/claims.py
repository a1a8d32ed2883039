"""What is claimed in an issue: the analyses' claims, counted, those that say the same folded together, each with examples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import AnalysisRow, DocumentRow, IssueDocument, Statement
from response_kits.figures import figures
from response_kits.wording import opened, sentences
from response_kits.words import overlap, words

PASSED_ON = 0.8
"""Share of common words from which a post repeats our own text."""
DOCUMENT_LIMIT = 500
"""Most documents of an issue that are read for claims, newest first."""
_OFFICIAL = ("notice", "policy", "reply")
_COUNTED = {"deaths": "死亡{}人", "injured": "受伤（就医）{}人", "missing": "失联{}人"}


@dataclass(slots=True)
class Claim:
    """One claim. `count` documents make it; `examples`: [{document, text, when, source}] at most five; `figures` it names."""

    text: str
    count: int = 0
    rumour: float = 0.0
    documents: list[str] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "count": self.count,
            "rumour": round(self.rumour, 3),
            "examples": self.examples,
        }


def of_issue(session: Session, issue_id: str, top: int = 12) -> list[Claim]:
    """The claims of an issue's documents, those of most documents first. Our own and other official texts claim nothing here."""
    query = (
        select(DocumentRow, AnalysisRow)
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id, isouter=True)
        .where(IssueDocument.issue_id == issue_id, DocumentRow.kind.not_in(_OFFICIAL))
        .order_by(
            IssueDocument.when.desc()
        )  # by the index of an issue's documents: a large one is not sorted whole
        .limit(DOCUMENT_LIMIT)
    )
    found = _folded(
        (text, document, analysis.rumour_score if analysis else 0.0)
        for document, analysis in session.execute(query)
        for text in _said(document, analysis)
    )
    ranked = sorted(found, key=lambda claim: (-claim.count, -claim.rumour))
    ours = _our_words(session, issue_id)
    kept: list[Claim] = []
    for claim in ranked:
        if len(kept) == top:
            break
        if not _repeats(claim.text, ours):
            kept.append(claim)
    return kept


def _our_words(session: Session, issue_id: str) -> list[str]:
    """Sentences of our standing texts on the issue."""
    rows = session.scalars(
        select(Statement.text).where(Statement.issue_id == issue_id, Statement.state == "standing")
    )
    return [sentence for text in rows for sentence, _, _ in sentences(text)]


def _repeats(claim: str, ours: list[str]) -> bool:
    """Passes on what we said ourselves: mostly our words, and no figure that we did not name."""
    mine = {(f.unit, f.value) for f in figures(claim)}
    return any(
        overlap(claim, said) >= PASSED_ON and mine <= {(f.unit, f.value) for f in figures(said)}
        for said in ours
    )


def _said(document: DocumentRow, analysis: AnalysisRow | None) -> Iterator[str]:
    """Claims of one document, each once: the analysis's own, else its counts of casualties, else its most telling sentence."""
    data: Mapping[str, Any] = analysis.data if analysis is not None else {}
    texts = [
        str(c.get("text") or c.get("claim") or "") for c in data.get("claims") or () if isinstance(c, Mapping)
    ]
    texts = [t for t in texts if t.strip()]
    if not texts:
        counts = data.get("casualties") or {}
        texts = [_COUNTED[k].format(v) for k, v in counts.items() if k in _COUNTED and v]
    if not texts and analysis is not None and analysis.rumour_score >= 0.5:
        ranked = sorted(
            (s for s, _, _ in sentences(document.text)), key=lambda s: -len(figures(s)) * 10 - len(words(s))
        )
        texts = [s for s in ranked if 6 <= len(s) <= 80][:1]
    yield from dict.fromkeys(
        cleaned
        for t in texts
        if not _DENIAL.search(t) and not _ASKS.search(t) and len(cleaned := opened(_own_words(t))) > 3
    )


_DENIAL = re.compile("不实|不属实|谣言|辟谣|假的")
"""A text that denies a claim does not make it."""
_ASKS = re.compile("[?？]$|[吗呢]$|是不是就|有没有[^，。]{0,12}$|怎么[^，。]{0,8}$|^(?:但是|所以|可是)")
"""A question claims nothing, nor does a piece that leans on what stood before it."""


def _own_words(text: str) -> str:
    """What a repost passes on, without the chain of names, calls to spread it, and topic marks."""
    last = re.split(r"//@[^:：]{1,30}[:：]", text)[-1]
    last = re.sub(r"^(?:@\S{1,20}\s+|转[：:]|【转】|【紧急】|扩散[：:！!]*)+", "", last.strip())
    return re.sub(r"#[^#]{1,30}#", "", last).strip()


def _folded(rows: Iterable[tuple[str, DocumentRow, float]]) -> list[Claim]:
    claims: list[Claim] = []
    exact: dict[str, Claim] = {}
    for text, document, rumour in rows:
        claim = exact.get(text) or next((c for c in claims if same_claim(c.text, text)), None)
        if claim is None:
            claim = Claim(text)
            claims.append(claim)
        exact[text] = claim
        if document.id not in claim.documents:
            claim.documents.append(document.id)
            claim.count += 1
            claim.rumour = max(claim.rumour, rumour)
            if len(claim.examples) < 5:
                claim.examples.append({"document": document.id, "text": document.text[:140], "url": document.url,
                                       "when": document.when.isoformat(), "source": document.source})  # fmt: skip
    return claims


def same_claim(left: str, right: str) -> bool:
    """Do two claims say the same? Nearly the same words, and no figure that differs."""
    a, b = figures(left), figures(right)
    if {(f.what or f.unit, f.value) for f in a} != {(f.what or f.unit, f.value) for f in b}:
        return False
    return overlap(left, right) >= 0.7 and min(len(words(left)), len(words(right))) >= 1

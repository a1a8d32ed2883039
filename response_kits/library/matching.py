"""Newly analysed documents against the rumour library: who says what a known rumour says."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from huiyin.records import AnalysisRow, DocumentRow, Preference, Record, Rumour, RumourMatch
from huiyin.settings import Settings
from nlp.corpus.match import Claim, Matcher

WATERMARK = "matched"
STATES = ("draft", "published")
BATCH = 1_000
"""Documents of one call; what is left is taken by the next."""
BACK = timedelta(days=90)
"""How far back documents are read again after the library has changed."""
_DENIES = re.compile(r"辟谣|不实|谣言|造谣|系谣|并非事实|不属实")


def match_pending(record: Record, settings: Settings, now: datetime) -> int:
    """Match the next BATCH documents analysed since the last call; returns how many new links were written.

    The watermark (the last analysis read, and a digest of the library) lies in the Preference `matched`. When the library
    changes, documents of the last 90 days are read again. Links that exist stay as they are, a person's word above all.
    """
    with record.session() as session:
        query = select(Rumour).where(Rumour.state.in_(STATES)).order_by(Rumour.id)
        rumours = list(session.scalars(query))
        mark = _mark(session, _digest(rumours), now)
        rows = _next(session, mark)
        if not rows:
            return 0
        written = _link(session, rumours, [document for document, _ in rows], now)
        document, analysis = rows[-1]
        value = {
            "made": analysis.made.astimezone(UTC).isoformat(),
            "document": document.id,
            "library": mark["library"],
        }
        session.merge(Preference(name=WATERMARK, value=value, at=now))
        return written


def _mark(session: Session, digest: str, now: datetime) -> dict[str, Any]:
    kept = session.get(Preference, WATERMARK)
    if kept is not None and kept.value.get("library") == digest:
        return dict(kept.value)
    return {"made": (now - BACK).astimezone(UTC).isoformat(), "document": "", "library": digest}


def _next(session: Session, mark: dict[str, Any]) -> list[tuple[DocumentRow, AnalysisRow]]:
    made = datetime.fromisoformat(mark["made"])
    later = or_(
        AnalysisRow.made > made, and_(AnalysisRow.made == made, AnalysisRow.document_id > mark["document"])
    )
    query = (
        select(DocumentRow, AnalysisRow)
        .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
        .where(later)
        .order_by(AnalysisRow.made, AnalysisRow.document_id)
        .limit(BATCH)
    )
    return [(document, analysis) for document, analysis in session.execute(query).all()]


def _link(
    session: Session, rumours: Sequence[Rumour], documents: Sequence[DocumentRow], now: datetime
) -> int:
    posts = [document for document in documents if document.kind != "policy"]
    if not rumours or not posts:
        return 0
    matcher = Matcher([
        Claim(str(rumour.id), rumour.claim, tuple(map(str, rumour.variants)), rumour.rebuttal, rumour.verdict)
        for rumour in rumours
    ])  # fmt: skip
    known: set[tuple[int, str]] = set()
    for start in range(0, len(posts), 500):
        part = [post.id for post in posts[start : start + 500]]
        query = select(RumourMatch.rumour_id, RumourMatch.document_id).where(
            RumourMatch.document_id.in_(part)
        )
        known |= {(rumour, document) for rumour, document in session.execute(query).all()}
    texts = [
        f"{post.title}\n{post.text}" if post.title and not post.text.startswith(post.title) else post.text
        for post in posts
    ]
    written = 0
    for post, text, found in zip(posts, texts, matcher.match(texts), strict=True):
        for match in found:
            if match.decision == "none" or (int(match.id), post.id) in known:
                continue
            # A post that denies the claim shares its words; whether it spreads it a person decides.
            decision = "suggest" if _DENIES.search(text) else match.decision
            session.add(
                RumourMatch(
                    rumour_id=int(match.id), document_id=post.id, score=match.score, decision=decision, at=now, when=post.when
                )
            )  # fmt: skip
            written += 1
    return written


def _digest(rumours: Sequence[Rumour]) -> str:
    content = [[r.id, r.claim, r.variants, r.rebuttal] for r in rumours]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16]

"""An issue's derived columns from its documents: size, heat, title, concerns, level with history, who answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, object_session

from huiyin.document import Casualties
from huiyin.records import (
    AnalysisRow,
    DocumentRow,
    Issue,
    IssueDocument,
    IssueEvent,
    IssueLevel,
    Organisation,
)
from huiyin.settings import Settings
from nlp.corpus import concerns, duty, timeline, titles
from nlp.corpus import heat as heats
from nlp.corpus import level as levels
from nlp.corpus.level import Fact, IssueFacts
from nlp.corpus.posts import OFFICIAL, Post

READ = 400
"""Documents of an issue, the newest and the first, that titles, concerns and levels read; sizes count all of them."""
CAREFUL, REAL = 3, 0.2
HOURS = 72
HEAT_READ = 20_000


@dataclass(frozen=True, slots=True)
class Directory:
    """Who answers for what (the organisation directory), read once for many issues."""

    rows: tuple[dict[str, Any], ...]

    @classmethod
    def read(cls, session: Session) -> Directory:
        found = session.scalars(select(Organisation).order_by(Organisation.id))
        return cls(
            tuple(
                {"name": row.name, "level": row.level, "place": row.place, "topics": list(row.topics)}
                for row in found
            )
        )


def refresh(session: Session, issue_id: str, now: datetime, settings: Settings, directory: Directory) -> int:
    """Work out one issue anew, in the caller's transaction. 1 where it was done, 0 where it is gone."""
    issue = session.get(Issue, issue_id)
    if issue is None or issue.merged_into:
        return 0
    pairs = _documents(session, issue_id)
    if not pairs:
        issue.dirty, issue.documents, issue.folded, issue.last_hour = False, 0, 0, 0
        return 1
    burst = _sizes(session, issue, now)
    facts = IssueFacts(
        documents=[fact_of(row, analysis) for row, analysis in pairs], hourly=[float(count) for count in issue.hourly],
        distinct_authors=issue.authors, distinct_sources=issue.sources, burst=burst,
    )  # fmt: skip
    found = levels.grade(facts)
    if found.level != issue.level or not issue.level_parts:
        session.add(IssueLevel(issue_id=issue.id, at=now, level=found.level, parts=found.parts))
    issue.level, issue.level_parts, issue.casualties = found.level, found.parts, asdict(found.casualties)
    issue.topic = _topic(pairs)
    issue.sentiment = sum(analysis.sentiment for _, analysis in pairs) / len(pairs)
    issue.rumour = max((analysis.rumour_score for _, analysis in pairs), default=0.0)
    _words(issue, pairs, directory, settings)
    issue.dirty = False
    return 1


def _documents(session: Session, issue_id: str) -> list[tuple[DocumentRow, AnalysisRow]]:
    wanted = (
        select(DocumentRow, AnalysisRow)
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue_id)
    )
    newest = session.execute(wanted.order_by(IssueDocument.when.desc()).limit(READ)).all()
    found = {row.id: (row, analysis) for row, analysis in newest}
    if len(newest) == READ:
        first = session.execute(wanted.order_by(IssueDocument.when).limit(READ // 4)).all()
        found |= {row.id: (row, analysis) for row, analysis in first}
    return sorted(found.values(), key=lambda pair: (pair[0].when, pair[0].id))


def _sizes(session: Session, issue: Issue, now: datetime) -> float:
    """Fill in sizes, hourly counts and heat; returns the burst (standard deviations above the usual)."""
    inside = (
        select(
            func.count(), func.min(IssueDocument.when), func.max(IssueDocument.when), func.count(func.distinct(DocumentRow.source)),
            func.count(func.distinct(func.nullif(DocumentRow.author, ""))), func.sum(case((DocumentRow.duplicate_of == "", 1), else_=0)),
        )
        .join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
        .where(IssueDocument.issue_id == issue.id)
    )  # fmt: skip
    count, first, last, sources, authors, folded = session.execute(inside).one()
    issue.documents, issue.first, issue.last, issue.sources = count, first, last, sources
    issue.authors, issue.folded = authors, max(1, int(folded or 0))
    since = now - timedelta(days=14)
    recent = select(IssueDocument.when, DocumentRow.source, DocumentRow.author).join(
        DocumentRow, DocumentRow.id == IssueDocument.document_id
    )
    rows = session.execute(
        recent.where(IssueDocument.issue_id == issue.id, IssueDocument.when > since)
        .order_by(IssueDocument.when.desc())
        .limit(HEAT_READ)
    ).all()
    day = [row for row in rows if row[0] > now - timedelta(hours=24)]
    found = heats.measure(
        [row[0] for row in rows], now, authors=len({row[2] for row in day if row[2]}), sources=len({row[1] for row in day}),
    )  # fmt: skip
    issue.hourly, issue.last_hour, issue.heat = list(found.hourly[-HOURS:]), found.last_hour, found.heat
    return found.burst


def fact_of(row: DocumentRow, analysis: AnalysisRow) -> Fact:
    """One document as the grading of an issue reads it."""
    said = analysis.data.get("casualties")
    return Fact(
        id=row.id, text=f"{row.title}\n{row.text}", kind=row.kind, topic=analysis.topic, urgency=analysis.urgency,
        sentiment=analysis.sentiment, rumour_score=analysis.rumour_score, author=row.author, source=row.source,
        casualties=Casualties(**{name: said.get(name) for name in ("deaths", "injured", "missing")}) if said else None,
        places=tuple(place["name"] for place in analysis.data.get("places", [])),
    )  # fmt: skip


def _topic(pairs: Sequence[tuple[DocumentRow, AnalysisRow]]) -> str:
    """The commonest topic of texts that are no copies, those of offices and the press heard CAREFUL times; jokes and short
    cries are `other` each, so that is the answer only where less than REAL of the voices say anything else."""
    own = [(row, analysis) for row, analysis in pairs if not row.duplicate_of and not row.parent] or pairs
    counts: Counter[str] = Counter()
    for row, analysis in own:
        counts[analysis.topic] += CAREFUL if row.kind in OFFICIAL or row.kind == "article" else 1
    total = sum(counts.values())
    real = [(count, topic) for topic, count in counts.items() if topic != "other"]
    best = max(real, default=(0, "other"))
    return best[1] if best[0] >= REAL * total else "other"


def _words(
    issue: Issue, pairs: Sequence[tuple[DocumentRow, AnalysisRow]], directory: Directory, settings: Settings
) -> None:
    posts = [
        Post.of(row, analysis, [str(item.get("text", "")) for item in row.comments])
        for row, analysis in pairs
    ]
    issue.title, issue.summary, issue.keywords = (
        titles.title(posts),
        titles.summary(posts),
        list(titles.keywords(posts)),
    )
    issue.concerns = concerns.find(posts)
    issue.timeline = timeline.find(posts)
    places = _places(pairs, directory)
    issue.place = places[0] if places else ""
    text = "\n".join([issue.title, issue.summary, *(str(row["question"]) for row in issue.concerns)])
    answers = duty.must_answer(issue.topic, text, issue.level, issue.rumour)
    issue.must_answer = [{"kind": kind, "reason": reason} for kind, reason in answers]
    if not _decided(issue):  # a person's 转办 stands
        issue.unit = _unit(issue, pairs, places, text, directory)


def _decided(issue: Issue) -> bool:
    """Whether a person named the unit."""
    session = object_session(issue)
    wanted = select(IssueEvent.id).where(IssueEvent.issue_id == issue.id, IssueEvent.kind == "unit").limit(1)
    return session is not None and session.scalar(wanted) is not None


def _unit(
    issue: Issue,
    pairs: Sequence[tuple[DocumentRow, AnalysisRow]],
    places: Sequence[str],
    text: str,
    directory: Directory,
) -> str:
    """Who answers, as the directory calls them, or the role that the rules name; empty where it is open."""
    official = [
        (f"{row.author} {row.origin} {row.title} {row.extra.get('body', '')}", row.text)
        for row, _ in pairs
        if row.kind in OFFICIAL or row.extra.get("verified")
    ]
    found = duty.who_answers(
        places[:3], issue.topic, text, directory.rows, event_label=str(issue.level_parts["event"]["label"]),
        spoke=duty.voices(official, directory.rows),
    )  # fmt: skip
    known = {str(row["name"]) for row in directory.rows}
    if found.scope in duty.NAMED and not known.intersection(found.first):
        return ""
    return "、".join(found.first)


def _places(pairs: Sequence[tuple[DocumentRow, AnalysisRow]], directory: Directory) -> list[str]:
    """Places that the texts name, the most named first, the narrowest of equals. Those of the directory are looked for by
    their names: a gazetteer need not know them."""
    counts: Counter[str] = Counter()
    own = {str(row["place"]) for row in directory.rows if len(str(row["place"])) >= 2}
    for row, analysis in pairs:
        named = {str(place["name"]) for place in analysis.data.get("places", [])}
        said = f"{row.title}\n{row.text}"
        counts.update(named | {place for place in own if place in said})
    return [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], -len(item[0])))]

"""What the issue page shows, read from the record: trend, spread, turns, kit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Select, String, case, func, select, type_coerce
from sqlalchemy.orm import Session

from dashboard.aged import Aged, aged
from dashboard.filters import excerpt, local
from dashboard.services import services
from huiyin.records import (
    AnalysisRow,
    AuditRow,
    DocumentRow,
    Issue,
    IssueDocument,
    Source,
    Statement,
    utcnow,
)
from huiyin.rules import load
from response_kits import kit as kits

KIT_FRESH, KIT_AT_ONCE = timedelta(seconds=10), 200
LARGE = 1_000
"""Documents of an issue from which on its figures are kept for a moment."""


def trend(session: Session, issue_id: str, zone: tzinfo) -> list[dict[str, Any]]:
    """Documents an hour (up to three days) or a day, from the first on: [{at, until, count, negative}], gaps as 0."""
    hour = _hour(session)
    rows = session.execute(
        select(hour, func.count(), func.sum(case((AnalysisRow.sentiment == -1, 1), else_=0)))
        .select_from(IssueDocument)
        .outerjoin(AnalysisRow, AnalysisRow.document_id == IssueDocument.document_id)
        .where(IssueDocument.issue_id == issue_id)
        .group_by(hour)
    ).all()
    if not rows:
        return []
    found_hours = {
        datetime.strptime(str(text), "%Y-%m-%d %H").replace(tzinfo=UTC): (count, against or 0)
        for text, count, against in rows
    }
    by_day = max(found_hours) - min(found_hours) > timedelta(days=3)
    width = timedelta(days=1) if by_day else timedelta(hours=1)
    counts: dict[datetime, list[int]] = {}
    for when, (count, against) in found_hours.items():
        bucket = counts.setdefault(_start(when, zone, by_day=by_day), [0, 0])
        bucket[0] += count
        bucket[1] += int(against)
    at, end = min(counts), max(counts)
    # A single old document must not stretch the chart over years: then only the last 90 steps are drawn.
    at = max(at, end - 90 * width)
    found = []
    while at <= end:
        count, negative = counts.get(at, (0, 0))
        found.append({"at": at, "until": at + width, "count": count, "negative": negative, "by_day": by_day})
        at += width
    return found


def _hour(session: Session) -> Any:
    """A document's hour in UTC as 2026-11-24 15, counted in the database: a large issue has tens of thousands of rows."""
    if session.get_bind().dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", IssueDocument.when), "YYYY-MM-DD HH24")
    return func.substr(type_coerce(IssueDocument.when, String), 1, 13)


def _start(when: datetime, zone: tzinfo, *, by_day: bool) -> datetime:
    at = when.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return at.replace(hour=0) if by_day else at


def bucket_label(bucket: dict[str, Any]) -> str:
    return str(bucket["at"].strftime("%Y-%m-%d" if bucket["by_day"] else "%m-%d %H:%M"))


def answer_marks(buckets: list[dict[str, Any]], statements: list[Statement]) -> list[str]:
    """Labels of the buckets in which we published."""
    if not buckets:
        return []
    by_day = buckets[0]["by_day"]
    return [
        bucket_label({"at": _start(s.published, services().settings.zone, by_day=by_day), "by_day": by_day})
        for s in statements
    ]


def finding(buckets: list[dict[str, Any]]) -> str:
    """The trend's finding in words, for the chart's title."""
    if not buckets:
        return "还没有内容"
    peak = max(buckets, key=lambda b: b["count"])
    last = buckets[-1]
    unit = "当日" if last["by_day"] else "一小时"
    words = f"{bucket_label(peak)} {unit}达到最多，{peak['count']} 条"
    if peak is last:
        return f"{words}，仍在上升"
    return f"{words}；最近{unit} {last['count']} 条"


def turns(
    issue: Issue, first: DocumentRow | None, statements: list[Statement], titles: dict[str, str]
) -> list[dict[str, Any]]:
    """The issue's turns and our answers in one order of time: [{at, text, href, answer}]. An answer that the turns have as an
    official text already is shown once, as the answer."""
    rows = []
    for turn in issue.timeline or ():
        document, said = turn.get("document"), str(turn.get("text", ""))
        for name, title in titles.items():
            said = said.replace(name, title)  # the machine writes a source by its key
        if any(statement.title and statement.title in said for statement in statements):
            continue
        rows.append(
            {
                "at": local(turn.get("at")),
                "text": said,
                "href": f"/documents/{document}" if document else "",
                "answer": False,
            }
        )
    if first is not None and not any(turn.get("kind") == "first" for turn in issue.timeline or ()):
        said = f"首次出现：{titles.get(first.source, first.source)} {excerpt(first.title or first.text, 50)}"
        rows.append(
            {"at": local(first.when), "text": said, "href": f"/documents/{first.id}", "answer": False}
        )
    for statement in statements:
        rows.append(
            {
                "at": local(statement.published),
                "text": statement.title,
                "href": f"/statements/{statement.id}",
                "answer": True,
            }
        )
    return sorted(rows, key=lambda row: (row["at"] is None, row["at"]))


def must_names(issue: Issue) -> list[tuple[str, str]]:
    """Why it must be answered: (name of the kind, reason)."""
    kinds = load("must_answer")["kind"]
    names = {key: str(row["name"]) for row in kinds for key in (row["key"], row["number"])}
    found = []
    for row in issue.must_answer or ():
        name, reason = str(row.get("name") or names.get(row.get("kind"), "")), str(row.get("reason", ""))
        found.append((name, reason.removeprefix(name).lstrip("：")))
    return found


def fresh_for(issue: Issue) -> timedelta:
    """How old the figures of an issue may be: always new up to LARGE documents, then a minute for each LARGE, five at most."""
    return min(timedelta(minutes=5), timedelta(minutes=issue.documents // LARGE))


def spread(issue: Issue) -> Aged[dict[str, Any]]:
    """Trend, carriers and the posts that went furthest, with the moment of counting: {buckets, carriers, loudest}."""
    name, zone = issue.id, services().settings.zone

    def work(session: Session) -> dict[str, Any]:
        return {
            "buckets": trend(session, name, zone),
            "carriers": carriers(session, name),
            "loudest": loudest(session, name),
        }

    return aged(("spread", name), work, fresh_for(issue))


def kit_of(session: Session, issue: Issue, now: datetime) -> kits.Kit:
    """The issue's kit. Building one reads the library and all claims, so it is kept until something is done (every act of a
    person is a row of the audit chain) or, up to KIT_AT_ONCE documents, one comes in; a larger one's lags behind its documents for
    KIT_FRESH or fresh_for."""
    acted = session.scalar(select(func.max(AuditRow.number)))
    settings, name = services().settings, issue.id
    fresh = max(fresh_for(issue), KIT_FRESH)
    stamp = (acted, issue.version if issue.documents < KIT_AT_ONCE else 0)
    return aged(
        ("kit", name), lambda session: kits.build(session, name, utcnow(), settings), fresh, stamp
    ).value


def carriers(session: Session, issue_id: str) -> list[dict[str, Any]]:
    """Sources that carried it: [{source, title, count, own, first}], the earliest first. `own`: without reprints."""
    rows = session.execute(
        select(
            DocumentRow.source, func.count(), func.min(DocumentRow.when),
            func.sum(case((DocumentRow.duplicate_of == "", 1), else_=0)),
        )
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue_id)
        .group_by(DocumentRow.source)
        .order_by(func.min(DocumentRow.when))
    ).all()  # fmt: skip
    titles = source_titles(session)
    return [
        {
            "source": name,
            "title": titles.get(name, name),
            "count": count,
            "first": first,
            "own": int(own or 0),
        }
        for name, count, first, own in rows
    ]


def source_titles(session: Session) -> dict[str, str]:
    return {name: title or name for name, title in session.execute(select(Source.name, Source.title))}


def loudest(session: Session, issue_id: str, top: int = 5) -> list[DocumentRow]:
    """The posts that were passed on, answered or liked most."""
    # One value to sort by, so that the database walks the issue's documents: given the two conditions apart, SQLite walks all
    # first texts of the record instead.
    reach = case(
        (DocumentRow.duplicate_of == "", DocumentRow.reposts + DocumentRow.replies + DocumentRow.likes),
        else_=0,
    )
    wanted = select(DocumentRow.id, reach).join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
    rows = session.execute(
        wanted.where(IssueDocument.issue_id == issue_id).order_by(reach.desc()).limit(top)
    ).all()
    ids = [name for name, reached in rows if reached]
    found = {row.id: row for row in session.scalars(select(DocumentRow).where(DocumentRow.id.in_(ids)))}
    return [found[name] for name in ids if name in found]


def first_document(session: Session, issue_id: str) -> DocumentRow | None:
    return session.scalars(_inside(issue_id).order_by(IssueDocument.when, DocumentRow.id).limit(1)).first()


def _inside(issue_id: str) -> Select[DocumentRow]:
    return (
        select(DocumentRow)
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .where(IssueDocument.issue_id == issue_id)
    )

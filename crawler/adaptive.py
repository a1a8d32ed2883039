"""How often to look: as often as a source yields, between its bounds, sooner while an issue that it feeds burns."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select

from crawler.source_run import RunResult
from huiyin.records import DocumentRow, Issue, IssueDocument, Record
from huiyin.records import Source as SourceRow

BURNING_LEVEL = 2
BURNING_HOURS = 24
_AT_REST = ("closed", "not_ours", "false_alarm")


def due(record: Record, now: datetime) -> list[SourceRow]:
    """Enabled sources whose time has come, the longest overdue first; those never run come first of all."""
    with record.session(write=False) as session:
        query = (
            select(SourceRow)
            .where(
                SourceRow.enabled.is_(True),
                SourceRow.kind.not_in(("import", "push")),
                or_(SourceRow.next_run.is_(None), SourceRow.next_run <= now),
            )
            .order_by(SourceRow.next_run.is_not(None), SourceRow.next_run, SourceRow.name)
        )
        return list(session.scalars(query))


def plan_next(
    source: SourceRow, result: RunResult, burning: bool = False, *, low: int = 300, high: int = 86_400
) -> tuple[int, datetime]:
    """(interval in seconds, next run). `low` and `high` are the declaration's bounds.

    A run that brought much halves the interval, one that brought some shortens it by a third, one without news lengthens
    it by a half, a broken one doubles it (the site has trouble enough). While an issue burns the source is asked at its
    lower bound, but a failing site is not pressed.
    """
    interval = float(source.interval_seconds or low)
    fresh = result.new + result.changed + result.duplicate
    if result.state in ("broken", "blocked"):
        interval *= 2
    elif fresh >= 10:
        interval /= 2
    elif fresh:
        interval /= 1.5
    else:
        interval *= 1.5
    if burning and result.state not in ("broken", "blocked"):
        interval = low
    seconds = int(min(high, max(low, interval)))
    return seconds, result.finished + timedelta(seconds=seconds)


def burning_sources(record: Record, now: datetime) -> set[str]:
    """Names of sources that brought documents of the last day to an open issue of level 2 or higher."""
    with record.session(write=False) as session:
        query = (
            select(DocumentRow.source)
            .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
            .join(Issue, Issue.id == IssueDocument.issue_id)
            .where(
                Issue.level >= BURNING_LEVEL,
                Issue.state.not_in(_AT_REST),
                IssueDocument.when >= now - timedelta(hours=BURNING_HOURS),
            )
            .distinct()
        )
        return set(session.scalars(query))

"""The monthly record of limits (时限记录): what fell due, met, late, missed, paused, each row with its issue and act; as DOCX and CSV."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.cells import harmless
from huiyin.errors import UsageError
from huiyin.records import Clock, Issue
from huiyin.settings import Settings
from response_kits.clock_rules import rule
from response_kits.clock_views import compliance, view
from response_kits.office import Document
from response_kits.wording import moment, stamp

KINDS = {"met": "按时", "late": "逾期完成", "missed": "逾期未完成", "running": "进行中", "paused": "暂停"}


@dataclass(frozen=True, slots=True)
class Row:
    """One limit of the month. `kind`: key of KINDS; `words`: how it went."""

    issue: str
    title: str
    rule: str
    name: str
    basis: str
    start: datetime
    due: datetime
    kind: str
    words: str
    met_at: datetime | None
    met_by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Month:
    """`sums`: {name, basis, total, met, late, missed, running, paused, share}; `share` of the decided ones met in time, or null."""

    month: str
    since: datetime
    until: datetime
    sums: list[dict[str, Any]]
    rows: list[Row] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        made = asdict(self)
        for row in [made, *made["rows"]]:
            row |= {key: value.isoformat() for key, value in row.items() if isinstance(value, datetime)}
        return made


def bounds(month: str, settings: Settings) -> tuple[datetime, datetime]:
    """First moments of a month (2026-11) and of the next, in the office's zone. Raises UsageError."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month)
    if found is None or not 1 <= int(found[1]) < 9999:
        raise UsageError(f"月份“{month[:20]}”不能识别，请写成 2026-11 的样子")
    year, number = int(found[1]), int(found[2])
    since = datetime(year, number, 1, tzinfo=settings.zone)
    return since, datetime(year + number // 12, number % 12 + 1, 1, tzinfo=settings.zone)


def record(session: Session, month: str, settings: Settings, now: datetime) -> Month:
    """The record of a month as it is now; limits count in the month in which they fall due."""
    since, until = bounds(month, settings)
    sums = []
    for made in compliance(session, since, until):
        counts = {kind: len(made[kind]) for kind in KINDS}
        decided = counts["met"] + counts["late"] + counts["missed"]
        share = counts["met"] / decided if decided else None
        sums.append(
            {"name": made["name"], "basis": made["basis"], "total": made["total"], **counts, "share": share}
        )
    wanted = (
        select(Clock, Issue).join(Issue, Issue.id == Clock.issue_id)
        .where(Clock.due >= since, Clock.due < until).order_by(Clock.due, Clock.id)
    )  # fmt: skip
    return Month(month, since, until, sums, [_row(c, i, now) for c, i in session.execute(wanted).all()])


def _row(clock: Clock, issue: Issue, now: datetime) -> Row:
    named = rule(clock.rule)
    kind = "late" if clock.state == "missed" and clock.met_at else clock.state
    return Row(issue.id, issue.title, clock.rule, named["name"], named["basis"], clock.start, clock.due, kind, view(clock, now).words,
               clock.met_at, clock.met_by, clock.reason)  # fmt: skip


HEAD = ("应于", "事件", "时限", "依据", "结果", "完成时间", "以何完成", "说明")


def cells(row: Row) -> tuple[str, ...]:
    """A row as words, in the order of HEAD."""
    met = moment(row.met_at) if row.met_at else ""
    words = KINDS[row.kind] + (f"（{row.words}）" if row.kind != "met" else "")
    return moment(row.due), row.title, row.name, row.basis, words, met, row.met_by, row.reason


def as_docx(made: Month, settings: Settings, now: datetime) -> bytes:
    page = Document(f"{made.month} 舆情回应时限记录")
    page.text(f"{settings.organisation}　{stamp(now)}　按到期时间计入当月")
    page.heading("一、汇总")
    head = ("时限", "依据", "到期", *KINDS.values(), "按时率")
    rows = [
        (s["name"], s["basis"], str(s["total"]), *(str(s[k]) for k in KINDS), "" if s["share"] is None else f"{s['share']:.0%}")
        for s in made.sums
    ]  # fmt: skip
    page.table(head, rows) if rows else page.text("本月没有到期的时限。")
    page.heading("二、逐项")
    if made.rows:
        page.table(HEAD, [cells(row) for row in made.rows])
    return page.data()


def as_csv(made: Month) -> bytes:
    """UTF-8 with a byte order mark, so that spreadsheets read it; words that would be a formula get a quote mark before them."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("事件编号", *HEAD))
    for row in made.rows:
        writer.writerow([harmless(c) for c in (row.issue, *cells(row))])
    return out.getvalue().encode("utf-8-sig")

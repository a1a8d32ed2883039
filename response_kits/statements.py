"""What we (or a superior body) published: texts kept, their figures and promises read, conflicts found, promises recalled."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import NotFound, UsageError
from huiyin.records import DocumentRow, IssueDocument, IssueEvent, Organisation, Promise, Statement, audit
from response_kits.figures import Figure, figures, same
from response_kits.wording import sentences
from response_kits.words import overlap, words
from response_kits.workdays import ZONE

MATTER = timedelta(days=30)
"""Statements further apart than this are not compared over the border of issues."""
ALIKE = 0.7
"""Share of the shorter title's words from which two titles name one matter."""
STATES = {"standing": "有效", "corrected": "已更正", "withdrawn": "已撤回"}
_PROMISE = re.compile(r"将(?!近|士|军|依法)|承诺|确保在|力争|计划于|预计")
_OUR_ACT = re.compile(
    r"(公布|公开|发布|通报|完成|恢复|发放|支付|兑付|整改|开展|组织|召开|举行|退还|办结|答复|处理|追究|检查|调查|回应|实施|启动|重新|投入使用)"
)
_DAY = re.compile(
    r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:(上午|下午|晚上?|中午)?\s*(\d{1,2})[时点:：](?:(\d{2})分?)?)?"
)
_SPAN = re.compile(r"(\d{1,3}|[一二两三四五六七八九十]{1,3})\s*个?(工作日|小时|天|日|周|月)(?:内|之内|以内)")
_DENIED = re.compile("网传|网上流传|不实|不属实|谣言|传言")
_RELATIVE = {"今日": 0, "今天": 0, "明日": 1, "明天": 1, "后天": 2, "本周": 7, "本月": 30, "月底": 30}


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two published figures that count the same thing in one matter and differ."""

    what: str
    left: str
    right: str
    left_statement: int
    right_statement: int
    left_at: datetime
    right_at: datetime
    explained: bool

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "left_at": self.left_at.isoformat(), "right_at": self.right_at.isoformat()}


def keep(
    session: Session,
    *,
    title: str,
    text: str,
    body: str,
    issue_id: str = "",
    draft_id: int | None = None,
    url: str = "",
    published: datetime,
    by: str = "",
    sample: bool = False,
) -> Statement:
    """Keep a published text with its figures and promises."""
    # A number inside a claim that we deny is not ours.
    ours = [s for s, _, _ in sentences(text) if not _DENIED.search(s)]
    rows = [{**asdict(f), "sentence": s} for s in ours for f in figures(s)]
    statement = Statement(
        draft_id=draft_id, issue_id=issue_id, body=body, title=title, text=text, url=url, published=published,
        figures=rows, sample=sample,
    )  # fmt: skip
    session.add(statement)
    session.flush()
    for promise, due in promises_in(text, published):
        session.add(Promise(statement_id=statement.id, issue_id=issue_id, text=promise, due=due))
    audit.append(
        session,
        by,
        "statement.keep",
        f"statement/{statement.id}",
        {"title": title, "issue": issue_id},
        at=published,
    )
    session.flush()
    return statement


def promises_in(text: str, published: datetime) -> list[tuple[str, datetime | None]]:
    """Sentences that promise an act of ours, with the due time they name (None: no time named)."""
    found = []
    for sentence, _, _ in sentences(text):
        match = _PROMISE.search(sentence)
        if match and _OUR_ACT.search(sentence[match.start() :]):
            found.append((sentence, due_in(sentence, published)))
    return found


def due_in(sentence: str, published: datetime) -> datetime | None:
    """The time by which a sentence says that something will be done: a date, “N天内”, “明日”; None where it names none."""
    local = published.astimezone(ZONE)
    for match in _DAY.finditer(sentence):
        hour = int(match[5]) if match[5] else None
        if hour is not None and match[4] in ("下午", "晚", "晚上") and hour < 12:
            hour += 12
        try:
            day = datetime(int(match[1] or local.year), int(match[2]), int(match[3]), tzinfo=ZONE)
        except ValueError:
            continue
        if match[1] is None and day < local - timedelta(days=180):
            day = day.replace(year=day.year + 1)
        moment = (
            day.replace(hour=hour % 24, minute=int(match[6] or 0))
            if hour is not None
            else day.replace(hour=23, minute=59)
        )
        if moment >= local:
            return moment
    if span := _SPAN.search(sentence):
        return _after(span, local)
    for word, days in _RELATIVE.items():
        if word in sentence:
            return (local + timedelta(days=days)).replace(hour=23, minute=59, second=0, microsecond=0)
    return None


def _after(span: re.Match[str], local: datetime) -> datetime:
    from response_kits.library.identify import number
    from response_kits.workdays import after_working_days

    count = number(span[1]) or 1
    if span[2] == "工作日":
        return after_working_days(local, count).at
    hours = {"小时": 1, "天": 24, "日": 24, "周": 168, "月": 720}[span[2]]
    return local + timedelta(hours=count * hours)


def of_issue(session: Session, issue_id: str) -> list[Statement]:
    """Statements on an issue, oldest first."""
    return list(
        session.scalars(select(Statement).where(Statement.issue_id == issue_id).order_by(Statement.published))
    )


def answers(session: Session, issue_id: str) -> list[Statement]:
    """Statements that answer an issue, oldest first: those that came after its third public text. What was out before people
    spoke of the matter answers nothing, and a superior body's text (by the directory) is not our answer."""
    spoken = (
        select(DocumentRow.when)
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .where(
            IssueDocument.issue_id == issue_id,
            DocumentRow.kind.in_(("post", "message", "comment", "article", "other")),
        )
        .order_by(DocumentRow.when)
        .offset(2)
        .limit(1)
    )
    third = session.scalars(spoken).first()
    above = set(session.scalars(select(Organisation.name).where(Organisation.level == "superior")))
    return [
        s
        for s in of_issue(session, issue_id)
        if s.draft_id is not None or (s.body not in above and third is not None and s.published >= third)
    ]


def of_matter(session: Session, issue_id: str) -> list[Statement]:
    """Statements on an issue, and those of other issues or of none whose titles speak of the same matter (an issue that came
    apart in two, a superior body's notice that nobody filed), oldest first."""
    own = of_issue(session, issue_id)
    if not own:
        return own
    near = select(Statement.id, Statement.title).where(
        Statement.issue_id != issue_id,
        Statement.published >= own[0].published - MATTER,
        Statement.published <= own[-1].published + MATTER,
    )
    # Titles first: the live check comes here with every pause of the hand, and texts are long.
    others = [
        number
        for number, title in session.execute(near.order_by(Statement.published.desc()).limit(500))
        if any(_same_matter(title, mine.title) for mine in own)
    ]
    found = session.scalars(select(Statement).where(Statement.id.in_(others))) if others else ()
    return sorted([*own, *found], key=lambda row: (row.published, row.id))


def _same_matter(left: str, right: str) -> bool:
    """Do two titles name one matter: three content words and more in common, most of the shorter one's?"""
    return len(set(words(left)) & set(words(right))) >= 3 and overlap(left, right) >= ALIKE


def conflicts(session: Session, issue_id: str) -> list[Conflict]:
    """Figures of standing statements on one matter that count the same thing and differ. What may change so with time
    (more dead and hurt, fewer missing and in hospital) is progress, and marked as explained.
    """
    seen: dict[tuple[str, str], list[tuple[Statement, dict[str, Any]]]] = {}
    for statement in of_matter(session, issue_id):
        if statement.state == "standing":
            for row in statement.figures:
                if row["what"]:
                    seen.setdefault((row["what"], row["unit"]), []).append((statement, row))
    found = []
    for (what, _), rows in seen.items():
        for (left_s, left), (right_s, right) in pairwise(rows):
            if left_s.id != right_s.id and not same(_figure(left), _figure(right)):
                explained = right_s.published > left_s.published and _progress(
                    what, left["value"], right["value"]
                )
                found.append(Conflict(what, left["sentence"], right["sentence"], left_s.id, right_s.id,
                                      left_s.published, right_s.published, explained))  # fmt: skip
    return found


def _progress(what: str, before: float, after: float) -> bool:
    return after < before if what in ("missing", "hospital", "severe", "owed") else after > before


def against(session: Session, issue_id: str, text: str) -> list[Conflict]:
    """Conflicts that a text, not yet published, would make with standing statements on the issue."""
    found = []
    standing = [s for s in of_matter(session, issue_id) if s.state == "standing"]
    # Sums of money of one matter are many (wages of two groups, two refunds): one that we published already conflicts with none.
    sums = [_figure(row) for s in standing for row in s.figures if row["unit"] == "元"]
    for statement in standing:
        for sentence, _, _ in sentences(text):
            if _DENIED.search(sentence):
                continue
            for new in figures(sentence):
                if new.unit == "元" and any(same(new, old) for old in sums):
                    continue
                for row in statement.figures:
                    old = _figure(row)
                    if new.what and new.what == old.what and new.unit == old.unit and not same(new, old):
                        found.append(Conflict(new.what, row["sentence"], sentence, statement.id, 0, statement.published,
                                              statement.published, _progress(new.what, old.value, new.value)))  # fmt: skip
    return found


def _figure(row: dict[str, Any]) -> Figure:
    return Figure(**{key: row[key] for key in Figure.__slots__})


def correct(
    session: Session, statement_id: int, state: str, by: str, reason: str, now: datetime
) -> Statement:
    """Mark as corrected or withdrawn, with the reason in the issue's log. Raises UsageError, NotFound."""
    if state not in ("corrected", "withdrawn"):
        raise UsageError(f"状态 {state!r} 不可用；可用：corrected、withdrawn")
    if not reason.strip():
        raise UsageError("更正或撤回已发布的内容须写明理由")
    statement = session.get(Statement, statement_id)
    if statement is None:
        raise NotFound(f"没有编号为 {statement_id} 的发布记录")
    statement.state = state
    audit.append(session, by, f"statement.{state}", f"statement/{statement_id}", {"reason": reason}, at=now)
    if statement.issue_id:
        session.add(IssueEvent(issue_id=statement.issue_id, at=now, by=by, kind="answer",
                               text=f"{STATES[state]}：《{statement.title}》。{reason}", data={"statement": statement_id}))  # fmt: skip
    return statement


def tasks(session: Session, now: datetime, *, within: timedelta = timedelta(days=3)) -> list[Promise]:
    """Promises not yet kept that are overdue or due within that time, the earliest first."""
    query = select(Promise).where(
        Promise.kept.is_(None), Promise.due.is_not(None), Promise.due <= now + within
    )
    return list(session.scalars(query.order_by(Promise.due)))


def kept(session: Session, promise_id: int, by: str, note: str, now: datetime) -> Promise:
    """A promise was kept; `note` says by what."""
    promise = session.get(Promise, promise_id)
    if promise is None:
        raise NotFound(f"没有编号为 {promise_id} 的承诺")
    promise.kept, promise.note = now, note
    audit.append(session, by, "promise.kept", f"promise/{promise_id}", {"note": note}, at=now)
    return promise

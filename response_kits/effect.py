"""Did the answer work (RULES 10)? Each figure with its window and the rows behind it; before and after, never as cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from huiyin.records import AnalysisRow, Clock, DocumentRow, Draft, Issue, IssueDocument, Promise, Statement
from huiyin.settings import Settings
from response_kits import clocks, second_answer, statements
from response_kits.library import rumours as rumour_library
from response_kits.wording import moment, sentences

_OFFICIAL = ("notice", "policy", "reply")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `value` null where it cannot be known yet, and `words` says why; `rows` are ids of what it counts."""

    key: str
    name: str
    value: float | None
    words: str
    window: str
    rows: list[Any] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def measure(session: Session, issue_id: str, settings: Settings, now: datetime) -> list[Figure]:
    """All figures for an issue; those that need an answer say so where there is none yet."""
    from response_kits.kit import get_issue

    issue = get_issue(session, issue_id)
    begun = clocks.start_of(issue, settings)
    said = statements.answers(session, issue.id)
    first = said[0].published if said else None
    found = [
        _second(session, issue, said, now), _first_response(session, issue, begun, said), _clocks(session, issue.id), _updates(said, now), _coverage(issue, said),
        _sourced(session, issue.id), _conflicts(session, issue.id), _promises(session, issue.id, now),
    ]  # fmt: skip
    if first is not None:
        for hours in (24, 48):
            found += _before_after(session, issue.id, first, hours, now)
        found += [_rumours(session, issue.id), _quoting(session, issue, said)]
    return found


def _second(session: Session, issue: Issue, said: Sequence[Statement], now: datetime) -> Figure:
    """Whether a second answer is needed: 1 or 0, null before the first one. `rows`: [address, words] behind each reason."""
    if not said:
        return Figure("second", "是否需要再次回应", None, "尚未首次回应", f"截至{moment(now)}")
    signs = second_answer.signs(session, issue, said, now)
    words = "需要：" + "；".join(sign.reason for sign in signs) if signs else "暂不需要：没有再次回应的迹象"
    rows = [list(link) for sign in signs for link in sign.links]
    return Figure("second", "是否需要再次回应", float(bool(signs)), words, f"末次发布至{moment(now)}", rows)


def _first_response(session: Session, issue: Issue, begun: datetime, said: Sequence[Statement]) -> Figure:
    """From the start of the clock to our first text; where the monitor came on only after that text was out, from the first
    public text on the matter, and the words say so."""
    if not said:
        return Figure("first_response", "首次回应用时", None, "尚未回应", f"自{moment(begun)}起")
    if begun > said[0].published:
        first = session.scalar(
            select(func.min(IssueDocument.when))
            .join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
            .where(IssueDocument.issue_id == issue.id, DocumentRow.kind.not_in(_OFFICIAL))
        )
        if first is None or first > said[0].published:
            return Figure("first_response", "首次回应用时", None, "首次发布早于已收到的网上文档，无从计算",
                          f"首次发布于{moment(said[0].published)}", [said[0].id])  # fmt: skip
        hours = (said[0].published - first).total_seconds() / 3600
        return Figure("first_response", "首次回应用时", round(hours, 2), f"{hours:.1f} 小时（首次发布时系统尚未监测到，自最早一篇网上文档起算）",
                      f"{moment(first)}至{moment(said[0].published)}", [said[0].id])  # fmt: skip
    hours = max(0.0, (said[0].published - begun).total_seconds() / 3600)
    return Figure("first_response", "首次回应用时", round(hours, 2), f"{hours:.1f} 小时",
                  f"{moment(begun)}至{moment(said[0].published)}", [said[0].id])  # fmt: skip


def _clocks(session: Session, issue_id: str) -> Figure:
    rows = list(
        session.scalars(select(Clock).where(Clock.issue_id == issue_id, Clock.state.in_(("met", "missed"))))
    )
    met = [c.id for c in rows if c.state == "met"]
    share = len(met) / len(rows) if rows else None
    return Figure(
        "clocks_met",
        "时限完成",
        share,
        f"{len(met)}/{len(rows)} 项按时" if rows else "没有到期的时限",
        "全程",
        [c.id for c in rows],
    )


def _updates(said: Sequence[Statement], now: datetime) -> Figure:
    """How many releases, and the longest wait between two (the wait since the last one counts too)."""
    times = [s.published for s in said]
    gaps = [b - a for a, b in zip(times, [*times[1:], now], strict=True)] if times else []
    longest = max(gaps, default=timedelta()).total_seconds() / 3600
    words = f"发布 {len(said)} 次，最长间隔 {longest:.1f} 小时" if said else "尚未发布"
    return Figure(
        "updates", "发布次数和最长间隔", float(len(said)), words, "首次发布至今", [s.id for s in said]
    )


def _coverage(issue: Issue, said: Sequence[Statement]) -> Figure:
    """Share of what people ask (counted by askers) that a sentence of a published text speaks to."""
    asked = [row for row in issue.concerns or [] if row.get("question")]
    told = [sentence for s in said if s.state == "standing" for sentence, _, _ in sentences(s.text)]
    lines = [
        sentence for sentence in told if "正在核查" not in sentence
    ]  # that is a promise to answer, no answer
    total = sum(int(row.get("count", 1)) for row in asked)
    covered = [
        row for row in asked if any(second_answer.speaks_to(str(row["question"]), line) for line in lines)
    ]
    share = sum(int(row.get("count", 1)) for row in covered) / total if total else None
    words = f"{len(covered)}/{len(asked)} 类关切已回应" if asked else "没有归纳出关切"
    return Figure(
        "coverage", "关切回应率", share, words, "截至现在", [str(row["question"]) for row in covered]
    )


def _sourced(session: Session, issue_id: str) -> Figure:
    """Share of the published drafts' statements of fact that are bound to a fact, clause or rumour entry."""
    stating = bound = 0
    rows = []
    for draft in session.scalars(select(Draft).where(Draft.issue_id == issue_id, Draft.state == "published")):
        for binding in draft.bindings:
            if binding.get("kind") in ("fact", "clause", "statement", "claim"):
                stating += 1
                bound += bool(
                    binding.get("facts")
                    or binding.get("clauses")
                    or binding.get("rumours")
                    or binding.get("statements")
                )
        rows.append(draft.id)
    share = bound / stating if stating else None
    return Figure(
        "sourced",
        "有据句占比",
        share,
        f"{bound}/{stating} 句" if stating else "没有经本系统发布的稿件",
        "已发布稿件",
        rows,
    )


def _conflicts(session: Session, issue_id: str) -> Figure:
    rows = [c for c in statements.conflicts(session, issue_id) if not c.explained]
    pairs = [[c.left_statement, c.right_statement] for c in rows]
    return Figure("conflicts", "已发布数字的出入", float(len(rows)), f"{len(rows)} 处", "全部有效发布", pairs)


def _promises(session: Session, issue_id: str, now: datetime) -> Figure:
    rows = list(session.scalars(select(Promise).where(Promise.issue_id == issue_id)))
    due = [p for p in rows if p.due is not None and p.due <= now]
    kept = [p for p in due if p.kept is not None]
    share = len(kept) / len(due) if due else None
    return Figure(
        "promises",
        "承诺兑现",
        share,
        f"到期 {len(due)} 项，已兑现 {len(kept)} 项；共 {len(rows)} 项",
        "截至现在",
        [p.id for p in rows],
    )


def _before_after(session: Session, issue_id: str, at: datetime, hours: int, now: datetime) -> list[Figure]:
    """Volume and negative share before and after the first release. A window that is not over yet says so."""
    span = timedelta(hours=hours)
    before, after = _window(session, issue_id, at - span, at), _window(session, issue_id, at, at + span)
    note = "" if now >= at + span else "（窗口未满）"
    volume = Figure(
        f"volume_{hours}h", f"发布前后 {hours} 小时文档量", float(len(after) - len(before)), f"{len(before)} → {len(after)}{note}",
        f"{moment(at)}前后各 {hours} 小时", [[i for i, _ in before], [i for i, _ in after]],
    )  # fmt: skip
    negative = [sum(1 for _, s in rows if s < 0) / len(rows) if rows else None for rows in (before, after)]
    told = [
        f"{share:.0%}（{len(rows)} 篇）" if share is not None else "无文档"
        for share, rows in zip(negative, (before, after), strict=True)
    ]
    change = negative[1] - negative[0] if negative[0] is not None and negative[1] is not None else None
    return [volume, Figure(f"negative_{hours}h", f"发布前后 {hours} 小时负面占比", change, f"{told[0]} → {told[1]}{note}", volume.window,
                           [[i for i, s in rows if s < 0] for rows in (before, after)])]  # fmt: skip


def _window(session: Session, issue_id: str, since: datetime, until: datetime) -> list[tuple[str, int]]:
    query = (
        select(DocumentRow.id, func.coalesce(AnalysisRow.sentiment, 0))
        .join(IssueDocument, IssueDocument.document_id == DocumentRow.id)
        .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id, isouter=True)
        .where(IssueDocument.issue_id == issue_id, IssueDocument.when >= since, IssueDocument.when < until)
        .where(DocumentRow.kind.not_in(_OFFICIAL))
    )
    return [(row[0], int(row[1])) for row in session.execute(query)]


def _rumours(session: Session, issue_id: str) -> Figure:
    before: list[str] = []
    after: list[str] = []
    for rumour in rumour_library.listing(session, issue_id=issue_id):
        spread = rumour_library.spread(session, rumour.id)
        before += spread["before"]
        after += spread["after"]
    return Figure("rumours", "辟谣前后 48 小时传言匹配", float(len(after) - len(before)), f"{len(before)} → {len(after)}",
                  "辟谣发布前后各 48 小时", [before, after])  # fmt: skip


def _quoting(session: Session, issue: Issue, said: Sequence[Statement]) -> Figure:
    """Later issues whose documents quote the title of one of our texts."""
    found: list[str] = []
    for statement in said:
        quoted = statement.title.strip("《》")
        if len(quoted) < 8:
            continue
        query = (
            select(Issue.id).distinct()
            .join(IssueDocument, IssueDocument.issue_id == Issue.id)
            .join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
            .where(Issue.id != issue.id, Issue.first > statement.published, DocumentRow.text.contains(quoted, autoescape=True))
        )  # fmt: skip
        found += [key for key in session.scalars(query) if key not in found]
    return Figure(
        "quoting", "引用本次回应的新事件", float(len(found)), f"{len(found)} 起", "首次发布至今", found
    )

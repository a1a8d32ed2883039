"""Issues in the record: group analysed documents, keep each issue's derived columns fresh, apply people's corrections.

The grouper works in memory and can be rebuilt from the record at any time; membership and the document's state are written
in one transaction, so that a kill between two documents loses and doubles nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from huiyin.records import (
    AnalysisRow,
    Constraint,
    DocumentRow,
    Issue,
    IssueDocument,
    IssueEvent,
    Record,
)
from huiyin.settings import Settings
from nlp.corpus.consolidate import Proposal, apply
from nlp.corpus.consolidate import consolidate as propose
from nlp.corpus.grouping import Assignment, Context, Grouper
from nlp.refresh import Directory, refresh
from nlp.regroup import MACHINE, alone, find, merge, people_spoke, split, spoken

log = logging.getLogger("huiyin.issues")
BATCH = 300
REFRESH = 200
AT_ONCE = 5
"""Issues worked out in one transaction: others (a crawl, a person) wait for the write lock meanwhile."""
COOL = timedelta(minutes=10)
"""Between two rounds in which issues cool that nothing was added to."""
BREATH = 0.05
"""Seconds without a write lock after each transaction: SQLite wakes waiting writers by polling, a busy worker would starve them."""
ROUNDS = 16
PATIENCE = 2.0
"""Seconds after which the slow pass takes no further proposal."""
UNTOUCHED = ("new",)
"""States in which the machine may still merge and split by itself."""


class IssueKeeper:
    """The one writer of issues. Not for use by two threads or processes at once."""

    def __init__(self, record: Record, settings: Settings) -> None:
        self.record = record
        self.settings = settings
        self._spoken = people_spoke(record)
        self._cooled = datetime.min.replace(tzinfo=UTC)
        self.grouper = restored(record, settings)

    def group_pending(self, limit: int = BATCH) -> int:
        """Put analysed documents into issues, oldest first. Returns how many."""
        heard = people_spoke(self.record)
        if heard != self._spoken:  # somebody merged, split or moved: memory follows the record
            self.grouper, self._spoken = restored(self.record, self.settings), heard
        try:
            with self.record.session() as session:
                alone(session)
                if spoken(session) != self._spoken:
                    return 0  # somebody was faster: the next round follows
                return self._group(session, limit)
        except BaseException:
            # Memory is ahead of the record now: start again from what the record says.
            self.grouper = restored(self.record, self.settings)
            raise

    def _group(self, session: Session, limit: int) -> int:
        rows = session.execute(
            select(DocumentRow, AnalysisRow)
            .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
            .where(DocumentRow.state == "analysed")
            .order_by(DocumentRow.when, DocumentRow.id)
            .limit(limit)
            .with_for_update(
                of=DocumentRow
            )  # a page that changes meanwhile is analysed again, not marked as grouped
        ).all()
        for row, analysis in rows:
            member = session.get(IssueDocument, row.id)
            if member is None:
                self._place(session, row, analysis)
            else:  # a document that changed stays where it is; its issue is worked out anew
                session.get_one(Issue, member.issue_id).dirty = True
            self.grouper.hear(row.id, said(row.comments))
            row.state = "grouped"
        return len(rows)

    def _place(self, session: Session, row: DocumentRow, analysis: AnalysisRow) -> None:
        found = self._beside_parent(session, row, analysis) or self.grouper.add(
            row.id,
            row.text,
            row.title,
            row.when,
            words=tuple(analysis.words.split()),
            context=Context(row.parent, row.author),
        )
        issue = session.get(Issue, found.issue)
        if issue is None:
            issue = Issue(
                id=found.issue, title=row.title or row.text[:40], topic=analysis.topic, first=row.when, last=row.when,
                sample=row.sample, level=0,
            )  # fmt: skip
            session.add(issue)
        issue.dirty = True
        issue.sample = issue.sample and row.sample
        session.add(
            IssueDocument(document_id=row.id, issue_id=issue.id, score=found.score, reason=found.reason, when=row.when)
        )  # fmt: skip
        session.flush()

    def _beside_parent(self, session: Session, row: DocumentRow, analysis: AnalysisRow) -> Assignment | None:
        """A repost, a reply or a folded copy belongs where the text that it passes on or answers is."""
        for other, why in ((row.parent, "转发或答复"), (row.duplicate_of, "转载")):
            member = session.get(IssueDocument, other) if other else None
            if member is not None:
                words = tuple(analysis.words.split())
                context = Context(other, row.author)
                self.grouper.restore(
                    member.issue_id, row.id, row.text, row.title, row.when, words=words, context=context
                )
                return Assignment(member.issue_id, 1.0, f"{why}事件中已有的内容")
        return None

    def refresh_dirty(self, now: datetime, limit: int = REFRESH) -> int:
        """Work out the derived columns of issues whose membership changed, or whose heat may have cooled. Returns how many."""
        with self.record.session(write=False) as session:
            due: ColumnElement[bool] = Issue.dirty.is_(True)
            if now - self._cooled >= COOL:
                # An issue that was hot an hour ago must cool without new documents, but not at every round.
                due, self._cooled = Issue.dirty.is_(True) | (Issue.last_hour > 0), now
            wanted = (
                select(Issue.id)
                .where(Issue.merged_into == "", due)
                .order_by(Issue.dirty.desc(), Issue.last.desc())
            )
            ids = list(session.scalars(wanted.limit(limit)))
            directory = Directory.read(session)
        done = 0
        for start in range(0, len(ids), AT_ONCE):
            with self.record.session() as session:
                for issue_id in ids[start : start + AT_ONCE]:
                    done += refresh(session, issue_id, now, self.settings, directory)
            time.sleep(BREATH)
        return done


def said(comments: Sequence[Mapping[str, Any]]) -> list[str]:
    """Texts of the comments under a document, as the record has them."""
    return [str(comment.get("text", "")) for comment in comments]


def restored(record: Record, settings: Settings) -> Grouper:
    """A grouper that knows the issues of the window, as the record has them, and people's constraints."""
    window = timedelta(days=settings.group_window_days)
    grouper = Grouper(window=window)
    with record.session(write=False) as session:
        newest = session.scalar(select(IssueDocument.when).order_by(IssueDocument.when.desc()).limit(1))
        if newest is None:
            return grouper
        rows = session.execute(
            select(
                IssueDocument.issue_id,
                DocumentRow.id,
                DocumentRow.text,
                DocumentRow.title,
                DocumentRow.when,
                AnalysisRow.words,
                DocumentRow.author,
                DocumentRow.comments,
                func.coalesce(func.nullif(DocumentRow.parent, ""), DocumentRow.duplicate_of),
            )
            .join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
            .join(AnalysisRow, AnalysisRow.document_id == DocumentRow.id)
            .where(IssueDocument.when >= newest - window)
            .order_by(IssueDocument.when, IssueDocument.document_id)
        )
        for issue_id, document, text, title, when, words, author, comments, parent in rows:
            context = Context(parent or "", author)
            grouper.restore(
                issue_id, document, text, title, when, words=tuple(words.split()), context=context
            )
            grouper.hear(document, said(comments))
        for constraint in session.scalars(select(Constraint).order_by(Constraint.id)):
            if constraint.kind == "must":
                grouper.must_link(constraint.left, constraint.right)
            else:
                grouper.cannot_link(constraint.left, constraint.right)
    return grouper


def consolidate(keeper: IssueKeeper, now: datetime) -> int:
    """The slow pass: late merges and splits that the grouper proposes, each with its reason in the issue's log. Returns how many.

    A merge can make the next one plain, so it is asked again until nothing changes, ROUNDS times at most.
    """
    applied = 0
    start = monotonic()
    try:
        for _ in range(ROUNDS):
            done = 0
            for proposal in propose(keeper.grouper):
                if monotonic() - start > PATIENCE:
                    return applied + done  # new documents wait, one of them may be red; the next pass goes on
                done += _settle(keeper, proposal, now)
            applied += done
            if not done:
                break
    except BaseException:
        # Memory is ahead of the record now: start again from what the record says.
        keeper.grouper = restored(keeper.record, keeper.settings)
        raise
    return applied


def _joined_by_machine(session: Session, issue_id: str) -> bool:
    joined = select(IssueEvent.id).where(
        IssueEvent.issue_id == issue_id, IssueEvent.kind == "merge", IssueEvent.by == MACHINE
    )
    return session.scalar(joined.limit(1)) is not None


def _settle(keeper: IssueKeeper, proposal: Proposal, now: datetime) -> bool:
    """Take one proposal into the record and into the grouper, unless somebody works on an issue that would go or be split."""
    with keeper.record.session() as session:
        found = [find(session, issue_id) for issue_id in proposal.issues]
        if any(issue is None for issue in found):
            return False
        issues = [issue for issue in found if issue is not None]
        touched = [issue.state not in UNTOUCHED or bool(issue.owner) for issue in issues]
        if touched[-1] and not touched[0] and proposal.kind == "merge":
            issues.reverse()  # the one that people work on takes the other in
            touched.reverse()
        if touched[-1] or (proposal.kind == "merge" and issues[0].id == issues[1].id):
            return False
        if proposal.kind == "split" and _joined_by_machine(session, issues[0].id):
            return False  # else joining and parting could alternate for ever; people may still part it
        turned = replace(proposal, issues=tuple(issue.id for issue in issues))
        left = apply(keeper.grouper, turned)
        if left is None:
            return False
        if proposal.kind == "merge":
            merge(session, issues[0].id, [issues[1].id], MACHINE, now, reason=proposal.reason)
        else:
            documents = list(proposal.documents)
            split(session, issues[0].id, documents, MACHINE, now, reason=proposal.reason, name=left)
    return True

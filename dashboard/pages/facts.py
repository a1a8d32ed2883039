"""Facts of an issue: enter, verify by a second person, update, withdraw."""

from __future__ import annotations

from flask import Blueprint, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from dashboard import auth, forms
from dashboard.pages.issue_acts import present
from dashboard.services import write
from huiyin.errors import Forbidden, NotFound, UsageError
from huiyin.records import DocumentRow, Fact, IssueDocument, IssueEvent, utcnow
from huiyin.records.audit import append
from response_kits import facts

bp = Blueprint("facts", __name__)

ENTER = ("analyst", "spokesperson", "reviewer", "leader")
VERIFY = ("analyst", "spokesperson", "reviewer", "leader")


def _of(session: Session, issue_id: str, number: int) -> Fact:
    fact = facts.get(session, number)
    if fact.issue_id != issue_id:
        raise NotFound("这条事实不属于该事件。")
    return fact


def _back(issue_id: str, fact: int) -> ResponseReturnValue:
    return redirect(url_for("issue.index", issue_id=issue_id, tab="kit", _anchor=f"fact-{fact}"))


def _address() -> str:
    url = forms.line("source_url", 1000)
    if url and not url.startswith(("http://", "https://")):
        raise UsageError("依据的网址须以 http:// 或 https:// 开头。")
    return url


@bp.post("/issues/<issue_id>/facts")
@auth.allow(*ENTER)
def add(issue_id: str) -> ResponseReturnValue:
    with write() as session:
        issue = present(session, issue_id)
        fact = facts.add(
            session, issue.id, forms.line("text", 2000), slot=forms.line("slot", 32), value=forms.line("value", 60), unit=forms.line("unit", 20),
            source=forms.line("source", 300), source_url=_address(), as_of=forms.moment("as_of"), by=g.user.name, now=utcnow(),
        )  # fmt: skip
    return _back(issue_id, fact.id)


@bp.post("/issues/<issue_id>/facts/<int:number>")
@auth.allow(*VERIFY)
def act(issue_id: str, number: int) -> ResponseReturnValue:
    """Verify, update or withdraw. Who entered a fact does not verify it."""
    move, now = request.form.get("act", ""), utcnow()
    with write() as session:
        present(session, issue_id)
        fact = _of(session, issue_id, number)
        if move == "verify":
            if fact.entered_by == g.user.name:
                raise Forbidden("这条事实由您录入，须由另一人核实。")
            facts.verify(session, number, g.user.name, now)
        elif move == "source":
            _complete(fact)
            append(session, g.user.name, "fact.source", f"fact/{number}", {"source": fact.source})
        elif move == "supersede":
            fact = facts.supersede(
                session, number, forms.line("text", 2000), source=forms.line("source", 300), by=g.user.name, now=now,
                as_of=forms.moment("as_of"),
            )  # fmt: skip
        elif move == "withdraw":
            why = forms.line("reason", 500)
            if not why:
                raise UsageError("撤回事实须写明理由。")
            facts.withdraw(session, number, g.user.name, why, now)
            session.add(
                IssueEvent(
                    issue_id=issue_id,
                    at=now,
                    by=g.user.name,
                    kind="fact",
                    text=f"撤回事实：{fact.text}理由：{why}",
                    data={"fact": number},
                )
            )
        else:
            raise UsageError("没有这种操作。")
    return _back(issue_id, fact.id)


def _complete(fact: Fact) -> None:
    """Add the source or 截至时间 to a fact that is not verified yet; who does so counts as having entered it."""
    if fact.state != "unverified":
        raise UsageError("已核实的事实不能改动来源；请用“更新”录入新的情况。")
    source = forms.line("source", 300)
    if not source:
        raise UsageError("请写明来源。")
    fact.source, fact.source_url = source, _address() or fact.source_url
    fact.as_of, fact.entered_by = forms.moment("as_of") or fact.as_of, g.user.name


@bp.post("/documents/<document_id>/facts")
@auth.allow(*ENTER)
def from_document(document_id: str) -> ResponseReturnValue:
    """A fact of a passage of a document: by its positions (with JavaScript) or its words (without)."""
    with write() as session:
        member = session.get(IssueDocument, document_id[:64])
        if member is None:
            raise NotFound("这条内容不在任何事件中，不能由它录入事实。")
        start, end = _span(session, member.document_id)
        fact = facts.from_selection(
            session, member.issue_id, member.document_id, start, end, source=forms.line("source", 300), by=g.user.name, now=utcnow()
        )  # fmt: skip
    return _back(member.issue_id, fact.id)


def _span(session: Session, document_id: str) -> tuple[int, int]:
    document = session.get(DocumentRow, document_id)
    if document is None:
        raise NotFound("没有这条内容。")
    words, start, end = forms.text("text", 5000).strip(), forms.whole("start"), forms.whole("end")
    if start is not None and end is not None and document.text[start:end].strip() == words:
        return start, end
    at = document.text.find(words) if words else -1
    if at < 0:
        raise UsageError("所填文字在原文中找不到；请从正文中原样复制一段。")
    return at, at + len(words)

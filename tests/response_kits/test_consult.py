"""会商 with a deadline and a rule for silence; correction that walks to all uses; limits that escalate; the month's record."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from kit_world import AUTHOR, NOW, UNIT
from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, Forbidden, NotFound, UsageError
from huiyin.records import (
    Alert,
    Brief,
    Clock,
    DocumentRow,
    Draft,
    Issue,
    IssueDocument,
    Organisation,
    Remark,
    RumourMatch,
    Statement,
    audit,
)
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits import clocks, compliance, consult, drafts, escalation, recall, statements, workflow
from response_kits.library import rumours

DUE = NOW + timedelta(hours=4)
BODIES = ("云江市卫生健康委", "云江市市场监管局")


@pytest.fixture
def draft(session: Session, issue: Issue, settings: Settings) -> Draft:
    about = {"next_update": (NOW + timedelta(hours=18)).isoformat()}
    made = drafts.create(session, issue.id, "notice", settings, NOW, by=AUTHOR.name, about=about)
    warned = {gate: "已核对" for gate, state in made.checks["gates"].items() if state == "warn"}
    return workflow.act(session, made.id, "submit", AUTHOR, settings, NOW, override=warned)


def _ask(session: Session, draft: Draft, settings: Settings, silence: str = "agree") -> Draft:
    return consult.ask(session, draft.id, BODIES, DUE, silence, UNIT, settings, NOW)


def test_a_consultation_names_bodies_deadline_and_what_silence_means(
    session: Session, draft: Draft, settings: Settings
) -> None:
    for bodies, due, silence in (
        ((), DUE, "agree"),
        ((" ",), DUE, "agree"),
        (BODIES, None, "agree"),
        (BODIES, NOW, "agree"),
        (BODIES, DUE, "yes"),
    ):
        with pytest.raises(UsageError):
            consult.ask(session, draft.id, bodies, due, silence, UNIT, settings, NOW)
    with pytest.raises(Forbidden):
        consult.ask(session, draft.id, BODIES, DUE, "agree", AUTHOR, settings, NOW)
    assert draft.state == "unit"
    _ask(session, draft, settings)
    assert draft.state == "consult"
    assert consult.waiting(draft) == list(BODIES)
    with pytest.raises(Conflict, match="没有在等"):
        consult.answer(session, draft.id, "云江市公安局", "agree", "", UNIT, NOW)
    with pytest.raises(UsageError, match="写明意见"):
        consult.answer(session, draft.id, BODIES[0], "object", " ", UNIT, NOW)
    consult.answer(session, draft.id, BODIES[0], "change", "住院人数以我委为准。", UNIT, NOW)
    assert consult.waiting(draft) == [BODIES[1]]
    remark = session.scalars(select(Remark).where(Remark.draft_id == draft.id)).one()
    assert remark.text == "云江市卫生健康委：修改后同意。住院人数以我委为准。"
    with pytest.raises(Conflict):
        consult.answer(session, draft.id, BODIES[0], "agree", "", UNIT, NOW)


def test_silence_that_agrees_is_recorded_at_the_deadline_and_lets_the_text_go_on(
    session: Session, draft: Draft, settings: Settings
) -> None:
    _ask(session, draft, settings)
    with pytest.raises(Forbidden, match="尚无会商意见"):
        workflow.act(session, draft.id, "answer", AUTHOR, settings, NOW)
    assert consult.lapse(session, DUE - timedelta(minutes=1)) == []
    assert consult.lapse(session, DUE) == [draft]
    assert consult.lapse(session, DUE + timedelta(hours=1)) == []
    words = session.scalars(select(Remark.text)).one()
    assert "云江市卫生健康委、云江市市场监管局" in words
    assert "视为无意见" in words
    workflow.act(session, draft.id, "answer", AUTHOR, settings, DUE)
    assert draft.state == "unit"
    assert audit.verify(session)[1] == ""


def test_silence_that_waits_agrees_to_nothing_and_is_chased(
    session: Session, draft: Draft, settings: Settings
) -> None:
    _ask(session, draft, settings, "wait")
    assert consult.lapse(session, DUE) == [draft]
    assert session.scalars(select(Remark)).all() == []
    with pytest.raises(Forbidden, match="尚无会商意见"):
        workflow.act(session, draft.id, "answer", AUTHOR, settings, DUE)
    assert consult.overdue(session) == [draft]
    for body in BODIES:
        consult.answer(session, draft.id, body, "agree", "", UNIT, DUE)
    assert consult.overdue(session) == []


def test_a_correction_walks_to_channels_briefs_and_drafts(
    session: Session, issue: Issue, settings: Settings
) -> None:
    text = "共有42名学生到医院就诊。"
    first = drafts.create(session, issue.id, "notice", settings, NOW, by=AUTHOR.name)
    kept = statements.keep(
        session,
        title="关于学生就医的通报",
        text=text,
        body="云江市",
        issue_id=issue.id,
        draft_id=first.id,
        published=NOW,
    )
    other = drafts.create(session, issue.id, "notice", settings, NOW, by=AUTHOR.name)
    other.text = f"{text}\n后续情况。"
    session.add_all([
        Brief(kind="weekly", period="2026-W47", title="第47周周报", model={"rows": [f"《{kept.title}》"]}),
        Brief(kind="weekly", period="2026-W46", title="第46周周报", model={"rows": ["别的事"]}),
    ])  # fmt: skip
    session.flush()
    assert recall.open_tasks(session) == []
    recall.correct(session, kept.id, "corrected", "leader1", "人数有误", NOW)
    tasks = recall.of_statement(session, kept.id)
    assert [t.kind for t in tasks].count("channel") == 6
    assert [t.words for t in tasks if t.kind == "brief"] == ["《第47周周报》引用了它：重做并补送"]
    assert [t.href for t in tasks if t.kind == "draft"] == [f"/drafts/{other.id}"]
    with pytest.raises(UsageError):
        recall.done(session, kept.id, 0, "a", " ", NOW)
    with pytest.raises(NotFound):
        recall.done(session, kept.id, 99, "a", "改了", NOW)
    recall.done(session, kept.id, 0, "a", "网站已更正", NOW)
    assert len(recall.open_tasks(session)) == len(tasks) - 1
    recall.walk(session, kept, NOW)  # another walk loses nothing that was done
    assert recall.of_statement(session, kept.id)[0].note == "网站已更正"


def test_a_superior_bodys_text_conflicts_and_is_no_answer_of_ours(session: Session, issue: Issue) -> None:
    session.add(Organisation(name="某省人民政府", level="superior", place="", topics=[], contact=""))
    for n in range(3):
        when = NOW - timedelta(hours=3 - n)
        row = DocumentRow(
            id=f"p{n}",
            source="forum",
            kind="post",
            text="有孩子吐了",
            published=when,
            fetched=when,
            when=when,
        )
        session.add(row)
        session.flush()
        session.add(IssueDocument(issue_id=issue.id, document_id=row.id, when=when))
    statements.keep(
        session,
        title="省通报",
        text="事故造成5人死亡。",
        body="某省人民政府",
        issue_id=issue.id,
        published=NOW,
    )
    assert statements.answers(session, issue.id) == []
    assert [c.explained for c in statements.against(session, issue.id, "事故造成3人死亡。")] == [False]
    statements.keep(
        session, title="市通报", text="事故造成5人死亡。", body="云江市", issue_id=issue.id, published=NOW
    )
    assert [s.title for s in statements.answers(session, issue.id)] == ["市通报"]


def _alerts(session: Session) -> list[tuple[str, int]]:
    rows = session.scalars(select(Alert).order_by(Alert.id))
    return [(row.rule, row.level) for row in rows]


def test_a_limit_escalates_when_it_is_near_and_when_it_is_over_once_each(
    session: Session, issue: Issue
) -> None:
    issue.level = 1
    key = next(row["key"] for row in load("clocks")["clock"] if row.get("hours") == 48)
    session.add(
        Clock(issue_id=issue.id, rule=key, start=NOW - timedelta(hours=40), due=NOW + timedelta(hours=8))
    )
    session.flush()
    assert len(escalation.raise_alerts(session, NOW)) == 1
    assert escalation.raise_alerts(session, NOW + timedelta(hours=1)) == []
    late = NOW + timedelta(hours=9)
    clocks.refresh(session, late)
    made = escalation.raise_alerts(session, late)
    assert _alerts(session) == [("clock_soon", 1), ("clock_over", 2)]
    assert "已超时" in made[0].reason
    assert escalation.raise_alerts(session, late + timedelta(hours=1)) == []


def test_a_met_limit_and_one_long_over_are_silent(session: Session, issue: Issue) -> None:
    key = load("clocks")["clock"][0]["key"]
    session.add(Clock(issue_id=issue.id, rule=key, start=NOW - timedelta(days=9), due=NOW - timedelta(days=8), state="missed"))  # fmt: skip
    session.flush()
    assert escalation.raise_alerts(session, NOW) == []


def test_a_rebutted_rumour_that_comes_back_is_noticed(session: Session, issue: Issue) -> None:
    rumour = rumours.listing(session, issue_id=issue.id)[0]
    rumours.move(session, rumour.id, "publish", "spokes1", "", NOW - timedelta(days=20))
    for n, days in enumerate((21, 20.5, 1, 0.5)):
        when = NOW - timedelta(days=days)
        session.add(DocumentRow(id=f"r{n}", source="forum", kind="post", text="x", published=when, fetched=when, when=when))  # fmt: skip
        session.flush()
        session.add(RumourMatch(rumour_id=rumour.id, document_id=f"r{n}", score=1.0, decision="auto", when=when))  # fmt: skip
        session.flush()
        if n == 1:
            assert escalation.raise_alerts(session, NOW - timedelta(days=19)) == []
        if n == 2:
            match = session.scalars(select(RumourMatch).where(RumourMatch.document_id == "r2")).one()
            match.decision = "suggest"  # nobody has said yet that this post says the claim
            session.flush()
            assert escalation.raise_alerts(session, NOW) == []
            match.decision = "confirmed"
    (alert,) = escalation.raise_alerts(session, NOW)
    assert alert.rule == "rumour_back"
    assert "已有2条" in alert.reason
    assert escalation.raise_alerts(session, NOW) == []


def test_the_months_record_counts_and_names_every_limit(
    session: Session, issue: Issue, settings: Settings
) -> None:
    keys = [row["key"] for row in load("clocks")["clock"]][:3]
    due = NOW - timedelta(hours=1)
    session.add_all([
        Clock(issue_id=issue.id, rule=keys[0], start=NOW - timedelta(hours=6), due=due, state="met", met_at=due, met_by="=1+1"),
        Clock(issue_id=issue.id, rule=keys[1], start=NOW - timedelta(hours=6), due=due, state="missed", met_at=NOW, met_by="通报"),
        Clock(issue_id=issue.id, rule=keys[2], start=NOW, due=NOW + timedelta(days=30)),
    ])  # fmt: skip
    session.flush()
    made = compliance.record(session, "2026-11", settings, NOW)
    assert [(s["met"], s["late"], s["share"]) for s in made.sums] == [(1, 0, 1.0), (0, 1, 0.0)]
    assert [row.kind for row in made.rows] == ["met", "late"]
    assert compliance.record(session, "2026-12", settings, NOW).rows[0].kind == "running"
    table = list(csv.reader(io.StringIO(compliance.as_csv(made).decode("utf-8-sig"))))
    assert table[1][0] == issue.id
    assert "'=1+1" in table[1]
    assert compliance.as_docx(made, settings, NOW)[:2] == b"PK"
    for wrong in ("2026-13", "11", "2026-1", "9999-12"):
        with pytest.raises(UsageError):
            compliance.record(session, wrong, settings, NOW)
    assert session.scalars(select(Statement)).all() == []

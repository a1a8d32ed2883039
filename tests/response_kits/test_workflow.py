"""Sign-off: the whole way, who may not, what a gate or a later edit does, and a machine that tries every role everywhere."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as rounds
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from kit_world import AUTHOR, LEADER, NOW, PRINCIPAL, SECRECY, UNIT, Who, add_issue
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, Forbidden, UsageError
from huiyin.records import Clock, Draft, Issue, Record, Rumour, Signoff, Statement, audit
from huiyin.settings import Settings
from huiyin.settings import load as load_settings
from response_kits import clocks, drafts, facts, workflow

ABOUT = {"next_update": "2026-11-25T10:00:00+08:00"}
WAY = (
    ("submit", AUTHOR, "unit"), ("approve", UNIT, "secrecy"), ("approve", SECRECY, "leader"), ("approve", LEADER, "principal"),
    ("sign", PRINCIPAL, "approved"), ("publish", UNIT, "published"),
)  # fmt: skip


def overrides(draft: Draft) -> dict[str, str]:
    """A named reason for every warning of the last report."""
    return {gate: "已核对" for gate, state in draft.checks["gates"].items() if state == "warn"}


def step(session: Session, draft: Draft, move: str, who: Who, settings: Settings, **more: str) -> Draft:
    return workflow.act(session, draft.id, move, who, settings, NOW, override=overrides(draft), **more)


@pytest.fixture
def draft(session: Session, issue: Issue, settings: Settings) -> Draft:
    clocks.start_for(session, issue, settings, NOW)
    return drafts.create(session, issue.id, "notice", settings, NOW, by=AUTHOR.name, about=ABOUT)


def test_an_orange_issue_goes_the_whole_way(
    session: Session, issue: Issue, settings: Settings, draft: Draft
) -> None:
    for move, who, after in WAY:
        offered = {row["move"] for row in workflow.available_moves(draft, who)}
        assert move in offered
        assert step(session, draft, move, who, settings).state == after
    assert issue.state == "answered"
    statement = session.scalars(select(Statement)).one()
    assert statement.draft_id == draft.id
    states = {c.rule: c.state for c in session.scalars(select(Clock))}
    assert states["respond"] == "met"
    assert states["update"] == "running"
    assert audit.verify(session)[1] == ""
    assert [s.after for s in session.scalars(select(Signoff).order_by(Signoff.id))] == [
        after for *_, after in WAY
    ]


def test_a_yellow_issue_is_signed_by_the_leader_in_charge(
    session: Session, issue: Issue, settings: Settings
) -> None:
    issue.level = 1
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by=AUTHOR.name, about=ABOUT)
    for move, who, _ in WAY[:3]:
        step(session, draft, move, who, settings)
    assert {row["move"] for row in workflow.available_moves(draft, LEADER)} >= {"sign", "return"}
    assert step(session, draft, "sign", LEADER, settings).state == "approved"


def test_a_level_that_rises_in_review_needs_the_principal(
    session: Session, issue: Issue, settings: Settings
) -> None:
    issue.level = 1
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by=AUTHOR.name, about=ABOUT)
    for move, who, _ in WAY[:3]:
        step(session, draft, move, who, settings)
    issue.level = 3
    with pytest.raises(Forbidden, match="主要领导"):
        step(session, draft, "sign", LEADER, settings)


def test_nobody_approves_what_they_wrote_or_edited(
    session: Session, settings: Settings, draft: Draft
) -> None:
    workflow.save(session, draft.id, 1, draft.title, draft.text, UNIT, settings, NOW)
    step(session, draft, "submit", AUTHOR, settings)
    with pytest.raises(Forbidden, match="不得审批自己起草或修改过的稿件"):
        step(session, draft, "approve", UNIT, settings)
    assert "approve" not in {row["move"] for row in workflow.available_moves(draft, UNIT)}


def test_one_person_does_not_sign_for_both_leaders(
    session: Session, settings: Settings, draft: Draft
) -> None:
    for move, who, _ in WAY[:4]:
        step(session, draft, move, who, settings)
    with pytest.raises(Forbidden, match="同一人"):
        step(session, draft, "sign", LEADER, settings)


def test_an_edit_after_approval_goes_back_to_draft(
    session: Session, settings: Settings, draft: Draft
) -> None:
    for move, who, _ in WAY[:5]:
        step(session, draft, move, who, settings)
    edited = workflow.save(
        session, draft.id, 1, draft.title, draft.text.replace("感谢", "诚挚感谢"), AUTHOR, settings, NOW
    )
    assert (edited.state, edited.version) == ("draft", 2)
    assert all(edited.text[b["start"] : b["end"]] for b in edited.bindings)


def test_two_editors_cannot_overwrite_each_other(session: Session, settings: Settings, draft: Draft) -> None:
    workflow.save(session, draft.id, 1, draft.title, draft.text + "。", AUTHOR, settings, NOW)
    with pytest.raises(Conflict, match="新版本"):
        workflow.save(session, draft.id, 1, draft.title, draft.text, UNIT, settings, NOW)
    with pytest.raises(Conflict, match="新版本"):
        workflow.act(session, draft.id, "submit", AUTHOR, settings, NOW, version=1)


def test_an_invented_number_cannot_be_sent_on(session: Session, settings: Settings, draft: Draft) -> None:
    invented = draft.text.replace("42名", "57名")
    workflow.save(session, draft.id, 1, draft.title, invented, AUTHOR, settings, NOW)
    assert draft.checks["gates"]["evidence"] == "block"
    with pytest.raises(Conflict, match="言之有据"):
        workflow.act(session, draft.id, "submit", AUTHOR, settings, NOW, override={"evidence": "我负责"})


def test_a_fact_that_changed_after_approval_stops_publication(
    session: Session, settings: Settings, draft: Draft, issue: Issue
) -> None:
    for move, who, _ in WAY[:5]:
        step(session, draft, move, who, settings)
    old = next(f for f in facts.of_issue(session, issue.id) if f.slot == "injured")
    new = facts.supersede(
        session,
        old.id,
        "共有63名学生到医院就诊，均已返家。",
        source="云江市卫生健康委",
        by="analyst1",
        now=NOW,
    )
    facts.verify(session, new.id, "spokes1", NOW)
    with pytest.raises(Conflict):
        step(session, draft, "publish", UNIT, settings)


def test_consultation_needs_an_answer_and_return_a_reason(
    session: Session, settings: Settings, draft: Draft
) -> None:
    step(session, draft, "submit", AUTHOR, settings)
    with pytest.raises(UsageError, match="理由"):
        step(session, draft, "return", UNIT, settings)
    step(session, draft, "consult", UNIT, settings, reason="请市市场监管局会商")
    with pytest.raises(Forbidden, match="会商意见"):
        step(session, draft, "answer", AUTHOR, settings)
    workflow.remark(session, draft.id, "市市场监管局：无意见。", AUTHOR, NOW)
    assert step(session, draft, "answer", AUTHOR, settings).state == "unit"
    assert step(session, draft, "return", UNIT, settings, reason="补充联系方式").state == "returned"
    assert step(session, draft, "submit", AUTHOR, settings).state == "unit"


def test_a_published_text_is_withdrawn_not_changed(
    session: Session, settings: Settings, draft: Draft
) -> None:
    for move, who, _ in WAY:
        step(session, draft, move, who, settings)
    with pytest.raises(Conflict, match="更正稿"):
        workflow.save(session, draft.id, 1, draft.title, draft.text, AUTHOR, settings, NOW)
    step(session, draft, "withdraw", LEADER, settings, reason="数字有误")
    assert session.scalars(select(Statement)).one().state == "withdrawn"


def test_the_time_of_issue_is_the_time_of_publication(
    session: Session, settings: Settings, draft: Draft
) -> None:
    for move, who, _ in WAY[:5]:
        step(session, draft, move, who, settings)
    later = NOW + timedelta(minutes=47)
    workflow.act(session, draft.id, "publish", UNIT, settings, later, override=overrides(draft))
    assert draft.text.endswith("2026年11月24日16时17分")


def test_the_verified_part_takes_the_same_steps(session: Session, settings: Settings, draft: Draft) -> None:
    part = workflow.verified_part(session, draft.id, AUTHOR, settings, NOW)
    assert part.about["part_of"] == draft.id
    assert "正在核查" in part.text
    assert part.state == "draft"


def test_a_tampered_row_is_found(session: Session, settings: Settings, draft: Draft) -> None:
    step(session, draft, "submit", AUTHOR, settings)
    count, wrong = audit.verify(session)
    assert (count > 10, wrong) == (True, "")
    session.execute(text("UPDATE audit SET data = '{\"after\": \"published\"}' WHERE act = 'draft.submit'"))
    session.expire_all()
    assert "was changed after it was written" in audit.verify(session)[1]


PEOPLE = (
    AUTHOR,
    UNIT,
    SECRECY,
    LEADER,
    PRINCIPAL,
    Who("admin1", "admin"),
    Who("review2", "reviewer"),
    Who("analyst2", "analyst"),
)
ORDER = ("draft", "unit", "secrecy", "leader", "principal", "approved", "published")


MOVES = sorted({move for _, move in workflow.MOVES})


class SignOff(RuleBasedStateMachine):
    """Anybody tries anything on a draft of a red issue; the invariants are what the rules promise."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.settings = load_settings(environ={}, home=str(Path(self.folder.name)))
        self.record = Record.open(self.settings)
        self.manager = self.record.session()
        self.session = self.manager.__enter__()
        add_issue(self.session, level=3)
        for slot, said in (
            ("what", "11月23日中午，有学生不适。"),
            ("measure", "食堂已停止供餐。"),
            ("investigation", "调查组已成立。"),
        ):
            made = facts.add(self.session, "s01", said, slot=slot, source="云江市教育局", by="x", now=NOW)
            facts.verify(self.session, made.id, "y", NOW)
        self.draft = drafts.create(
            self.session, "s01", "notice", self.settings, NOW, by=AUTHOR.name, about=ABOUT
        )
        self.trail = ["draft"]

    @rule(who=st.sampled_from(PEOPLE), move=st.sampled_from(MOVES), seldom=st.integers(0, 9))
    def try_move(self, who: Who, move: str, seldom: int) -> None:
        if move == "withdraw" and seldom:
            return
        before, offered = self.draft.state, {r["move"] for r in workflow.available_moves(self.draft, who)}
        try:
            workflow.act(
                self.session,
                self.draft.id,
                move,
                who,
                self.settings,
                NOW,
                reason="理由",
                override=overrides(self.draft),
            )
        except (Forbidden, Conflict):
            assert move not in offered
            assert self.draft.state == before
            return
        assert move in offered
        self.trail.append(self.draft.state)

    @rule(pick=st.integers(0, 50))
    def go_on(self, pick: int) -> None:
        """One of the forward moves that is open to anybody, so that long ways are walked too."""
        back = ("withdraw", "return", "consult")
        offers = [
            (who, row["move"])
            for who in PEOPLE
            for row in workflow.available_moves(self.draft, who)
            if row["move"] not in back
        ]
        if offers:
            self.try_move(*offers[pick % len(offers)], 0)

    @rule(first=st.integers(0, 50), second=st.integers(0, 50))
    def go_on_twice(self, first: int, second: int) -> None:
        self.go_on(first)
        self.go_on(second)

    @rule(who=st.sampled_from(PEOPLE), seldom=st.integers(0, 4))
    def edit(self, who: Who, seldom: int) -> None:
        if seldom or self.draft.state in ("published", "withdrawn") or who.role == "admin":
            return
        workflow.save(
            self.session,
            self.draft.id,
            self.draft.version,
            self.draft.title,
            self.draft.text,
            who,
            self.settings,
            NOW,
        )
        self.trail.append("draft")

    @invariant()
    def no_state_is_skipped(self) -> None:
        for before, after in zip(self.trail, self.trail[1:], strict=False):
            if after in ORDER and before in ORDER and ORDER.index(after) > ORDER.index(before):
                assert ORDER.index(after) == ORDER.index(before) + 1

    @invariant()
    def nobody_signed_their_own_text(self) -> None:
        signed = self.session.scalars(select(Signoff).where(Signoff.move.in_(("approve", "sign")))).all()
        for row in signed:
            if row.version == self.draft.version:
                assert row.by not in workflow.editors(self.session, self.draft)

    @invariant()
    def what_is_out_was_signed_by_four(self) -> None:
        if self.draft.state == "published":
            query = select(Signoff.by).where(
                Signoff.version == self.draft.version, Signoff.move.in_(("approve", "sign"))
            )
            query = query.order_by(Signoff.id.desc()).limit(4)
            last = list(self.session.scalars(query))
            assert len(last) == 4
            assert last[0] != last[1]

    @invariant()
    def the_chain_holds(self) -> None:
        assert audit.verify(self.session)[1] == ""

    def teardown(self) -> None:
        self.manager.__exit__(None, None, None)
        self.record.close()
        self.folder.cleanup()


TestSignOff = SignOff.TestCase
TestSignOff.settings = rounds(
    max_examples=12,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


def test_a_published_rebuttal_makes_its_rumour_public(
    session: Session, issue: Issue, settings: Settings
) -> None:
    clocks.start_for(session, issue, settings, NOW)
    check = facts.add(
        session,
        issue.id,
        "经查阅全部就诊记录，没有死亡病例。",
        slot="check",
        source="云江市卫生健康委",
        by="x",
        now=NOW,
    )
    facts.verify(session, check.id, "y", NOW)
    draft = drafts.create(session, issue.id, "rebuttal", settings, NOW, by=AUTHOR.name)
    for move, who, _ in WAY:
        step(session, draft, move, who, settings)
    rumour = session.get(Rumour, draft.about["rumour"])
    assert rumour is not None
    assert (rumour.state, rumour.published) == ("published", NOW)
    assert {c.rule for c in session.scalars(select(Clock)) if c.met_at} == {"respond", "correct"}


def test_a_report_is_handed_up_and_meets_no_clock(session: Session, issue: Issue, settings: Settings) -> None:
    clocks.start_for(session, issue, settings, NOW)
    draft = drafts.create(session, issue.id, "report_first", settings, NOW, by=AUTHOR.name)
    for move, who, _ in WAY:
        step(session, draft, move, who, settings)
    assert session.scalars(select(Statement)).all() == []
    assert [c for c in session.scalars(select(Clock)) if c.met_at] == []
    assert issue.state == "new"

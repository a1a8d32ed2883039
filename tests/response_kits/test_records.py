"""Facts, figures, statements, promises and rumours: what is read, what is kept, who did it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from kit_world import NOW
from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import AuditRow, DocumentRow, Fact, Issue, Promise, Rumour, RumourMatch
from response_kits import evidence, facts, statements
from response_kits.figures import figures
from response_kits.library import rumours
from response_kits.workdays import ZONE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("造成4人死亡、11人受伤", [(4, "人", "deaths"), (11, "人", "injured")]),
        ("死亡4人，失联１人", [(4, "人", "deaths"), (1, "人", "missing")]),
        ("死了二十多人", [(20, "人", "deaths")]),
        ("四十二名学生就诊，其中三名住院", [(42, "人", "injured"), (3, "人", "hospital")]),
        ("拖欠186名农民工工资432.6万元", [(186, "人", "owed"), (4326000, "元", "owed")]),
        ("影响约2.1万户", [(21000, "户", "")]),
        ("11月24日，第三小学在2026年", []),
        ("缴费满25年", [(25, "年", "")]),
    ],
)
def test_figures_say_what_they_count(text: str, expected: list[tuple[float, str, str]]) -> None:
    found = [(f.value, f.unit, f.what) for f in figures(text)]
    assert [row[:2] for row in found] == [row[:2] for row in expected]
    for got, want in zip(found, expected, strict=True):
        assert want[2] in (got[2], "owed", "")
    assert all(text[f.start : f.end] == f.text for f in figures(text) if "１" not in text)


def test_a_fact_is_read_entered_and_verified_by_name(session: Session, issue: Issue) -> None:
    fact = facts.add(
        session, issue.id, "截至11月24日15时，4人死亡", source="市应急管理局", by="analyst1", now=NOW
    )
    assert (fact.slot, fact.value, fact.unit, fact.state) == ("deaths", "4", "人", "unverified")
    assert fact.as_of == datetime(2026, 11, 24, 15, tzinfo=ZONE)
    facts.verify(session, fact.id, "spokes1", NOW)
    row = session.scalars(
        select(AuditRow).where(AuditRow.act == "fact.verify", AuditRow.thing == f"fact/{fact.id}")
    ).one()
    assert (row.by, row.data) == ("spokes1", {"entered_by": "analyst1", "same_person": False})
    with pytest.raises(Conflict):
        facts.verify(session, fact.id, "spokes1", NOW)


def test_nothing_is_verified_without_a_source(session: Session, issue: Issue) -> None:
    fact = facts.add(session, issue.id, "没有人受伤", by="analyst1", now=NOW)
    with pytest.raises(Conflict, match="来源"):
        facts.verify(session, fact.id, "spokes1", NOW)


def test_the_old_state_stands_until_the_new_one_is_verified(session: Session, issue: Issue) -> None:
    old = next(f for f in facts.of_issue(session, issue.id) if f.slot == "injured")
    new = facts.supersede(
        session, old.id, "共有63名学生就诊", source="云江市卫生健康委", by="analyst1", now=NOW
    )
    assert old.state == "verified"
    facts.verify(session, new.id, "spokes1", NOW)
    assert (old.state, new.slot) == ("superseded", "injured")
    assert [f.id for f in facts.history(session, new.id)] == [new.id, old.id]
    with pytest.raises(Conflict):
        facts.supersede(session, old.id, "共有64名", source="x", by="a", now=NOW)


def test_wrong_facts_are_refused(session: Session, issue: Issue) -> None:
    with pytest.raises(NotFound):
        facts.add(session, "nowhere", "4人死亡", by="a", now=NOW)
    with pytest.raises(UsageError, match="没有“colour”"):
        facts.add(session, issue.id, "墙是红的", slot="colour", by="a", now=NOW)


def test_a_fact_from_a_marked_passage_keeps_its_span(session: Session, issue: Issue) -> None:
    text = "据院方介绍，共有42名学生就诊。家长很着急。"
    session.add(
        DocumentRow(
            id="d1", source="paper", text=text, url="http://x/1", origin="云江日报", published=NOW, when=NOW
        )
    )
    session.flush()
    fact = facts.from_selection(session, issue.id, "d1", 6, 17, by="analyst1", now=NOW)
    assert text[fact.span[0] : fact.span[1]] == "共有42名学生就诊。" or text[6:17] in fact.text + "。"
    assert (fact.document_id, fact.source, fact.source_url) == ("d1", "云江日报", "http://x/1")
    with pytest.raises(UsageError, match="不在文档正文之内"):
        facts.from_selection(session, issue.id, "d1", 10, 999, by="a", now=NOW)


REPORT = """一、事故发生单位概况
云江某化工有限公司成立于2009年，主要生产涂料。
二、事故发生的时间、地点以及事故现场情况
11月22日21时40分，该公司一车间发生火灾。
三、事故的简要经过
操作人员发现起火后报警。
四、伤亡人数和直接经济损失
造成3人死亡、9人受伤，直接经济损失正在核定。
五、已经采取的措施
疏散周边群众312人。
六、其他情况
舆情平稳。
"""


def test_a_report_is_sorted_into_six_items() -> None:
    found = {f.text: f for f in facts.from_report(REPORT)}
    assert found["造成3人死亡、9人受伤，直接经济损失正在核定。"].slot == "deaths"
    assert found["疏散周边群众312人。"].item == "已经采取的措施"
    assert found["舆情平稳。"].item == "其他情况"
    for text, row in found.items():
        assert REPORT[row.start : row.end] == text


def test_claims_are_weighed_against_facts() -> None:
    assert evidence.stance("死了20人", "截至目前，4人死亡")[0] == "against"
    assert evidence.stance("死亡4人", "4人死亡，11人受伤")[0] == "for"
    assert evidence.stance("已经有孩子死亡", "无重症、无死亡病例")[0] == "against"
    assert evidence.stance("自来水被化工污水污染", "下一步将组织检查")[0] == ""


def test_figures_and_promises_of_a_statement(session: Session, issue: Issue) -> None:
    text = "截至11月24日15时，4人死亡。网传“死亡20人”不实。调查组将于11月30日前公布初步结果。市民有困难的，将及时提供帮助。"
    kept = statements.keep(session, title="通报", text=text, body="市政府", issue_id=issue.id, published=NOW)
    assert [(row["value"], row["what"]) for row in kept.figures] == [(4, "deaths")]
    promise = session.scalars(select(Promise)).one()
    assert promise.due is not None
    assert promise.due.astimezone(ZONE).date().isoformat() == "2026-11-30"
    assert statements.tasks(session, NOW) == []
    assert [p.id for p in statements.tasks(session, NOW + timedelta(days=5))] == [promise.id]
    statements.kept(session, promise.id, "spokes1", "第三次通报", NOW)
    assert statements.tasks(session, NOW + timedelta(days=5)) == []


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        ("将于3个工作日内公布结果。", "2026-11-27"),
        ("将在48小时内公布结果。", "2026-11-26"),
        ("将于明日公布结果。", "2026-11-25"),
        ("将于1月5日前公布结果。", "2027-01-05"),
    ],
)
def test_when_a_promise_is_due(sentence: str, day: str) -> None:
    due = statements.due_in(sentence, NOW)
    assert due is not None
    assert due.astimezone(ZONE).date().isoformat() == day


def test_a_number_that_falls_is_a_conflict_and_one_that_grows_is_progress(
    session: Session, issue: Issue
) -> None:
    for hours, text in ((0, "3人死亡，1人失联。"), (5, "4人死亡，无失联人员。"), (9, "2人死亡。")):
        statements.keep(
            session,
            title=text,
            text=text,
            body="市政府",
            issue_id=issue.id,
            published=NOW + timedelta(hours=hours),
        )
    found = [(c.left, c.right) for c in statements.conflicts(session, issue.id) if not c.explained]
    assert found == [("4人死亡，无失联人员。", "2人死亡。")]
    assert [c.explained for c in statements.against(session, issue.id, "1人死亡。")].count(False) == 3
    with pytest.raises(UsageError, match="理由"):
        statements.correct(session, 1, "withdrawn", "leader1", "", NOW)


def test_a_rumours_life(session: Session, issue: Issue) -> None:
    rumour = rumours.add(session, "学校隐瞒死亡", issue_id=issue.id, by="analyst1", now=NOW)
    assert rumours.add(session, "学校隐瞒死亡", by="x", now=NOW).id == rumour.id
    with pytest.raises(Conflict, match="核查结论"):
        rumours.move(session, rumour.id, "publish", "spokes1", "", NOW)
    with pytest.raises(UsageError, match="依据"):
        rumours.judge(session, rumour.id, "不实", "", (), "spokes1", NOW)
    rumours.judge(session, rumour.id, "不实", "没有死亡病例。", ({"title": "市卫健委"},), "spokes1", NOW)
    assert rumours.move(session, rumour.id, "publish", "spokes1", "", NOW).state == "published"
    with pytest.raises(UsageError, match="理由"):
        rumours.move(session, rumour.id, "pause", "spokes1", "", NOW)
    assert rumours.move(session, rumour.id, "pause", "spokes1", "补充证据", NOW).state == "paused"
    with pytest.raises(UsageError, match="maybe"):
        rumours.judge(session, rumour.id, "maybe", "x", (), "a", NOW)


@pytest.fixture
def spread_rumour(session: Session, issue: Issue) -> Rumour:
    """The issue's rumour, published at NOW, with posts 30, 20 and 2 hours before, 3 hours and 20 days after."""
    rumour = session.scalars(select(Rumour)).one()
    rumours.move(session, rumour.id, "publish", "spokes1", "", NOW)
    for n, hours in enumerate((-30, -20, -2, 3, 480)):
        at = NOW + timedelta(hours=hours)
        session.add(
            DocumentRow(
                id=f"p{n}", source="weibo", text="听说有5名孩子死亡", published=at, when=at, author="a1b2"
            )
        )
        session.flush()
        session.add(
            RumourMatch(rumour_id=rumour.id, document_id=f"p{n}", score=0.9, decision="auto", when=at)
        )
    session.flush()
    return rumour


def test_spread_before_and_after_and_waves(session: Session, spread_rumour: Rumour) -> None:
    spread = rumours.spread(session, spread_rumour.id)
    assert (spread["before"], spread["after"]) == (["p0", "p1", "p2"], ["p3"])
    assert [len(w["documents"]) for w in rumours.recurrence(session, spread_rumour.id)] == [4, 1]
    match = session.scalars(select(RumourMatch).where(RumourMatch.document_id == "p3")).one()
    rumours.confirm(session, match.id, False, "analyst1", NOW)
    assert rumours.spread(session, spread_rumour.id)["after"] == []


def test_a_hand_over_packet_is_frozen(session: Session, spread_rumour: Rumour) -> None:
    packet = rumours.hand_over(session, spread_rumour.id, "市公安局", "leader1", NOW)
    assert rumours.packet_intact(packet)
    assert len(packet["content"]["posts"]) == 5
    session.expire(spread_rumour)
    stored = spread_rumour.packets[0]
    assert rumours.packet_intact(stored)
    stored["content"]["posts"][0]["text"] = "另一句话"
    assert not rumours.packet_intact(stored)


def test_withdrawn_facts_leave_the_drafts(session: Session, issue: Issue) -> None:
    fact = facts.of_issue(session, issue.id)[0]
    facts.withdraw(session, fact.id, "leader1", "来源有误", NOW)
    assert fact.id not in [f.id for f in session.scalars(select(Fact).where(Fact.state == "verified"))]

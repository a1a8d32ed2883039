"""Conflicts are found over the border of issues, where titles speak of one matter."""

from __future__ import annotations

from datetime import timedelta

from kit_world import NOW, add_issue
from sqlalchemy.orm import Session

from response_kits import statements


def test_two_issues_of_one_matter_are_compared(session: Session) -> None:
    first, second = add_issue(session, "s01"), add_issue(session, "s02")
    ours = statements.keep(
        session, title="关于澜泽化工火灾事故情况的通报", text="事故造成4人死亡。", body="市政府新闻办", issue_id=first.id, published=NOW
    )  # fmt: skip
    theirs = statements.keep(
        session, title="澜泽化工火灾事故通报", text="事故造成3人死亡。", body="省应急管理厅", issue_id=second.id,
        published=NOW + timedelta(hours=1),
    )  # fmt: skip
    statements.keep(
        session,
        title="关于滨江路停水的通告",
        text="另一起事故造成9人死亡。",
        body="市水务集团",
        published=NOW,
    )
    found = statements.conflicts(session, first.id)
    assert [(c.left_statement, c.right_statement, c.explained) for c in found] == [
        (ours.id, theirs.id, False)
    ]
    assert {c.left_statement for c in statements.against(session, first.id, "事故造成5人死亡。")} == {
        ours.id,
        theirs.id,
    }


def test_a_matter_of_another_season_is_another(session: Session) -> None:
    first = add_issue(session, "s01")
    for days, deaths in ((0, 4), (90, 1)):
        statements.keep(
            session, title="关于澜泽化工火灾事故情况的通报", text=f"事故造成{deaths}人死亡。", body="市政府新闻办",
            issue_id=first.id if not days else "", published=NOW + timedelta(days=days),
        )  # fmt: skip
    assert statements.conflicts(session, first.id) == []

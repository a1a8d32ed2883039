"""Rumours through the real application: verdict, matches, spread, hand-over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from answering_city import HOSTILE, ISSUE, City, words
from sqlalchemy import select

from huiyin.records import Rumour, RumourMatch
from response_kits.library import rumours


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def _rumour(city: City) -> str:
    made = city.client("zhang").post(
        "/rumours", claim="三小已有2名学生死亡", variants="三小死了两个孩子\n两个孩子没了", issue=ISSUE
    )
    with city.session() as session:
        for number, decision in ((2, "auto"), (3, "suggest"), (4, "suggest")):
            session.add(
                RumourMatch(
                    rumour_id=1,
                    document_id=f"d{number}",
                    score=0.8,
                    decision=decision,
                    when=city.now - timedelta(hours=5),
                )
            )
    return str(made.headers["Location"])


def test_a_rumour_is_judged_before_it_is_rebutted(city: City) -> None:
    page = _rumour(city)
    city.client("zhang").post(f"{page}/judge", 403, verdict="不实", rebuttal="x")
    city.client("li").post(f"{page}/move", 409, act="publish")
    city.client("li").post(f"{page}/judge", 400, verdict="胡说", rebuttal="x")
    city.client("li").post(f"{page}/judge", 400, verdict="不实", rebuttal="x", url="javascript:alert(1)")
    city.client("li").post(
        f"{page}/judge", verdict="不实", rebuttal="经核查，没有死亡病例。", source="市卫生健康委"
    )
    city.client("li").post(f"{page}/move", act="publish")
    said = words(city.client("zhao").get(page))
    for part in ("不实", "经核查，没有死亡病例。", "市卫生健康委", "三小死了两个孩子", "发布前 3 条"):
        assert part in said
    city.client("li").post(f"{page}/move", 400, act="withdraw", reason="")
    city.client("li").post(f"{page}/move", act="withdraw", reason="有新情况")
    with city.session() as session:
        assert session.get_one(Rumour, 1).state == "withdrawn"


def test_a_person_decides_on_suggested_matches(city: City) -> None:
    page = _rumour(city)
    assert "待确认 2" in words(city.client("zhang").get("/rumours"))
    with city.session() as session:
        ids = {row.document_id: row.id for row in session.scalars(select(RumourMatch))}
    city.client("zhang").post(f"{page}/matches", 400, act="confirm")
    city.client("zhang").post(f"{page}/matches", act="confirm", match=str(ids["d3"]))
    city.client("zhang").post(f"{page}/matches", act="reject", match=str(ids["d4"]))
    city.client("zhao").post(f"{page}/matches", 403, act="reject", match=str(ids["d3"]))
    with city.session() as session:
        decisions = {row.document_id: row.decision for row in session.scalars(select(RumourMatch))}
    assert decisions == {"d2": "auto", "d3": "confirmed", "d4": "rejected"}
    assert "待确认" not in words(city.client("zhang").get("/rumours"))


def test_a_packet_is_frozen_and_downloaded_by_those_who_may(city: City) -> None:
    page = _rumour(city)
    city.client("zhang").post(f"{page}/handover", 403, to="市公安局")
    city.client("li").post(f"{page}/handover", 400, to="")
    city.client("li").post(f"{page}/handover", to="市公安局")
    with city.session() as session:
        digest = session.get_one(Rumour, 1).packets[0]["hash"]
    packet = json.loads(city.client("zhao").get(f"{page}/packets/{digest}.json"))
    assert rumours.packet_intact(packet)
    assert [post["id"] for post in packet["content"]["posts"]] == ["d2", "d3", "d4"]
    city.client("zhang").get(f"{page}/packets/{digest}.json", 403)
    city.client("zhao").get(f"{page}/packets/0000.json", 404)
    assert "校验一致" in words(city.client("zhao").get(page))


def test_hostile_claims_are_words_and_lists_filter(city: City) -> None:
    made = city.client("zhang").post("/rumours", claim=f"传言{HOSTILE}").headers["Location"]
    for path in ("/rumours", str(made)):
        assert "<script>alert" not in city.client("zhang").get(path)
    _rumour(city)
    assert "三小已有" not in words(city.client("zhang").get("/rumours?verdict=不实"))
    assert "三小已有" in words(city.client("zhang").get("/rumours?q=三小"))
    assert "没有符合条件" in words(city.client("zhang").get("/rumours?q=%25"))


def test_a_rumour_of_an_issue_is_on_its_page_and_leads_to_a_rebuttal(city: City) -> None:
    page = _rumour(city)
    assert "三小已有2名学生死亡" in words(city.client("li").get(f"/issues/{ISSUE}"))
    city.client("zhang").post("/rumours", 404, claim="另一条", issue="none")
    draft = city.client("li").post(f"/issues/{ISSUE}/drafts", kind="rebuttal", rumour="1").headers["Location"]
    assert "待核" in words(city.client("li").get(page))
    assert str(draft) in city.client("li").get(page)

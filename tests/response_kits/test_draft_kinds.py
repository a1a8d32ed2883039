"""Drafts cannot invent: every sentence is bound, gaps take the place of prose, the forms are right, channels agree."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from kit_world import AUTHOR, NOW, add_issue
from sqlalchemy import select
from sqlalchemy.orm import Session
from test_library import OLD, RULE

from huiyin.errors import NotFound, UsageError
from huiyin.records import Draft, Issue, Rumour
from huiyin.rules import load
from huiyin.settings import Settings
from response_kits import channels, drafts, facts, stale, statements, workflow
from response_kits.drafts._material import matter
from response_kits.library import policies, rumours
from response_kits.review import grounds
from response_kits.wording import sentences

ABOUT = {"next_update": "2026-11-25T10:00:00+08:00"}


@pytest.mark.parametrize("kind", sorted(drafts.kinds()))
def test_every_sentence_is_bound_and_every_figure_is_grounded(
    session: Session, issue: Issue, settings: Settings, kind: str
) -> None:
    draft = drafts.create(
        session, issue.id, kind, settings, NOW, by="analyst1", about=ABOUT if kind == "notice" else None
    )
    covered = [False] * len(draft.text)
    for b in draft.bindings:
        assert draft.text[b["start"] : b["end"]].strip()
        covered[b["start"] : b["end"]] = [True] * (b["end"] - b["start"])
        assert b["kind"] not in ("fact", "clause") or b["facts"] or b["clauses"] or b["rumours"]
    assert all(done or mark == "\n" for done, mark in zip(covered, draft.text, strict=True))
    assert draft.checks["gates"]["evidence"] == "pass"
    assert draft.title


@pytest.mark.parametrize("kind", sorted(drafts.kinds()))
def test_without_facts_there_is_no_prose_but_gaps(session: Session, settings: Settings, kind: str) -> None:
    add_issue(session)
    text = drafts.compose(session, "s01", kind, settings, NOW)
    needs = {row["key"] for row in load("contents")[kind]["parts"] if row["need"] == "must"}
    assert text.gaps
    assert {gap["part"] for gap in text.gaps} <= needs
    assert all(b["kind"] in ("frame", "unknown", "claim") for b in text.bindings)
    said = "".join(text.text[b["start"] : b["end"]] for b in text.bindings if b["kind"] == "frame")
    assert "呕吐" not in said.replace("第三小学学生就餐后呕吐", "")


def test_a_notice_has_the_official_form(session: Session, issue: Issue, settings: Settings) -> None:
    text = drafts.compose(session, issue.id, "notice", settings, NOW, ABOUT)
    lines = text.text.split("\n")
    assert text.title == "关于第三小学学生就餐后呕吐的情况通报"
    assert lines[-2:] == ["云江市人民政府新闻办公室", "2026年11月24日15时30分"]
    assert "截至11月24日14时30分，据云江市卫生健康委核实，共有42名学生到医院就诊" in text.text
    assert "有关原因正在核查" in text.text
    assert "下一次情况通报计划于11月25日10时前发布" in text.text
    assert "感谢" in lines[0]
    assert text.gaps == []


def test_no_cause_before_a_finding(session: Session, issue: Issue, settings: Settings) -> None:
    guess = facts.add(
        session, issue.id, "病因为食物变质。", slot="cause", source="网友", by="analyst1", now=NOW
    )
    assert "食物变质" not in drafts.compose(session, issue.id, "notice", settings, NOW, ABOUT).text
    facts.verify(session, guess.id, "spokes1", NOW)
    found = drafts.compose(session, issue.id, "notice", settings, NOW, ABOUT).text
    assert "食物变质" in found
    assert "有关原因正在核查" not in found


def test_an_unverified_fact_is_said_as_being_checked_only(
    session: Session, issue: Issue, settings: Settings
) -> None:
    facts.add(session, issue.id, "涉及3个年级。", slot="scale", source="家长", by="analyst1", now=NOW)
    text = drafts.compose(session, issue.id, "notice", settings, NOW, ABOUT).text
    assert "3个年级" not in text
    assert re.search("对大家关心的[^。]*影响范围[^。]*正在核查", text)


def test_a_rebuttal_opens_with_the_fact_and_quotes_the_claim_once(
    session: Session, issue: Issue, settings: Settings
) -> None:
    text = drafts.compose(session, issue.id, "rebuttal", settings, NOW)
    first = next(sentences(text.text))[0]
    assert "42名学生" in first
    assert text.text.count("已经有5名孩子死亡") == 1
    assert "死亡" not in text.title
    assert "再次说明" in text.text
    assert [gap["part"] for gap in text.gaps] == ["check"]


def test_nothing_is_denied_without_a_verdict(session: Session, issue: Issue, settings: Settings) -> None:
    rumour = session.scalars(select(Rumour)).one()
    rumours.judge(session, rumour.id, "待核", "", (), "spokes1", NOW)
    text = drafts.compose(session, issue.id, "rebuttal", settings, NOW, {"rumour": rumour.id})
    assert "不实" not in text.text
    assert rumour.claim not in text.text
    assert "正在核查" in text.text
    assert {gap["part"] for gap in text.gaps} == {"claim", "fact_first"}


def test_a_partly_true_claim_is_split(session: Session, issue: Issue, settings: Settings) -> None:
    made = rumours.add(session, "42名学生就诊，5名孩子死亡", issue_id=issue.id, by="a", now=NOW)
    rumours.judge(
        session,
        made.id,
        "部分属实",
        "就诊人数属实，没有学生死亡。",
        ({"title": "云江市卫生健康委"},),
        "b",
        NOW,
    )
    text = drafts.compose(session, issue.id, "rebuttal", settings, NOW, {"rumour": made.id}).text
    assert "部分属实" in text
    assert text.index("属实的是") < text.index("与事实不符的是")


def test_an_interpretation_answers_from_clauses(session: Session, issue: Issue, settings: Settings) -> None:
    policies.add(session, OLD.encode(), "old.txt", now=NOW)
    rule = policies.add(session, RULE.encode(), "rule.txt", now=NOW)
    text = drafts.compose(session, issue.id, "interpretation", settings, NOW, {"policy": rule.id})
    assert text.title == "《云江市停车管理办法》政策解读"
    assert "医院停车场每日最高收费20元" in text.text
    assert "原来：医院停车场每日最高收费50元（原规定第二条）。" in text.text
    assert "2026年6月1日印发" in text.text
    numbered = [line[0] for line in text.text.split("\n") if re.match("[一二三四五六七八九]、", line)]
    assert "".join(numbered) == "一二三四五六七"  # what the rule says nothing of has no heading
    assert "待起草部门补充" not in text.text
    assert "见前文" not in text.text
    clauses = {i for b in text.bindings for i in b["clauses"]}
    assert clauses <= {c.id for p in policies.listing(session) for c in p.clauses}


def test_press_lines_answer_what_people_ask(session: Session, issue: Issue, settings: Settings) -> None:
    text = drafts.compose(session, issue.id, "press", settings, NOW).text
    assert text.index("有没有孩子死亡") < text.index("食材是从哪里来的")
    assert "答：没有重症，没有死亡病例。" in text
    assert "来源：云江市卫生健康委；截至11月24日14时30分" in text
    assert "答：这个问题有关部门正在核查" in text


def test_a_follow_up_report_tells_what_is_new_and_counts_on(
    session: Session, issue: Issue, settings: Settings
) -> None:
    session.add(
        Draft(
            issue_id=issue.id,
            kind="report_first",
            state="published",
            published=NOW,
            title="初报",
            text="初报",
        )
    )
    late = facts.add(
        session, issue.id, "共有63名学生就诊。", slot="injured", source="云江市卫生健康委", by="a", now=NOW
    )
    facts.verify(session, late.id, "b", NOW.replace(hour=9))
    text = drafts.compose(session, issue.id, "report_follow", settings, NOW.replace(hour=10))
    assert text.title.endswith("续报1")
    assert "63名" in text.text
    assert "42名" not in text.text


def test_what_happened_is_taken_from_what_we_said_before(session: Session, settings: Settings) -> None:
    add_issue(session)
    statements.keep(
        session,
        title="通报",
        text="11月23日12时许，第三小学有学生呕吐。正在处置。",
        body="市教育局",
        issue_id="s01",
        published=NOW,
    )
    draft = drafts.create(session, "s01", "notice", settings, NOW, by="analyst1", about=ABOUT)
    assert draft.text.startswith("11月23日12时许，第三小学有学生呕吐。")
    assert draft.checks["gates"]["evidence"] == "pass"


def test_an_unknown_kind_or_issue_is_named(session: Session, issue: Issue, settings: Settings) -> None:
    with pytest.raises(UsageError, match="poem"):
        drafts.compose(session, issue.id, "poem", settings, NOW)
    with pytest.raises(NotFound, match="nowhere"):
        drafts.compose(session, "nowhere", "notice", settings, NOW)


def test_channels_keep_their_limits_and_agree(session: Session, issue: Issue, settings: Settings) -> None:
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by="analyst1", about=ABOUT)
    made = {v.channel: v for v in channels.versions(session, draft, settings)}
    assert set(made) == set(channels.LIMITS)
    for version in made.values():
        assert not version.limit or version.length <= version.limit
        assert version.length == len(version.text)
    for short in ("microblog", "sms", "spoken"):
        assert "没有死亡病例" in made[short].text
        for sentence, _, _ in sentences(made[short].text.split("】")[-1].split("发布：")[-1]):
            # For the ear, “；” became a pause.
            assert (
                sentence.rstrip("。") in draft.text.replace("；", "，") + draft.text
                or sentence == "详情见官方网站。"
            )


def test_a_changed_fact_changes_all_channels(session: Session, issue: Issue, settings: Settings) -> None:
    old = next(f for f in facts.of_issue(session, issue.id) if f.slot == "injured")
    new = facts.supersede(session, old.id, "共有63名学生到医院就诊。", source=old.source, by="a", now=NOW)
    facts.verify(session, new.id, "b", NOW)
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by="a", about=ABOUT)
    for version in channels.versions(session, draft, settings):
        assert "42名" not in version.text
    assert "63名" in draft.text


def test_stale_sentences_are_found_and_renewed(session: Session, issue: Issue, settings: Settings) -> None:
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by="analyst1", about=ABOUT)
    assert stale.find(session, draft) == []
    old = next(f for f in facts.of_issue(session, issue.id) if f.slot == "injured")
    later = NOW + timedelta(hours=2)
    new = facts.supersede(session, old.id, "共有63名学生到医院就诊。", source=old.source, by="a", now=later)
    facts.verify(session, new.id, "b", later)
    gone = next(f for f in facts.of_issue(session, issue.id) if f.slot == "next")
    facts.withdraw(session, gone.id, "leader1", "来源有误", later)
    assert [(s.old, s.new) for s in stale.find(session, draft)] == [(old.id, new.id), (gone.id, None)]
    renewed = stale.renew(session, draft.id, AUTHOR, settings, later)
    assert renewed.version == 2
    assert "63名" in renewed.text
    assert "截至11月24日17时30分" in renewed.text
    assert "42名" not in renewed.text
    assert "检验结果出来后" not in renewed.text
    assert renewed.checks["gates"]["evidence"] == "pass"
    assert stale.find(session, renewed) == []
    for binding in renewed.bindings:
        assert renewed.text[binding["start"] : binding["end"]].strip()


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("关于市第三小学部分学生身体不适的情况通报", "市第三小学部分学生身体不适"),
        ("澜泽化工火灾事故第三次通报", "澜泽化工火灾事故"),
        ("关于青溪河石桥段死鱼情况的初步通报", "青溪河石桥段死鱼"),
        ("关于印发《云江市停车管理办法》的通知", ""),
        ("通报", ""),
    ],
)
def test_what_a_notice_is_about(title: str, about: str) -> None:
    assert matter(title) == about


def test_a_title_claims_no_more_than_is_known(session: Session, issue: Issue, settings: Settings) -> None:
    issue.title = "第三小学五名学生中毒身亡"
    assert (
        drafts.compose(session, issue.id, "notice", settings, NOW, ABOUT).title
        == "关于云江市食品药品安全有关情况的情况通报"
    )


def test_a_rule_not_yet_in_force_may_be_explained(session: Session, issue: Issue, settings: Settings) -> None:
    policies.add(session, OLD.encode(), "old.txt", now=NOW)
    rule = policies.add(session, RULE.replace("2026年7月1日", "2027年7月1日").encode(), "rule.txt", now=NOW)
    draft = drafts.create(
        session, issue.id, "interpretation", settings, NOW, by="a", about={"policy": rule.id}
    )
    assert draft.checks["gates"]["in_force"] == "pass"
    assert draft.checks["gates"]["evidence"] == "pass"


def test_a_changed_sentence_of_the_frame_is_no_ground_for_itself(
    session: Session, issue: Issue, settings: Settings
) -> None:
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by="analyst1", about=ABOUT)
    told = draft.text.replace("此事受到社会关注", "此事已造成7人死亡，受到社会关注")
    workflow.save(session, draft.id, 1, draft.title, told, AUTHOR, settings, NOW)
    assert draft.checks["gates"]["evidence"] == "block"
    assert not any("7人" in ground.text for ground in grounds(session, draft, settings, NOW))


def test_an_issue_called_after_one_of_a_row_of_notices_gives_a_plain_title(
    session: Session, issue: Issue, settings: Settings
) -> None:
    issue.title = "某厂火灾事故情况（一）"
    statements.keep(
        session, title=issue.title, text="某厂火灾事故已扑灭。", body="某市", issue_id=issue.id, published=NOW
    )
    assert drafts.compose(session, issue.id, "notice", settings, NOW).title == "关于某厂火灾事故的情况通报"
    assert matter("关于某厂火灾事故情况的通报（二）") == "某厂火灾事故"


def test_a_renewed_count_takes_no_other_count_to_its_time(session: Session, settings: Settings) -> None:
    issue = add_issue(session, "s77")
    made = {}
    for slot, text in (("deaths", "4人死亡。"), ("injured", "11人受伤。"), ("missing", "无失联人员。")):
        fact = facts.add(
            session,
            issue.id,
            text,
            slot=slot,
            source="市应急管理局",
            as_of=NOW - timedelta(hours=6),
            by="a",
            now=NOW,
        )
        made[slot] = facts.verify(session, fact.id, "b", NOW)
    draft = drafts.create(session, issue.id, "notice", settings, NOW, by=AUTHOR.name)
    assert "4人死亡，11人受伤，无失联人员" in draft.text
    new = facts.supersede(
        session,
        made["injured"].id,
        "12人受伤。",
        source="市应急管理局",
        by="a",
        now=NOW,
        as_of=NOW - timedelta(hours=1),
    )
    facts.verify(session, new.id, "b", NOW)
    text = stale.renew(session, draft.id, AUTHOR, settings, NOW).text
    assert "11人受伤" not in text
    assert (
        "截至11月24日9时30分，据市应急管理局核实，4人死亡，无失联人员；截至11月24日14时30分，12人受伤。"
        in text
    )

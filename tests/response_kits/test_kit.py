"""The kit, the risk assessment, the effect and the archive of an issue, and the commands that print them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from kit_world import AUTHOR, LEADER, NOW, PRINCIPAL, SECRECY, UNIT, add_issue
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from test_library import OLD, RULE

from huiyin.cli import main
from huiyin.errors import NotFound
from huiyin.records import AnalysisRow, Clause, DocumentRow, Issue, IssueDocument, Record, Statement
from huiyin.settings import Settings
from response_kits import (
    archive,
    claims,
    clocks,
    drafts,
    effect,
    evidence,
    kit,
    pack,
    risk,
    statements,
    strategy,
    workflow,
)
from response_kits.library import policies
from response_kits.library.readers import read_text

SAID = (
    "听说有5名孩子死亡",
    "转：有5名孩子死亡！",
    "//@momo:5名孩子死亡了",
    "42名学生就诊",
    "食堂用的是过期食材",
)


def add_posts(session: Session, issue_id: str, hours: int = -10) -> None:
    """One post for each of SAID, an hour apart, with claims as the analysis gives them."""
    for n, words in enumerate(SAID):
        at = NOW + timedelta(hours=hours + n)
        session.add(
            DocumentRow(id=f"{issue_id}-{n}", source="weibo", kind="post", text=words, published=at, when=at)
        )
        session.flush()
        session.add(AnalysisRow(document_id=f"{issue_id}-{n}", topic="food_drug", sentiment=-1 if n < 3 else 0, rumour_score=0.6,
                                data={"claims": [{"text": words}]}))  # fmt: skip
        session.add(IssueDocument(document_id=f"{issue_id}-{n}", issue_id=issue_id, when=at))
    session.flush()


def test_claims_are_counted_and_folded(session: Session, issue: Issue) -> None:
    add_posts(session, issue.id)
    found = {c.text: c for c in claims.of_issue(session, issue.id)}
    assert max(c.count for c in found.values()) == 3
    first = next(c for c in found.values() if c.count == 3)
    assert "5名孩子死亡" in first.text
    assert len(first.examples) == 3


def test_a_kit_tells_what_is_claimed_known_and_unknown(
    session: Session, issue: Issue, settings: Settings
) -> None:
    add_posts(session, issue.id)
    clocks.start_for(session, issue, settings, NOW)
    made = kit.build(session, issue.id, NOW, settings)
    verdicts = {c["text"]: c["verdict"] for c in made.claims}
    assert verdicts[next(t for t in verdicts if "死亡" in t)] == "against"
    assert verdicts["42名学生就诊"] == "for"
    assert verdicts["食堂用的是过期食材"] == "unverified"
    assert [q["grade"] for q in made.questions] == ["must", "must"]
    assert [q["answered"] for q in made.questions] == [True, False]
    assert {u["from"] for u in made.unknown} == {"question", "fact", "claim"}
    assert all(u["ask"] for u in made.unknown)
    assert made.strategy["key"] == "deny"
    assert made.responsible["unit"] == "云江市教育局"
    assert made.responsible["contact"] == "0000-12345"
    assert {c["rule"] for c in made.clocks} == {"respond", "correct"}
    assert {"下一次发布的时间"} <= {g["need"] for g in made.gaps}
    assert made.recommended == ["notice", "rebuttal"]
    json.dumps(made.as_dict())


def test_superseded_numbers_are_outdated_not_false(
    session: Session, issue: Issue, settings: Settings
) -> None:
    from response_kits import facts

    add_posts(session, issue.id)
    old = next(f for f in facts.of_issue(session, issue.id) if f.slot == "injured")
    new = facts.supersede(session, old.id, "共有63名学生就诊。", source=old.source, by="a", now=NOW)
    facts.verify(session, new.id, "b", NOW)
    made = kit.build(session, issue.id, NOW, settings)
    assert next(c for c in made.claims if c["text"] == "42名学生就诊")["verdict"] == "outdated"


def test_a_similar_past_issue_comes_with_its_answer(
    session: Session, issue: Issue, settings: Settings
) -> None:
    past = add_issue(session, "old")
    past.title, past.first, past.state = "第五小学学生就餐后呕吐", NOW - timedelta(days=90), "closed"
    statements.keep(
        session,
        title="关于第五小学的通报",
        text="已处置。",
        body="市教育局",
        issue_id="old",
        published=NOW - timedelta(days=89),
    )
    session.flush()
    found = kit.build(session, issue.id, NOW, settings).similar
    assert [row["id"] for row in found] == ["old"]
    assert found[0]["statements"][0]["title"] == "关于第五小学的通报"


def test_a_merged_issue_leads_to_its_heir(session: Session, issue: Issue) -> None:
    gone = add_issue(session, "gone")
    gone.merged_into = issue.id
    session.flush()
    assert kit.get_issue(session, "gone").id == issue.id
    with pytest.raises(NotFound):
        kit.get_issue(session, "nowhere")


def test_clauses_in_force_come_first_and_repealed_ones_not_at_all(session: Session, issue: Issue) -> None:
    policies.add(session, OLD.encode(), "old.txt", now=NOW)
    policies.add(session, RULE.encode(), "rule.txt", now=NOW)
    found = evidence.clauses_for(session, "医院停车场收费多少钱", day=NOW.date())
    assert next((p.number, c.path) for p, c, _ in found) == ("云政发〔2026〕5号", "第三条")
    assert {p.number for p, _, _ in found} == {"云政发〔2026〕5号"}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("建议增设一个公交站", "suggestion"),
        ("家里停水三天了怎么办", "difficulty"),
        ("举报食堂用过期食材", "problem"),
        ("这是真的吗", "unclear"),
    ],
)
def test_kinds_of_opinion_have_their_handling(said: str, kind: str) -> None:
    row = strategy.opinion_kind(said)
    assert row["key"] == kind
    assert row["handling"]
    assert row["basis"] == "国办发〔2016〕80号"


def test_who_answers_a_matter_of_several_departments(session: Session, issue: Issue) -> None:
    issue.unit = "云江市教育局、云江市市场监管局"
    assert strategy.responsible(session, issue, [])["scope"] == "several_departments"
    issue.level_parts = {"event": {"label": "特别重大"}}
    assert strategy.responsible(session, issue, [])["first"] == "政府主要负责人"


INSURANCE = """云江市参保办法
云政发〔2026〕99号
第一章　总则
第一条　为规范参保工作，根据有关规定，制定本办法。
第二章　基本养老保险
第二条　参保人员可以选择缴费基数。最低缴费年限按照国家规定执行。
第三章　基本医疗保险
第三条　参保人员可以参加基本医疗保险。
第四条　累计缴费年限满二十五年的，按规定享受待遇，不再缴费。
第四章　附则
第五条　本办法自2027年1月1日起施行。《云江市参保暂行办法》（云政发〔2020〕9号）同时废止。
"""
INSURANCE_OLD = """云江市参保暂行办法
云政发〔2020〕9号
第一条　为规范参保工作，制定本办法。
第二条　基本医疗保险累计缴费年限满二十五年的，不再缴费。
第三条　本办法自2020年1月1日起施行。
云江市人民政府
2019年12月1日
"""


def test_the_clause_that_will_be_misread_is_named(session: Session) -> None:
    policies.add(session, INSURANCE_OLD.encode(), "old.txt", now=NOW)
    rule = policies.add(session, INSURANCE.encode(), "new.txt", now=NOW)
    made = risk.assess(session, rule, NOW.date())
    assert made.clauses[0].path == "第四条"
    assert any("张冠李戴" in reason for reason in made.clauses[0].reasons)
    assert "基本医疗保险" in made.clauses[0].answer
    assert "不是新增" in made.clauses[0].answer
    assert [row["key"] for row in made.dimensions] == [
        "reach",
        "interest",
        "clarity",
        "transition",
        "climate",
    ]
    assert all(1 <= row["score"] <= 5 and row["reason"] for row in made.dimensions)
    assert {"发布前", "发布时", "发布后 48 小时"} <= {step["when"] for step in made.plan}
    assert made.compared_with.startswith("《云江市参保暂行办法》")


def publish(session: Session, issue: Issue, settings: Settings) -> int:
    draft = drafts.create(
        session,
        issue.id,
        "notice",
        settings,
        NOW,
        by=AUTHOR.name,
        about={"next_update": "2026-11-25T10:00:00+08:00"},
    )
    for move, who in (
        ("submit", AUTHOR),
        ("approve", UNIT),
        ("approve", SECRECY),
        ("approve", LEADER),
        ("sign", PRINCIPAL),
        ("publish", UNIT),
    ):
        warned = {g: "已核对" for g, s in draft.checks["gates"].items() if s == "warn"}
        workflow.act(session, draft.id, move, who, settings, NOW, override=warned)
    return draft.id


def test_effect_shows_each_figure_with_its_rows(session: Session, issue: Issue, settings: Settings) -> None:
    add_posts(session, issue.id, -3)
    clocks.start_for(session, issue, settings, NOW)
    before = {f.key: f for f in effect.measure(session, issue.id, settings, NOW)}
    assert before["first_response"].value is None
    publish(session, issue, settings)
    found = {f.key: f for f in effect.measure(session, issue.id, settings, NOW + timedelta(hours=30))}
    assert found["first_response"].value == 31.0
    assert found["volume_24h"].rows == [["s01-0", "s01-1", "s01-2"], ["s01-3", "s01-4"]]
    assert found["negative_24h"].words == "100%（3 篇） → 0%（2 篇）"
    assert "窗口未满" in found["volume_48h"].words
    assert "窗口未满" not in found["volume_24h"].words
    assert found["sourced"].value == 1.0
    assert found["coverage"].value == pytest.approx(41 / 70)
    assert found["clocks_met"].words == "1/2 项按时"


def test_what_came_before_the_talk_answers_nothing(session: Session, issue: Issue) -> None:
    add_posts(session, issue.id)
    statements.keep(
        session,
        title="供餐招标公告",
        text="公告。",
        body="市教育局",
        issue_id=issue.id,
        published=NOW - timedelta(days=3),
    )
    assert statements.answers(session, issue.id) == []


def test_an_archive_holds_all_with_hashes(session: Session, issue: Issue, settings: Settings) -> None:
    number = publish(session, issue, settings)
    data = archive.export(session, number, settings, NOW, by="analyst1")
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        manifest = json.loads(files.read("manifest.json"))
        for name, digest in manifest["files"].items():
            assert hashlib.sha256(files.read(name)).hexdigest() == digest
        assert [row["move"] for row in json.loads(files.read("签发.json"))][-1] == "publish"
        assert len(json.loads(files.read("依据.json"))["facts"]) >= 4


def run(capsys: pytest.CaptureFixture[str], settings: Settings, *arguments: str) -> tuple[int, str, str]:
    status = main(["--home", settings.home, *arguments])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.fixture
def home(record: Record, settings: Settings, tmp_path: Path) -> Settings:
    """The record as the commands will open it, with the issue in it."""
    with record.session() as session:
        add_issue(session)
    return settings


def test_commands_from_a_fact_to_the_kit(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(
        capsys,
        home,
        "fact",
        "add",
        "s01",
        "共有42名学生就诊",
        "--source",
        "市卫健委",
        "--by",
        "zhang",
        "--json",
    )
    number = json.loads(out)["id"]
    assert status == 0
    assert run(capsys, home, "fact", "verify", str(number), "--by", "li")[0] == 0
    status, out, _ = run(capsys, home, "kit", "s01", "--json")
    made = json.loads(out)
    assert [f["verified_by"] for f in made["known"]] == ["li"]
    assert "共有42名学生就诊" in run(capsys, home, "kit", "s01")[1]
    status, out, _ = run(capsys, home, "issues", "--json")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["s01"]
    status, out, _ = run(
        capsys, home, "rumour", "add", "有人死亡", "--issue", "s01", "--by", "zhang", "--json"
    )
    assert json.loads(out)["verdict"] == "待核"


def test_a_missing_issue_is_one_sentence(home: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, home, "kit", "nowhere")
    assert status == 1
    assert "nowhere" in err
    assert len(err.strip().splitlines()) == 1


def test_policy_commands(home: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "停车.txt"
    file.write_text(RULE, "utf-8")
    status, out, _ = run(capsys, home, "policy", "add", str(file), "--json")
    row = json.loads(out)
    assert (status, row["number"], row["in_force"]) == (0, "云政发〔2026〕5号", True)
    shown = json.loads(run(capsys, home, "policy", "show", str(row["id"]), "--json")[1])
    assert "第三条" in [c["path"] for c in shown["clauses"]]
    assert run(capsys, home, "policy", "add", str(tmp_path / "none.txt"))[0] == 2
    assert run(capsys, home, "policy", "show", "999")[0] == 1


def test_assessing_a_file_leaves_the_library_as_it_was(
    home: Settings, record: Record, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "draft.txt"
    file.write_text(INSURANCE, "utf-8")
    status, out, _ = run(capsys, home, "assess", str(file), "--json")
    assert status == 0
    assert json.loads(out)["clauses"][0]["path"] == "第四条"
    with record.session(write=False) as session:
        assert session.scalars(select(Clause)).all() == []


def test_audit_verify_finds_a_changed_row(
    home: Settings, record: Record, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, home, "fact", "add", "s01", "共有42名学生就诊", "--source", "市卫健委", "--by", "zhang")
    assert run(capsys, home, "audit", "verify")[0] == 0
    assert "fact.add" in run(capsys, home, "audit", "list")[1]
    with record.session() as session:
        session.execute(text("UPDATE audit SET \"by\" = 'li' WHERE number = 1"))
    status, _, err = run(capsys, home, "audit", "verify")
    assert status == 1
    assert "row 1" in err


def test_the_sample_citys_answers_load_once(record: Record, settings: Settings) -> None:
    from crawler.sample_city import build
    from response_kits.sample import load_sample

    city = build(NOW)
    with record.session() as session:
        session.add(
            Issue(
                id="fire",
                title="澜泽化工火灾",
                topic="safety",
                place="云山区",
                level=3,
                seen=NOW - timedelta(hours=46),
            )
        )
        session.flush()
        for item in city.out():
            if item.story == "s06" and item.where in ("weibo", "forum", "notice", "gov_atom"):
                key = f"{item.where}{item.native}"
                kind = "post" if item.where in ("weibo", "forum") else "notice"
                session.add(DocumentRow(id=key, source=item.where, kind=kind, url=f"http://city{item.path}", text=item.text,
                                        published=item.published, when=item.published, sample=True))  # fmt: skip
                session.flush()
                session.add(IssueDocument(document_id=key, issue_id="fire", when=item.published))
    counts = load_sample(record, settings, NOW, "http://city")
    assert counts["policies"] >= 10
    assert counts["facts"] >= 8
    assert counts["waiting"] > 0
    again = load_sample(record, settings, NOW, "http://city")
    assert set(again) == {"waiting"}
    with record.session() as session:
        known = {f["text"]: f for f in kit.build(session, "fire", NOW, settings).known}
        assert "4人死亡。" in known
        assert not any("首次通报" in said for said in known)
        assert session.get(Issue, "fire").state == "answered"  # type: ignore[union-attr]
        assert session.scalars(select(Statement).where(Statement.issue_id == "fire")).all()
        rule = policies.by_number(session, "云政发〔2026〕31号")
        assert rule is not None
        assert risk.assess(session, rule, NOW.date()).clauses[0].path == "第八条"


def test_the_pack_and_the_assessment_are_documents(
    session: Session, issue: Issue, settings: Settings
) -> None:
    shown = read_text(pack.build(session, issue.id, settings, NOW), "pack.docx")
    for said in ("有没有孩子死亡", "共有42名学生到医院就诊", "云江市教育局", "不能说的和原因", "有没有瞒报"):
        assert said in shown
    for paper in pack.PAPERS:  # the same content on paper and in the width of a phone
        printed = re.sub(r"\s", "", read_text(pack.pdf(session, issue.id, settings, NOW, paper), "pack.pdf"))
        for said in ("有没有孩子死亡", "共有42名学生到医院就诊", "有没有瞒报", "内部使用，不对外发布"):
            assert said in printed, paper
    rule = policies.add(session, INSURANCE.encode(), "new.txt", now=NOW)
    text = read_text(risk.as_docx(risk.assess(session, rule, NOW.date())), "risk.docx")
    assert "第四条" in text
    assert "整体方案" in text


def test_questions_are_cut_from_what_they_repost_and_denials_claim_nothing(
    session: Session, issue: Issue
) -> None:
    issue.concerns = [
        {"question": "到底能不能开窗 【续报】截至17时，3人死亡", "count": 2},
        {"question": "到底能不能开窗", "count": 1},
        {"question": "嗯", "count": 9},
    ]
    assert [(q["question"], q["count"]) for q in kit.asked(issue)] == [("到底能不能开窗", 3)]
    at = NOW - timedelta(hours=1)
    for n, said in enumerate(("网传“死亡20人”不实", "死亡20人")):
        session.add(DocumentRow(id=f"d{n}", source="weibo", kind="post", text=said, published=at, when=at))
        session.flush()
        session.add(AnalysisRow(document_id=f"d{n}", topic="safety", data={"claims": [{"text": said}]}))
        session.add(IssueDocument(document_id=f"d{n}", issue_id=issue.id, when=at))
    session.flush()
    assert [(c.text, c.count) for c in claims.of_issue(session, issue.id)] == [("死亡20人", 1)]

"""Several people apply for the same information: from the register's CSV to the suggestion on the to-do page and the issue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from answering_city import City, words
from sqlalchemy import select

from crawler.import_file import ImportResult, import_file
from huiyin.records import AuditRow, DocumentRow, Issue, IssueDocument, IssueEvent, utcnow
from nlp.analyse import Analyser
from nlp.issues import IssueKeeper
from nlp.work import analyse_pending
from response_kits import disclosure

HEAD = "申请编号,申请人,申请时间,所需政府信息"
SAME = (
    "申请公开东湖路改造工程的环境影响评价报告及批复文件",
    "请提供东湖路改造项目环评报告和环评批复",
    "本人依据《政府信息公开条例》申请获取东湖路道路改造的环境影响报告书（含批复）",
    "东湖路改造环评批复复印件，邮寄纸质版",
)
OTHER = (
    "申请公开东湖路改造工程施工招标文件和中标合同",
    "申请公开本人的房屋产权登记档案",
    "申请公开云江市2026年部门预算",
)


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser.load()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    yield made
    made.close()


def register(city: City, folder: Path, analyser: Analyser, *rows: tuple[str, str]) -> ImportResult:
    """Import a register of (applicant, what is asked) and let the worker do its part."""
    day = utcnow() - timedelta(days=3)
    lines = [f"{text[:12]}-{who},{who},{day:%Y-%m-%d} 09:{n:02},{text}" for n, (who, text) in enumerate(rows)]
    file = folder / "2026年度登记表.csv"
    file.write_bytes("\n".join([HEAD, *lines]).encode("gb18030"))
    result = import_file(file, city.record, city.settings)
    while analyse_pending(city.record, analyser, "w"):
        pass
    keeper = IssueKeeper(city.record, city.settings)
    while keeper.group_pending():
        pass
    return result


def suggest(city: City, minutes: int = 0) -> list[IssueEvent]:
    with city.record.session() as session:
        return disclosure.suggest(session, utcnow() + timedelta(minutes=minutes))


def test_from_the_register_to_the_page(city: City, tmp_path: Path, analyser: Analyser) -> None:
    people = ("张一", "李二", "王三", "赵四")
    rows = [*zip(people, SAME, strict=True), *(("钱五", text) for text in OTHER)]
    result = register(city, tmp_path, analyser, *rows)
    assert (result.source, result.counts.new + result.counts.duplicate) == ("import-disclosure", 7)
    (event,) = suggest(city)
    assert event.data["applicants"] == 4
    with city.record.session(write=False) as session:
        asked = {row.text for row in session.scalars(select(DocumentRow).where(DocumentRow.id.in_(event.data["documents"])))}  # fmt: skip
        homes = set(session.scalars(select(IssueDocument.issue_id).where(IssueDocument.document_id.in_(event.data["documents"]))))  # fmt: skip
        assert "张一" not in {row.author for row in session.scalars(select(DocumentRow))}  # pseudonyms
    assert asked == set(SAME)
    assert homes == {event.issue_id}  # they form one issue
    browser = city.client("zhang")
    todo = words(browser.get("/"))
    assert "主动公开建议" in todo
    assert "4 名" in todo
    page = words(browser.get(f"/issues/{event.issue_id}"))
    assert "4 名申请人、4 件申请 要求公开同一信息" in page
    assert "第四十四条" in page
    assert suggest(city, 2) == []  # the same again: no change


def test_a_person_decides_and_it_is_written_down(city: City, tmp_path: Path, analyser: Analyser) -> None:
    rows = [(f"申请人{n}", text) for n, text in enumerate(SAME[:3])]
    register(city, tmp_path, analyser, *rows)
    (event,) = suggest(city)
    browser = city.client("li")
    address = f"/issues/{event.issue_id}/disclosure"
    browser.post(address, 400, decision="decline", reason=" ")
    browser.post(address, 302, decision="decline", reason="属于第十四条规定的国家秘密")
    assert "主动公开建议" not in words(browser.get(f"/issues/{event.issue_id}")).split("处置记录")[0]
    assert "不采纳。属于第十四条" in words(browser.get(f"/issues/{event.issue_id}?tab=log"))
    with city.record.session(write=False) as session:
        (act,) = session.scalars(select(AuditRow).where(AuditRow.act == "disclosure.decline"))
        assert (act.by, act.data["reason"]) == ("li", "属于第十四条规定的国家秘密")
        assert disclosure.waiting(session) == []
    register(city, tmp_path, analyser, *rows, ("申请人8", SAME[3]))
    assert suggest(city, 2) == []  # a declined one rests until twice as many have applied
    more = [(f"新申请人{n}", text) for n, text in enumerate(SAME[:2])]
    register(city, tmp_path, analyser, *rows, ("申请人8", SAME[3]), *more)
    (again,) = suggest(city, 4)
    assert again.data["applicants"] == 6


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([("张一", text) for text in SAME], "one and the same applicant"),
        ([("", text) for text in SAME], "applicants without a name"),
        ([(f"人{n}", text) for n, text in enumerate(SAME[:2])], "two people only"),
        ([(f"人{n}", "申请公开本人的房屋产权登记档案") for n in range(4)], "own affairs"),
        ([(f"人{n}", f"申请公开云江市{year}年部门预算") for n, year in enumerate((2022, 2023, 2024, 2025))], "other years"),
        (list(zip("甲乙丙", OTHER, strict=True)), "different information"),
    ],
)  # fmt: skip
def test_what_is_no_reason_to_publish(
    city: City, tmp_path: Path, analyser: Analyser, rows: list[tuple[str, str]], why: str
) -> None:
    register(city, tmp_path, analyser, *rows)
    assert suggest(city) == [], why


def test_an_issue_that_somebody_works_on_is_not_merged_away(
    city: City, tmp_path: Path, analyser: Analyser
) -> None:
    register(city, tmp_path, analyser, *((f"人{n}", text) for n, text in enumerate(SAME)))
    with city.record.session() as session:
        held = session.scalars(select(IssueDocument).order_by(IssueDocument.document_id)).all()
        mine = next(member for member in held if session.get_one(DocumentRow, member.document_id).source == "import-disclosure")  # fmt: skip
        alone = Issue(id="i-mine", title="已认领", state="assigned", owner="zhang", first=mine.when, last=mine.when)  # fmt: skip
        session.add(alone)
        session.flush()
        mine.issue_id = "i-mine"
    (event,) = suggest(city)
    with city.record.session(write=False) as session:
        assert session.get_one(Issue, "i-mine").merged_into == ""
    assert event.data["applicants"] == 4

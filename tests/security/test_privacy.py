"""The duties towards people who are heard: what is stored of them, opt-outs, keys that change, assessments, who looked at what."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from answering_city import ISSUE, City, words
from api_city import Api, open_city
from sqlalchemy import func, select

from crawler import catalogue, opt_outs
from crawler.intake import Intake
from crawler.pseudonym import Pseudonyms, age_of_key, old_keys, rotate
from dashboard.access import WATCHED
from dashboard.operations import backup
from dashboard.retention import purge
from huiyin import cli
from huiyin.document import Comment, Document, document_id
from huiyin.errors import Conflict, UsageError
from huiyin.records import Access, DocumentRow, Impact, OptOut, Record, Source
from huiyin.settings import Settings

NOW = datetime.now(UTC)


def one(number: int, author: str, url: str = "", text: str = "", **more: object) -> Document:
    return Document(
        id=document_id("forum", str(number)), source="forum", kind="post", text=text or f"第{number}条内容，说的是小区停水和来水时间的事情。",
        author=author, fetched=NOW, published=NOW, url=url or f"https://forum.example/{number}", **more,
    )  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=str(tmp_path / "home"))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[City]:
    made = open_city(tmp_path / "city")
    yield made
    made.close()


def authors(record: Record) -> list[str]:
    with record.session(write=False) as session:
        return list(session.scalars(select(DocumentRow.author).order_by(DocumentRow.fetched, DocumentRow.id)))


def test_nothing_that_names_a_person_reaches_the_disk(settings: Settings, record: Record) -> None:
    said = "我叫什么不重要，电话13812345678，身份证110101199003071234，卡号6222 0212 3456 7890 123，求助。"
    document = one(
        1,
        "云江小明",
        text=said,
        province="广东 深圳 南山区",
        comments=(Comment("打13912345678找我", None, "热心邻居"),),
        extra={"ip": "电话13712345678"},
    )
    Intake(record, settings).store([document])
    record.close()
    stored = b"".join(file.read_bytes() for file in settings.home_path.glob("huiyin.db*")).decode(
        "utf-8", "replace"
    )
    for word in (
        "云江小明",
        "热心邻居",
        "13812345678",
        "13912345678",
        "13712345678",
        "199003071234",
        "3456 7890",
        "深圳",
        "南山",
    ):
        assert word not in stored, word
    assert "广东" in stored


@pytest.mark.parametrize(
    ("kind", "given", "refused"),
    [
        ("author", "云江小明", {1, 4}), ("url", "https://forum.example/2?utm_source=x#top", {2}), ("site", "https://www.other.example/a", {3, 5}),
        ("site", "example", set()), ("author", "云江小", set()),
    ],
)  # fmt: skip
def test_who_asked_to_be_left_out_is_left_out(
    settings: Settings, record: Record, kind: str, given: str, refused: set[int]
) -> None:
    given = given if given != "example" else "ther.example"  # a host that only ends alike is another
    with record.session() as session:
        opt_outs.add(session, kind, given, Pseudonyms.open(settings), reason="", by="test")
        assert "云江小明" not in session.scalars(select(OptOut)).one().value
    sent = [
        one(1, "云江小明"), one(2, "别人"), one(3, "别人", "https://other.example/3"), one(4, " 云江小明 "), one(5, "别人", "https://m.other.example:8080/5"),
    ]  # fmt: skip
    counts = Intake(record, settings).store(sent)
    assert counts.filtered == len(refused)
    with record.session(write=False) as session:
        left = set(session.scalars(select(DocumentRow.id)))
    assert left == {document_id("forum", str(n)) for n in range(1, 6)} - {
        document_id("forum", str(n)) for n in refused
    }


def test_opt_outs_reach_an_intake_that_runs_and_end(settings: Settings, record: Record) -> None:
    intake = Intake(record, settings)
    assert intake.store([one(1, "云江小明")]).new == 1
    with record.session() as session:
        row = opt_outs.add(session, "author", "云江小明", Pseudonyms.open(settings), reason="", by="test")
        again = opt_outs.add(session, "author", "云江小明", Pseudonyms.open(settings), reason="", by="test")
        assert row.id == again.id
        number = row.id
    assert intake.store([one(2, "云江小明")]).filtered == 1
    assert (
        intake.comment(
            {
                document_id("forum", "1"): [
                    Comment("再说一句", None, "云江小明"),
                    Comment("同问", None, "别人"),
                ]
            }
        )
        == set()
    )
    with record.session() as session:
        assert [c["text"] for c in session.get_one(DocumentRow, document_id("forum", "1")).comments] == [
            "同问"
        ]
        opt_outs.end(session, number, by="test")
    assert intake.store([one(3, "云江小明")]).filtered == 0
    with record.session() as session:
        assert (
            opt_outs.add(session, "author", "云江小明", Pseudonyms.open(settings), reason="", by="test").id
            == number
        )
    assert intake.store([one(4, "云江小明")]).filtered == 1


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("author", ""),
        ("author", "x" * 201),
        ("url", "forum.example/1"),
        ("site", "localhost"),
        ("person", "x"),
        ("site", "http://["),
    ],
)
def test_what_cannot_be_listed_is_refused(settings: Settings, kind: str, given: str) -> None:
    with pytest.raises(UsageError):
        opt_outs.value_of(kind, given, Pseudonyms.open(settings))


def test_a_new_key_parts_old_from_new_but_not_for_the_person(settings: Settings, record: Record) -> None:
    intake = Intake(record, settings)
    intake.store([one(1, "云江小明")])
    with record.session() as session:
        opt_outs.add(session, "author", "别人", Pseudonyms.open(settings), reason="", by="test")
    rotate(settings, (NOW + timedelta(days=10)).date())
    intake.store([one(2, "云江小明"), one(3, "别人")])  # a process that runs takes the new key
    old, new = authors(record)
    assert old != new
    names = Pseudonyms.open(settings)
    assert names.name("云江小明") == new
    assert names.names("云江小明") == (new, old)
    assert Pseudonyms.open(settings, today=(NOW + timedelta(days=10)).date()).names("云江小明") == (new, old)
    assert Pseudonyms.open(settings, today=(NOW + timedelta(days=11)).date()).names("云江小明") == (new,)
    assert cli.main(["--home", settings.home, "purge", "--author", "云江小明", "--yes"]) == 0
    assert authors(record) == []
    assert intake.store([one(3, "别人")]).filtered == 1  # the list outlives the keys


def test_keys_change_in_their_time_and_old_ones_are_destroyed(settings: Settings, record: Record) -> None:
    Intake(record, settings).store([one(1, "云江小明")])
    key = settings.home_path / "secrets" / "author.key"
    assert key.stat().st_mode & 0o077 == 0
    first = key.read_text()
    purge(settings)
    assert key.read_text() == first
    past = (NOW - timedelta(days=settings.author_key_days + 1)).timestamp()
    os.utime(key, (past, past))
    purge(settings)
    assert key.read_text() != first
    assert age_of_key(settings, datetime.now(UTC)) < timedelta(minutes=1)
    [(file, until)] = old_keys(settings)
    assert file.read_text() == first
    assert (
        until >= (NOW + timedelta(days=settings.retention_days)).date()
    )  # as long as documents made with it
    purge(settings, datetime.now(UTC) + timedelta(days=settings.retention_days + 3))
    assert first not in {kept.read_text() for kept, _ in old_keys(settings)}


def test_no_key_of_authors_is_in_a_backup(settings: Settings, record: Record, tmp_path: Path) -> None:
    import tarfile

    Intake(record, settings).store([one(1, "云江小明")])
    rotate(settings, NOW.date())
    with pytest.raises(Conflict):
        rotate(settings, NOW.date())
    backup(settings, tmp_path / "b.tar.gz")
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        names = archive.getnames()
    assert "secrets/opt-out.key" in names  # else a restored system would forget who asked to be left out
    assert not any("author" in name for name in names)


def test_every_source_of_the_catalogue_says_on_what_basis_it_is_heard() -> None:
    missing = [source.name for source in catalogue.load().values() if not source.legal_basis.strip()]
    assert not missing


def test_the_command_lists_adds_and_ends(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", settings.home, "privacy"]
    assert cli.main([*home, "opt-out", "site", "www.Other.Example", "--reason", "来函"]) == 0
    assert cli.main([*home, "list"]) == 0
    said = capsys.readouterr()
    assert "site\tother.example" in said.out
    assert cli.main([*home, "end", "1"]) == 0
    assert cli.main([*home, "end", "9"]) == 1
    assert cli.main([*home, "rotate", "--keep-days", "5"]) == 0
    capsys.readouterr()
    assert cli.main([*home, "list"]) == 0
    said = capsys.readouterr()
    assert "other.example" not in said.out
    assert "is kept until" in said.err


def test_watched_addresses_are_addresses(watched: City) -> None:
    assert not set(WATCHED) - set(watched.app.view_functions)


def test_each_look_and_each_export_is_written_down(watched: City) -> None:
    browser = watched.client("zhang")
    browser.get("/documents/d1")
    browser.get("/documents/d1")
    browser.get("/documents/nobody", 404)
    browser.get(f"/issues/{ISSUE}")
    for _ in range(2):
        with browser.client.get("/search/export.csv") as answer:
            assert answer.status_code == 200
    watched.client("zhao").client.get("/search/export.csv")  # refused
    Api(watched, "read", user="li").get("/documents?q=孩子")
    with watched.session() as session:
        rows = [(row.by, row.act, row.thing) for row in session.scalars(select(Access).order_by(Access.id))]
        assert all(row.request for row in session.scalars(select(Access)))
    assert rows == [
        ("zhang", "view", "document:d1"), ("zhang", "view", f"issue:{ISSUE}"), ("zhang", "export", "search:csv"), ("zhang", "export", "search:csv"),
        ("li", "api", "documents"),
    ]  # fmt: skip
    page = words(watched.client("wang").get("/privacy/access?by=zhang&act=export"))
    assert page.count("search:csv") == 2
    assert "document:d1" not in page
    watched.client("zhang").get("/privacy/access", 403)


def test_nothing_is_shown_that_could_not_be_written_down(watched: City) -> None:
    browser = watched.client("zhang")
    with watched.record.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE accesses")
    answer = browser.client.get("/documents/d1")
    assert answer.status_code == 500
    assert "三小的事" not in answer.text


def test_an_assessment_is_written_approved_by_another_and_then_fixed(watched: City) -> None:
    analyst, leader = watched.client("zhang"), watched.client("zhao")
    form = analyst.get("/privacy/impacts/new")
    assert "密钥" in form
    fields = {
        "title": "舆情监测影响评估", "scope": "全部来源", "purpose": "发现公众关切", "data_kinds": "公开文字", "legal_basis": "履行法定职责", "necessity": "必要", "risks": "低", "measures": "代号",
    }  # fmt: skip
    answer = analyst.client.post(
        "/privacy/impacts", data={"csrf": analyst.csrf, **fields, "necessity": "", "risk": "low"}
    )
    assert (answer.status_code, "必要性" in answer.text) == (400, True)
    analyst.post("/privacy/impacts", 400, **fields, risk="none")
    analyst.post("/privacy/impacts", 302, **fields, risk="low")
    with watched.session() as session:
        row = session.scalars(select(Impact)).one()
        number, version = row.id, row.version
    analyst.post("/privacy/impacts", 409, **fields, risk="medium", id=number, version=version + 1)
    analyst.post(
        "/privacy/impacts", 302, **{**fields, "risks": "很低"}, risk="low", id=number, version=version
    )
    analyst.post(f"/privacy/impacts/{number}/approve", 403)
    assert "待批准" in words(leader.get("/privacy"))
    leader.post(f"/privacy/impacts/{number}/approve", 302)
    leader.post(f"/privacy/impacts/{number}/approve", 409)
    analyst.post("/privacy/impacts", 409, **fields, risk="low", id=number, version=version + 2)
    with watched.session() as session:
        row = session.get_one(Impact, number)
        assert (row.by, row.approved_by, row.risks) == ("zhang", "zhao", "很低")
        assert row.review_due is not None
        assert row.approved_at is not None
        assert row.review_due - row.approved_at == timedelta(days=365)
    # Nobody approves what they wrote.
    leader.post("/privacy/impacts", 302, **fields, risk="high")
    leader.post(f"/privacy/impacts/{number + 1}/approve", 409)


def test_requests_of_persons_are_carried_out_from_the_page(watched: City) -> None:
    admin = watched.client("root")
    Intake(watched.record, watched.settings).store([one(1, "云江小明"), one(2, "别人")])
    admin.post("/privacy/erase", 400, kind="author", value="云江小明", reason="")
    admin.post("/privacy/erase", 302, kind="author", value="云江小明", reason="申请2026-01", sure="1")
    with watched.session() as session:
        assert session.get(DocumentRow, document_id("forum", "1")) is None
        assert session.get(DocumentRow, document_id("forum", "2")) is not None
    page = admin.get("/privacy")
    assert "申请2026-01" in page
    assert "云江小明" not in page
    assert Intake(watched.record, watched.settings).store([one(1, "云江小明")]).filtered == 1
    admin.post("/privacy/erase", 404, kind="url", value="https://forum.example/none", sure="1")
    number = re.search(r"/privacy/opt-outs/(\d+)/end", page)
    assert number is not None
    admin.post(number[0], 302)
    watched.client("zhang").post(number[0], 403)


def test_how_long_a_source_is_kept_is_a_recorded_decision(watched: City) -> None:
    admin = watched.client("root")
    admin.post("/privacy/sources/forum", 302, days="90")
    admin.post("/privacy/sources/forum", 400, days="0")
    admin.post("/privacy/sources/forum", 400, days="99999")
    admin.post("/privacy/sources/nobody", 404, days="9")
    watched.client("zhang").post("/privacy/sources/forum", 403, days="9")
    with watched.session() as session:
        assert session.get_one(Source, "forum").retention_days == 90
    admin.post("/privacy/sources/forum", 302, days="")
    with watched.session() as session:
        assert session.get_one(Source, "forum").retention_days is None
        assert session.scalar(select(func.count()).select_from(OptOut)) == 0

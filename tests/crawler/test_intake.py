"""Intake: what is stored, what is not stored twice, what is hidden."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crawler.addresses import canonical, provinces, visit_key
from crawler.intake import Counts, Intake
from crawler.moments import moment
from crawler.rows import VisitNote
from huiyin import settings as settings_module
from huiyin.document import Comment, Document, document_id
from huiyin.pii_mask import mask
from huiyin.records import DocumentRow, Record, Visit
from huiyin.settings import Settings

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
TEXT = "东湖小区已经停水三天了，物业说是主管爆裂，到现在没有人来修，老人孩子都没法生活"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_module.load(home=str(tmp_path), environ={})


@pytest.fixture
def intake(record: Record, settings: Settings) -> Intake:
    return Intake(record, settings)


def post(native: str = "1", text: str = TEXT, source: str = "a", **more: object) -> Document:
    values = {
        "kind": "post",
        "author": "网友张三",
        "fetched": NOW,
        "published": NOW - timedelta(hours=1),
        **more,
    }
    return Document(id=document_id(source, native), source=source, text=text, **values)  # type: ignore[arg-type]


def rows(record: Record) -> dict[str, DocumentRow]:
    with record.session(write=False) as session:
        return {row.id: row for row in session.scalars(select(DocumentRow))}


def test_same_again_changes_nothing(intake: Intake, record: Record) -> None:
    document = post(comments=(Comment("我们楼也停了", NOW, "李四"),), url="http://A.cn:80/x?utm_source=q#top")
    assert intake.store([document]) == Counts(new=1)
    before = {name: (row.version, row.state, row.comments, row.url) for name, row in rows(record).items()}
    assert intake.store([document, document]) == Counts(unchanged=2)
    assert {
        name: (row.version, row.state, row.comments, row.url) for name, row in rows(record).items()
    } == before
    assert before[document.id][3] == "http://a.cn/x"


def test_changed_text_is_a_new_version_to_be_read_again(intake: Intake, record: Record) -> None:
    intake.store([post()])
    with record.session() as session:
        row = session.get_one(DocumentRow, post().id)
        row.state, row.indexed = "grouped", True
    assert intake.store([post(likes=3)]) == Counts(updated=1)
    row = rows(record)[post().id]
    assert (row.likes, row.state, row.version, row.indexed) == (3, "grouped", 1, False)
    assert intake.store([post(text=TEXT + "更新：水来了")]) == Counts(changed=1)
    row = rows(record)[post().id]
    assert (row.state, row.version, row.text.endswith("水来了")) == ("stored", 2, True)
    assert intake.store([post(text=f"  {TEXT}更新:水来了！ ")]) == Counts(unchanged=1)  # spacing is no change


def test_comments_are_merged(intake: Intake, record: Record) -> None:
    intake.store([post(comments=(Comment("一", NOW, "甲"),))])
    intake.store([post(comments=(Comment("一", NOW, "甲"), Comment("二", NOW, "乙")))])
    assert [c["text"] for c in rows(record)[post().id].comments] == ["一", "二"]
    assert intake.comment({post().id: [Comment("三", NOW)], "nothing": [Comment("四")]}) == {"nothing"}
    intake.comment({post().id: [Comment("三", NOW)]})
    assert [c["text"] for c in rows(record)[post().id].comments] == ["一", "二", "三"]


def test_reprints_chain_under_the_earliest(intake: Intake, record: Record) -> None:
    late = post("late", TEXT, "b", published=NOW)
    early = post("early", f"【转】{TEXT}", "a", published=NOW - timedelta(days=1))
    middle = post("middle", f"{TEXT} http://t.cn/1", "c", published=NOW - timedelta(hours=3))
    assert intake.store([late]) == Counts(new=1)
    assert intake.store([early]) == Counts(duplicate=1)
    assert intake.store([middle]) == Counts(duplicate=1)
    assert {name: row.duplicate_of for name, row in rows(record).items()} == {
        early.id: "",
        late.id: early.id,
        middle.id: early.id,
    }


def test_fold_index_survives_a_restart_and_sees_other_processes(
    intake: Intake, record: Record, settings: Settings
) -> None:
    intake.store([post("1")])
    assert Intake(record, settings).store([post("2", f"转发：{TEXT}", "b")]) == Counts(duplicate=1)


def test_exact_copies_of_any_age_are_found(record: Record, settings: Settings) -> None:
    old = NOW - timedelta(days=300)
    Intake(record, settings).store([post("1", fetched=old, published=old)])
    assert Intake(record, settings).store([post("2", source="b")]) == Counts(duplicate=1)


def test_policies_replies_and_hot_entries_are_not_folded(intake: Intake) -> None:
    for kind in ("policy", "reply", "hot"):
        documents = [post(f"{kind}{n}", source=f"{kind}{n}", kind=kind) for n in range(2)]
        assert intake.store(documents) == Counts(new=2), kind


def test_notices_that_fill_the_same_form_stay_apart(intake: Intake) -> None:
    form = "因{}供水管网改造，定于本周六起对该路段实行临时封闭施工，过往车辆请提前绕行，由此带来的不便敬请谅解。市住房和城乡建设局"
    notices = [
        post(f"n{n}", form.format(road), kind="notice", title=f"关于{road}临时封闭的通告")
        for n, road in enumerate(("东湖路", "西山路"))
    ]
    assert intake.store(notices) == Counts(new=2)
    reprint = post(
        "p", "记者获悉，" + form.format("东湖路"), "paper", kind="article", title="东湖路本周六起封闭"
    )
    same_notice = post(
        "again", form.format("东湖路") + "（转载）", "portal", kind="notice", title="关于东湖路临时封闭的通告"
    )
    assert intake.store([reprint, same_notice]) == Counts(duplicate=2)


def test_persons_are_hidden(intake: Intake, record: Record, settings: Settings) -> None:
    document = post(
        text="联系人王五 13812345678，身份证 110101199003071234，热线12345", province="发布于 广东 深圳",
        comments=(Comment("打 139 1234 5678", NOW, "赵六"),), extra={"phone": "13812345678", "deep": {"n": ["13812345678"]}},
    )  # fmt: skip
    intake.store([document])
    row = rows(record)[document.id]
    everything = repr((row.text, row.author, row.comments, row.extra, row.province))
    for secret in ("13812345678", "199003071234", "网友张三", "赵六", "5678", "深圳"):
        assert secret not in everything
    assert "12345" in row.text
    assert (len(row.text), row.province) == (len(document.text), "广东")
    key = settings.home_path / "secrets" / "author.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    # A pseudonym is stable, and storing what was stored does not wrap it again.
    assert intake.normalise(replace(document, author=row.author)).author == row.author
    assert Intake(record, settings).normalise(document).author == row.author


def test_odd_characters_are_stored(intake: Intake, record: Record) -> None:
    document = post(text="停水\x00了\ud800，真的\r\n没水")
    intake.store([document])
    assert rows(record)[document.id].text == "停水了?，真的\n没水"


def test_a_failed_batch_leaves_no_trace(
    intake: Intake, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = VisitNote("http://a.cn/" + "x", "a" * 10, etag=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="subscriptable"):
        intake.store([post("1")], [bad])
    assert rows(record) == {}
    assert intake.store([post("2", f"转：{TEXT}")]) == Counts(new=1)  # and the index forgot the first


def test_visits_are_stored_with_the_documents(intake: Intake, record: Record) -> None:
    intake.store(
        [post()],
        [VisitNote("http://a.cn/1", "a", 200, etag='"x"'), VisitNote("http://a.cn/2", "a", 0, failed=True)],
    )
    intake.store([], [VisitNote("http://a.cn/1", "a", 0), VisitNote("http://a.cn/2", "a", 0, failed=True)])
    with record.session(write=False) as session:
        found = {row.url: (row.status, row.failures, row.etag) for row in session.scalars(select(Visit))}
    assert found == {"http://a.cn/1": (200, 0, '"x"'), "http://a.cn/2": (0, 2, "")}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+86 138-1234-5678。", "+86 138-****-****。"), ("１３８１２３４５６７８", "１３８********"), ("卡号6222 0200 1234 5678 123", "卡号6222 **** **** **** ***"),
        ("400-800-1234、0871-12345678、110", "400-800-1234、0871-12345678、110"), ("订单4830123456789012", "订单4830123456789012"), ("", ""),
    ],
)  # fmt: skip
def test_masks(text: str, masked: str) -> None:
    assert mask(text) == masked
    assert mask(masked) == masked


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Tue Nov 24 12:03:39 +0800 2026", "2026-11-24T12:03:39+08:00"), (1795521819, "2026-11-24T20:03:39+08:00"), ("1795521819000", "2026-11-24T20:03:39+08:00"),
        ("2026/11/4 8:05", "2026-11-04T08:05:00+08:00"), ("2026-11-24T04:03:39Z", "2026-11-24T12:03:39+08:00"), ("Mon, 23 Nov 2026 08:00:00 GMT", "2026-11-23T16:00:00+08:00"),
        ("2026年11月20日 9:30", "2026-11-20T09:30:00+08:00"), ("3小时前", "2026-11-24T09:00:00+08:00"), ("无", None), (0, None), ("2099-01-01", None), (True, None), (None, None),
    ],
)  # fmt: skip
def test_moments(value: object, expected: str | None) -> None:
    found = moment(value, NOW)
    assert (found == datetime.fromisoformat(expected)) if expected else found is None


def test_addresses() -> None:
    assert canonical("HTTPS://Www.A.cn:443/p/?a=1&spm=2&b=") == "https://www.a.cn/p/?a=1&b="
    assert canonical("http://a.cn/#/detail/1") == "http://a.cn/#/detail/1"
    assert canonical("not an address") == "not an address"
    assert len(visit_key("http://a.cn/" + "x" * 5000)) <= 1024
    assert provinces("IP属地：内蒙古") == "内蒙古"
    assert provinces("云江") == ""

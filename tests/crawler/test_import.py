"""Files that people bring: each kind is read right, twice is once, what is wrong is named."""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from crawler.import_file import import_file
from huiyin import settings as settings_module
from huiyin.errors import HuiyinError, LimitExceeded, UsageError
from huiyin.records import DocumentRow, Record
from huiyin.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_module.load(home=str(tmp_path / "home"), upload_limit=1_000_000, environ={})


def rows(record: Record, source: str = "") -> list[DocumentRow]:
    with record.session(write=False) as session:
        query = select(DocumentRow).order_by(DocumentRow.id)
        return list(session.scalars(query.where(DocumentRow.source == source) if source else query))


COMMERCIAL = (
    "某平台导出 2026-11-24\r\n标题,正文,发布时间,媒体名称,作者,原文链接,转发数,IP属地\r\n"
    '东湖停水,"东湖小区已经停水三天,没人管",2026-11-20 08:00,云江网,张三,https://a.cn/1,1.2万,广东\r\n,,,,,,,\r\n'
    "西山路灯,西山小区的路灯坏了一个月没有人修,不久以前,云江网,李四,,3,\r\n,,2026-11-20,云江网,,,,\r\n"
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_commercial_csv(tmp_path: Path, record: Record, settings: Settings, encoding: str) -> None:
    file = tmp_path / "导出.csv"
    file.write_bytes(COMMERCIAL.encode(encoding))
    first = import_file(file, record, settings)
    assert (first.rows, first.counts.new, first.skipped, first.source) == (3, 2, 1, "import")
    assert any("第 5 行" in remark and "不久以前" in remark for remark in first.remarks)
    assert any("第 6 行" in remark and "标题和正文都是空的" in remark for remark in first.remarks)
    again = import_file(file, record, settings)
    assert (again.counts.new, again.counts.unchanged) == (0, 2)
    by_title = {row.title: row for row in rows(record)}
    water = by_title["东湖停水"]
    assert (water.text, water.origin, water.reposts, water.province, water.url) == (
        "东湖小区已经停水三天,没人管",
        "云江网",
        12000,
        "广东",
        "https://a.cn/1",
    )
    assert water.published == datetime.fromisoformat("2026-11-20T08:00+08:00")
    assert by_title["西山路灯"].published is None


def test_register_in_a_workbook(tmp_path: Path, record: Record, settings: Settings) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (
        ["2026 年信件登记表"],
        ["信件编号", "信件标题", "来信内容", "来信时间", "来信人", "答复内容", "答复单位", "答复时间"],
        [
            "A1",
            "路灯坏了",
            "小区门口路灯坏了半个月，请联系 13812345678",
            datetime(2026, 11, 1, 9, 30),
            "王五",
            "已修复",
            "城管局",
            "2026-11-03",
        ],
        ["A2", "噪音", "工地夜里施工", None, "赵六", None, None, None],
    ):
        sheet.append(line)
    file = tmp_path / "登记表.xlsx"
    book.save(file)
    result = import_file(file, record, settings)
    assert (result.source, result.rows, result.counts.new) == ("import-register", 2, 3)
    kinds = {row.kind: row for row in rows(record) if row.title.endswith("路灯坏了")}
    assert kinds["reply"].parent == kinds["message"].id
    assert kinds["reply"].origin == "城管局"
    assert kinds["message"].published == datetime.fromisoformat("2026-11-01T09:30+08:00")
    assert "12345678" not in kinds["message"].text


MEDIACRAWLER = {
    "weibo": ({"note_id": "51", "content": "大雨漫上来了大家小心", "create_time": 1795521819, "liked_count": "3", "comments_count": "2", "shared_count": "1", "nickname": "甲", "note_url": "https://m.weibo.cn/detail/51", "gender": "女", "last_modify_ts": 1}, "note_id"),
    "xhs": ({"note_id": "52", "title": "避雷", "desc": "食堂菜里有虫子大家注意", "time": 1795521819000, "liked_count": "1.2万", "comment_count": "2", "share_count": "1", "nickname": "乙", "note_url": "https://x.cn/52", "ip_location": "浙江", "last_modify_ts": 1}, "note_id"),
    "douyin": ({"aweme_id": "53", "title": "", "desc": "河里的鱼全都翻了肚皮", "create_time": 1795521819, "liked_count": "9", "comment_count": "4", "share_count": "5", "nickname": "丙", "aweme_url": "https://d.cn/53", "last_modify_ts": 1}, "aweme_id"),
    "tieba": ({"note_id": "54", "title": "求助", "desc": "社保断缴两个月怎么办", "publish_time": "2026-11-20 10:00", "user_nickname": "丁", "note_url": "https://t.cn/54", "total_replay_num": 7, "tieba_name": "云江吧", "last_modify_ts": 1}, "note_id"),
    "zhihu": ({"content_id": "55", "content_type": "answer", "content_text": "<p>拆迁补偿标准要看公告</p>", "created_time": 1795521819, "voteup_count": 8, "comment_count": 2, "user_nickname": "戊", "content_url": "https://z.cn/55", "title": "如何看待", "last_modify_ts": 1}, "content_id"),
}  # fmt: skip


@pytest.mark.parametrize("platform", MEDIACRAWLER)
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv"])
def test_mediacrawler(tmp_path: Path, record: Record, settings: Settings, platform: str, suffix: str) -> None:
    content, key = MEDIACRAWLER[platform]
    comment = {
        "comment_id": "9",
        key: content[key],
        "content": "我也看见了",
        "create_time": 1795521900,
        "nickname": "己",
        "last_modify_ts": 1,
    }
    stray = {**comment, "comment_id": "10", key: "404", "content": "没有主帖的评论"}
    contents, comments = tmp_path / f"{platform}_contents{suffix}", tmp_path / f"{platform}_comments{suffix}"
    for file, data in ((contents, [content]), (comments, [comment, stray])):
        if suffix == ".json":
            file.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        elif suffix == ".jsonl":
            file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in data), "utf-8")
        else:
            lines = [",".join(data[0]), *(",".join(str(value) for value in row.values()) for row in data)]
            file.write_text("\n".join(lines), "utf-8-sig")
    for _ in range(2):
        assert import_file(contents, record, settings).source == f"import-{platform}"
        result = import_file(comments, record, settings)
        assert (result.source, result.comments) == (f"import-{platform}", 1)
    post, alone = sorted(rows(record), key=lambda row: row.kind == "comment")
    assert (post.kind, alone.kind, alone.text) == ("post", "comment", "没有主帖的评论")
    assert [c["text"] for c in post.comments] == ["我也看见了"]
    assert post.published is not None
    assert post.likes > 0 or platform == "tieba"
    assert "<p>" not in post.text


def test_told_columns_and_their_errors(tmp_path: Path, record: Record, settings: Settings) -> None:
    file = tmp_path / "x.csv"
    file.write_text("甲,乙\n停水了没人管啊,2026-11-20\n", "utf-8")
    with pytest.raises(UsageError, match="甲, 乙"):
        import_file(file, record, settings)
    with pytest.raises(UsageError, match="no such column"):
        import_file(file, record, settings, told={"丙": "text"})
    with pytest.raises(UsageError, match="no such field"):
        import_file(file, record, settings, told={"甲": "words"})
    import_file(file, record, settings, source="my-list", told={"甲": "text", "乙": "published"})
    (row,) = rows(record, "my-list")
    assert (row.text, row.published) == ("停水了没人管啊", datetime.fromisoformat("2026-11-20T00:00+08:00"))


@pytest.mark.parametrize(
    ("name", "content", "error", "word"),
    [
        ("none.csv", None, UsageError, "no such file"), ("a.pdf", b"x", UsageError, "not known"), ("empty.csv", b"", UsageError, "no row|empty"),
        ("bad.jsonl", b'{"text": "a"}\n{bad\n', HuiyinError, "line 2"), ("bad.json", b'[{"text": "a"}, 3]', HuiyinError, "item 2"),
        ("bad.xlsx", b"PK\x03\x04 not a zip", UsageError, "damaged"), ("large.csv", b"x" * 1_000_001, LimitExceeded, "upload_limit"),
        ("bad.warc", b"no warc", HuiyinError, "no WARC record"), ("cut.warc.gz", gzip.compress(b"WARC/1.0\r\nContent-Length: 99\r\n\r\nx", mtime=0)[:-9], HuiyinError, "damaged|ends inside"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named(
    tmp_path: Path,
    record: Record,
    settings: Settings,
    name: str,
    content: bytes | None,
    error: type[HuiyinError],
    word: str,
) -> None:
    file = tmp_path / name
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(error, match=word):
        import_file(file, record, settings)
    assert rows(record) == []


def test_zip_bomb(tmp_path: Path, record: Record, settings: Settings) -> None:
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    with pytest.raises(LimitExceeded, match="unpacks"):
        import_file(file, record, settings)


def test_web_archive(tmp_path: Path, record: Record, settings: Settings) -> None:
    text = (
        "记者从市供水公司了解到，停水原因是主干管网突发爆裂，抢修人员已经赶到现场，预计今天上午九时恢复供水。"
        * 3
    )
    page = f"<html><head><title>东湖停水通报</title></head><body><h1>东湖停水通报</h1><p>发布时间：2026-11-20 09:00 来源：云江网</p><p>{text}</p></body></html>"
    body = gzip.compress(page.encode())
    chunked = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
    http = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunked
    )

    def one(kind: str, block: bytes) -> bytes:
        head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://a.cn/1.html\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
        return gzip.compress(head.encode() + block + b"\r\n\r\n")

    file = tmp_path / "a.warc.gz"
    file.write_bytes(one("request", b"GET / HTTP/1.1\r\n\r\n") + one("response", http))
    for _ in range(2):
        import_file(file, record, settings)
    (row,) = rows(record)
    assert (row.title, row.origin, row.url) == ("东湖停水通报", "云江网", "https://a.cn/1.html")
    assert "主干管网突发爆裂" in row.text

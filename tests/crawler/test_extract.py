"""The parts of extraction one by one, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crawler.extract import extract, join_pages
from crawler.extraction import byline, charset, dates, paging, title
from huiyin import cli

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=dates.SHANGHAI)
TEXT = "云江市今天召开会议，研究部署冬季供暖工作，要求确保群众温暖过冬。"


@pytest.mark.parametrize(
    ("encoding", "header", "meta", "name"),
    [
        ("utf-8", "text/html; charset=gbk", "gb2312", "utf-8"),
        ("gbk", "text/html; charset=utf-8", "utf-8", "gb18030"),
        ("gbk", "text/html; charset=ISO-8859-1", "", "gb18030"),
        ("gb18030", "", "gb2312", "gb18030"),
        ("gbk", "", "no-such-charset", "gb18030"),
        ("utf-16-le", "", "", "utf-16-le"),
        ("utf-8-sig", "", "", "utf-8"),
    ],
)
def test_charset(encoding: str, header: str, meta: str, name: str) -> None:
    data = f"<meta charset='{meta}'><p>{TEXT}</p>".encode(encoding)
    text, found = charset.decode(data, header)
    assert found == name
    assert TEXT in text


def test_charset_big5_and_a_cut_character() -> None:
    traditional = "雲江市今天召開會議，研究冬季供暖的工作，這個問題我們說了很久，還沒有解決。"
    assert charset.decode(traditional.encode("big5")) == (traditional, "big5hkscs")
    text, name = charset.decode((TEXT * 5).encode()[:-1] + b"\xe4</p>" + (TEXT * 5).encode())
    assert name == "utf-8"
    assert text.count(TEXT) == 9


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("2026-11-24 09:30:15 来源：新华社", "2026-11-24T09:30:15"),
        ("2026年11月3日 9时05分", "2026-11-03T09:05:00"),
        ("发布时间：2026/11/03", "2026-11-03T00:00:00"),
        ("更新时间：2026-11-24 10:00 发布时间：2026-11-23 08:00", "2026-11-23T08:00:00"),
        ("2026年11月20日（星期五）下午 3:25", "2026-11-20T15:25:00"),
        ("二〇二六年十一月二十三日", "2026-11-23T00:00:00"),
        ("2026 11/20 08:15:20 来源：新华网", "2026-11-20T08:15:20"),
        ("3小时前", "2026-11-24T09:00:00"),
        ("半小时前", "2026-11-24T11:30:00"),
        ("昨天 12:30", "2026-11-23T12:30:00"),
        ("刚刚", "2026-11-24T12:00:00"),
        ("12-30 08:00", "2025-12-30T08:00:00"),
        ("11月22日 21:40", "2026-11-22T21:40:00"),
        ("Nov 20, 2026 4:05 PM", "2026-11-20T16:05:00"),
        ("2026-11-24T01:30:00Z", "2026-11-24T09:30:00"),
    ],
)
def test_time_in_a_line(line: str, wanted: str) -> None:
    found = dates.in_line(line, NOW)
    assert found is not None
    assert found[1].when == datetime.fromisoformat(wanted).replace(tzinfo=dates.SHANGHAI)


@pytest.mark.parametrize(
    "line",
    ["2026-02-31", "2027-11-24 09:00", "今天上午，云江市召开会议研究部署供暖", "电话 2026-1124567", "第12期"],
)
def test_no_time_in_a_line(line: str) -> None:
    assert dates.in_line(line, NOW) is None


@pytest.mark.parametrize(
    "url", ["/2026-11/24/c_1.htm", "/20261124/a.html", "/t20261124_99.html", "/2026/11/24/"]
)
def test_day_in_an_address(url: str) -> None:
    found = dates.from_url("http://yunjiang.example" + url, NOW)
    assert found is not None
    assert found.when.date().isoformat() == "2026-11-24"


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("云江大桥夜间封闭_云江网", "云江大桥夜间封闭"),
        ("云江大桥夜间封闭 - 交通频道 - 云江日报", "云江大桥夜间封闭"),
        ("云江网_云江大桥夜间封闭维修通知", "云江大桥夜间封闭维修通知"),
        ("民生|云江大桥夜间封闭，绕行方案公布_云江网", "民生|云江大桥夜间封闭，绕行方案公布"),
        ("11-23 火情处置情况通报", "11-23 火情处置情况通报"),
    ],
)
def test_title_without_site(full: str, short: str) -> None:
    assert title.strip_site(full) == short


@pytest.mark.parametrize(
    ("line", "origin", "author"),
    [
        ("2026-11-24 09:30 来源：云江日报 作者：张三 编辑：李四", "云江日报", "张三"),
        ("来源： 21世纪经济报道(云江)　字号：大 中 小", "21世纪经济报道(云江)", ""),
        ("稿源：云江发布 | 记者：王小明 阅读：100", "云江发布", "王小明"),
        ("来源：未知 作者：admin", "", ""),
        ("本报记者 赵宁 钱一 报道", "", "赵宁 钱一"),
    ],
)
def test_byline(line: str, origin: str, author: str) -> None:
    assert byline.origin([line], []) == origin
    assert byline.author([line], [], []) == author


@pytest.mark.parametrize(
    ("url", "href", "wanted"),
    [
        ("http://y.example/a/c_553.html", "c_553_2.html", "http://y.example/a/c_553_2.html"),
        ("http://y.example/a/7_2.html", "7_3.html", "http://y.example/a/7_3.html"),
        ("http://y.example/v?id=7", "?id=7&page=2", "http://y.example/v?id=7&page=2"),
        ("http://y.example/a/7.html", "8.html", ""),
        ("http://y.example/a/7.html", "javascript:next()", ""),
    ],
)
def test_next_page(url: str, href: str, wanted: str) -> None:
    page = f"<html><body><h1>云江大桥维修纪实</h1><p>{TEXT}</p><p>{TEXT}</p><a href='{href}'>下一页</a></body></html>"
    assert extract(page, url).next_page == wanted
    assert paging.stems("http://[bad")[0][1] == 1


def test_join_pages() -> None:
    first = extract(
        f"<h1>云江大桥维修纪实</h1><p>2026-11-18 08:15 来源：云江网</p><p>{TEXT}甲。</p><p>{TEXT}乙。</p>"
    )
    second = replace(
        first, title="云江大桥维修纪实(2)", text=f"{TEXT}乙。\n{TEXT}丙。", captions=("桥",), next_page="x"
    )
    whole = join_pages([first, second])
    assert whole.title == "云江大桥维修纪实"
    assert whole.text.split("\n")[-3:] == [f"{TEXT}甲。", f"{TEXT}乙。", f"{TEXT}丙。"]
    assert (whole.captions, whole.next_page, whole.published) == (("桥",), "x", first.published)
    assert join_pages([]).text == ""


def test_zone_that_the_page_states_is_kept() -> None:
    page = extract(
        f"<meta property='article:published_time' content='2026-11-20T08:00:00-05:00'><h1>云江访问团抵达</h1><p>{TEXT}</p>",
        now=NOW,
    )
    assert page.published is not None
    assert page.published.utcoffset() == timedelta(hours=-5)


def test_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(
        f"<title>云江供暖_云江网</title><h1>云江供暖通知</h1><p>2026-11-20 08:00 来源：云江发布</p><p>{TEXT}</p>".encode(
            "gbk"
        )
    )
    assert cli.main(["extract", str(file), "--url", "http://y.example/1.html"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["published"] == "2026-11-20T08:00:00+08:00"
    assert (row["origin"], row["kind"], row["charset"], row["text"]) == (
        "云江发布",
        "article",
        "gb18030",
        TEXT,
    )
    assert cli.main(["extract", str(tmp_path / "absent.html")]) == 2
    assert "absent.html" in capsys.readouterr().err

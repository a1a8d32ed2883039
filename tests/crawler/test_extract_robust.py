"""Any input gets an answer, in bounded work; nothing is fetched or expanded."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.extract import PAGE_LIMIT, Page, extract

ARTICLE = (
    "<html><head><meta charset='utf-8'><title>云江大桥限行通知_云江网</title></head><body><h1>云江大桥限行通知</h1>"
    "<p>2026-11-20 08:00 来源：云江交警</p><div><p>因维修需要，云江大桥自十一月二十五日起夜间限行，请绕行二桥。</p>"
    "<p>限行时段为二十二时至次日五时，公交车和救护车不受影响。</p></div></body></html>"
)
PARAGRAPH = "云江市今天上午召开会议，研究部署冬季供暖，要求各单位提前检修管网，确保群众温暖过冬。"


@pytest.mark.parametrize(
    "page",
    [b"", b" \n\t", b"\0" * 5000, b"<", b"<>", b"</html>", b"<!-- ", b"<![CDATA[", b"<?xml", bytes(range(256)) * 40, b"%PDF-1.7\n\xff\xd8\xe2",
     b"\x89PNG\r\n\x1a\n" + b"\x00\x01\x02" * 900, b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff\x00", "", "\ud800", "<p>\udfff云江</p>"],
    ids=lambda page: repr(page[:12]),
)  # fmt: skip
def test_no_page_at_all(page: bytes | str) -> None:
    found = extract(page)
    assert found.kind == "other"
    assert found.published is None


def test_half_a_page_is_read() -> None:
    data = ARTICLE.encode()
    whole = extract(data)
    for cut in (0.55, 0.7, 0.85, 0.95):
        part = extract(data[: int(len(data) * cut)])
        assert part.title == whole.title
        assert part.charset == "utf-8"
        assert whole.text.startswith(part.text.split("\ufffd")[0][:20])


def test_nul_bytes_are_dropped() -> None:
    assert extract(ARTICLE.replace("限行", "限\0行").encode()).title == "云江大桥限行通知"


@pytest.mark.parametrize("tag", ["div", "span", "b", "table><tr><td", "ul><li", "blockquote", "font"])
def test_thousands_of_levels(tag: str) -> None:
    opened = f"<{tag}>" * 6000
    page = extract(
        f"<html><head><title>深层页面的标题</title></head><body>{opened}{PARAGRAPH * 3}</body></html>"
    )
    assert page.title == "深层页面的标题"


def test_entity_bomb_stays_small() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY a0 "云江云江">{entities}<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>&a11;&x;</p></body></html>'
    page = extract(bomb)
    assert len(page.text) < 10_000
    assert "root:" not in page.text


def test_five_megabytes_and_more() -> None:
    body = f"<p>{PARAGRAPH}</p>\n" * (PAGE_LIMIT // 130)
    page = extract(f"<html><body><h1>一个很长的页面</h1>{body}{body}</body></html>".encode())
    assert page.title == "一个很长的页面"
    assert page.text.count("\n") > 1000


def test_a_page_of_nothing_but_attributes_links_or_breaks() -> None:
    for piece in (
        '<a href="/x">云江市新闻中心发布的消息</a>',
        "<br>",
        '<p class="' + "x" * 50 + '">',
        "<td>",
        "&nbsp;",
        "<li>一",
    ):
        assert isinstance(extract(piece * 20_000), Page)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (
            "The bridge over the river will be closed at night, the city said on Friday. Buses will take another route. "
            * 4,
            "Bridge closed at night",
        ),
        (
            "この橋は夜間通行止めになります。バスは別の道を通ります。市民の皆様にはご迷惑をおかけします。"
            * 4,
            "橋の夜間通行止め",
        ),
        (
            "Мост будет закрыт ночью, сообщили в городе. Автобусы пойдут другим путём, сказал представитель. "
            * 4,
            "Мост закрыт ночью",
        ),
    ],
    ids=["en", "ja", "ru"],
)
def test_other_languages(text: str, title: str) -> None:
    page = extract(
        f"<html><head><title>{title}</title></head><body><div><a href='/'>Home</a></div><h1>{title}</h1><p>{text}</p><p>{text}</p></body></html>"
    )
    assert page.title == title
    assert page.kind == "article"
    assert text.strip()[:40] in page.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=3000))
def test_any_bytes(data: bytes) -> None:
    extract(
        data,
        "http://yunjiang.example/a_2.html",
        content_type="text/html; charset=" + data[:8].decode("latin-1"),
    )


TAGS = ["p", "div", "a href='/2026/11/2_2.html'", "a href='http://['", "table", "td", "h1", "title", "script", "textarea", "li", "br", "time datetime='2026-13-45'", "img", "style", "head", "body", "/div", "/p", "/a", "/title", "!--", "meta name=pubdate content='99999999999'", "base href='http://[x'", "script type='application/ld+json'"]  # fmt: skip
TEXTS = [
    "云江市，今天。",
    "来源：",
    "2026-02-30 25:61",
    "作者：",
    "下一页",
    "9999年99月99日",
    "十月",
    '{"@graph":[[[',
    "0个月前",
    "一二三",
    "&#0;&#xD800;&lt;",
    "\x0c\x0b",
    "99:99",
    "二〇二六年十十月三日",
    "999个月前",
    "0000-00-00",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.sampled_from(TAGS).map(lambda tag: f"<{tag}>"), st.sampled_from(TEXTS), st.text(max_size=20)
        ),
        max_size=80,
    )
)
def test_any_soup(pieces: list[str]) -> None:
    page = extract("".join(pieces), "http://yunjiang.example/2026/11/2.html")
    assert page.kind in ("article", "list", "other")
    assert page.published is None or page.published.tzinfo is not None
    page.as_dict()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_a_damaged_article_never_raises(seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(ARTICLE.encode())
    for _ in range(chance.randrange(1, 40)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    assert isinstance(extract(bytes(data)), Page)

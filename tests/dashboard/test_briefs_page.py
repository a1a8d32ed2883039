"""Briefs through the pages: made, edited, signed, kept; figures of all three formats are those that the dashboard's pages show."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from answering_city import ISSUE, City, words
from api_city import open_city
from pypdf import PdfReader

from huiyin.records import Brief
from response_kits.briefs.render import view

TODAY = {"daily": "%Y-%m-%d", "weekly": "%G-W%V", "yearly": "%Y"}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = open_city(tmp_path)
    yield made
    made.close()


def made(city: City, kind: str) -> str:
    local = city.now.astimezone(city.settings.zone)
    fields = {"issue": ISSUE} if kind == "special" else {"period": local.strftime(TODAY[kind])}
    return str(city.client("zhang").post("/briefs", kind=kind, **fields).headers["Location"])


def shown(city: City, address: str) -> int:
    """The number of rows that a page of the dashboard says it has."""
    found = re.search(r"<strong>([\d,]+) 条</strong>", city.client("zhang").get(address))
    assert found is not None, address
    return int(found[1].replace(",", ""))


def plain(content: bytes, form: str) -> str:
    if form == "pdf":
        return re.sub(
            r"\s+", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
        )
    raw = (
        content.decode()
        if form == "html"
        else zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    )
    return re.sub(r"\s+", "", unescape(re.sub(r"<[^>]+>", "", raw)))


@pytest.mark.parametrize("kind", ["daily", "weekly", "special", "yearly"])
def test_the_figures_of_all_three_formats_are_the_dashboards(city: City, kind: str) -> None:
    address = made(city, kind)
    with city.session() as session:
        brief = session.get_one(Brief, int(address.rsplit("/", 1)[1]))
        rows = [
            row
            for block in view(brief.model, city.settings)["blocks"]
            if block["kind"] == "table"
            for row in block["rows"]
        ]
    linked = [
        (cell["href"], cell["text"], "".join(other["text"] for other in row))
        for row in rows
        for cell in row
        if cell["href"].startswith("/search")
    ]
    inside = [(cell["href"], cell["text"]) for row in rows for cell in row if "tab=documents" in cell["href"]]
    assert linked or inside
    texts = {
        form: plain(city.client("zhang").client.get(f"{address}/download.{form}").data, form)
        for form in ("html", "docx", "pdf")
    }
    for href, number, row in linked:
        assert shown(city, href) == int(number.replace(",", "")), href
        for form, text in texts.items():
            assert re.sub(r"\s+", "", row) in text, (form, row)
    for href, number in inside:
        page = city.client("zhang").get(href)
        found = re.search(r'data-total="(\d+)"', page)
        assert found is not None
        assert int(found[1]) == int(number.replace(",", "")), href


def test_a_brief_is_edited_by_one_signed_by_another_and_then_stands(city: City) -> None:
    address = made(city, "weekly")
    page = city.client("zhang").get(address)
    seen = re.search(r'name="at" value="([^"]+)"', page)
    assert seen is not None
    city.client("zhang").post(
        f"{address}/edit", at=seen[1], lead="本周 99999 条，平稳。", risks="一\n二", suggestions=""
    )
    page = city.client("zhang").get(address)
    assert "1 个数字在本期统计中找不到：99999" in words(page)
    late = city.client("zhao").post(f"{address}/sign", 409, at=seen[1])
    assert "没有签发" in words(late.text)
    fresh = re.search(r'name="at" value="([^"]+)"', city.client("zhao").get(address))
    assert fresh is not None
    city.client("zhang").post(f"{address}/sign", 403, at=fresh[1])
    city.client("zhao").post(f"{address}/sign", at=fresh[1])
    page = words(city.client("zhang").get(address))
    assert "签发 zhao君" in page
    assert "与签发时记入审计链的内容不一致" not in page
    city.client("zhang").post(f"{address}/edit", 409, at=fresh[1], lead="改")
    assert "本周 99999 条" in words(city.client("zhao").get("/briefs/glance"))
    again = made(city, "weekly")
    assert again != address
    assert "第 2 版" in words(city.client("zhang").get("/briefs?kind=weekly&state=draft"))
    with city.session() as session:
        brief = session.get_one(Brief, int(address.rsplit("/", 1)[1]))
        brief.model = {**brief.model, "lead": "事后改动"}
    assert "与签发时记入审计链的内容不一致" in words(city.client("zhang").get(address))


def test_recipients_are_kept_by_the_admin(city: City) -> None:
    city.client("root").post(
        "/briefs/delivery",
        at="08:30",
        format="pdf",
        **{"address-0": "a@example.org", "name-0": "市领导", "kinds-0": "weekly"},
    )
    page = city.client("root").get("/briefs/delivery")
    assert 'value="a@example.org"' in page
    assert 'value="08:30"' in page
    wrong = city.client("root").post(
        "/briefs/delivery", 400, at="", **{"address-0": "not an address", "kinds-0": "weekly"}
    )
    assert "不是一个电子邮箱地址" in words(wrong.text)
    city.client("li").post("/briefs/delivery", 403, at="")

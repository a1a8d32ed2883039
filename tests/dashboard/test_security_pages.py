"""What leaves the house: pages, files, exports and their headers; hostile words stay words."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from zipfile import ZipFile

import pytest
from answering_city import HOSTILE, ISSUE, City
from doors import open_doors, own_auth, path_of, rules

from huiyin.records import DocumentRow

# SQLAlchemy 2.1 deprecates what a page of the system room still uses; no matter of doors.
pytestmark = pytest.mark.filterwarnings("ignore:The Result.tuples")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = open_doors(tmp_path_factory.mktemp("doors"))
    yield made
    made.close()


def test_files_come_from_their_folder_only(city: City) -> None:
    browser = city.client("root").client
    secret = city.settings.home_path / "secrets" / "app.key"
    city.app.test_client().get("/login")  # the key is made where it is first needed
    assert secret.exists()
    for path in (
        "/static/../secrets/app.key", "/static/%2e%2e/%2e%2e/secrets/app.key", "/static/..%2f..%2fapp.py", "/static//etc/passwd", "/static/%5c..%5capp.key",
        "/briefs/1/download.%2e%2e%2fapp.key", "/briefs/1/download.../../etc/passwd", "/search/export.csv/../../etc/passwd", "/search/export.%2fetc%2fpasswd",
        "/documents/..%2f..%2fetc%2fpasswd", "/sources/..%2f..%2fetc", "/static/%00",
    ):  # fmt: skip
        with browser.get(path) as answer:
            assert answer.status_code in (400, 404, 308), path
            assert secret.read_bytes() not in answer.data
            assert b"root:" not in answer.data


def test_no_cell_of_an_export_is_a_formula(city: City) -> None:
    with city.session() as session:
        for number, start in enumerate(
            ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0")
        ):
            session.get_one(DocumentRow, f"d{number + 3}").title = start
    browser = city.client("zhang").client
    with browser.get("/search/export.csv?fold=0") as answer:
        table = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert len(table) == 13
    assert any("cmd|" in cell for line in table for cell in line)
    for line in table[1:]:
        for cell in line:
            assert not cell.startswith(("=", "+", "@", "\t", "\r")), cell
            assert not cell.startswith("-") or cell == "-1", cell
    with browser.get("/search/export.xlsx?fold=0") as answer:
        book = ZipFile(io.BytesIO(answer.data))
    assert not any(
        "<f>" in book.read(name).decode("utf-8", "replace")
        for name in book.namelist()
        if name.endswith(".xml")
    )


class Markup(HTMLParser):
    """What a browser would run or follow in a page: elements and attributes that have no business there."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        scripted = tag == "script" and "src" not in given and given.get("type") != "application/json"
        if scripted or tag in ("iframe", "object", "embed", "base"):
            self.bad.append(f"<{tag}>")
        for name, value in given.items():
            scheme = re.sub(r"[\x00-\x20]", "", value).lower().split(":")[0]
            follows = name in ("href", "src", "action", "formaction", "xlink:href")
            if (
                name.startswith("on")
                or name in ("style", "srcdoc")
                or (follows and scheme in ("javascript", "vbscript"))
            ):
                self.bad.append(f"<{tag} {name}={value[:80]}>")


def markup(page: str) -> list[str]:
    parser = Markup()
    parser.feed(page)
    return parser.bad


@pytest.mark.parametrize("name", ["zhang", "zhao", "root"])
def test_hostile_words_stay_words_on_every_page(city: City, name: str) -> None:
    browser, seen = city.client(name).client, 0
    more = [f"/issues/{ISSUE}?tab={tab}" for tab in ("documents", "kit", "drafts", "effect", "log")]
    more += [
        "/issues?single=1",
        "/documents/d2",
        "/sources/bad",
        f"/search?q={HOSTILE}",
        "/search?q=死亡&fold=0",
        "/alerts/1",
        "/drafts?state=all",
    ]
    paths = [
        path_of(city, rule)
        for rule in rules(city, "GET")
        if not own_auth(city, rule) and rule.endpoint != "live.events"
    ]
    for path in [*paths, *more]:
        with browser.get(path) as answer:
            if answer.mimetype != "text/html" or answer.status_code != 200:
                continue
            page = answer.text
        assert "<script>alert" not in page, path
        assert "<img src=x" not in page, path
        assert markup(page) == [], path
        seen += "&lt;script&gt;alert" in page
    assert seen >= 8  # the words are there, as words


def test_headers_stand_on_every_answer(city: City) -> None:
    client = city.client("root").client
    for rule in rules(city, "GET"):
        if rule.endpoint == "live.events":
            continue
        with client.get(path_of(city, rule)) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy, rule.endpoint
            assert "unsafe" not in policy, rule.endpoint
            assert "frame-ancestors 'none'" in policy, rule.endpoint
            assert "object-src 'none'" in policy, rule.endpoint
            assert answer.headers["X-Content-Type-Options"] == "nosniff", rule.endpoint
            assert answer.headers["Referrer-Policy"] == "same-origin", rule.endpoint
            assert "no-store" in answer.headers["Cache-Control"], rule.endpoint
    for path in ("/nowhere", "/issues/nobody", "/static/app.css", "/login", "/api/v1/issues"):
        with client.get(path) as answer:
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"], path

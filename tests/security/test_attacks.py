"""By hand what a scanner does: markup in every field that can be pushed, foreign rows by number, methods, headers, uploads, exports."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from answering_city import ISSUE, City
from api_city import PUSH, Api
from doors import open_doors, own_auth, path_of, rules, view
from sqlalchemy import select

from crawler.importers import read_rows
from dashboard import auth
from dashboard.api._fields import FIELDS
from huiyin.document import KINDS
from huiyin.errors import HuiyinError, LimitExceeded
from huiyin.records import AnalysisRow, DocumentRow, IssueDocument, SavedSearch
from nlp.analyse import Analyser
from nlp.work import analyse_pending, reindex
from response_kits.library.readers import read_text

MARK = "zqxj"
PAYLOADS = (
    f"<script>alert('{MARK}')</script>", f"\"><img src=x onerror=alert('{MARK}')>", f"' autofocus onfocus=alert('{MARK}') x='", f"<svg/onload=alert('{MARK}')>",
    f"</textarea></title></style><iframe src=javascript:alert('{MARK}')>", f"{{{{7*7}}}}${{7*7}}<%= 7*7 %>{MARK}", f"<a href=javascript:alert('{MARK}')>{MARK}</a>",
    f"\u202e<b>{MARK}</b>\u0000", f"--><!--{MARK}", f"]]><x>{MARK}", f"<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert('{MARK}')&gt;\">",
)  # fmt: skip


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = open_doors(tmp_path_factory.mktemp("attacks"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def posted(city: City) -> City:
    push_payloads(city)
    return city


def push_payloads(city: City) -> None:
    """Payloads pushed in every field, analysed, joined to an issue, and in the index: as far as a post can come."""
    api = Api(city, "push")
    rows = []
    for number, payload in enumerate(PAYLOADS):
        row: dict[str, object] = {
            "id": f"{payload}{number}",
            "text": f"食堂 {payload} 呕吐 {number}",
            "comments": [{"text": payload, "author": payload, "kind": "repost"}],
        }
        for name, (_, schema, _about) in FIELDS.items():
            if (
                name not in row
                and schema["type"] == "string"
                and "enum" not in schema
                and name not in ("url", "parent")
            ):
                row[name] = payload[: schema["maxLength"]]
        row["url"] = "https://evil.example/" + re.sub(r"\s", "", payload.replace("\u0000", ""))
        row["kind"] = KINDS[number % len(KINDS)]
        rows.append(row)
    assert api.push(rows)["accepted"] == len(PAYLOADS)
    while analyse_pending(city.record, Analyser.load(), "test"):
        pass
    with city.session() as session:
        for row in session.scalars(select(DocumentRow).where(DocumentRow.source == PUSH)):
            row.state, row.duplicate_of = "grouped", ""
            session.add(IssueDocument(document_id=row.id, issue_id=ISSUE, when=row.when, reason=row.title))
            analysis = session.get_one(AnalysisRow, row.id)
            analysis.data = {**analysis.data, "claims": [{"text": row.title}], "urgency_reasons": [row.title]}
    reindex(city.record, city.index)


class Page(HTMLParser):
    """What a browser would run in a page: scripts without a file of ours, handlers, script addresses, foreign frames."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: (value or "") for name, value in attrs}
        if (
            tag == "script"
            and not given.get("src", "").startswith("/static/")
            and given.get("type") != "application/json"
        ):
            self.bad.append(f"script {given}")
        if tag in ("iframe", "object", "embed", "base", "math", "mglyph"):
            self.bad.append(tag)
        for name, value in given.items():
            if name.startswith("on") or name == "style" or name == "srcdoc":
                self.bad.append(f"{tag} {name}")
            if name in ("href", "src", "action", "formaction", "xlink:href") and re.match(
                r"\s*(?:javascript|vbscript|data:text)", value, re.I
            ):
                self.bad.append(f"{tag} {name}={value[:40]}")


def test_what_a_post_can_reach_stays_words(posted: City) -> None:
    browser = posted.client("root").client
    with posted.session() as session:
        ids = list(session.scalars(select(DocumentRow.id).where(DocumentRow.source == PUSH)))
    paths = [
        *(f"/documents/{name}" for name in ids), f"/issues/{ISSUE}", *(f"/issues/{ISSUE}?tab={tab}" for tab in ("documents", "kit", "effect", "log", "drafts")),
        "/search?q=食堂&fold=0", "/search?q=呕吐&order=oldest", "/", "/issues", "/overview", "/sources", f"/sources/{PUSH}", "/rumours", "/alerts", "/briefs",
    ]  # fmt: skip
    shown = 0
    for path in paths:
        text = browser.get(path).text
        page = Page()
        page.feed(text)
        assert not page.bad, f"{path}: {page.bad[:3]}"
        assert "49$" not in text.replace("{{7*7}}", ""), (
            path
        )  # no template of ours reads a post as a template
        shown += text.count(MARK)
    assert shown > 60  # the words are there, as words


def test_feeds_and_answers_of_the_api_keep_them_as_words(posted: City) -> None:
    from defusedxml import ElementTree

    api = Api(posted, "read")
    with api.raw("/alerts.atom?state=any") as answer:
        ElementTree.fromstring(answer.data)
    answer = api.raw("/documents?q=食堂&fold=false&limit=50")
    assert answer.mimetype == "application/json"
    assert MARK in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_no_export_holds_a_formula(posted: City, form: str) -> None:
    with posted.session() as session:
        for number, row in enumerate(
            session.scalars(select(DocumentRow).where(DocumentRow.source == PUSH)).all()
        ):
            row.title = ("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1", " =1+1")[
                number % 8
            ]
    with posted.client("zhang").client.get(f"/search/export.{form}?fold=0") as answer:
        data = answer.data
    if form == "csv":
        import csv

        cells = [cell for line in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for cell in line]
        assert not [
            cell
            for cell in cells
            if re.match(r"\s*[=+@]", cell) or (re.match(r"\s*-", cell) and not re.fullmatch(r"-?\d+", cell))
        ]
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            assert not any(
                b"<f>" in book.read(name) or b"<f " in book.read(name)
                for name in book.namelist()
                if name.endswith(".xml")
            )


@pytest.mark.parametrize("how", ["header", "field", "query"])
def test_no_method_is_another_in_disguise(city: City, how: str) -> None:
    browser = city.client("root")
    before = browser.get("/directory")
    for method in ("DELETE", "PUT", "PATCH", "POST"):
        if how == "header":
            browser.client.get(
                "/directory/1/remove", headers={"X-HTTP-Method-Override": method, "X-Method-Override": method}
            )
        elif how == "field":
            browser.client.get("/directory/1/remove", data={"_method": method, "csrf": browser.csrf})
        else:
            browser.client.get(f"/directory/1/remove?_method={method}&csrf={browser.csrf}")
    assert browser.get("/directory") == before
    for rule in rules(city, "GET"):
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"):
            answer = browser.client.open(path_of(city, rule), method=method, data={"csrf": browser.csrf})
            assert answer.status_code in (400, 403, 405), f"{method} {rule.rule}: {answer.status_code}"


def test_a_token_in_the_address_is_none(city: City) -> None:
    browser = city.client("root")
    for rule in rules(city, "POST"):
        if not own_auth(city, rule):
            answer = browser.client.post(f"{path_of(city, rule)}?csrf={browser.csrf}")
            assert answer.status_code == 403, rule.rule
            assert "页面已过期" in answer.text, rule.rule


def test_nothing_changes_by_looking(city: City) -> None:
    """GET writes nothing but the log of who looked, sessions, and what is worked out: a link in a mail cannot act."""
    acting = {rule.rule for rule in rules(city, "GET")} & {
        rule.rule for rule in rules(city, "POST") if "/act" in rule.rule or "/remove" in rule.rule
    }
    assert not acting


def test_another_person_s_rows_are_not_mine(city: City) -> None:
    with city.session() as session:
        session.add(SavedSearch(user="li", name="李的检索", query="q=x"))
        session.flush()
        number = session.scalars(select(SavedSearch.id).where(SavedSearch.user == "li")).first()
    city.client("zhang").client.post(f"/search/forget/{number}", data={"csrf": city.client("zhang").csrf})
    with city.session() as session:
        assert session.get(SavedSearch, number) is not None
    assert "李的检索" not in city.client("zhang").get("/search")
    assert "李的检索" in city.client("li").get("/search")


@pytest.mark.parametrize(
    "part",
    [
        "../../etc/passwd",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "....//",
        "\\..\\..",
        "%00",
        "a" * 3000,
        "'; DROP TABLE users;--",
        "${jndi:ldap://x}",
    ],
)
def test_no_part_of_an_address_leads_outside(city: City, part: str) -> None:
    browser = city.client("root").client
    for pattern in (
        "/documents/{}", "/issues/{}", "/sources/{}", "/search/export.{}", "/briefs/1/download.{}", "/static/{}", "/rumours/1/packets/{}.json", "/issues/{}/kit.json",
        "/issues/{}/pack.docx", "/privacy/impacts/{}", "/users/{}",
    ):  # fmt: skip
        with browser.get(pattern.format(part)) as answer:
            assert answer.status_code in (302, 308, 400, 403, 404, 405), (
                f"{pattern} {part[:20]}: {answer.status_code}"
            )
            assert b"root:x" not in answer.data


def test_private_pages_are_in_no_cache_and_no_frame(city: City) -> None:
    browser = city.client("root").client
    for rule in rules(city, "GET"):
        if rule.endpoint in ("live.events", "sources.attempt_form"):
            continue
        with browser.get(path_of(city, rule)) as answer:
            assert "no-store" in answer.headers["Cache-Control"], rule.rule
            if not getattr(view(city, rule), "bare", False):
                assert answer.headers["X-Frame-Options"] == "DENY", rule.rule
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], rule.rule
                assert "unsafe" not in answer.headers["Content-Security-Policy"], rule.rule
            for header in ("Server", "X-Powered-By", "Access-Control-Allow-Origin"):
                assert header not in answer.headers, f"{rule.rule}: {header}"


def test_pages_carry_no_style_and_no_script_of_their_own(posted: City) -> None:
    for name in ("zhang", "root", "zhao"):
        for rule in rules(posted, "GET"):
            if own_auth(posted, rule) or rule.endpoint in ("live.events", "sources.attempt_form"):
                continue
            with posted.client(name).client.get(path_of(posted, rule)) as answer:
                if answer.mimetype == "text/html":
                    page = Page()
                    page.feed(answer.text)
                    assert not page.bad, f"{rule.rule}: {page.bad[:3]}"
                    assert "<style" not in answer.text, rule.rule
    assert "style-src" not in auth.POLICY  # default-src holds for styles


# ---- uploads ---------------------------------------------------------------------------------------------------------


def docx(body: str, **parts: str | bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", body)
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return out.getvalue()


WORDS = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body></w:document>'


def test_a_document_s_macros_are_passed_over() -> None:
    data = docx(
        WORDS.format("第一条 正文。"),
        word__vbaProject_dot_bin=b"\xd0\xcf\x11\xe0AutoOpen Shell calc",
        word__activeX_dot_xml="<x/>",
    )
    assert read_text(data, "a.docx") == "第一条 正文。"
    assert read_text(data, "a.txt") == "第一条 正文。"  # the kind is told by content, not by name


@pytest.mark.parametrize("kind", ["internal", "external", "billion"])
def test_entities_are_not_read(tmp_path: Path, kind: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("top secret")
    dtd = {
        "internal": '<!DOCTYPE w [<!ENTITY a "boom">]>', "external": f'<!DOCTYPE w [<!ENTITY a SYSTEM "file://{secret}">]>',
        "billion": "<!DOCTYPE w [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(9)) + "<!ENTITY a '&a9;'>]>",
    }[kind]  # fmt: skip
    with pytest.raises(HuiyinError):
        read_text(docx(dtd + WORDS.format("&a;")), "a.docx")


def test_bombs_are_stopped_by_size_and_not_by_memory(tmp_path: Path, city: City) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LimitExceeded):
        read_text(docx(WORDS.format(" " * 300_000_000)), "a.docx")
    bomb = tmp_path / "a.xlsx"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(600):
            part.write(b" " * 1_000_000)
    with pytest.raises(HuiyinError):
        list(read_rows(bomb, city.settings))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 1_000_000  # KiB; the bombs unpack to 900 MB, the test itself holds 300 MB of blanks


def test_a_policy_is_known_by_its_content(city: City) -> None:
    browser = city.client("zhang")
    for name, data in (
        ("a.pdf", b"MZ\x90\x00 program"),
        ("a.docx", b"%!PS"),
        ("a.exe", b"MZ\x90"),
        ("a.html", b"\x00" * 50),
        ("a.svg", b"<svg onload=alert(1)>"),
        ("../../a.txt", b""),
    ):
        answer = browser.client.post(
            "/policies",
            data={"csrf": browser.csrf, "file": (io.BytesIO(data), name)},
            content_type="multipart/form-data",
        )
        assert answer.status_code in (400, 413, 500), name
        assert "程序错误" not in answer.text, name


def test_what_is_too_large_is_refused_before_it_is_read(city: City) -> None:
    browser = city.client("zhang")
    answer = browser.client.post("/search/save", data={"csrf": browser.csrf, "name": "x" * 3_000_000})
    assert answer.status_code == 413
    answer = browser.client.post(
        "/policies",
        headers={"Content-Length": str(10**9)},
        data=b"x",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code in (400, 403, 413)
    api = Api(city, "push")
    assert "error" in json.loads(json.dumps(api.push(b"[" + b" " * 5_000_001 + b"]", 413)))


def test_an_uploaded_page_s_markup_is_cleaned(city: City) -> None:
    page = "<html><body><h1>管理办法</h1><p>第一条 为了规范管理，制定本办法。<script>alert(1)</script></p><p onclick=alert(2)>第二条 本办法适用于全市各类学校的食堂管理。</p><p>第三条 学校应当公示食材来源。</p><p>第四条 本办法自发布之日起施行。</p><img src=x onerror=alert(3)></body></html>"
    browser = city.client("zhang")
    answer = browser.client.post(
        "/policies",
        data={"csrf": browser.csrf, "file": (io.BytesIO(page.encode()), "a.html")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, answer.text[-500:]
    text = browser.get(answer.headers["Location"])
    found = Page()
    found.feed(text)
    assert not found.bad
    assert "第二条" in text
    assert "alert(" not in text

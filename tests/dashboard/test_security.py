"""The doors, walked over every address that the application has: who may, which token, where to, what is shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from answering_city import HOSTILE, ISSUE, PASSWORD, PEOPLE, City, words
from api_city import open_city
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.routing import Rule

from dashboard import auth
from dashboard.api._contract import Endpoint
from huiyin.records import (
    ROLES,
    AuditRow,
    Clause,
    DocumentRow,
    Draft,
    Fact,
    Issue,
    LoginSession,
    Organisation,
    Policy,
    Promise,
    Quarantine,
    Remark,
    Rumour,
    RumourMatch,
    SavedSearch,
    Source,
    Statement,
    Token,
    User,
    utcnow,
)
from response_kits.briefs import make

# SQLAlchemy 2.1 deprecates what a page of the system room still uses; no matter of doors.
pytestmark = pytest.mark.filterwarnings("ignore:The Result.tuples")

ONE_OF = {role: name for name, role in PEOPLE.items()}
PARTS: dict[str, Any] = {
    "issue_id": ISSUE,
    "document_id": "d1",
    "name": "forum",
    "form": "csv",
    "kind": "notice",
}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = open_city(tmp_path_factory.mktemp("doors"))
    with made.session() as session:
        _poison(session, made)
    yield made
    made.close()


def _poison(session: Any, city: City) -> None:
    """A row of every table that pages show, with words that would like to be markup."""
    h, now = HOSTILE, city.now
    issue = session.get_one(Issue, ISSUE)
    issue.title, issue.summary, issue.place, issue.unit, issue.owner = h, h, h, h, h
    issue.keywords, issue.conclusion = [h], h
    row = session.get_one(DocumentRow, "d2")
    row.title, row.text, row.author, row.origin, row.province = f"{h}食堂", f"{h}食堂死亡", h, h, h
    session.add_all(
        [
            Source(name="bad", title=h, kind="feed", enabled=True, state="broken", state_reason=h, legal_basis=h, notes=h),
            Organisation(name=h, place=h, contact=h, topics=["education"]), Rumour(claim=h, variants=[h], rebuttal=h, issue_id=ISSUE, sources=[{"title": h, "url": "javascript:alert(4)"}]),
            Policy(title=h, number=h, body=h, text=h, content_hash="x"), Statement(title=h, text=h, body=h, issue_id=ISSUE, url="javascript:alert(5)"),
            Draft(issue_id=ISSUE, kind="notice", title=h, text=h, author="zhang"), Fact(issue_id=ISSUE, slot="other", text=h, source=h, source_url="javascript:alert(6)"),  SavedSearch(user="zhang", name=h, query="q=1"), Token(id="t" * 64, name=h, user="zhang", scopes=["read"]),
            Quarantine(source="forum", url=h, reason=h, body=h.encode()),
        ]
    )  # fmt: skip
    session.flush()
    brief = make(session, city.settings, now.strftime("%G-W%V"), by="root", now=now)
    brief.model = {**brief.model, "lead": h, "risks": [h]}
    session.add_all(
        [
            Clause(policy_id=1, order=0, path=h, heading=h, text=h), Remark(draft_id=1, text=h, by="zhang"),
            Promise(statement_id=1, issue_id=ISSUE, text=h, due=now + timedelta(days=1)),
            RumourMatch(rumour_id=1, document_id="d2", score=0.9, decision="auto", when=now),
        ]
    )  # fmt: skip


def rules(city: City, method: str) -> list[Rule]:
    return [
        rule
        for rule in city.app.url_map.iter_rules()
        if method in (rule.methods or ()) and rule.endpoint != "static"
    ]


def path_of(city: City, rule: Rule) -> str:
    """An address of the rule: known names where we have some, else 1."""
    values = {name: PARTS.get(name, 1) for name in rule.arguments}
    with city.app.test_request_context():
        return str(
            city.app.url_map.bind("localhost").build(
                rule.endpoint, values, method=next(iter(rule.methods or ()))
            )
        )


def view(city: City, rule: Rule) -> Any:
    return city.app.view_functions[rule.endpoint]


def own_auth(city: City, rule: Rule) -> bool:
    return bool(getattr(view(city, rule), "own_auth", False))


def test_every_view_says_who_may_use_it(city: City) -> None:
    for rule in city.app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        roles = view(city, rule).roles
        assert roles == auth.PUBLIC or roles <= set(ROLES), rule.endpoint
        if own_auth(city, rule):
            assert isinstance(view(city, rule).declared, Endpoint), rule.endpoint
    public = {
        rule.endpoint
        for rule in city.app.url_map.iter_rules()
        if getattr(view(city, rule), "roles", None) == auth.PUBLIC
    }
    assert public == {"login.form", "login.sign_in", "api_v1.openapi"}


def test_signed_out_people_are_sent_to_sign_in(city: City) -> None:
    client, tried = city.app.test_client(), 0
    for rule in rules(city, "GET"):
        if view(city, rule).roles == auth.PUBLIC or own_auth(city, rule):
            continue
        answer = client.get(path_of(city, rule))
        assert answer.status_code == 302, rule.endpoint
        assert answer.headers["Location"].startswith("/login?next="), rule.endpoint
        tried += 1
    assert tried > 20


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_address_for_every_role(city: City, role: str) -> None:
    """Reading: 403 exactly where the role is not among those declared; never a server error. Writing: 403 in the same way."""
    browser = city.client(ONE_OF[role])
    allowed = refused = 0
    for rule in rules(city, "GET"):
        if own_auth(city, rule) or rule.endpoint in ("live.events", "sources.attempt_form"):
            continue
        with browser.client.get(path_of(city, rule)) as answer:
            may = view(city, rule).roles == auth.PUBLIC or role in view(city, rule).roles
            assert (answer.status_code == 403) is not may, f"{rule.endpoint}: {answer.status_code}"
            assert answer.status_code < 500, f"{rule.endpoint}: {words(answer.text)[-400:]}"
        allowed, refused = allowed + may, refused + (not may)
    for rule in rules(city, "POST"):
        if own_auth(city, rule) or role in view(city, rule).roles or view(city, rule).roles == auth.PUBLIC:
            continue
        answer = browser.client.post(path_of(city, rule), data={"csrf": browser.csrf})
        assert answer.status_code == 403, rule.endpoint
        assert "角色不能进行此操作" in answer.text, rule.endpoint
        refused += 1
    assert allowed > 15
    assert refused > 0


@pytest.mark.parametrize("token", [None, "", "x", "00" * 24, "\u00e9"])
def test_no_form_works_without_its_token(city: City, token: str | None) -> None:
    with city.session() as session:
        before = session.scalar(select(func.count()).select_from(AuditRow))
    tried = 0
    for rule in rules(city, "POST"):
        if own_auth(city, rule):
            continue
        name = next(
            ONE_OF[role]
            for role in sorted(ROLES)
            if view(city, rule).roles == auth.PUBLIC or role in view(city, rule).roles
        )
        answer = city.client(name).client.post(
            path_of(city, rule), data={} if token is None else {"csrf": token}
        )
        assert answer.status_code == 403, rule.endpoint
        assert "页面已过期" in answer.text, rule.endpoint
        tried += 1
    with city.session() as session:
        assert session.scalar(select(func.count()).select_from(AuditRow)) == before
    assert tried > 20


def test_another_person_s_token_is_none(city: City) -> None:
    other = city.client("li").csrf
    answer = city.client("zhang").client.post("/search/save", data={"csrf": other, "name": "x"})
    assert answer.status_code == 403


def _sign_in(client: FlaskClient, name: str, password: str, next: str = "") -> Any:
    page = client.get("/login").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    return client.post("/login", data={"csrf": token[1], "name": name, "password": password, "next": next})


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "http:/evil.example", "javascript:alert(1)",
     "/\t/evil.example", "/\n/evil.example", "/%0d%0aSet-Cookie:x=1", " //evil.example", "///evil.example", "/\r/evil.example"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(city: City, target: str) -> None:
    answer = _sign_in(city.app.test_client(), "zhang", PASSWORD, target)
    assert answer.status_code == 302
    where = answer.headers["Location"]
    # Browsers drop tabs and line ends from addresses before they read them.
    plain = re.sub(r"[\t\r\n]", "", where)
    assert plain.startswith("/"), where
    assert not plain.startswith(("//", "/\\")), where
    assert "Set-Cookie" not in answer.headers.get_all("Location")[0].split("\n")[-1] or "%0d" in where


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil"])
def test_a_form_s_back_address_is_one_of_ours(city: City, back: str) -> None:
    browser = city.client("zhang")
    for path, fields in (
        ("/alerts/acknowledge", {}), (f"/issues/{ISSUE}/act", {"act": "claim"}), ("/sources/forum/switch", {}), ("/search/save", {"name": "x", "query": back}),
        ("/welcome/hints", {"hint": "home"}),
    ):  # fmt: skip
        answer = browser.client.post(path, data={"csrf": browser.csrf, "back": back, "next": back, **fields})
        assert "evil" not in answer.headers.get("Location", "").split("?")[0], path


def test_files_come_from_their_folder_only(city: City) -> None:
    browser = city.client("root").client
    secret = city.settings.home_path / "secrets" / "app.key"
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


def test_the_session_s_cookie_is_for_the_server_alone(tmp_path: Path) -> None:
    city = City(tmp_path)
    client = city.app.test_client()
    cookies = _sign_in(client, "li", PASSWORD).headers.getlist("Set-Cookie")
    session = next(cookie for cookie in cookies if cookie.startswith(f"{auth.COOKIE}="))
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session
    assert "Secure" not in session  # the setting is off in this city
    secret = session.split(";")[0].split("=", 1)[1]
    with city.session() as opened:
        ids = list(opened.scalars(select(LoginSession.id)))
    assert secret not in ids
    assert len(secret) >= 40
    object.__setattr__(city.settings, "secure_cookies", True)
    cookies = _sign_in(city.app.test_client(), "li", PASSWORD).headers.getlist("Set-Cookie")
    assert all("Secure" in cookie for cookie in cookies)
    city.close()


def test_signing_out_ends_the_session_on_the_server(tmp_path: Path) -> None:
    city = City(tmp_path)
    browser = city.client("zhang")
    stolen = browser.client.get_cookie(auth.COOKIE)
    assert stolen is not None
    browser.post("/logout")
    thief = city.app.test_client()
    thief.set_cookie(auth.COOKIE, stolen.value)
    assert thief.get("/").status_code == 302
    city.close()


@pytest.mark.parametrize("field", ["expires", "seen"])
def test_old_and_idle_sessions_are_over(tmp_path: Path, field: str) -> None:
    city = City(tmp_path)
    browser = city.client("zhang")
    with city.session() as session:
        row = session.scalars(select(LoginSession)).one()
        setattr(row, field, utcnow() - timedelta(hours=3))
    assert browser.client.get("/").status_code == 302
    city.close()


def test_five_wrong_passwords_lock_and_say_the_same(tmp_path: Path) -> None:
    city = City(tmp_path)
    client = city.app.test_client()
    answers = [_sign_in(client, "zhang", "wrong password") for _ in range(auth.LOCK_AFTER)]
    assert {answer.status_code for answer in answers} == {401}
    locked = _sign_in(client, "zhang", PASSWORD)
    nobody = _sign_in(client, "nobody", PASSWORD)
    assert locked.status_code == nobody.status_code == 401
    strip = re.compile(r'value="[^"]*"|content="[^"]*"')
    assert strip.sub("", locked.text) == strip.sub("", nobody.text)  # neither tells that the account exists
    with city.session() as session:
        user = session.get_one(User, "zhang")
        assert user.locked_until is not None
        assert session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.act == "lock")) == 1
        user.locked_until = utcnow() - timedelta(seconds=1)
    assert _sign_in(client, "zhang", PASSWORD).status_code == 302
    city.close()


def test_a_one_time_password_opens_nothing_but_its_change(tmp_path: Path) -> None:
    city = City(tmp_path)
    with city.session() as session:
        session.get_one(User, "root").must_change = True
    browser = city.app.test_client()
    _sign_in(browser, "root", PASSWORD)
    for rule in rules(city, "GET"):
        if (
            own_auth(city, rule)
            or view(city, rule).roles == auth.PUBLIC
            or rule.endpoint.startswith("login.")
        ):
            continue
        answer = browser.get(path_of(city, rule))
        assert (answer.status_code, answer.headers.get("Location")) == (302, "/password"), rule.endpoint
    city.close()

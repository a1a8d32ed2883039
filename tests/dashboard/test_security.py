"""The doors: who may use which address, with which token; where one is sent; how sessions begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from answering_city import ISSUE, PASSWORD, City, words
from doors import ONE_OF, open_doors, own_auth, path_of, rules, sign_in, view
from sqlalchemy import func, select

from dashboard import auth
from dashboard.api._contract import Endpoint
from huiyin.records import ROLES, AuditRow, LoginSession, User, utcnow

# SQLAlchemy 2.1 deprecates what a page of the system room still uses; no matter of doors.
pytestmark = pytest.mark.filterwarnings("ignore:The Result.tuples")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = open_doors(tmp_path_factory.mktemp("doors"))
    yield made
    made.close()


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
    assert public == {
        "login.form", "login.sign_in", "login.code", "login.check_code", "login.service", "login.back", "api_v1.openapi",
        "probes.healthz", "probes.readyz", "probes.metrics",
    }  # fmt: skip


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


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "http:/evil.example", "javascript:alert(1)",
     "/\t/evil.example", "/\n/evil.example", "/%0d%0aSet-Cookie:x=1", " //evil.example", "///evil.example", "/\r/evil.example"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere_after_signing_in(city: City, target: str) -> None:
    answer = sign_in(city.app.test_client(), "zhang", PASSWORD, target)
    assert answer.status_code == 302
    where = answer.headers["Location"]
    # Browsers drop tabs and line ends from addresses before they read them.
    plain = re.sub(r"[\t\r\n]", "", where)
    assert plain.startswith("/"), where
    assert not plain.startswith(("//", "/\\")), where
    assert not re.search(r"[\r\n]", where)


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil"])
def test_a_form_s_back_address_is_one_of_ours(city: City, back: str) -> None:
    browser = city.client("zhang")
    for path, fields in (
        ("/alerts/acknowledge", {}), (f"/issues/{ISSUE}/act", {"act": "claim"}), ("/sources/forum/switch", {}), ("/search/save", {"name": "x", "query": back}),
        ("/welcome/hints", {"hint": "home"}),
    ):  # fmt: skip
        answer = browser.client.post(path, data={"csrf": browser.csrf, "back": back, "next": back, **fields})
        assert "evil" not in answer.headers.get("Location", "").split("?")[0], path


def test_the_session_s_cookie_is_for_the_server_alone(tmp_path: Path) -> None:
    city = City(tmp_path)
    client = city.app.test_client()
    cookies = sign_in(client, "li", PASSWORD).headers.getlist("Set-Cookie")
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
    cookies = sign_in(city.app.test_client(), "li", PASSWORD).headers.getlist("Set-Cookie")
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
    answers = [sign_in(client, "zhang", "wrong password") for _ in range(auth.LOCK_AFTER)]
    assert {answer.status_code for answer in answers} == {401}
    locked = sign_in(client, "zhang", PASSWORD)
    nobody = sign_in(client, "nobody", PASSWORD)
    assert locked.status_code == nobody.status_code == 401
    strip = re.compile(r'value="[^"]*"|content="[^"]*"')
    assert strip.sub("", locked.text) == strip.sub("", nobody.text)  # neither tells that the account exists
    with city.session() as session:
        user = session.get_one(User, "zhang")
        assert user.locked_until is not None
        assert session.scalar(select(func.count()).select_from(AuditRow).where(AuditRow.act == "lock")) == 1
        user.locked_until = utcnow() - timedelta(seconds=1)
    assert sign_in(client, "zhang", PASSWORD).status_code == 302
    city.close()


def test_a_one_time_password_opens_nothing_but_its_change(tmp_path: Path) -> None:
    city = City(tmp_path)
    with city.session() as session:
        session.get_one(User, "root").must_change = True
    browser = city.app.test_client()
    sign_in(browser, "root", PASSWORD)
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

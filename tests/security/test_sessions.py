"""Sessions: new secrets when something changes, ends everywhere, limits by address, host names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from answering_city import PASSWORD, City
from sqlalchemy import func, select
from visitor import Visitor, says

from dashboard import limits, sign_in
from dashboard.limits import Limiter
from huiyin.records import LoginSession, User, utcnow

NEW = "another long password"


def test_signing_in_again_takes_a_new_secret_and_ends_the_old(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    first = visitor.cookie
    visitor.post("/login", "/profile", name="zhang", password=PASSWORD)
    assert visitor.cookie != first
    thief = Visitor(city)
    thief.client.set_cookie("huiyin", first)
    assert not thief.inside


def test_a_planted_cookie_does_not_become_a_session(city: City) -> None:
    visitor = Visitor(city)
    visitor.client.set_cookie("huiyin", "planted-by-somebody-else")
    visitor.sign_in("zhang")
    assert visitor.cookie != "planted-by-somebody-else"
    thief = Visitor(city)
    thief.client.set_cookie("huiyin", "planted-by-somebody-else")
    assert not thief.inside


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(city: City) -> None:
    here, there = Visitor(city), Visitor(city)
    here.sign_in("zhang")
    there.sign_in("zhang")
    assert here.post("/password", first=NEW, again=NEW).status_code == 400
    assert here.post("/password", first=NEW, again=NEW, present="wrong").status_code == 400
    assert there.inside
    before = here.cookie
    assert here.post("/password", first=NEW, again=NEW, present=PASSWORD).status_code == 302
    assert here.cookie != before
    assert here.inside
    assert not there.inside
    assert Visitor(city).sign_in("zhang").status_code == 401
    assert Visitor(city).sign_in("zhang", NEW).status_code == 302


@pytest.mark.parametrize("act", [{"act": "role", "role": "leader"}, {"act": "disable"}, {"act": "reset"}])
def test_sessions_end_where_rights_change(city: City, act: dict[str, str]) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    city.client("root").client.post("/users/zhang", data={"csrf": city.client("root").csrf, **act})
    assert not visitor.inside


def test_log_out_everywhere(city: City) -> None:
    here, there = Visitor(city), Visitor(city, agent="Mozilla/5.0 (Windows NT 10.0) Chrome/140.0")
    here.sign_in("zhang")
    there.sign_in("zhang")
    page = says(here.get("/profile"))
    assert "Firefox · Linux" in page
    assert "Chrome · Windows" in page
    here.post("/profile/sessions/end", "/profile", stay="1")
    assert here.inside
    assert not there.inside
    here.post("/profile/sessions/end", "/profile", stay="0")
    assert not here.inside
    with city.session() as session:
        assert (
            session.scalar(select(func.count()).select_from(LoginSession).where(LoginSession.user == "zhang"))
            == 0
        )


def test_idle_and_absolute_limits_follow_the_settings(city_with: Callable[..., City]) -> None:
    city = city_with(session_idle_minutes=10, session_hours=1)
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    with city.session() as session:
        row = session.scalars(select(LoginSession).where(LoginSession.user == "zhang")).one()
        assert timedelta(minutes=59) < row.expires - utcnow() <= timedelta(hours=1)
        row.seen = utcnow() - timedelta(minutes=9)
    assert visitor.inside  # and this click moves the limit on
    with city.session() as session:
        row = session.scalars(select(LoginSession).where(LoginSession.user == "zhang")).one()
        assert row.seen > utcnow() - timedelta(minutes=1)
        row.seen = utcnow() - timedelta(minutes=11)
    assert not visitor.inside


def test_an_address_that_guesses_must_wait_and_others_need_not(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.app.extensions["huiyin"].cache["sign-in-limiter"] = Limiter(6, 300.0)
    thief = Visitor(city, address="198.51.100.9")
    answers = [thief.sign_in(f"nobody{n}") for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 6 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 51
    assert thief.sign_in("zhang").status_code == 429
    assert Visitor(city, address="192.0.2.1").sign_in("zhang").status_code == 302


def test_right_passwords_do_not_count_against_an_address(city: City) -> None:
    city.app.extensions["huiyin"].cache["sign-in-limiter"] = Limiter(3, 300.0)
    for name in ("zhang", "li", "wang", "zhao", "chen", "liu"):
        assert Visitor(city).sign_in(name).status_code == 302


def test_the_limit_s_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 100)
    limiter = Limiter(2, 60.0)
    for number in range(1000):
        limiter.take(f"10.0.{number // 256}.{number % 256}", at=float(number) / 1000)
    assert len(limiter._left) <= 100
    assert limiter.take("10.0.3.231", at=1.0) == 0.0
    assert limiter.take("10.0.3.231", at=1.0) > 0.0  # the newest are kept
    assert sign_in.TRIES >= 10


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "a b", "[::1].evil"]
)
def test_a_foreign_host_name_gets_nothing(city: City, host: str) -> None:
    for path in ("/login", "/api/v1/openapi.json", "/nowhere", "/static/app.css"):
        with city.app.test_client().get(path, headers={"Host": host}) as answer:
            assert answer.status_code == 400, path
            assert not host or f"http://{host}" not in answer.text


def test_host_names_of_the_settings_are_the_ones(city_with: Callable[..., City]) -> None:
    city = city_with(hosts="yuqing.example.cn, .intern.example.cn", host="0.0.0.0")
    client = city.app.test_client()
    answers = {
        host: client.get("/login", headers={"Host": host}).status_code
        for host in (
            "yuqing.example.cn",
            "yuqing.example.cn:8443",
            "a.intern.example.cn",
            "localhost",
            "evil.example",
        )
    }
    assert list(answers.values()) == [200, 200, 200, 400, 400]


def test_over_https_the_cookie_is_bound_to_the_host(city_with: Callable[..., City]) -> None:
    city = city_with(secure_cookies=True)
    client = city.app.test_client()
    page = client.get("/login", base_url="https://localhost")
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    answer = client.post(
        "/login", data={"csrf": token, "name": "zhang", "password": PASSWORD}, base_url="https://localhost", headers={"Referer": "https://localhost/login"},
    )  # fmt: skip
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("__Host-huiyin="))
    for part in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert part in cookie
    assert "Domain" not in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_disabled_account_is_out_at_once(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    with city.session() as session:
        session.get_one(User, "zhang").enabled = False
    assert not visitor.inside

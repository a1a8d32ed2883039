"""Sign-in through an OpenID Connect service: a real provider on this machine, honest and otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from answering_city import City
from issuer import CLIENT, SECRET, Issuer, query
from sqlalchemy import select
from test_second_factor import enrol
from visitor import Visitor, says

from huiyin.errors import UsageError
from huiyin.records import AuditRow, User


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def office(issuer: Issuer, city_with: Callable[..., City], tmp_path: Path) -> City:
    return city_with(**settings(issuer, tmp_path))


def settings(issuer: Issuer, folder: Path) -> dict[str, str]:
    file = folder / "client-secret"
    file.write_text(f"{SECRET}\n", "utf-8")
    return {"oidc_issuer": issuer.base, "oidc_client_id": CLIENT, "oidc_client_secret_file": str(file)}


def through(visitor: Visitor, issuer: Issuer, target: str = "/issues"):  # type: ignore[no-untyped-def]
    """The answer of our callback after a person said yes at the service."""
    away = visitor.get(f"/login/service?next={target}")
    assert away.status_code == 302, says(away)
    return visitor.get(issuer.approve(away.headers["Location"]))


def test_a_person_of_the_house_comes_in(office: City, issuer: Issuer) -> None:
    visitor = Visitor(office)
    assert "统一身份认证" in says(visitor.get("/login"))
    asked = query(visitor.get("/login/service").headers["Location"])
    assert asked["client_id"] == CLIENT
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"].split() == ["openid", "profile"]
    assert len(asked["state"]) >= 20
    assert len(asked["nonce"]) >= 20
    assert SECRET not in str(asked)
    answer = through(visitor, issuer)
    assert answer.headers["Location"] == "/issues"
    assert visitor.inside
    assert "统一身份认证" in says(visitor.get("/profile"))
    with office.session() as session:
        user = session.get_one(User, "zhang")
        assert user.role == "analyst"  # the service said admin
        assert user.subject
        acts = [row.act for row in session.scalars(select(AuditRow))]
    assert "link-oidc" in acts


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_nobody_is_sent_elsewhere_afterwards(office: City, issuer: Issuer, target: str) -> None:
    assert through(Visitor(office), issuer, target).headers["Location"] == "/"


@pytest.mark.parametrize(
    "twist",
    [
        {"aud": "another-client"}, {"aud": [CLIENT, "other"], "azp": "other"}, {"iss": "http://127.0.0.1:1"}, {"nonce": "of-another-round"}, {"nonce": None},
        {"exp": int(time.time()) - 3600}, {"exp": None}, {"sub": None}, {"iat": int(time.time()) + 3600},
    ],
    ids=lambda twist: ",".join(twist),
)  # fmt: skip
def test_a_token_that_is_not_the_answer_to_our_question_is_refused(
    office: City, issuer: Issuer, twist: dict[str, object]
) -> None:
    issuer.twist = dict(twist)
    visitor = Visitor(office)
    assert through(visitor, issuer).status_code == 403
    assert not visitor.inside


@pytest.mark.parametrize("how", ["forge", "symmetric", "unsigned"])
def test_a_token_with_a_wrong_signature_is_refused(office: City, issuer: Issuer, how: str) -> None:
    setattr(issuer, how, True)
    visitor = Visitor(office)
    assert through(visitor, issuer).status_code == 403
    assert not visitor.inside


def test_a_state_works_once(office: City, issuer: Issuer) -> None:
    visitor = Visitor(office)
    away = visitor.get("/login/service")
    kept = visitor.client.get_cookie("huiyin_oidc", path="/login")
    assert kept is not None
    back = issuer.approve(away.headers["Location"])
    assert visitor.get(back).status_code == 302
    thief = Visitor(office)
    thief.client.set_cookie("huiyin_oidc", kept.value, path="/login")
    replayed = issuer.approve(away.headers["Location"])  # a fresh code under the old state
    assert thief.get(replayed).status_code == 403
    assert not thief.inside


@pytest.mark.parametrize(
    "change", ["no cookie", "another state", "no code", "another browser", "a forged cookie"]
)
def test_a_callback_that_was_not_asked_for_is_refused(office: City, issuer: Issuer, change: str) -> None:
    visitor = Visitor(office)
    back = issuer.approve(visitor.get("/login/service").headers["Location"])
    if change == "no cookie":
        visitor.client.delete_cookie("huiyin_oidc", path="/login")
    elif change == "another state":
        back = back.replace("state=", "state=x")
    elif change == "no code":
        back = back.replace("code=", "kode=")
    elif change == "another browser":
        visitor = Visitor(office)
        visitor.get("/login/service")
    else:
        visitor.client.set_cookie("huiyin_oidc", "gAAAAABforged", path="/login")
    assert visitor.get(back).status_code == 403
    assert not visitor.inside
    assert not issuer.asked  # the code was not even spent


def test_a_name_without_an_account_stays_outside(office: City, issuer: Issuer) -> None:
    issuer.name = "stranger"
    visitor = Visitor(office)
    answer = through(visitor, issuer)
    assert answer.status_code == 403
    assert "没有与之对应的账号" in says(answer)
    with office.session() as session:
        assert session.get(User, "stranger") is None


def test_accounts_are_made_only_where_a_setting_says_so(
    issuer: Issuer, city_with: Callable[..., City], tmp_path: Path
) -> None:
    city = city_with(**settings(issuer, tmp_path), oidc_create_role="analyst")
    issuer.name, issuer.twist = "newcomer", {"name": "新来的"}
    visitor = Visitor(city)
    assert through(visitor, issuer).status_code == 302
    assert visitor.inside
    with city.session() as session:
        user = session.get_one(User, "newcomer")
        assert (user.role, user.display) == ("analyst", "新来的")


def test_a_name_that_changed_hands_does_not_open_its_first_holder_s_account(
    office: City, issuer: Issuer
) -> None:
    assert through(Visitor(office), issuer).status_code == 302
    issuer.sub = "another-person"
    assert through(Visitor(office), issuer).status_code == 403
    issuer.sub, issuer.name = "8f14e45f", "renamed-at-the-service"
    assert through(Visitor(office), issuer).status_code == 302  # the same person under a new name


def test_disabled_people_stay_outside_and_the_second_factor_is_still_asked(
    office: City, issuer: Issuer
) -> None:
    inside = Visitor(office)
    inside.sign_in("zhang")
    secret, _ = enrol(inside)
    visitor = Visitor(office)
    assert through(visitor, issuer).headers["Location"].startswith("/login/code")
    assert not visitor.inside
    assert visitor.post("/login/code", code=pyotp.TOTP(secret).at(int(time.time()) + 30)).status_code == 302
    with office.session() as session:
        session.get_one(User, "zhang").enabled = False
    assert through(Visitor(office), issuer).status_code == 403


def test_changed_keys_are_fetched_again(office: City, issuer: Issuer) -> None:
    assert through(Visitor(office), issuer).status_code == 302
    issuer.key = issuer.other
    assert through(Visitor(office), issuer).status_code == 302


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "http://127.0.0.1:9/other"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": ""},
    ],
)
def test_a_service_that_describes_another_is_not_believed(
    office: City, issuer: Issuer, described: dict[str, str]
) -> None:
    issuer.described = described
    assert Visitor(office).get("/login/service").status_code in (400, 503)


def test_a_service_that_is_down_is_said_plainly(office: City, issuer: Issuer) -> None:
    issuer.close()
    answer = Visitor(office).get("/login/service")
    assert answer.status_code == 503
    assert "用本系统的账号登录" in says(answer)


@pytest.mark.parametrize("address", ["http://login.example.cn", "ftp://x", "login.example.cn"])
def test_a_service_without_https_is_refused_at_the_start(
    city_with: Callable[..., City], address: str
) -> None:
    with pytest.raises(UsageError, match="not https"):
        city_with(oidc_issuer=address, oidc_client_id=CLIENT)


def test_without_a_service_its_addresses_are_not_there(city: City) -> None:
    visitor = Visitor(city)
    assert visitor.get("/login/service").status_code == 404
    assert visitor.get("/login/back?state=x&code=y").status_code == 404
    assert "统一身份认证" not in says(visitor.get("/login"))

"""The second factor: enrolled with the password again, each code once, guessing locks, roles that must have it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pyotp
import pytest
from answering_city import PASSWORD, City
from sqlalchemy import select
from visitor import Visitor, says

from dashboard import auth, second_factor
from huiyin.errors import UsageError
from huiyin.records import AuditRow, LoginSession, User, utcnow


def enrol(visitor: Visitor) -> tuple[str, list[str]]:
    """Enrol through the pages: (the authenticator's secret, recovery codes)."""
    page = visitor.post("/profile/second-factor", present=PASSWORD)
    assert page.status_code == 200, says(page)
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert found is not None
    secret = found[1].replace(" ", "")
    done = visitor.post(
        "/profile/second-factor/confirm", "/profile/second-factor", code=pyotp.TOTP(secret).now()
    )
    assert done.status_code == 200, says(done)
    return secret, re.findall(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", done.text)


def later(secret: str, steps: int = 1) -> str:
    """The code of a later step: codes that were used are not taken again."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def test_after_enrolling_a_password_alone_opens_nothing(city: City) -> None:
    first = Visitor(city)
    first.sign_in("zhang")
    secret, codes = enrol(first)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    other = Visitor(city)
    answer = other.sign_in("zhang", next="/issues")
    assert answer.headers["Location"] == "/login/code?next=/issues"
    for path in ("/", "/issues", "/profile", "/events", "/password", "/search/export.csv"):
        assert other.get(path).headers["Location"].startswith("/login/code"), path
    before = other.cookie
    answer = other.post("/login/code", code=later(secret), next="/issues")
    assert answer.headers["Location"] == "/issues"
    assert other.inside
    assert other.cookie != before  # the session of the first step is not the one that opens


def test_the_page_shows_a_picture_without_styles_and_the_record_no_secret(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    page = visitor.post("/profile/second-factor", present=PASSWORD).text
    assert "<svg" in page
    assert "style=" not in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1].replace(" ", "")  # type: ignore[index]
    visitor.post("/profile/second-factor/confirm", "/profile/second-factor", code=pyotp.TOTP(secret).now())
    with city.session() as session:
        user = session.get_one(User, "zhang")
        kept = " ".join(
            [user.totp, *user.recovery, *(str(row.data) for row in session.scalars(select(LoginSession)))]
        )
    assert user.totp
    assert secret not in kept


def test_no_code_works_twice(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    secret, codes = enrol(visitor)
    again = Visitor(city)
    again.sign_in("zhang")
    assert (
        again.post("/login/code", code=pyotp.TOTP(secret).now()).status_code == 401
    )  # the code that enrolled
    assert again.post("/login/code", code=later(secret)).status_code == 302
    third = Visitor(city)
    third.sign_in("zhang")
    assert third.post("/login/code", code=later(secret)).status_code == 401
    assert third.post("/login/code", code=codes[3].upper()).status_code == 302
    fourth = Visitor(city)
    fourth.sign_in("zhang")
    assert fourth.post("/login/code", code=codes[3]).status_code == 401
    with city.session() as session:
        assert len(session.get_one(User, "zhang").recovery) == second_factor.RECOVERY_CODES - 1


@pytest.mark.parametrize(
    "code", ["", "000000", "00000", "1" * 40, "ａｂｃ", "１２３４５６", "🙂", "' or 1=1"]
)
def test_what_is_no_code_is_refused(city: City, code: str) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    enrol(visitor)
    other = Visitor(city)
    other.sign_in("zhang")
    assert other.post("/login/code", code=code).status_code == 401
    assert not other.inside


def test_guessing_codes_locks_the_account_and_ends_the_attempt(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    secret, _ = enrol(visitor)
    thief = Visitor(city, address="198.51.100.9")
    thief.sign_in("zhang")
    answers = [thief.post("/login/code", code="000000") for _ in range(auth.LOCK_AFTER)]
    assert {answer.status_code for answer in answers} == {401}
    assert "已锁定" in says(answers[-1])
    assert thief.get("/login/code").headers["Location"] == "/login"
    assert thief.sign_in("zhang").status_code == 401  # the right password does not help while it is locked
    assert visitor.inside  # who was inside stays inside
    with city.session() as session:
        session.get_one(User, "zhang").locked_until = utcnow()
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    assert visitor.post("/login/code", code=later(secret)).status_code == 302


def test_right_passwords_between_wrong_codes_do_not_reset_the_count(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    enrol(visitor)
    for _ in range(auth.LOCK_AFTER):
        thief = Visitor(city)
        thief.sign_in("zhang")
        thief.post("/login/code", code="000000")
    with city.session() as session:
        assert auth.is_locked(session.get_one(User, "zhang"))


def test_enrolling_and_leaving_ask_for_the_password(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    assert visitor.post("/profile/second-factor", present="wrong").status_code == 400
    assert (
        visitor.post("/profile/second-factor/confirm", "/profile/second-factor", code="123456").status_code
        == 409
    )
    secret, _ = enrol(visitor)
    assert visitor.post("/profile/second-factor", present=PASSWORD).status_code == 409
    off, page = "/profile/second-factor/off", "/profile/second-factor"
    assert visitor.post(off, page, present="wrong", code=later(secret)).status_code == 400
    assert visitor.post(off, page, present=PASSWORD, code="000000").status_code == 400
    assert visitor.post(off, page, present=PASSWORD, code=later(secret)).status_code == 302
    assert Visitor(city).sign_in("zhang").headers["Location"] == "/"
    with city.session() as session:
        acts = [row.act for row in session.scalars(select(AuditRow).order_by(AuditRow.number))]
    assert acts.count("second-factor-on") == acts.count("second-factor-off") == 1


def test_a_stolen_session_cannot_try_passwords_without_end(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    token = visitor.token("/profile/second-factor")
    answers = [
        visitor.client.post("/profile/second-factor", data={"csrf": token, "present": f"guess {n}"})
        for n in range(auth.LOCK_AFTER)
    ]
    assert [answer.status_code for answer in answers] == [400] * (auth.LOCK_AFTER - 1) + [403]
    assert not visitor.inside


def test_a_role_that_must_have_it_gets_nowhere_without(city_with: Callable[..., City]) -> None:
    city = city_with(second_factor_roles="leader, admin")
    visitor = Visitor(city)
    visitor.sign_in("root")
    for path in ("/", "/users", "/tokens", "/search/export.csv"):
        assert visitor.get(path).headers["Location"] == "/profile/second-factor", path
    secret, _ = enrol(visitor)
    assert visitor.get("/users").status_code == 200
    refused = visitor.post(
        "/profile/second-factor/off", "/profile/second-factor", present=PASSWORD, code=later(secret)
    )
    assert refused.status_code == 403
    analyst = Visitor(city)
    analyst.sign_in("zhang")
    assert analyst.inside


def test_a_role_that_is_none_is_told_at_the_start(city_with: Callable[..., City]) -> None:
    with pytest.raises(UsageError, match="boss"):
        city_with(second_factor_roles="boss")


def test_a_clock_may_be_half_a_minute_off_and_no_more() -> None:
    secret, now = second_factor.new_secret(), 1_800_000_010.0
    made = pyotp.TOTP(secret)
    taken = {
        drift: second_factor.step_of(secret, made.at(int(now) + drift), 0, at=now)
        for drift in (-60, -30, 0, 30, 60)
    }
    assert [drift for drift, step in taken.items() if step is not None] == [-30, 0, 30]


def test_a_reset_by_the_administrator_takes_it_off(city: City) -> None:
    visitor = Visitor(city)
    visitor.sign_in("zhang")
    enrol(visitor)
    city.client("root").post("/users/zhang", 200, act="reset")
    assert not visitor.inside
    with city.session() as session:
        user = session.get_one(User, "zhang")
        assert (user.totp, user.recovery, user.must_change) == ("", [], True)

"""Every address × every role, and every address of the API × every scope: what is, against what is written down here.

tests/security/route_roles.txt is the written matrix: a new address, or one whose roles change, shows there as a line of a review.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from answering_city import PEOPLE, City, words
from api_city import Api
from doors import open_doors, own_auth, path_of, view
from werkzeug.routing import Rule

from dashboard import auth
from dashboard.api._tokens import SCOPES, Limiter
from dashboard.auth import COOKIE, start_session
from huiyin.records import ROLES, User

FILE = Path(__file__).parent / "route_roles.txt"
ONE_OF = {role: name for name, role in PEOPLE.items()}
STREAMS = {"live.events"}


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    made = open_doors(tmp_path_factory.mktemp("matrix"))
    made.app.extensions["huiyin"].cache["api-limiter"] = Limiter(1_000_000, 1.0)
    yield made
    made.close()


def routes(city: City) -> list[tuple[str, Rule]]:
    """(method, rule) of every address but static files; HEAD and OPTIONS go with GET."""
    found = [
        (method, rule)
        for rule in city.app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in sorted(rule.methods or ())
        if method not in ("HEAD", "OPTIONS")
    ]
    return sorted(found, key=lambda pair: (pair[1].rule, pair[0]))


def present(city: City, method: str, rule: Rule) -> str:
    """One line of the matrix as the program has it."""
    seen = view(city, rule)
    if own_auth(city, rule):
        who = f"token:{seen.declared.scope}"
    elif seen.roles == auth.PUBLIC:
        who = "public"
    else:
        who = ",".join(role for role in ROLES if role in seen.roles)
    return f"{method} {rule.rule} {who}"


def written() -> list[str]:
    return [line for line in FILE.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def parts(line: str) -> tuple[str, str, str]:
    """Method, address (which may hold spaces), who."""
    method, rest = line.split(" ", 1)
    address, who = rest.rsplit(" ", 1)
    return method, address, who


def test_the_written_matrix_is_the_program_s(city: City) -> None:
    now = {present(city, method, rule) for method, rule in routes(city)}
    kept = set(written())
    assert not now ^ kept, (
        f"review and write down in {FILE.name}:\n+ "
        + "\n+ ".join(sorted(now - kept))
        + "\n- "
        + "\n- ".join(sorted(kept - now))
    )


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_every_address_keeps_to_the_matrix(city: City, role: str) -> None:
    expected = {(method, rule): who for method, rule, who in map(parts, written())}
    refused = opened = 0
    for method, rule in routes(city):
        who = expected[method, rule.rule]
        if who.startswith("token:"):
            continue
        client, csrf = city.app.test_client(), ""
        if role != "nobody":
            with city.session() as session:
                client.set_cookie(COOKIE, start_session(session, session.get_one(User, ONE_OF[role])))
        token = client.get("/directory" if role != "nobody" else "/login").text.split(
            'name="csrf" content="'
        )[1]
        csrf = token.split('"')[0]
        path = path_of(city, rule)
        with client.open(
            path, method=method, data={"csrf": csrf} if method != "GET" else None, buffered=False
        ) as answer:
            status, where = answer.status_code, answer.headers.get("Location", "")
            text = (
                "" if rule.endpoint in STREAMS and status == 200 else answer.data.decode("utf-8", "replace")
            )
        if who == "public":
            assert "角色不能" not in text, path
        elif role == "nobody":
            assert status == 302, f"{method} {path}: {status}"
            assert where.startswith("/login"), f"{method} {path}: {where}"
            refused += 1
        elif role in who.split(","):
            assert "角色不能进行此操作" not in text, f"{method} {path} is refused to {role}"
            assert status < 500, f"{method} {path}: {words(text)[-300:]}"
            opened += 1
        else:
            assert status == 403, f"{method} {path} is open to {role}: {status}"
            assert "角色不能进行此操作" in text, f"{method} {path}: {words(text)[-200:]}"
            refused += 1
    assert opened + refused > 60


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_every_address_of_the_api_keeps_to_its_scope(city: City, scope: str) -> None:
    program = Api(city, scope)
    tried = 0
    for method, rule in routes(city):
        if not own_auth(city, rule):
            continue
        wanted = view(city, rule).declared.scope
        answer = program.client.open(path_of(city, rule), method=method, headers=program.headers)
        assert (answer.status_code == 403) is (wanted != scope), f"{method} {rule.rule}: {answer.status_code}"
        assert answer.status_code < 500, rule.rule
        bare = city.app.test_client().open(path_of(city, rule), method=method)
        assert bare.status_code == 401, rule.rule
        tried += 1
    assert tried >= 8


def test_a_session_s_cookie_opens_no_address_of_the_api(city: City) -> None:
    browser = city.client("root").client
    for method, rule in routes(city):
        if own_auth(city, rule):
            answer = browser.open(path_of(city, rule), method=method)
            assert answer.status_code == 401, rule.rule

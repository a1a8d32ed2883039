"""Reading through the API: tokens, scopes, limits, parameters, feeds, the document that describes it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from answering_city import HOSTILE, ISSUE, City
from api_city import Api, open_city
from sqlalchemy import select

from dashboard.api._contract import RATE
from dashboard.api._feeds import calendar
from dashboard.api._tokens import SCOPES, Limiter, digest, find, make, revoke
from huiyin.errors import UsageError
from huiyin.records import Alert, AuditRow, Clock, Issue, Token, User
from response_kits import clocks


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = open_city(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city that its tests only read."""
    made = open_city(tmp_path_factory.mktemp("quiet"))
    yield made
    made.close()


def test_a_token_is_kept_as_its_hash_only(city: City) -> None:
    api = Api(city, "read")
    with city.session() as session:
        rows = list(session.scalars(select(Token)))
        acts = list(session.scalars(select(AuditRow).where(AuditRow.act == "make-token")))
    assert [row.id for row in rows] == [digest(api.secret)]
    assert len(acts) == 1
    assert api.secret not in (city.settings.home_path / "huiyin.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer hy_wrong",
        "Basic enhhbmc6eA==",
        "Bearer hy_" + "x" * 5000,
        "Bearer hy_\u00e9",
    ],
)
def test_without_a_live_token_nothing_is_told(quiet: City, header: str) -> None:
    for path in (
        "/api/v1/documents",
        "/api/v1/issues",
        f"/api/v1/issues/{ISSUE}",
        "/api/v1/alerts",
        "/api/v1/alerts.atom",
        "/api/v1/deadlines.ics",
    ):
        answer = quiet.app.test_client().get(path, headers={"Authorization": header} if header else {})
        assert answer.status_code == 401, path
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert set(answer.get_json()) == {"error"}
    signed_in = quiet.client("root").client.get("/api/v1/issues")  # a browser's session is no token
    assert signed_in.status_code == 401


def test_revoked_tokens_and_those_of_disabled_people_end_at_once(city: City) -> None:
    first, second = Api(city, "read"), Api(city, "read", user="li")
    first.get("/issues")
    with city.session() as session:
        revoke(session, digest(first.secret), by="root")
        session.get_one(User, "li").enabled = False
    first.get("/issues", 401)
    second.get("/issues", 401)
    with city.session() as session:
        assert find(session, "hy_unknown") is None


def test_a_token_does_what_its_scopes_say_and_no_more(city: City) -> None:
    Api(city, "read").push([{"id": "1", "text": "x"}], 403)
    Api(city, "push").get("/documents", 403)
    Api(city, "read").get("/deadlines.ics", 403)
    with city.session() as session, pytest.raises(UsageError, match="日历"):
        make(session, "x", ("read", "calendar"), user="zhang", by="root")
    with city.session() as session, pytest.raises(UsageError):
        make(session, "x", ("root",), user="zhang", by="root")


def test_only_a_calendar_token_may_stand_in_an_address(city: City) -> None:
    calendar, reading = Api(city, "calendar"), Api(city, "read")
    client = city.app.test_client()
    assert client.get(f"/api/v1/deadlines.ics?token={calendar.secret}").status_code == 200
    assert client.get(f"/api/v1/deadlines.ics?token={reading.secret}").status_code == 403
    assert client.get(f"/api/v1/issues?token={reading.secret}").status_code == 401


def test_too_many_requests_are_told_when_to_come_back(city: City) -> None:
    api, other = Api(city, "read"), Api(city, "read")
    codes = [api.raw("/alerts?limit=1").status_code for _ in range(RATE + 10)]
    assert codes[: RATE // 2] == [200] * (RATE // 2)
    assert codes[-1] == 429
    last = api.raw("/alerts")
    assert int(last.headers["Retry-After"]) >= 1
    assert last.get_json()["error"]["status"] == 429
    other.get("/alerts")


def test_the_limiter_fills_again_with_time() -> None:
    limiter = Limiter(2, 10)
    assert [limiter.take("a", at=0.0), limiter.take("a", at=0.0)] == [0, 0]
    assert limiter.take("a", at=0.0) == pytest.approx(5.0)
    assert limiter.take("b", at=0.0) == 0
    assert limiter.take("a", at=5.1) == 0
    assert limiter.take("a", at=5.2) > 0
    assert [limiter.take("a", at=999.0) > 0 for _ in range(3)] == [False, False, True]


def test_search(quiet: City) -> None:
    api = Api(quiet, "read")
    found = api.get("/documents?q=死亡&limit=3")
    assert (found["total"], found["limit"], len(found["items"])) == (9, 3, 3)
    whens = [item["published"] for item in found["items"]]
    assert whens == sorted(whens, reverse=True)
    assert found["items"][0]["analysis"]["topic"] == "food_drug"
    assert {item["issue"] for item in api.get("/documents?fold=false&limit=100")["items"]} == {
        ISSUE,
        "i-rumour",
    }
    assert api.get("/documents?fold=false")["total"] == 12
    assert api.get("/documents?source=paper&source=forum")["total"] == 9
    assert api.get("/documents?source=paper")["total"] < 9
    assert api.get("/documents?q=没有这个词")["items"] == []
    since = (quiet.now - timedelta(hours=4)).isoformat()
    assert 0 < api.get(f"/documents?since={since}")["total"] < 9  # the "+" of its offset is not escaped
    facets = api.get("/documents?facets=true")["facets"]
    assert sum(row["count"] for row in facets["source"]) == 9


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"), ("offset=99999999999999", "offset"),
        ("since=yesterday", "since"), ("until=0001-01-01", "until"), ("since=9999-12-31T23:59:59-12:00", "since"), ("topic=nonsense", "topic"),
        ("order=best", "order"), ("fold=maybe", "fold"), ("limit=1&limit=2", "limit"), ("colour=red", "colour"), (f"q={'x' * 600}", "q"),
        ("&".join(f"place={n}" for n in range(30)), "place"), ("token=hy_x", "token"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_named(quiet: City, query: str, names: str) -> None:
    error = Api(quiet, "read").get(f"/documents?{query}", 400)["error"]
    assert f"parameter {names}" in error["message"] or f"{names!r}" in error["message"]


def test_issues_and_their_clocks(city: City) -> None:
    api = Api(city, "read")
    listed = api.get("/issues")
    assert [item["id"] for item in listed["items"]] == [ISSUE, "i-rumour"]
    assert api.get("/issues?level=2")["total"] == 1
    assert api.get("/issues?state=closed")["total"] == 0
    one = api.get(f"/issues/{ISSUE}")
    assert one["clocks"][0]["rule"] == "respond"
    assert one["clocks"][0]["basis"]
    assert one["casualties"]["deaths"] == 2
    error = api.get("/issues/nobody", 404)["error"]
    assert error["status"] == 404
    assert api.get("/nothing", 404)["error"]["status"] == 404
    assert city.app.test_client().delete("/api/v1/issues").get_json()["error"]["status"] == 405


def test_alerts_are_listed_and_acknowledged(city: City) -> None:
    reading, writing = Api(city, "read"), Api(city, "write")
    assert reading.get("/alerts")["items"][0]["evidence"]["documents"] == 11
    answer = writing.client.post("/api/v1/alerts/1/acknowledge?false_alarm=true", headers=writing.headers)
    assert answer.get_json()["false_alarm"] is True
    again = writing.client.post("/api/v1/alerts/1/acknowledge", headers=writing.headers)
    assert again.get_json()["acknowledged"] == answer.get_json()["acknowledged"]
    assert reading.get("/alerts")["total"] == 0
    assert reading.get("/alerts?state=false")["total"] == 1
    assert writing.client.post("/api/v1/alerts/77/acknowledge", headers=writing.headers).status_code == 404
    reviewer = Api(city, "write", user="wang")
    assert reviewer.client.post("/api/v1/alerts/1/acknowledge", headers=reviewer.headers).status_code == 403


def test_the_feed_is_xml_whatever_the_titles_say(city: City) -> None:
    with city.session() as session:
        session.add(
            Alert(issue_id=ISSUE, rule="burst", title=f"坏\x07\x00{HOSTILE}]]>&", reason="r", dedup="h")
        )
    answer = Api(city, "read").raw("/alerts.atom")
    assert answer.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(answer.data)
    titles = [entry.findtext("{*}title") or "" for entry in feed.iterfind("{*}entry")]
    assert len(titles) == 2
    assert HOSTILE in titles[0]
    assert feed.findtext("{*}updated")


def test_the_calendar_holds_each_running_limit(city: City) -> None:
    with city.session() as session:
        session.get_one(Issue, ISSUE).title = "呕吐; 就餐, 三小\r\nBEGIN:VEVENT\u2028X" + "长" * 90
    answer = Api(city, "calendar").raw("/deadlines.ics")
    assert answer.mimetype == "text/calendar"
    raw = answer.data
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    text = raw.replace(b"\r\n ", b"").decode()
    lines = text.split("\r\n")
    assert lines.count("BEGIN:VEVENT") == 1
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    with city.session() as session:
        due = session.scalars(select(Clock)).one().due
    assert f"DTEND:{due:%Y%m%dT%H%M%SZ}" in lines
    assert "呕吐\\; 就餐\\, 三小\\nBEGIN:VEVENT\\nX" in next(
        line for line in lines if line.startswith("SUMMARY")
    )


def test_an_empty_calendar_is_a_calendar(quiet: City) -> None:
    made = calendar([], "https://press.example.org:8443", "新闻办", quiet.now)
    assert made.startswith(b"BEGIN:VCALENDAR\r\n")
    assert b"VEVENT" not in made


def test_a_clock_whose_rule_is_gone_does_not_break_the_calendar(city: City) -> None:
    with city.session() as session:
        session.add(Clock(issue_id=ISSUE, rule="abolished", start=city.now, due=city.now))
        assert session.scalars(select(Clock).where(Clock.rule == "respond")).one()
        assert clocks.rule("respond")
    assert b"abolished" not in Api(city, "calendar").raw("/deadlines.ics").data


def test_the_document_describes_every_address(quiet: City) -> None:
    made = quiet.app.test_client().get("/api/v1/openapi.json").get_json()
    assert made["openapi"] == "3.1.0"
    served = {
        rule.rule.replace("<int(max=9223372036854775807):number>", "{number}").replace(
            "<issue_id>", "{issue_id}"
        )
        for rule in quiet.app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    }
    assert served - {"/api/v1/openapi.json"} == set(made["paths"])
    search = made["paths"]["/api/v1/documents"]["get"]
    names = {param["name"] for param in search["parameters"]}
    assert {"q", "since", "topic", "limit"} <= names
    body = made["paths"]["/api/v1/documents"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["items"]["required"] == ["id", "text"]
    answer = Api(quiet, "read").get(f"/issues/{ISSUE}")
    schema = made["paths"]["/api/v1/issues/{issue_id}"]["get"]["responses"]["200"]["content"][
        "application/json"
    ]["schema"]
    assert set(schema["required"]) == set(answer)


def test_the_page_makes_and_revokes_and_shows_a_secret_once(city: City) -> None:
    browser = city.client("root")
    page = browser.post("/tokens", 200, name="大屏", scope="read", user="zhang").text
    secret = page.split('hash">')[1].split("<")[0]
    assert secret.startswith("hy_")
    client = city.app.test_client()
    assert client.get("/api/v1/issues", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    assert secret not in browser.get("/tokens")
    browser.post("/tokens/revoke", token=digest(secret))
    assert client.get("/api/v1/issues", headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    browser.post("/tokens", 400, name="", scope="read")
    browser.post("/tokens", 400, name="x")
    for name in ("zhang", "li", "wang", "zhao"):
        city.client(name).get("/tokens", 403)
    browser.post("/tokens/source", source="push-petition", title="信访件", legal_basis="共享协议")
    assert "push-petition" in browser.get("/tokens")
    browser.post("/tokens/source", 400, source="forum2", title="x", legal_basis="y")


def test_the_documentation_names_every_address_and_scope(quiet: City) -> None:
    made = quiet.app.test_client().get("/api/v1/openapi.json").get_json()
    told = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")
    for path, methods in made["paths"].items():
        for method, about in methods.items():
            scope = about["description"].split()[1]
            assert f"| `{method.upper()} {path}` | {scope} |" in told, path
    assert all(f"| `{scope}` |" in told for scope in SCOPES)

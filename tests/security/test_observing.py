"""Probes, measures and logs: what they tell, and what they keep to themselves."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from answering_city import City
from api_city import Api
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from visitor import Visitor

from huiyin import logs
from huiyin.settings import Settings

NOBODY = {"REMOTE_ADDR": "203.0.113.5"}
HERE = {"REMOTE_ADDR": "127.0.0.1"}


def measures(page: str) -> dict[tuple[str, str], float]:
    """(name, labels) → value."""
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_alive_and_ready(city: City) -> None:
    client = city.app.test_client()
    assert client.get("/healthz", environ_overrides=NOBODY).json == {"alive": True}
    ready = client.get("/readyz", environ_overrides=NOBODY)
    assert ready.status_code == 200
    assert ready.json == {"ready": True, "parts": {"record": "ok", "schema": "ok", "search": "ok"}}
    assert "Set-Cookie" not in ready.headers


def test_an_older_schema_is_not_ready(city: City) -> None:
    with city.record.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    answer = city.app.test_client().get("/readyz")
    assert (answer.status_code, answer.json["parts"]["schema"]) == (503, "down")
    assert city.app.test_client().get("/healthz").status_code == 200


def test_a_record_that_is_away_is_not_ready_and_says_no_address(city: City) -> None:
    city.record.close()
    (city.settings.home_path / "huiyin.db").rename(city.settings.home_path / "gone.db")
    (city.settings.home_path / "huiyin.db").mkdir()
    answer = city.app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["parts"] == {"record": "down", "schema": "down", "search": "ok"}
    assert "huiyin.db" not in answer.text
    assert city.app.test_client().get("/healthz").status_code == 200


def test_measures_count_what_the_record_holds(city: City) -> None:
    client = city.client("zhang").client
    client.get("/issues")
    client.get("/nowhere")
    found = measures(client.get("/metrics", environ_overrides=HERE).text)
    assert found["huiyin_documents", "grouped"] == 12
    assert found["huiyin_issues_open", "2"] == 1
    assert found["huiyin_clocks_overdue", ""] == 0
    assert found["huiyin_documents_last_hour", ""] == 12
    assert found["huiyin_request_seconds_count", "issues.index,GET,2xx"] == 1
    assert found["huiyin_request_seconds_count", "none,GET,4xx"] == 1
    assert {name for name, _ in found} >= {
        "huiyin_documents_unindexed", "huiyin_oldest_waiting_seconds", "huiyin_quarantine", "huiyin_alerts_waiting", "huiyin_index_entries",
    }  # fmt: skip


def test_measures_are_for_this_machine_or_the_token_s_holder(
    city_with: Callable[..., City], tmp_path: Path
) -> None:
    client = city_with().app.test_client()
    assert client.get("/metrics", environ_overrides=NOBODY).status_code == 404
    assert client.get("/metrics", environ_overrides=HERE).status_code == 200
    # Behind a proxy everybody comes from this machine.
    for proxied in ({"secure_cookies": True}, {"trusted_proxy": "127.0.0.1"}, {"hosts": "localhost"}):
        assert (
            city_with(**proxied).app.test_client().get("/metrics", environ_overrides=HERE).status_code == 404
        )
    file = tmp_path / "metrics-token"
    file.write_text("0123456789abcdef0123\n", "utf-8")
    client = city_with(metrics_token_file=str(file)).app.test_client()
    for header, status in (
        ("", 403),
        ("Bearer wrong", 403),
        ("Basic 0123456789abcdef0123", 403),
        ("Bearer 0123456789abcdef0123", 200),
    ):
        answer = client.get("/metrics", headers={"Authorization": header}, environ_overrides=NOBODY)
        assert answer.status_code == status, header
        assert "0123456789abcdef0123" not in answer.text
    file.write_text("short", "utf-8")
    assert (
        client.get(
            "/metrics", headers={"Authorization": "Bearer short"}, environ_overrides=NOBODY
        ).status_code
        == 403
    )


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """What the process logs as JSON from here on."""
    stream = io.StringIO()
    root = logging.getLogger()
    level, access = root.level, logging.getLogger("huiyin.access").level
    handler = logs.configure(Settings(log_format="json"), stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)
    logging.getLogger("huiyin.access").setLevel(access)


def test_each_request_has_a_number_in_its_answer_and_its_lines(
    city: City, lines: Callable[[], list[dict[str, object]]]
) -> None:
    answer = city.client("zhang").client.get("/issues?q=13812345678")
    number = answer.headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{16}", number)
    line = next(line for line in lines() if line.get("request") == number)
    assert (line["logger"], line["route"], line["status"], line["method"]) == (
        "huiyin.access",
        "/issues",
        200,
        "GET",
    )
    assert isinstance(line["ms"], float)
    given = city.app.test_client().get("/login", headers={"X-Request-ID": "proxy-number.1"})
    assert given.headers["X-Request-ID"] == "proxy-number.1"
    forged = city.app.test_client().get("/login", headers={"X-Request-ID": "a b\"}{'"})
    assert re.fullmatch(r"[0-9a-f]{16}", forged.headers["X-Request-ID"])


def test_lines_name_nobody(city: City, lines: Callable[[], list[dict[str, object]]]) -> None:
    """A person works, a program pushes, a view fails with a person's words in its hands: none of it stands in the logs."""
    browser = city.client("zhang")
    browser.get("/search?q=13812345678+张伟民")
    browser.get("/documents/d1")
    Visitor(city).sign_in("zhang", "wrong-password-typed-by-hand")
    api = Api(city, "push", "read")
    api.raw("/documents?q=王小二")

    def broken() -> str:
        with city.session() as session:
            session.execute(
                text("INSERT INTO documents (id, text) VALUES (:id, :words)"),
                {"id": "x", "words": "举报人张伟民 13812345678"},
            )
        return ""

    broken.roles = frozenset({"public"})  # type: ignore[attr-defined]
    city.app.view_functions["probes.healthz"] = broken
    answer = browser.client.get("/healthz?who=13812345678")
    assert answer.status_code == 500
    assert "张伟民" not in answer.text
    written = json.dumps(lines(), ensure_ascii=False)
    assert "IntegrityError" in written
    for secret in ("13812345678", "张伟民", "王小二", "wrong-password", api.secret, "zhang", "documents/d1"):
        assert secret not in written, secret


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("GET https://a.example/x?token=abc failed", "GET https://a.example/x?… failed"),
        ("call 13812345678 back", "call 138******** back"),
        ("at postgresql://huiyin:secret@db/x", "at postgresql://***@db/x"),
        ("Authorization: Bearer hy_abcdefghijklmnopqrstuvwxyz", "Authorization: ***"),
        ("nothing to hide: 12345, /issues", "nothing to hide: 12345, /issues"),
    ],
)  # fmt: skip
def test_what_a_line_is_cleaned_of(said: str, kept: str) -> None:
    assert logs.clean(said) == kept


def test_text_is_cleaned_as_well_and_configuring_again_doubles_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stream, root = io.StringIO(), logging.getLogger()
    level = root.level
    logs.configure(Settings(), io.StringIO())
    handler = logs.configure(Settings(), stream)
    logging.getLogger("huiyin.test").warning("call %s", "13812345678")
    root.removeHandler(handler)
    root.setLevel(level)
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().rstrip().endswith("WARNING huiyin.test: call 138********")

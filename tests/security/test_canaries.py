"""Secrets are entered, used and lost sight of: no answer, log, audit row, error or backup's manifest repeats one."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from answering_city import ISSUE, PASSWORD, City
from api_city import Api
from doors import own_auth, path_of, rules
from sqlalchemy import select
from test_second_factor import enrol
from visitor import Visitor

from huiyin import cli, logs
from huiyin.records import Access, AuditRow, LoginSession, Preference, Token, User
from huiyin.settings import Settings

FILES = {
    "metrics_token_file": "canary-metrics-token-81hf2", "smtp_password_file": "canary-smtp-password-77ah3", "llm_key_file": "canary-llm-key-55sk1",
    "oidc_client_secret_file": "canary-oidc-secret-31pl9",
}  # fmt: skip


@pytest.fixture
def heard() -> io.StringIO:
    """Everything that is logged, at the most talkative level, in both forms."""
    return io.StringIO()


def test_no_secret_comes_back(city_with: Callable[..., City], tmp_path: Path, heard: io.StringIO) -> None:
    kept = {}
    for name, value in FILES.items():
        (tmp_path / name).write_text(value, "utf-8")
        kept[name] = str(tmp_path / name)
    city = city_with(**kept)
    root = logging.getLogger()
    level = root.level
    handlers = [logging.StreamHandler(heard), logging.StreamHandler(heard)]
    for handler, form in zip(handlers, (logs.Json(), logs.Text()), strict=True):
        handler.setFormatter(form)
        root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        said, secrets = _a_day_of_work(city)
    finally:
        for handler in handlers:
            root.removeHandler(handler)
        root.setLevel(level)
    everything = said + heard.getvalue() + _record(city)
    assert len(said) > 200_000
    for name, secret in {**FILES, **secrets}.items():
        assert secret not in everything, name


def _a_day_of_work(city: City) -> tuple[str, dict[str, str]]:
    """What a person, a program and a stranger get to read, and the secrets that they used."""
    said: list[str] = []
    person = Visitor(city)
    person.sign_in("root", "canary-wrong-password-9a8b")
    person.sign_in("root")
    first = person.cookie
    secret, codes = enrol(person)  # the page that shows them once is not among what is searched
    second = person.cookie
    api = Api(city, "read", "push")
    key = city.settings.home_path / "secrets" / "app.key"
    for rule in rules(city, "GET"):
        if rule.endpoint in ("live.events", "sources.attempt_form"):
            continue
        headers = api.headers if own_auth(city, rule) else {}
        with person.client.get(path_of(city, rule), headers=headers) as answer:
            said += [answer.data.decode("utf-8", "replace"), str(answer.headers)]
    for path, fields in (
        ("/password", {"first": "canary-new-password-1x2y", "again": "other", "present": PASSWORD}), ("/login/code", {"code": codes[0]}),
        (f"/issues/{ISSUE}/note", {"text": ""}), ("/tokens", {"name": ""}), ("/users/zhang", {"act": "none"}),
    ):  # fmt: skip
        answer = person.client.post(path, data={"csrf": person.token("/profile"), **fields})
        said.append(answer.text)
    said.append(
        city.app.test_client()
        .get("/api/v1/documents", headers={"Authorization": f"Bearer {api.secret}x"})
        .text
    )
    said.append(
        city.app.test_client()
        .get("/metrics", headers={"Authorization": "Bearer canary-guess-of-a-token"})
        .text
    )
    secrets = {
        "wrong password": "canary-wrong-password-9a8b", "new password": "canary-new-password-1x2y", "session": first, "session after": second, "token": api.secret,
        "totp": secret, "code": pyotp.TOTP(secret).provisioning_uri(), "recovery": codes[1], "app key": key.read_bytes().hex(), "guess": "canary-guess-of-a-token", "password": PASSWORD,
    }  # fmt: skip
    return "\n".join(said), secrets


def _record(city: City) -> str:
    with city.session() as session:
        rows = [
            [(row.by, row.act, row.thing, row.data) for row in session.scalars(select(AuditRow))],
            [(row.by, row.thing) for row in session.scalars(select(Access))], [(row.name, row.value) for row in session.scalars(select(Preference))],
            [(row.id, row.data) for row in session.scalars(select(LoginSession))], [row.id for row in session.scalars(select(Token))],
            [(row.password, row.totp, row.recovery) for row in session.scalars(select(User))],
        ]  # fmt: skip
    return json.dumps(rows, ensure_ascii=False, default=str)


def test_commands_say_no_password_of_an_address(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for address in (
        "postgresql://huiyin:canary-pg-word@127.0.0.1:1/x",
        "postgresql://huiyin:canary-pg-word@/x?host=/nowhere",
    ):
        monkeypatch.setenv("HUIYIN_DATABASE", address)
        for words in (["doctor"], ["purge"], ["issues"], ["user", "list"], ["privacy", "list"]):
            assert cli.main(["--home", str(tmp_path), *words]) != 0
            said = capsys.readouterr()
            assert "canary-pg-word" not in said.out + said.err, words


def test_secrets_are_given_by_file_or_environment_only() -> None:
    """No setting holds a secret itself but addresses, which may; those are named here, and are never printed whole."""
    named = [
        name for name in Settings.__dataclass_fields__ if re.search(r"(password|secret|token|key)$", name)
    ]
    assert not named
    files = [
        name
        for name in Settings.__dataclass_fields__
        if re.search(r"(password|secret|token|key)_file$", name)
    ]
    assert {*files} >= {*FILES}

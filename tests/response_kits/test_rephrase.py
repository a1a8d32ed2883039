"""Rephrasing against a server that really listens: faithful, inventing, leaving out, garbage, hanging, dripping, too large."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from kit_world import NOW
from sqlalchemy.orm import Session

from huiyin.errors import Unavailable, UsageError
from huiyin.records import Draft, Issue
from huiyin.settings import Settings
from response_kits import drafts, rephrase, workflow

Answer = Callable[[str], bytes]


def said(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@contextmanager
def model(answer: Answer, *, hang: bool = False, drip: bool = False) -> Iterator[tuple[str, list[Any]]]:
    got: list[Any] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            got.append((self.path, self.headers.get("Authorization"), message))
            if hang:
                ended.wait(20)
                return
            body = answer(message["messages"][1]["content"])
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                for at in range(0, len(body), 1 if drip else len(body)):
                    self.wfile.write(body[at : at + (1 if drip else len(body))])
                    if drip and ended.wait(0.05):
                        return
            except OSError:
                return  # the client gave up, which is what the test waits for

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", got
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def draft(session: Session, issue: Issue, settings: Settings) -> Draft:
    about = {"next_update": (NOW + timedelta(hours=18)).isoformat()}
    return drafts.create(session, issue.id, "notice", settings, NOW, by="analyst1", about=about)


def test_a_faithful_rephrase_is_proposed_and_nothing_is_stored(
    session: Session, draft: Draft, settings: Settings, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("k-1\n", "utf-8")
    old = draft.text

    def answer(body: str) -> bytes:
        assert "云江市人民政府新闻办公室" not in body  # the signature stays at home
        return said(body.replace("感谢广大市民和网民的关心与监督", "感谢大家的关心与监督"))

    with model(answer) as (url, got):
        made = rephrase.rephrase(
            session, draft, replace(settings, llm_url=url, llm_model="qwen3-8b", llm_key_file=str(key)), NOW
        )
    assert made.refused == []
    assert "感谢大家的关心与监督" in made.text
    assert made.text.split("\n")[-2:] == old.split("\n")[-2:]
    assert draft.text == old
    assert draft.version == 1
    path, authorization, message = got[0]
    assert (path, authorization) == ("/v1/chat/completions", "Bearer k-1")
    assert message["model"] == "qwen3-8b"


def test_an_invented_figure_is_refused_with_the_reason(
    session: Session, draft: Draft, settings: Settings
) -> None:
    with model(lambda body: said(body.replace("42名", "45名"))) as (url, _):
        made = rephrase.rephrase(session, draft, replace(settings, llm_url=url), NOW)
    assert made.text == ""
    assert any("45名" in reason for reason in made.refused)
    assert any("漏掉" in reason and "42名" in reason for reason in made.refused)


def test_an_invented_cause_is_refused(session: Session, draft: Draft, settings: Settings) -> None:
    with model(lambda body: said(body + "\n事件的原因是食材变质。")) as (url, _):
        made = rephrase.rephrase(session, draft, replace(settings, llm_url=url), NOW)
    assert made.text == ""
    assert made.report["gates"]["cause"] == "block"


def test_what_is_left_out_is_named(session: Session, draft: Draft, settings: Settings) -> None:
    with model(lambda body: said(body.replace("，其中3人住院观察", ""))) as (url, _):
        made = rephrase.rephrase(session, draft, replace(settings, llm_url=url), NOW)
    assert made.text == ""
    assert any("漏掉了“3人”" in reason for reason in made.refused)


@pytest.mark.parametrize(
    "raw", [b"<html>", b'{"choices": []}', b'{"choices": [{"message": {"content": 5}}]}']
)
def test_garbage_is_an_error_and_changes_nothing(
    session: Session, draft: Draft, settings: Settings, raw: bytes
) -> None:
    old = draft.text
    with model(lambda _: raw) as (url, _), pytest.raises(Unavailable, match="稿件未改动"):
        rephrase.rephrase(session, draft, replace(settings, llm_url=url), NOW)
    assert draft.text == old


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_server_that_hangs_or_drips_is_left(
    session: Session, draft: Draft, settings: Settings, how: str
) -> None:
    with (
        model(said, hang=how == "hang", drip=how == "drip") as (url, got),
        pytest.raises(Unavailable, match="限时"),
    ):
        rephrase.rephrase(session, draft, replace(settings, llm_url=url), NOW, seconds=0.6)
    assert len(got) == 1


def test_an_answer_too_large_is_not_read_to_its_end(
    session: Session, draft: Draft, settings: Settings
) -> None:
    with (
        model(lambda _: b"x" * (rephrase.BYTES + 70_000)) as (url, _),
        pytest.raises(Unavailable, match="超过"),
    ):
        rephrase.rephrase(session, draft, replace(settings, llm_url=url), NOW)


def test_it_is_off_by_default_and_sends_no_personal_data(
    session: Session, draft: Draft, settings: Settings
) -> None:
    with pytest.raises(UsageError, match="llm_url"):
        rephrase.rephrase(session, draft, settings, NOW)
    edited = draft.text.replace("此事", "家长（手机13906718254）反映，此事")
    draft.bindings = workflow.rebind(draft.text, draft.bindings, edited)
    draft.text = edited
    with model(said) as (url, got):
        with pytest.raises(UsageError, match="不能送外部改写"):
            rephrase.rephrase(session, draft, replace(settings, llm_url=url), NOW)
        assert got == []

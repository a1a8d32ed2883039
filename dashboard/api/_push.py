"""Pushed documents: the body's rows checked field by field, stored through the intake, answered once for each key."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import g, request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from crawler.intake import Counts, Intake
from dashboard.api._contract import stop
from dashboard.api._fields import MOST_ROWS, check_row
from dashboard.services import close_reading, read, services, write
from huiyin.document import Document, document_id
from huiyin.errors import LimitExceeded, UsageError
from huiyin.records import Fetch, IdempotencyKey, Source, utcnow

MOST_BYTES = 5_000_000
MOST_PROBLEMS = 20
TYPES = {"application/json": "array", "application/x-ndjson": "lines", "application/jsonl": "lines"}
RUN = timedelta(minutes=15)
"""Pushes within so long of a source's last run count as one run of it."""


def receive(source: str, key: str | None) -> dict[str, Any]:
    """Check and store the request's body. The answer is given when everything is on disk."""
    known = _source(source)
    body = _body()
    name = hashlib.sha256(f"{g.token.id}\n{key}".encode()).hexdigest() if key else ""
    digest = hashlib.sha256(source.encode() + b"\n" + body).hexdigest()
    if name and (before := _answered(name, digest)) is not None:
        return before
    documents = _documents(known.name, _rows(body))
    close_reading()
    counts = intake().store(documents)
    answer = {
        "source": source, "accepted": len(documents), "counts": counts.as_dict(),
        "ids": [document.id for document in documents],
    }  # fmt: skip
    return _acknowledge(source, counts, name, digest, answer)


def intake() -> Intake:
    """This process's door into the record; its index of near-duplicates is dear to rebuild."""
    made: Intake = services().cache.setdefault("intake", Intake(services().record, services().settings))
    return made


def _source(name: str) -> Source:
    row = read().get(Source, name)
    if row is None or row.kind != "push":
        stop(
            404,
            "没有这个推送来源",
            f"no source {name!r} of kind push; an administrator registers it on the page 接口令牌",
        )
    if not row.enabled:
        stop(
            403,
            "来源未启用",
            f"the source {name!r} is switched off; a person switches it on on the page 来源",
        )
    return row


def _body() -> bytes:
    if request.mimetype not in TYPES:
        stop(
            415, "不支持的格式", f"the body is {request.mimetype or 'of no type'!r}; send {', '.join(TYPES)}"
        )
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        stop(415, "不支持的格式", "the body is compressed; send it as it is")
    request.max_content_length = MOST_BYTES
    return request.get_data(cache=False)


def _answered(name: str, digest: str) -> dict[str, Any] | None:
    """The answer that this key got before. The same key with another body is refused."""
    before = read().get(IdempotencyKey, name)
    if before is None:
        return None
    if before.answer["body"] != digest:
        stop(
            422,
            "幂等键已用于其他内容",
            "this Idempotency-Key came before with another body or source; use a new key",
        )
    answer: dict[str, Any] = before.answer["answer"]
    return answer


def _rows(body: bytes) -> Iterator[Any]:
    try:
        text = body.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise UsageError(f"the body is not UTF-8: byte {error.start}") from error
    if TYPES[request.mimetype] == "array":
        data = _json(text, "the body")
        if not isinstance(data, list):
            raise UsageError("the body is not a JSON array of documents")
        yield from data
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield _json(line, f"line {number}")


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is not JSON: {str(error)[:200]}") from error


def _documents(source: str, rows: Iterator[Any]) -> list[Document]:
    """All or nothing: one bad row refuses the body, naming each bad row (counted from 0) and field."""
    now, found, problems = utcnow(), [], []
    for number, row in enumerate(rows):
        if number >= MOST_ROWS:
            raise LimitExceeded(f"more than {MOST_ROWS} documents in one request; send several requests")
        values, wrong = check_row(row)
        problems += [{"row": number, **problem} for problem in wrong]
        if len(problems) >= MOST_PROBLEMS:
            break
        if not wrong:
            found.append(_document(source, values, now))
    if problems:
        stop(
            422, "内容不符合要求", f"nothing was stored; row {problems[0]['row']}, {problems[0]['field']}: {problems[0]['message']}",
            problems=problems[:MOST_PROBLEMS],
        )  # fmt: skip
    if not found:
        raise UsageError("the body has no document")
    return found


def _document(source: str, values: dict[str, Any], now: datetime) -> Document:
    native, parent = values.pop("id"), values.pop("parent", "")
    return Document(
        id=document_id(source, native), source=source, fetched=now, extra={"native": native},
        parent=document_id(source, parent) if parent else "", **{"kind": "message", **values},
    )  # fmt: skip


def _acknowledge(
    source: str, counts: Counts, name: str, digest: str, answer: dict[str, Any]
) -> dict[str, Any]:
    """Note the run and the key in one transaction. Of two requests with one key the first to come here answers both."""
    now = utcnow()
    try:
        with write() as session:
            if name:
                session.add(IdempotencyKey(id=name, answer={"body": digest, "answer": answer}, at=now))
                session.flush()
            row = session.get_one(Source, source)
            row.last_run, row.state, row.state_reason = now, "ok", ""
            if counts.new or counts.changed or counts.duplicate:
                row.last_new = now
            recent = (
                select(Fetch)
                .where(Fetch.source == source, Fetch.started >= now - RUN)
                .order_by(Fetch.id.desc())
                .limit(1)
            )
            run = session.scalars(recent).first()
            if run is None:
                run = Fetch(
                    source=source,
                    started=now,
                    state="ok",
                    fetched=0,
                    new=0,
                    changed=0,
                    duplicate=0,
                    unchanged=0,
                )
                session.add(run)
            run.finished = now
            run.fetched += answer["accepted"]
            run.new, run.changed, run.duplicate = (
                run.new + counts.new,
                run.changed + counts.changed,
                run.duplicate + counts.duplicate,
            )
            run.unchanged += counts.unchanged + counts.updated
    except IntegrityError:
        before = _answered(name, digest)
        if before is None:
            raise
        return before
    return answer

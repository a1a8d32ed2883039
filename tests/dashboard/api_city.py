"""The invented city with its index filled, alerts raised, and tokens made; `Api` is a program that uses one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from answering_city import City
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from dashboard.api._tokens import make
from huiyin.records import AnalysisRow, DocumentRow, Source
from huiyin.search import Entry
from response_kits.alerts import evaluate

PUSH = "push-12345"


def open_city(home: Path) -> City:
    """The city with twelve documents in the index, an orange alert, and the push source switched on."""
    city = City(home)
    with city.session() as session:
        evaluate(session, city.now)
        session.add(Source(name=PUSH, title="热线工单", kind="push", enabled=True, legal_basis="协议"))
        session.add(Source(name="push-off", title="未启用", kind="push", legal_basis="协议"))
        rows = session.execute(select(DocumentRow, AnalysisRow).join(AnalysisRow)).all()
        city.index.add(
            Entry(
                row.id, row.when, tuple(analysis.words.split()), (),
                {
                    "source": row.source, "kind": row.kind, "topic": analysis.topic, "place": "", "urgency": str(analysis.urgency),
                    "sentiment": str(analysis.sentiment), "respond": "true", "duplicate": "true" if row.duplicate_of else "false", "sample": "false",
                },
            )
            for row, analysis in rows
        )  # fmt: skip
    return city


class Api:
    """A program with a token of these scopes."""

    def __init__(self, city: City, *scopes: str, user: str = "zhang") -> None:
        self.city = city
        self.client: FlaskClient = city.app.test_client()
        with city.session() as session:
            self.secret = make(session, "、".join(scopes), scopes, user=user, by="root")
        self.headers = {"Authorization": f"Bearer {self.secret}"}

    def get(self, path: str, status: int = 200) -> Any:
        answer = self.client.get(f"/api/v1{path}", headers=self.headers)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.get_json()

    def raw(self, path: str) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def push(
        self,
        rows: Any,
        status: int = 200,
        *,
        key: str = "",
        source: str = PUSH,
        kind: str = "application/json",
    ) -> Any:
        body = rows if isinstance(rows, (bytes, str)) else json.dumps(rows)
        headers = {**self.headers, "Content-Type": kind, **({"Idempotency-Key": key} if key else {})}
        answer = self.client.post(f"/api/v1/documents?source={source}", data=body, headers=headers)
        assert answer.status_code == status, f"{answer.status_code} {answer.text[:800]}"
        return answer.get_json()

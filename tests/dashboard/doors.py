"""Every address of the application, and a city whose rows hold words that would like to be markup."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from answering_city import HOSTILE, ISSUE, PEOPLE, City
from api_city import open_city
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from huiyin.records import (
    Clause,
    DocumentRow,
    Draft,
    Fact,
    Issue,
    Organisation,
    Policy,
    Promise,
    Quarantine,
    Remark,
    Rumour,
    RumourMatch,
    SavedSearch,
    Source,
    Statement,
    Token,
)
from response_kits.briefs import make

ONE_OF = {role: name for name, role in PEOPLE.items()}
PARTS: dict[str, Any] = {
    "issue_id": ISSUE,
    "document_id": "d1",
    "name": "forum",
    "form": "csv",
    "kind": "notice",
    "paper": "a4",
}


def open_doors(home: Path) -> City:
    made = open_city(home)
    with made.session() as session:
        _poison(session, made)
    return made


def _poison(session: Any, city: City) -> None:
    """A row of every table that pages show, with words that would like to be markup."""
    h, now = HOSTILE, city.now
    issue = session.get_one(Issue, ISSUE)
    issue.title, issue.summary, issue.place, issue.unit, issue.owner = h, h, h, h, h
    issue.keywords, issue.conclusion = [h], h
    row = session.get_one(DocumentRow, "d2")
    row.title, row.text, row.author, row.origin, row.province = f"{h}食堂", f"{h}食堂死亡", h, h, h
    session.add_all(
        [
            Source(name="bad", title=h, kind="feed", enabled=True, state="broken", state_reason=h, legal_basis=h, notes=h),
            Organisation(name=h, place=h, contact=h, topics=["education"]), Rumour(claim=h, variants=[h], rebuttal=h, issue_id=ISSUE, sources=[{"title": h, "url": "javascript:alert(4)"}]),
            Policy(title=h, number=h, body=h, text=h, content_hash="x"), Statement(title=h, text=h, body=h, issue_id=ISSUE, url="javascript:alert(5)"),
            Draft(issue_id=ISSUE, kind="notice", title=h, text=h, author="zhang"), Fact(issue_id=ISSUE, slot="other", text=h, source=h, source_url="javascript:alert(6)"),  SavedSearch(user="zhang", name=h, query="q=1"), Token(id="t" * 64, name=h, user="zhang", scopes=["read"]),
            Quarantine(source="forum", url=h, reason=h, body=h.encode()),
        ]
    )  # fmt: skip
    session.flush()
    brief = make(session, city.settings, now.strftime("%G-W%V"), by="root", now=now)
    brief.model = {**brief.model, "lead": h, "risks": [h]}
    session.add_all(
        [
            Clause(policy_id=1, order=0, path=h, heading=h, text=h), Remark(draft_id=1, text=h, by="zhang"),
            Promise(statement_id=1, issue_id=ISSUE, text=h, due=now + timedelta(days=1)),
            RumourMatch(rumour_id=1, document_id="d2", score=0.9, decision="auto", when=now),
        ]
    )  # fmt: skip


def rules(city: City, method: str) -> list[Rule]:
    return [
        rule
        for rule in city.app.url_map.iter_rules()
        if method in (rule.methods or ()) and rule.endpoint != "static"
    ]


def path_of(city: City, rule: Rule) -> str:
    """An address of the rule: known names where we have some, else 1."""
    values = {name: PARTS.get(name, 1) for name in rule.arguments}
    with city.app.test_request_context():
        return str(
            city.app.url_map.bind("localhost").build(
                rule.endpoint, values, method=next(iter(rule.methods or ()))
            )
        )


def view(city: City, rule: Rule) -> Any:
    return city.app.view_functions[rule.endpoint]


def own_auth(city: City, rule: Rule) -> bool:
    return bool(getattr(view(city, rule), "own_auth", False))


def sign_in(client: FlaskClient, name: str, password: str, next: str = "") -> Any:
    page = client.get("/login").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    return client.post("/login", data={"csrf": token[1], "name": name, "password": password, "next": next})

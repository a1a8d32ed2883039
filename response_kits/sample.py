"""The sample city's answers: directory, policy library, rumour library, verified facts and published notices, put into the record.

Safe to call again: what is in is not put in twice, and facts whose issue has not been grouped yet wait for the next call.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawler.sample_city import City, Item, build
from crawler.sample_city.clock import moment_before
from huiyin import jsonl
from huiyin.records import (
    DocumentRow,
    Fact,
    Issue,
    Organisation,
    Policy,
    Preference,
    Record,
    Rumour,
    Statement,
)
from huiyin.settings import Settings
from response_kits import clocks, drafts, facts, statements
from response_kits.library import policies, rumours
from response_kits.sample_issues import follow, issues_by_story, renew

__all__ = ["issues_by_story", "load_sample"]

_MARK = "sample_answers"
_VERDICTS = {"false": "不实", "misread": "不实", "true": "属实", "partly": "部分属实", "unverified": "待核"}
BY = "示例数据"
NEAR = timedelta(hours=6)
"""How far the time that a notice names may lie from the one given with the fact."""


@dataclass
class _Loader:
    session: Session
    settings: Settings
    now: datetime
    base: str
    city: City
    done: dict[str, dict[str, Any]]
    counts: Counter[str] = field(default_factory=Counter)
    issues: dict[str, str] = field(default_factory=dict)  # story → issue

    def new(self, kind: str, key: str) -> bool:
        return key not in self.done.setdefault(kind, {})

    def mark(self, kind: str, key: str, row: Any) -> None:
        self.done[kind][key] = row
        self.counts[kind] += 1


def load_sample(record: Record, settings: Settings, now: datetime, base: str = "") -> dict[str, int]:
    """Load what is not in yet. `now` and `base`: as the sample city is served. Returns counts of what was added, by kind,
    and `waiting`: facts, rumours and statements whose issue does not exist yet.
    """
    city = build(now)  # takes a second: not while others wait for the write lock
    with record.session() as session:
        preference = session.get(Preference, _MARK)
        done = json.loads(json.dumps(preference.value)) if preference else {}
        if session.scalars(select(Policy.id).where(Policy.sample)).first() is None:
            done = {}  # the sample was taken away since
        loader = _Loader(session, settings, now, base, city, done)
        loader.issues = issues_by_story(session, loader.city)
        _follow(loader)
        _directory(loader)
        _policies(loader)
        _facts(loader)
        _rumours(loader)
        _statements(loader)
        _drafts(loader)
        if preference is None:
            session.add(Preference(name=_MARK, value=loader.done))
        else:
            preference.value = loader.done
        return dict(loader.counts)


def _follow(load: _Loader) -> None:
    """Grouping goes on while the sample is crawled: an issue that was a story's may have lost it to a better one."""
    places: dict[tuple[str, int], str] = {}
    for kind, name in (("facts", "facts.jsonl"), ("rumours", "rumours.jsonl")):
        stories = {row["id"]: row.get("story", "") for row in jsonl.rows(str(_file(name)), need=("id",))}
        places |= {(kind, number): stories.get(key, "") for key, number in load.done.get(kind, {}).items()}
    items = {item.key: item.story for item in load.city.items}
    places |= {("statements", n): items.get(key, "") for key, n in load.done.get("statements", {}).items()}
    places |= {("drafts", n): key.partition("/")[0] for key, n in load.done.get("drafts", {}).items()}
    for issue_id in follow(load.session, load.issues, places, BY):
        for statement in statements.of_issue(load.session, issue_id):
            if statement.sample:
                _answered(load, issue_id, statement)


def _file(name: str) -> Path:
    import crawler.sample_city

    return Path(next(iter(crawler.sample_city.__path__))) / name


def _directory(load: _Loader) -> None:
    for row in json.loads(_file("directory.json").read_text("utf-8")):
        if load.new("directory", row["name"]):
            present = load.session.scalars(
                select(Organisation).where(Organisation.name == row["name"])
            ).first()
            if present is None:
                load.session.add(
                    Organisation(name=row["name"], level=row.get("level", "city"), place=row.get("place", ""),
                                 topics=list(row.get("topics", ())), contact=row.get("phone", ""), sample=True)
                )  # fmt: skip
            load.mark("directory", row["name"], True)
    load.session.flush()


def _policies(load: _Loader) -> None:
    """Policy documents first, then the interpretations that point to them."""
    items = load.city.at("policy")
    for item in sorted(items, key=lambda i: (i.attached.get("kind") == "interpretation", i.published)):
        if not load.new("policies", item.key):
            continue
        number = str(item.attached.get("number", ""))
        text = "\n".join(part for part in (item.title, number, *item.paragraphs) if part)
        policy = policies.add_text(
            load.session, text, item.title, by=BY, url=load.base + item.path, sample=True, now=load.now, title=item.title,
            number=number, body=str(item.attached.get("body") or item.author), dated=item.local.date().isoformat(),
        )  # fmt: skip
        explained = (
            policies.by_number(load.session, str(item.attached.get("of", "")))
            if item.attached.get("of")
            else None
        )
        if explained is not None:
            policy.interprets = explained.id
        load.mark("policies", item.key, policy.id)
    policies.relink(load.session)


def _facts(load: _Loader) -> None:
    rows = sorted(
        jsonl.rows(str(_file("facts.jsonl")), need=("id", "story", "text")),
        key=lambda r: -float(r.get("as_of_hours", 0)),
    )
    loaded: dict[str, list[Fact]] = {}
    for row in rows:
        issue_id = load.issues.get(row["story"])
        if issue_id is None:
            load.counts["waiting"] += 1
            continue
        known = load.session.get(Fact, load.done.get("facts", {}).get(row["id"], 0))
        if known is None and load.new("facts", row["id"]):
            known = _fact(load, row, issue_id)
            load.mark("facts", row["id"], known.id)
        if known is None:
            continue  # a person removed it with its issue
        fact = known
        for old in loaded.setdefault(issue_id, []):
            renew(old, fact, loaded[issue_id])
        loaded[issue_id].append(fact)


def _fact(load: _Loader, row: dict[str, Any], issue_id: str) -> Fact:
    source = row.get("source") or {}
    as_of = moment_before(load.now, float(row.get("as_of_hours", 0)))
    path = str(source.get("path", ""))
    document = _document(load, path)
    item = load.city.by_path.get(path)
    named = facts.read_as_of(item.text, item.published) if item is not None else None
    if named is not None and abs(named - as_of) < NEAR:
        as_of = named  # the notice names the time itself
    if item is not None and item.where == "policy":
        # What a rule says has no 截至时间, and its source is the document itself.
        number = str(item.attached.get("number", ""))
        name = f"《{policies.bare_title(item.title)}》" + (f"（{number}）" if number else "")
        fact = facts.add(load.session, issue_id, str(row["text"]), slot="rule", source=name, source_url=load.base + path,
                         document_id=document.id if document else "", by=BY, now=load.now)  # fmt: skip
        return facts.verify(load.session, fact.id, str(row.get("verifier") or BY), load.now, alone=True)
    fact = facts.add(
        load.session, issue_id, str(row["text"]), value=str(row.get("value") or ""), unit=str(row.get("unit") or ""),
        source=str(row.get("verifier") or source.get("title", "")), source_url=load.base + path if path else "", as_of=as_of,
        document_id=document.id if document else "", by=BY, now=load.now,
    )  # fmt: skip
    return facts.verify(load.session, fact.id, str(row.get("verifier") or BY), load.now, alone=True)


def _document(load: _Loader, path: str) -> DocumentRow | None:
    if not path:
        return None
    query = select(DocumentRow).where(DocumentRow.sample, DocumentRow.url.endswith(path, autoescape=True))
    return load.session.scalars(query).first()


def _rumours(load: _Loader) -> None:
    for row in jsonl.rows(str(_file("rumours.jsonl")), need=("id", "claim", "verdict")):
        issue_id = load.issues.get(row.get("story", ""), "")
        if not load.new("rumours", row["id"]):
            known = load.session.get(Rumour, load.done["rumours"][row["id"]])
            if known is not None:
                known.issue_id = known.issue_id or issue_id
                load.counts["waiting"] += not known.issue_id
            continue
        load.counts["waiting"] += not issue_id
        sources = tuple({"title": s["title"], "url": load.base + s["path"]} for s in row.get("sources", ()))
        rumour = rumours.add(
            load.session, row["claim"], verdict=_VERDICTS[row["verdict"]], rebuttal=row.get("rebuttal", ""),
            variants=tuple(row.get("variants", ())), sources=sources, issue_id=issue_id, by=BY, now=load.now, sample=True,
        )  # fmt: skip
        answered = [
            item.published
            for item in (_item(load, s["path"]) for s in row.get("sources", ()))
            if item is not None
        ]
        if rumour.verdict != "待核" and answered and row.get("story") != "s04":
            # A policy text rebuts nothing by itself: the social-insurance story has not been answered yet.
            rumours.move(load.session, rumour.id, "publish", BY, "", max(answered))
        load.mark("rumours", row["id"], rumour.id)


def _item(load: _Loader, path: str) -> Item | None:
    return load.city.by_path.get(path)


def _statements(load: _Loader) -> None:
    """The city's own published notices become statements and meet the clocks of their issue, at the time they came out."""
    seen: set[str] = set()
    for item in sorted(load.city.out(load.now), key=lambda i: i.published):
        if item.where not in ("notice", "gov_atom") or item.story == "noise" or item.title in seen:
            continue
        seen.add(item.title)
        issue_id = load.issues.get(item.story)
        if issue_id is None:
            load.counts["waiting"] += 1
            continue
        if not load.new("statements", item.key):
            continue
        statement = statements.keep(
            load.session, title=item.title, text=item.text, body=item.author, issue_id=issue_id, url=load.base + item.path,
            published=item.published, by=BY, sample=True,
        )  # fmt: skip
        load.mark("statements", item.key, statement.id)
        _answered(load, issue_id, statement)


_DRAFTS = (
    ("s04", "interpretation"),
    ("s04", "rebuttal"),
    ("s06", "notice"),
    ("s06", "press"),
    ("s11", "notice"),
)


def _drafts(load: _Loader) -> None:
    """A few drafts as the system writes them from what is verified, for people to look at and to send on."""
    for story, kind in _DRAFTS:
        issue_id = load.issues.get(story)
        if issue_id is not None and load.new("drafts", f"{story}/{kind}"):
            draft = drafts.create(load.session, issue_id, kind, load.settings, load.now, by=BY, sample=True)
            load.mark("drafts", f"{story}/{kind}", draft.id)


def _answered(load: _Loader, issue_id: str, statement: Statement) -> None:
    """Meet the clocks of the issue, where the statement is an answer to it."""
    issue = load.session.get(Issue, issue_id)
    if issue is None or all(s.id != statement.id for s in statements.answers(load.session, issue_id)):
        return
    clocks.start_for(load.session, issue, load.settings, load.now)
    begun = clocks.start_of(issue, load.settings)
    clocks.meet(
        load.session, issue_id, "statement", f"《{statement.title}》", max(statement.published, begun)
    )
    if issue.state == "new":
        issue.state = "answered"

"""After a published text is corrected or withdrawn: every brief, channel version, draft and clause that used it, each a task."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import NotFound, UsageError
from huiyin.records import Brief, Draft, Preference, Statement, audit
from response_kits import channels, statements

PREFIX = "recall:"


@dataclass(frozen=True, slots=True)
class Task:
    """One place that used a text which no longer stands. `done`: when it was put right, "" while it waits."""

    statement: int
    number: int
    kind: str
    words: str
    href: str
    done: str
    by: str
    note: str


def uses(session: Session, statement: Statement) -> list[dict[str, str]]:
    """Where the text was used: its channel versions, briefs that name it or repeat a figure's sentence, drafts that rest on it."""
    found = [
        {
            "kind": "channel",
            "words": f"{channels.NAMES[name]}：已按《{statement.title}》发出的，更正或撤下",
            "href": f"/drafts/{statement.draft_id}/beside",
        }
        for name in channels.LIMITS
        if statement.draft_id is not None
    ]
    if statement.draft_id is None:
        address = statement.url if statement.url.startswith(("http://", "https://")) else ""
        found.append(
            {"kind": "channel", "words": f"发布页《{statement.title}》：更正或撤下", "href": address}
        )
    figures = {str(row.get("sentence", "")) for row in statement.figures} - {""}
    for brief in session.scalars(select(Brief).order_by(Brief.id)):
        told = json.dumps(brief.model, ensure_ascii=False)
        if statement.title in told or any(sentence in told for sentence in figures):
            found.append(
                {
                    "kind": "brief",
                    "words": f"《{brief.title}》引用了它：重做并补送",
                    "href": f"/briefs/{brief.id}",
                }
            )
    for draft in session.scalars(select(Draft).where(Draft.state != "withdrawn").order_by(Draft.id)):
        bound = any(statement.id in binding.get("statements", ()) for binding in draft.bindings)
        if draft.id != statement.draft_id and (bound or any(sentence in draft.text for sentence in figures)):
            found.append(
                {
                    "kind": "draft",
                    "words": f"文稿《{draft.title}》引用了它：核对后修改",
                    "href": f"/drafts/{draft.id}",
                }
            )
    return found


def correct(
    session: Session, statement_id: int, state: str, by: str, reason: str, now: datetime
) -> Statement:
    """`statements.correct`, and a task for every place that used the text."""
    statement = statements.correct(session, statement_id, state, by, reason, now)
    walk(session, statement, now)
    return statement


def walk(session: Session, statement: Statement, now: datetime) -> list[Task]:
    """Write the tasks of a text that no longer stands; those that are there and done stay done."""
    kept = session.get(Preference, f"{PREFIX}{statement.id}")
    known = {row["href"] + row["words"]: row for row in (kept.value["uses"] if kept else ())}
    rows = [
        known.get(use["href"] + use["words"], {**use, "done": "", "by": "", "note": ""})
        for use in uses(session, statement)
    ]
    session.merge(Preference(name=f"{PREFIX}{statement.id}", value={"uses": rows}, at=now))
    session.flush()
    audit.append(session, "", "statement.recall", f"statement/{statement.id}", {"uses": len(rows)}, at=now)
    return of_statement(session, statement.id)


def of_statement(session: Session, statement_id: int) -> list[Task]:
    kept = session.get(Preference, f"{PREFIX}{statement_id}")
    return _tasks(statement_id, kept.value) if kept else []


def _tasks(statement_id: int, value: dict[str, Any]) -> list[Task]:
    return [Task(statement_id, number, **row) for number, row in enumerate(value["uses"])]


def open_tasks(session: Session) -> list[Task]:
    """Places that still have to be put right, the oldest correction first."""
    rows = session.scalars(
        select(Preference).where(Preference.name.startswith(PREFIX, autoescape=True)).order_by(Preference.at)
    )
    return [
        task
        for row in rows
        for task in _tasks(int(row.name.removeprefix(PREFIX)), row.value)
        if not task.done
    ]


def done(session: Session, statement_id: int, number: int, by: str, note: str, now: datetime) -> Task:
    """A place was put right; `note` says how. Raises NotFound, UsageError."""
    if not note.strip():
        raise UsageError("请写明怎样更正的，便于查证。")
    kept = session.get(Preference, f"{PREFIX}{statement_id}")
    if kept is None or not 0 <= number < len(kept.value["uses"]):
        raise NotFound("没有这项更正任务。")
    rows = [dict(row) for row in kept.value["uses"]]
    rows[number] |= {"done": now.isoformat(), "by": by, "note": note.strip()}
    kept.value = {"uses": rows}
    data = {"use": rows[number]["words"], "note": note.strip()}
    audit.append(session, by, "statement.recalled", f"statement/{statement_id}", data, at=now)
    return _tasks(statement_id, kept.value)[number]

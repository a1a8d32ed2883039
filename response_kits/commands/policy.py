"""The policy library: add files, list, show one with its clauses."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from huiyin.errors import UsageError
from huiyin.progress import progress
from huiyin.records import Policy, Record
from huiyin.settings import Settings
from response_kits.library import explained, policies


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True)
    add = actions.add_parser(
        "add", help="add DOCX, PDF, HTML, TXT or Markdown files; the same text again changes nothing"
    )
    add.add_argument("files", nargs="+", metavar="FILE")
    listing = actions.add_parser("list", help="all documents, newest first")
    show = actions.add_parser("show", help="one document with its clauses")
    show.add_argument("id", type=int)
    for sub in (add, listing, show):
        sub.add_argument("--json", action="store_true", help="JSON instead of words")


def run(args: argparse.Namespace, settings: Settings) -> int:
    record = Record.open(settings)
    now = datetime.now(UTC)
    try:
        if args.action == "add":
            return _add(args, settings, record, now)
        with record.session(write=False) as session:
            if args.action == "list":
                _show([as_dict(session, p, now) for p in policies.listing(session)], args.json)
            else:
                _show_one(session, policies.get(session, args.id), args.json, now)
        return 0
    finally:
        record.close()


def _add(args: argparse.Namespace, settings: Settings, record: Record, now: datetime) -> int:
    added = []
    for name in progress(args.files, "policies", len(args.files)):
        path = Path(name)
        if not path.is_file():
            raise UsageError(f"{path}: no such file")
        if path.stat().st_size > settings.upload_limit:
            raise UsageError(f"{path}: larger than upload_limit ({settings.upload_limit:,} bytes)")
        with record.session() as session:
            policy = policies.add(
                session, path.read_bytes(), path.name, by="command line", limit=settings.upload_limit, now=now
            )
            added.append(as_dict(session, policy, now))
    _show(added, args.json)
    return 0


def as_dict(session: Session, policy: Policy, now: datetime) -> dict[str, Any]:
    """One policy as a JSON object, without its text; `in_force` is of the day `now`."""
    force = policies.in_force(session, policy, now.date())
    return {
        "id": policy.id, "title": policy.title, "body": policy.body, "number": policy.number, "dated": policy.dated,
        "effective": policy.effective, "status": policy.status, "in_force": force.in_force, "reason": force.reason,
        "replaced_by": policy.replaced_by, "interprets": policy.interprets, "clauses": len(policy.clauses),
    }  # fmt: skip


def _show(rows: list[dict[str, Any]], as_json: bool) -> None:
    for row in rows:
        if as_json:
            print(json.dumps(row, ensure_ascii=False))
        else:
            state = "" if row["in_force"] else f"  [{row['reason']}]"
            print(f"{row['id']:>4}  {row['dated'] or '日期不明':10}  {row['number'] or '—'}  {row['title']}"
                  f"  {row['body']}  {row['clauses']} 条{state}")  # fmt: skip
    if not rows and not as_json:
        print("政策库还是空的；huiyin policy add FILE… 加入文件")


def _show_one(session: Session, policy: Policy, as_json: bool, now: datetime) -> None:
    row = as_dict(session, policy, now)
    passages = explained.by_clause(session, policy.id)
    clauses: list[dict[str, Any]] = [
        {"id": c.id, "path": c.path, "heading": c.heading, "span": [c.start, c.end], "text": c.text,
         "explained": [passage.as_dict() for passage in passages.get(c.id, ())]}
        for c in policy.clauses
    ]  # fmt: skip
    if as_json:
        print(json.dumps({**row, "clauses": clauses}, ensure_ascii=False))
        return
    _show([row], False)
    for clause in clauses:
        print(f"\n[{clause['path']}] {clause['heading']}\n{clause['text']}")
        for passage in clause["explained"]:
            print(f"    解读：{passage['text']}（{passage['title']}）")

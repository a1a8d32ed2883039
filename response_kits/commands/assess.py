"""Risk assessment before a policy is published: who is affected, clauses likely to be misread, plan, prepared Q&A."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from huiyin.errors import UsageError
from huiyin.records import Policy, Record
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("policy", help="a file (DOCX, PDF, HTML, TXT), or the id of a policy in the library")
    parser.add_argument(
        "--old",
        default="",
        help="the rule that it replaces: a file or an id (found by itself where the text says so)",
    )
    parser.add_argument(
        "-o", "--output", default="", metavar="FILE.docx", help="write it as a DOCX document too"
    )
    parser.add_argument("--json", action="store_true", help="the whole assessment as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from response_kits.risk import as_docx, assess

    record = Record.open(settings)
    today = datetime.now(UTC).astimezone(settings.zone).date()
    try:
        with record.session() as session:
            old = _policy(session, args.old, settings) if args.old else None
            assessment = assess(session, _policy(session, args.policy, settings), today, old=old)
            # A draft under assessment is not published: it must not stay in the library.
            session.rollback()
    finally:
        record.close()
    made = assessment.as_dict()
    if args.output:
        Path(args.output).write_bytes(as_docx(assessment))
    if args.json:
        print(json.dumps(made, ensure_ascii=False))
        return 0
    print(f"{made['title']}  风险：{made['level']}（{made['basis']}）")
    for row in made["dimensions"]:
        print(f"  {row['name']} {row['score']}/5  {row['reason']}")
    print("涉及人群：" + "、".join(g["group"] for g in made["groups"]))
    for clause in made["clauses"]:
        print(f"\n[{clause['points']}] {clause['path']} {clause['text']}")
        for reason in clause["reasons"]:
            print(f"    {reason}")
        print(f"    问：{clause['question']}\n    答：{clause['answer']}")
    print("\n方案")
    for step in made["plan"]:
        print(f"  {step['when']}（{step['who']}）：{step['what']}")
    return 0


def _policy(session: Session, name: str, settings: Settings) -> Policy:
    from response_kits.library import policies

    if name.isdigit():
        return policies.get(session, int(name))
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"{name}: neither a file nor the id of a policy (huiyin policy list)")
    return policies.add(session, path.read_bytes(), path.name, by="assessment", limit=settings.upload_limit)

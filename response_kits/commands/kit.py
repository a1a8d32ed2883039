"""The response kit of an issue: facts, claims, evidence, gaps, material, questions, drafts, checks, clocks."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from huiyin.records import Record
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("issue", help="id of the issue (huiyin issues)")
    parser.add_argument("--json", action="store_true", help="the whole kit as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    from response_kits import kit

    record = Record.open(settings)
    try:
        with record.session(write=False) as session:
            made = kit.build(session, args.issue, datetime.now(UTC), settings).as_dict()
    finally:
        record.close()
    if args.json:
        print(json.dumps(made, ensure_ascii=False))
    else:
        print("\n".join(_words(made)))
    return 0


def _words(kit: dict[str, Any]) -> list[str]:
    issue = kit["issue"]
    lines = [f"{issue['title']}（{issue['id']}，{issue['state_name']}）", ""]
    lines += _section("时限", [f"{c['name']}：{c['words']}（{c['basis']}）" for c in kit["clocks"]])
    lines += _section(
        "为何须答", [f"{m.get('name') or m.get('kind')}：{m.get('reason', '')}" for m in kit["must_answer"]]
    )
    who = kit["responsible"]
    lines += _section(
        "谁来答",
        [
            f"{who['unit'] or who['first']} {who['contact']}；协调：{who['coordinates'] or '—'}（{who['basis']}）"
        ],
    )
    lines += _section("怎么答", [f"{kit['strategy']['name']}：{kit['strategy']['reason']}", *kit["advice"]])
    lines += _section("已核实", [f"[{f['id']}] {f['text']}（{f['source']}）" for f in kit["known"]])
    lines += _section("正在核查", [f"{u['text']}（问：{u['ask']}）" for u in kit["unknown"]])
    lines += _section(
        "在传什么", [f"{c['text']}：{c['count']} 篇，{c['verdict_name']}" for c in kit["claims"]]
    )
    lines += _section(
        "在问什么", [f"[{q['grade_name']}] {q['question']}（{q['count']}）" for q in kit["questions"]]
    )
    lines += _section("依据", [f"{c['citation']}：{c['text'][:60]}" for c in kit["clauses"]])
    lines += _section("须补的事实", [f"{g['need']}（{g['kind_name']}；问：{g['ask']}）" for g in kit["gaps"]])
    return lines + _section(
        "稿件", [f"[{d['id']}] {d['kind_name']}《{d['title']}》 {d['state']}" for d in kit["drafts"]]
    )


def _section(name: str, rows: list[str]) -> list[str]:
    return [f"{name}", *(f"  {row}" for row in rows or ["（无）"]), ""]

"""All gates on a draft: what no fact carries, personal data, secrecy marks, tone, required contents.

DRAFT is a text; FACTS has rows with `id` and `text`, optional `source` and `as_of`. With --json one object:
{"sentences": [{"text", "supported", "facts", "problems"}], "gates": {name: "pass" | "block" | "warn"}}.
Exit status 0 whenever the gates ran, also where they block.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from huiyin import jsonl
from huiyin.errors import UsageError
from huiyin.settings import Settings

_STATES = {"pass": "通过", "warn": "提示", "block": "不予通过"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("draft", metavar="DRAFT", help="the text, Markdown or plain; - is standard input")
    parser.add_argument(
        "--facts", required=True, metavar="FACTS", help="JSONL with id, text, optional source, as_of"
    )
    parser.add_argument(
        "--kind",
        default="",
        help="kind of draft (notice, rebuttal, reply …): its required contents are checked",
    )
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def run(args: argparse.Namespace, settings: Settings) -> int:
    # The word lists take a while to load; --help need not wait for them.
    from response_kits import checks

    facts = [
        checks.FactText(
            str(row["id"]), str(row["text"]), str(row.get("source") or ""), str(row.get("as_of") or "")
        )
        for row in jsonl.rows(args.facts, need=("id", "text"))
    ]
    context = {"organisation": settings.organisation, **({"kind": args.kind} if args.kind else {})}
    report = checks.run(_text(args.draft), facts, context=context).as_dict()
    print(json.dumps(report, ensure_ascii=False) if args.json else _plain(report))
    return 0


def _text(name: str) -> str:
    if name == "-":
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
        return sys.stdin.read()
    try:
        return Path(name).read_text("utf-8", errors="replace").removeprefix("\ufeff")
    except FileNotFoundError as error:
        raise UsageError(f"{name}: no such file") from error
    except (IsADirectoryError, PermissionError) as error:
        raise UsageError(f"{name}: cannot be read: {error.strerror}") from error


def _plain(report: dict[str, Any]) -> str:
    from response_kits.workflow import gate_name

    lines = [f"{_STATES[state]}　{gate_name(key)}" for key, state in report["gates"].items()]
    told = [s for s in report["sentences"] if s["problems"]]
    lines += ["", f"共 {len(report['sentences'])} 句，有问题的 {len(told)} 句。"]
    for sentence in told:
        lines += ["", f"▌{sentence['text']}"]
        lines += [
            f"  {'✕' if p['state'] == 'block' else '▲'} {gate_name(p['kind'])}：{p['message']}"
            for p in sentence["problems"]
        ]
    if report["notes"]:
        lines += ["", "全文："] + [
            f"  {'✕' if p['state'] == 'block' else '▲'} {gate_name(p['kind'])}：{p['message']}"
            for p in report["notes"]
        ]
    return "\n".join(lines)

"""What people ask about an issue: as plain questions, counted, graded, with the facts that answer them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from huiyin.records import Fact, Issue, Rumour
from response_kits import evidence
from response_kits import facts as fact_records
from response_kits import strategy as strategies
from response_kits.asking import cut

GRADES = {"must": "必答", "likely": "可能问到", "reserve": "备用"}


def questions_of(issue: Issue, facts: Sequence[Fact], rumours: Sequence[Rumour] = ()) -> list[dict[str, Any]]:
    """What people ask, graded: [{question, count, grade, grade_name, kind, kind_name, handling, facts, answered, examples}].

    must: asked by a tenth of those who ask (three at least), or about life and safety. likely: asked twice. reserve: the rest.
    """
    rows = asked(issue)
    total = sum(int(row.get("count", 1)) for row in rows)
    found = []
    for row in sorted(rows, key=lambda r: -int(r.get("count", 1))):
        question, count = str(row["question"]), int(row.get("count", 1))
        vital = fact_records.slot_by_rule(question) in ("deaths", "injured", "missing", "condition")
        grade = "must" if vital or count >= max(3, total * 0.1) else ("likely" if count >= 2 else "reserve")
        answers = evidence.answered(question, facts)
        judged = [r.id for r in rumours if r.verdict != "待核" and r.rebuttal and evidence.says(question, r)]
        kind = strategies.opinion_kind(question, str(row.get("kind", "")))
        found.append({
            "question": question, "count": count, "grade": grade, "grade_name": GRADES[grade], "kind": kind["key"],
            "kind_name": kind["name"], "handling": kind["handling"], "facts": [f.id for f in answers],
            "rumours": judged, "answered": bool(answers or judged), "examples": list(row.get("examples", ()))[:5],
        })  # fmt: skip
    order = list(GRADES)
    return sorted(found, key=lambda q: (order.index(q["grade"]), -q["count"]))


def asked(issue: Issue) -> list[dict[str, Any]]:
    """The issue's concerns as plain questions: what a repost passes on is cut off, the same question is counted once."""
    found: dict[str, dict[str, Any]] = {}
    for row in issue.concerns or []:
        question = cut(re.split(r"[【#]|//@|https?:", str(row.get("question") or ""))[0])
        question = re.sub(r"^(?:第[一二三四五六]，|[一二三四五六七八九]、)", "", question).rstrip("；;")
        if len(question) < 4 or len(question) > 80:
            continue
        known = found.setdefault(question, {**row, "question": question, "count": 0})
        known["count"] += int(row.get("count", 1))
    return list(found.values())

"""Gates on a text. `run` is the one way in: evidence sentence by sentence, and each gate's pass, block or warn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from response_kits.figures import figures
from response_kits.library.identify import dates
from response_kits.wording import sentences

_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")


@dataclass(frozen=True, slots=True)
class FactText:
    """Something that a text may rest on: a verified fact, a clause, an announced time. `as_of` is ISO 8601 or ""."""

    id: str
    text: str
    source: str = ""
    as_of: str = ""


@dataclass(slots=True)
class Report:
    """`sentences`: {text, supported, facts, problems: [{kind, span, message}]}; `gates`: name → pass, block or warn."""

    sentences: list[dict[str, Any]] = field(default_factory=list)
    gates: dict[str, str] = field(default_factory=dict)

    @property
    def blocked(self) -> list[str]:
        return [name for name, state in self.gates.items() if state == "block"]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def run(text: str, facts: Sequence[FactText], *, context: Mapping[str, Any] | None = None) -> Report:
    """Check figures and dates against the facts, and phone and ID numbers. `context["claims"]` may be quoted."""
    given = dict(context or {})
    quoted = [str(claim) for claim in given.get("claims", ())]
    report = Report(gates={"evidence": "pass", "privacy": "pass"})
    for sentence, start, _ in sentences(text):
        problems = []
        for match in [*_PHONE.finditer(sentence), *_IDENTITY.finditer(sentence)]:
            problems.append({"kind": "privacy", "span": [start + match.start(), start + match.end()],
                             "message": "含个人电话或证件号码，须隐去"})  # fmt: skip
            report.gates["privacy"] = "block"
        bare = sentence
        for claim in quoted:
            bare = bare.replace(claim, "　" * len(claim))
        used: set[str] = set()
        for piece, at, end in _atoms(bare):
            holders = [fact.id for fact in facts if piece in _spoken(fact)]
            used.update(holders)
            if not holders:
                problems.append({"kind": "evidence", "span": [start + at, start + end],
                                 "message": f"“{piece}”未见于已核实的事实或所引条文"})  # fmt: skip
                report.gates["evidence"] = "block"
        report.sentences.append({"text": sentence, "supported": not problems, "facts": sorted(used), "problems": problems})
    return report


def _spoken(fact: FactText) -> str:
    return f"{fact.text} {fact.source} {fact.as_of}"


def _atoms(sentence: str) -> list[tuple[str, int, int]]:
    days = [(sentence[start:end], start, end) for _, start, end in dates(sentence)]
    return [*((f.text, f.start, f.end) for f in figures(sentence)), *days]

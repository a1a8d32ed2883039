"""Gates on a text, one file a gate, found in this folder. `run` is the one way in.

A gate is a module with `KEY` (its name in `gates`) and `check(page)`, which yields `Problem`s; adding one is adding a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Protocol

from response_kits.wording import sentences


@dataclass(frozen=True, slots=True)
class FactText:
    """Something that a text may rest on: a verified fact, a clause, an announced time. `as_of` is ISO 8601 or ""."""

    id: str
    text: str
    source: str = ""
    as_of: str = ""


@dataclass(slots=True)
class Report:
    """`sentences`: {text, supported, facts, problems: [{kind, span, message}]}; `gates`: name → pass, block or warn.

    `notes` are problems of the text as a whole: {kind, state, message}. A problem's `kind` is the gate's name, its `state`
    block or warn, its `reason` what sort of difference it is ("" where the gate knows one sort only).
    """

    sentences: list[dict[str, Any]] = field(default_factory=list)
    gates: dict[str, str] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def blocked(self) -> list[str]:
        return [name for name, state in self.gates.items() if state == "block"]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Problem:
    """`start`, `end` in the text; `start` is None where the text as a whole is meant."""

    message: str
    start: int | None = None
    end: int | None = None
    state: str = "block"
    reason: str = ""


@dataclass
class Page:
    """What the gates see. `context`: see `run`. `rests[n]`: ids of the facts that sentence n rests on, filled by the evidence gate."""

    text: str
    facts: Sequence[FactText]
    context: Mapping[str, Any]
    rests: dict[int, list[str]] = field(default_factory=dict)

    @cached_property
    def sentences(self) -> list[tuple[str, int, int]]:
        return list(sentences(self.text))

    @property
    def title(self) -> str:
        """The title given, else the first line where it looks like one (short, no closing mark)."""
        given = str(self.context.get("title", ""))
        first = self.text.strip().split("\n", 1)[0].strip("#　 ")
        return given or (first if len(first) <= 40 and first[-1:] not in "。！？：；，" else "")

    @cached_property
    def quoted(self) -> list[tuple[int, int]]:
        """Spans of the claims and questions that may be repeated as they are."""
        found = []
        for claim in self.context.get("claims", ()):
            at = self.text.find(str(claim)) if claim else -1
            while at >= 0:
                found.append((at, at + len(str(claim))))
                at = self.text.find(str(claim), at + 1)
        return found

    @cached_property
    def framed(self) -> list[tuple[int, int]]:
        """Spans that the writer of the draft put in as openings, questions or “being checked”, and that nobody changed since."""
        kinds = ("frame", "unknown", "claim")
        return [(b["start"], b["end"]) for b in self.context.get("bindings", ()) if b.get("kind") in kinds]

    @cached_property
    def told(self) -> str:
        """All facts in a row."""
        return "\n".join(f"{fact.text} {fact.source} {fact.as_of}" for fact in self.facts)


class Gate(Protocol):
    """A module of this folder."""

    KEY: str

    def check(self, page: Page) -> Iterator[Problem]: ...


def gates() -> list[Gate]:
    """The gates of this folder, evidence first, then by name."""
    names = sorted(
        (found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_")),
        key=lambda name: (name != "evidence", name),
    )
    modules: list[Any] = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return modules


def run(text: str, facts: Sequence[FactText], *, context: Mapping[str, Any] | None = None) -> Report:
    """All gates on a text.

    `context`, every key optional: `claims` (texts that may be quoted), `title`, `kind` (of draft), `now`, `organisation`,
    `casualties`, `session` and `issue_id` (the record, for earlier statements and the policy library), `statements` (earlier
    texts, {text, published}), `policies` ({title, number, status, status_note}), `questions`, `bindings`, `topic`.
    """
    page = Page(text, facts, dict(context or {}))
    report = Report(
        sentences=[{"text": s, "supported": True, "facts": [], "problems": []} for s, _, _ in page.sentences]
    )
    for gate in gates():
        report.gates[gate.KEY] = "pass"
        for problem in gate.check(page):
            _enter(report, page, gate.KEY, problem)
    for n, ids in page.rests.items():
        report.sentences[n]["facts"] = ids
    return report


def _enter(report: Report, page: Page, key: str, problem: Problem) -> None:
    if report.gates[key] != "block":
        report.gates[key] = problem.state
    row = {"kind": key, "message": problem.message, "state": problem.state, "reason": problem.reason}
    if problem.start is None or problem.end is None:
        report.notes.append(row)
        return
    row["span"] = [problem.start, problem.end]  # type: ignore[assignment]
    for n, (_, start, end) in enumerate(page.sentences):
        if start <= problem.start < end:
            report.sentences[n]["problems"].append(row)
            if key == "evidence" and problem.state == "block":
                report.sentences[n]["supported"] = False
            return
    report.notes.append(row)

"""Writing with evidence: every sentence that goes in says what it rests on, and what is missing becomes a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from huiyin.records import Clause, Fact
from huiyin.rules import load
from response_kits.wording import closed, moment, opened

SHORT = 24
"""Facts of at most this many characters are joined with their neighbours."""
_PEOPLE = frozenset(("deaths", "missing", "injured", "condition"))


@dataclass(frozen=True, slots=True)
class Text:
    """A finished draft. `bindings`: [{start, end, facts, clauses, rumours, kind}] over `text`; kind is fact, clause, unknown,
    claim, statement or frame. `gaps`: [{part, name, need, ask}]: what to collect, of whom."""

    kind: str
    title: str
    text: str
    bindings: list[dict[str, Any]]
    gaps: list[dict[str, str]]


@dataclass
class Writer:
    """Collects sentences and paragraphs. `frame` sentences carry no fact: greetings, openings, where to ask."""

    kind: str
    pieces: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    gaps: list[dict[str, str]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    as_of: datetime | None = None  # the 截至时间 that was named last
    source: str = ""  # and the source

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The required contents of this kind (contents.toml)."""
        rows: list[dict[str, Any]] = load("contents")[self.kind]["parts"]
        return rows

    @property
    def said(self) -> str:
        """The text so far."""
        return "".join(piece for piece, _ in self.pieces)

    def part(self, key: str) -> dict[str, Any]:
        return next(row for row in self.parts if row["key"] == key)

    def paragraph(self) -> None:
        """Begin a new paragraph (nothing where one has just begun)."""
        if self.pieces and self.pieces[-1][0] != "\n":
            self.pieces.append(("\n", {}))

    def frame(self, text: str) -> None:
        self._put(text, "frame")

    def unknown(self, text: str) -> None:
        """A sentence that says that something is being checked."""
        self._put(text, "unknown")

    def fact(self, text: str, *facts: Fact) -> None:
        self.used.update(fact.id for fact in facts)
        self._put(text, "fact", facts=[fact.id for fact in facts])

    def note(self, text: str, *facts: Fact) -> None:
        """A sentence about facts that are told elsewhere (where they come from, that a claim differs from them)."""
        self._put(text, "frame", facts=[fact.id for fact in facts])

    def clause(self, text: str, *clauses: Clause) -> None:
        self._put(text, "clause", clauses=[clause.id for clause in clauses])

    def rumour(self, text: str, rumour_id: int, kind: str = "claim") -> None:
        """A sentence that quotes a claim, or (kind fact) says what its verdict and rebuttal say."""
        self._put(text, kind, rumours=[rumour_id])

    def question(self, text: str) -> None:
        """A question as people put it: quoted, not said."""
        self._put(text, "claim")

    def statement(self, text: str, statement_id: int, *facts: Fact) -> None:
        """A sentence of a text that we have published already, and the verified facts that it tells in full."""
        self.used.update(fact.id for fact in facts)
        self._put(text, "statement", statements=[statement_id], facts=[fact.id for fact in facts])

    def facts(self, rows: Sequence[Fact], *, lead: bool = True, by_time: bool = False) -> bool:
        """Facts as sentences, those of one source and time together; with `lead`, a source or time that is not the one named
        last is named before them (截至…，据…核实，). Short ones become one sentence. `by_time`: the earlier first. False where
        none is new."""
        groups: dict[tuple[str, datetime | None], list[Fact]] = {}
        for fact in rows:
            if fact.id not in self.used:
                groups.setdefault((fact.source, fact.as_of) if lead else ("", None), []).append(fact)
        ordered = list(groups.items())
        if by_time:
            ordered.sort(key=lambda item: item[0][1].timestamp() if item[0][1] else 0.0)
        for (source, as_of), group in ordered:
            words = self._lead(source, as_of, group) if lead else ""
            for run in _runs(group):
                mark = "，" if all(fact.slot in _PEOPLE for fact in run) else "；"
                self.fact(words + closed(mark.join(opened(fact.text) for fact in run)), *run)
                words = ""
        return bool(groups)

    def _lead(self, source: str, as_of: datetime | None, group: Sequence[Fact]) -> str:
        words = ""
        if as_of and as_of != self.as_of and not any("截至" in fact.text for fact in group):
            words = f"截至{moment(as_of)}，"
            self.as_of = as_of
        if source and source != self.source and source not in group[0].text:
            words += f"{source_lead(source)}，"
        self.source = source
        return words

    def gap(self, key: str, *, silent: bool = False) -> None:
        """A part that cannot be written: its `unknown` words stand in where the table has them (not where `silent`), and the
        gap is noted."""
        row = self.part(key)
        if row.get("unknown") and not silent:
            self.unknown(row["unknown"])
        if all(g["part"] != key for g in self.gaps):
            self.gaps.append({"part": key, "name": row["name"], "need": row["gap"], "ask": row["ask"]})

    def signature(self, organisation: str, now: datetime) -> None:
        """落款: the body and the time to the minute, each on its own line."""
        from response_kits.wording import stamp

        self.paragraph()
        self.frame(organisation)
        self.paragraph()
        self.frame(stamp(now))

    def finish(self, title: str) -> Text:
        text, bindings = "", []
        for piece, binding in self.pieces:
            if binding:
                bindings.append({"start": len(text), "end": len(text) + len(piece), **binding})
            text += piece
        return Text(self.kind, title, text.rstrip("\n"), bindings, self.gaps)

    def _put(self, text: str, kind: str, **ids: Iterable[int]) -> None:
        binding = {
            "kind": kind,
            "facts": [],
            "clauses": [],
            "rumours": [],
            **{k: list(v) for k, v in ids.items()},
        }
        self.pieces.append((text, binding))


def _runs(group: Sequence[Fact]) -> list[list[Fact]]:
    """Facts in runs that make one sentence each: short ones together, a long one by itself."""
    runs: list[list[Fact]] = []
    for fact in group:
        length = sum(len(f.text) for f in runs[-1]) if runs else 99
        if (
            runs
            and len(fact.text) <= SHORT
            and length + len(fact.text) <= 3 * SHORT
            and len(runs[-1][-1].text) <= SHORT
        ):
            runs[-1].append(fact)
        else:
            runs.append([fact])
    return runs


def source_lead(source: str) -> str:
    """据市卫生健康委核实 / 根据《事故初步报告》."""
    if source.startswith(("据", "根据", "经")):
        return source
    if source.startswith("《"):
        return f"根据{source}"
    if source.endswith(
        ("报告", "通报", "记录", "笔录", "清单", "公告", "文件", "》", "报表", "台账", "数据", "结果")
    ):
        return f"根据{source}"
    return f"据{source}核实"

"""What the editor shows beside a text: gates, sentences with what they rest on, questions covered, differences, who may do what."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.services import services
from huiyin.records import Clause, Draft, DraftVersion, Fact, Issue, Preference, Remark, Statement, User
from huiyin.rules import load
from response_kits import evidence, stale, workflow
from response_kits import facts as fact_records
from response_kits.review import check
from response_kits.wording import moment, sentences

MOST_LINES = 1500
LONGEST_LINE = 1500
"""Lines, and letters of a line, up to which two texts are compared exactly."""
GATE_WORDS = {"pass": "通过", "warn": "提示", "block": "未通过"}


@dataclass(frozen=True, slots=True)
class Ground:
    """One thing that a sentence rests on: its words, where they come from, and the address that opens it ("" where there is none)."""

    key: str
    words: str
    source: str
    href: str


def copy_with(draft: Draft, title: str, text: str) -> Draft:
    """The draft as it would be with another text; belongs to no session, so it cannot be stored by accident."""
    return Draft(
        id=draft.id, issue_id=draft.issue_id, kind=draft.kind, title=title, text=text, state=draft.state, author=draft.author,
        bindings=workflow.rebind(draft.text, draft.bindings, text), level=draft.level, version=draft.version, checks={},
        gaps=draft.gaps, about=draft.about, made=draft.made, changed=draft.changed, sample=draft.sample,
    )  # fmt: skip


def checked(session: Session, draft: Draft, now: datetime) -> dict[str, Any]:
    """The gates' report on a draft's text, ready to show: {gates: [(key, name, state, word, basis)], sentences, stopped, warned}."""
    report = check(session, draft, services().settings, now).as_dict()
    rows = {row["key"]: row for row in load("gates")["gate"]}
    gates = [
        (
            key,
            workflow.gate_name(key),
            state,
            GATE_WORDS.get(state, state),
            rows.get(key, {}).get("basis", ""),
        )
        for key, state in sorted(
            report["gates"].items(), key=lambda item: ("block", "warn", "pass").index(item[1])
        )
    ]
    known = {key for row in report["sentences"] for key in row["facts"]}
    found = grounds(session, draft, known | _bound(draft))
    return {
        "gates": gates, "notes": report.get("notes", []),
        "sentences": [
            {**row, "grounds": [found[key] for key in _keys(draft, row) if key in found]} for row in report["sentences"]
        ],
        "blocked": [gate for gate in gates if gate[2] == "block"], "warned": [gate for gate in gates if gate[2] == "warn"],
    }  # fmt: skip


def _bound(draft: Draft) -> set[str]:
    return {key for binding in draft.bindings for key in _binding_keys(binding)}


def _binding_keys(binding: Mapping[str, Any]) -> list[str]:
    return [
        *(str(number) for number in binding.get("facts", ())),
        *(f"c{number}" for number in binding.get("clauses", ())),
        *(f"r{number}" for number in binding.get("rumours", ())),
        *(f"s{number}" for number in binding.get("statements", ())),
    ]


def _keys(draft: Draft, row: Mapping[str, Any]) -> list[str]:
    """What a sentence rests on: what the check found, and what the sentence was written from."""
    found = [str(key) for key in row["facts"]]
    for binding in draft.bindings:
        if row["text"] and draft.text[binding["start"] : binding["end"]].strip() in (
            row["text"],
            row["text"].strip(),
        ):
            found += _binding_keys(binding)
    return list(dict.fromkeys(found))


def grounds(session: Session, draft: Draft, keys: set[str]) -> dict[str, Ground]:
    """Facts (12), clauses (c12), rumours (r3), policies (p5), our published texts (s4) by their key; what the office itself sets has no page of its own."""
    facts = [int(key) for key in keys if key.isdecimal()]
    clauses = [int(key[1:]) for key in keys if key[:1] == "c" and key[1:].isdecimal()]
    found = {
        str(f.id): Ground(str(f.id), f.text, _source(f), f"/issues/{f.issue_id}?tab=kit#fact-{f.id}")
        for f in session.scalars(select(Fact).where(Fact.id.in_(facts)))
    }
    for clause in session.scalars(select(Clause).where(Clause.id.in_(clauses))):
        where = f"《{clause.policy.title}》{clause.path}"
        found[f"c{clause.id}"] = Ground(
            f"c{clause.id}", clause.text, where, f"/policies/{clause.policy_id}#clause-{clause.id}"
        )
    said = [int(key[1:]) for key in keys if key[:1] == "s" and key[1:].isdecimal()]
    for row in session.scalars(select(Statement).where(Statement.id.in_(said))):
        found[f"s{row.id}"] = Ground(
            f"s{row.id}", row.title, f"{row.body}，{moment(row.published)}发布", f"/statements/{row.id}"
        )
    for key in keys:
        if key[:1] == "r" and key[1:].isdecimal():
            found[key] = Ground(key, "辟谣库的核查结论和辟谣正文", "辟谣库", f"/rumours/{key[1:]}")
        elif key[:1] == "p" and key[1:].isdecimal():
            found[key] = Ground(key, "政策原文", "政策库", f"/policies/{key[1:]}")
        elif key.startswith("o-"):
            found[key] = Ground(key, "本单位名称、联系方式或发布时间", "本单位", "")
    return found


def _source(fact: Fact) -> str:
    from dashboard.filters import moment

    return fact.source + (f"，截至 {moment(fact.as_of)}" if fact.as_of else "")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A remark with the passage that it is pinned to: `quote` "" for one on the whole text; `start` None where the present text no
    longer has the passage."""

    row: Remark
    quote: str = ""
    start: int | None = None

    @property
    def end(self) -> int:
        return (self.start or 0) + len(self.quote)


def pinned(session: Session, draft: Draft) -> list[Pinned]:
    """The remarks in their order, each where its passage stands now."""
    texts = dict(
        session.execute(
            select(DraftVersion.version, DraftVersion.text).where(DraftVersion.draft_id == draft.id)
        ).all()
    )
    found = []
    for row in session.scalars(select(Remark).where(Remark.draft_id == draft.id).order_by(Remark.id)):
        if len(row.span) < 3:
            found.append(Pinned(row))
            continue
        start, end, version = (int(value) for value in row.span[:3])
        quote = str(texts.get(version, ""))[start:end]
        found.append(Pinned(row, quote, workflow.nearest(draft.text, quote, start) if quote else None))
    return found


def marked(draft: Draft, rows: Sequence[Mapping[str, Any]], remarks: Sequence[Pinned] = ()) -> Markup:
    """The text with each sentence that has a problem marked, each sentence that rests on something a link to its line, and each
    passage with an open remark underlined."""
    open_ones = [one for one in remarks if one.start is not None and not one.row.resolved]
    parts, at = [], 0
    spans = list(sentences(draft.text))
    for number, (row, (_, start, end)) in enumerate(zip(rows, spans, strict=False)):
        parts.append(_pin(draft.text, at, start, open_ones))
        words = _pin(draft.text, start, end, open_ones)
        if row["problems"]:
            words = Markup("<mark>{}</mark>").format(words)
        if row["problems"] or row["grounds"]:
            words = Markup('<a class="bound" href="#s-{}">{}</a>').format(number + 1, words)
        parts.append(words)
        at = end
    parts.append(_pin(draft.text, at, len(draft.text), open_ones))
    return Markup("").join(parts)


def _pin(text: str, start: int, end: int, remarks: Sequence[Pinned]) -> Markup:
    """A piece of the text, escaped, the passages of remarks inside it underlined; the first piece of a passage is its anchor."""
    cuts = sorted(
        {
            start,
            end,
            *(place for one in remarks for place in (one.start or 0, one.end) if start < place < end),
        }
    )
    parts = []
    for left, right in pairwise(cuts):
        words = escape(text[left:right])
        for one in remarks:
            if one.start is not None and one.start <= left and right <= one.end:
                anchor = Markup(' id="passage-{}"').format(one.row.id) if one.start == left else Markup("")
                words = Markup('<span class="pinned"{} title="有意见">{}</span>').format(anchor, words)
        parts.append(words)
    return Markup("").join(parts)


def coverage(session: Session, draft: Draft) -> list[dict[str, Any]]:
    """What people ask, and whether a sentence of the text answers it: by a fact that answers and is in the text, or in like words."""
    issue = session.get(Issue, draft.issue_id)
    facts = fact_records.of_issue(session, draft.issue_id)
    used = {int(number) for binding in draft.bindings for number in binding.get("facts", ())}
    rows = []
    for concern in (issue.concerns if issue else None) or ():
        question = str(concern.get("question", ""))
        answering = evidence.answered(question, facts)
        said = next(
            (fact for fact in answering if fact.id in used or fact.text.rstrip("。") in draft.text), None
        )
        rows.append({
            "question": question, "count": concern.get("count", 0), "said": said, "known": bool(answering),
        })  # fmt: skip
    return rows


def stale_sentences(session: Session, draft: Draft) -> list[dict[str, Any]]:
    """Sentences whose fact is no longer the verified one: {text, newer (the fact that took its place, or None)}."""
    return [
        {"text": row.text, "newer": session.get(Fact, row.new) if row.new else None}
        for row in stale.find(session, draft)
    ]


def difference(left: str, right: str) -> list[tuple[str, Markup]]:
    """Lines of two texts as (same | gone | new, line with the changed words marked)."""
    found: list[tuple[str, Markup]] = []
    before, after = left.splitlines(), right.splitlines()
    # Many equal lines make the exact comparison quadratic; then the common ones are passed over.
    junk = len(after) > MOST_LINES
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=junk).get_opcodes():
        if tag == "equal":
            found += [("same", escape(line)) for line in before[a:b]]
            continue
        paired = min(b - a, d - c)
        for old, new in zip(before[a : a + paired], after[c : c + paired], strict=True):
            gone, fresh = _words(old, new)
            found += [("gone", gone), ("new", fresh)]
        found += [("gone", escape(line)) for line in before[a + paired : b]]
        found += [("new", escape(line)) for line in after[c + paired : d]]
    return found


def _words(old: str, new: str) -> tuple[Markup, Markup]:
    if len(old) * len(new) > LONGEST_LINE**2:  # comparing letter by letter would take seconds
        return Markup("<del>{}</del>").format(old), Markup("<ins>{}</ins>").format(new)
    gone, fresh = Markup(), Markup()
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            gone, fresh = gone + old[a:b], fresh + new[c:d]
        else:
            gone += Markup("<del>{}</del>").format(old[a:b]) if a < b else ""
            fresh += Markup("<ins>{}</ins>").format(new[c:d]) if c < d else ""
    return gone, fresh


def autosave_key(draft_id: int, user: str) -> str:
    """Name of the preference that holds what a person typed and did not save."""
    return f"autosave:{draft_id}:{hashlib.sha256(user.encode()).hexdigest()[:24]}"


def autosaved(session: Session, draft: Draft, user: str) -> dict[str, Any] | None:
    """{title, text, version, at} that this person typed and did not save; None where it is what the draft says anyway."""
    row = session.get(Preference, autosave_key(draft.id, user))
    if row is None or (row.value.get("text") == draft.text and row.value.get("title") == draft.title):
        return None
    return {**row.value, "at": row.at}


def names(session: Session) -> dict[str, str]:
    """User name → how the person is called."""
    return {name: display or name for name, display in session.execute(select(User.name, User.display))}

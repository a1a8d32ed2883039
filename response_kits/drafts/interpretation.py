"""政策解读 (policy interpretation): question by question, each sentence from a clause; never a mere excerpt (RULES 7)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huiyin.records import Clause, Policy
from response_kits import evidence
from response_kits.asking import usable
from response_kits.drafts._examples import examples
from response_kits.drafts._material import Material
from response_kits.drafts._writer import Writer
from response_kits.drafts.notice import contact
from response_kits.library.compare import bare, compare, of_kind, unnamed
from response_kits.library.identify import dates, normal_number
from response_kits.library.policies import bare_title, by_number, citation
from response_kits.wording import closed, joined, opened
from response_kits.words import Ranker, overlap

KIND = "interpretation"
LONGEST_HEADING = 16
"""A longer one is a sentence of the text, no name of a part."""
_GENERAL = re.compile("总则|附则|经办|监督|管理")
NEAR = 0.4
"""Least share of a question's words that a clause must have to be offered as its answer."""


def write(m: Material, w: Writer) -> str:
    """Fill the writer; returns the title. The policy is named in `about`, or is the one that the verified facts cite most."""
    policy = m.policy or cited(m)
    if policy is None:
        for row in w.parts:
            if row["need"] == "must":
                w.gap(row["key"])
        w.unknown("有关政策的解读材料正在准备。")
        w.signature(m.organisation, m.now)
        return f"{m.subject}政策解读"
    name = bare_title(policy.title)
    told: set[int] = set()
    heads = Headings(w)
    _background(heads, policy, told)
    _section(heads, "哪些人适用？", "covered", of_kind(policy, "covered"), told)
    _terms(w, policy, told)
    _content(heads, policy)
    _section(heads, "标准是多少？", "standards", of_kind(policy, "standards"), told)
    limits = [c for c in of_kind(policy, "limits") if not _closing(c)]
    _section(heads, "时间上有什么要求？", "limits", limits, told)
    _section(heads, "给群众带来哪些便利？", "gains", of_kind(policy, "gains"), told)
    _worked(w, policy)
    _changes(m, heads, policy)
    _misread(m, heads, policy)
    _next(m, heads, policy)
    w.signature(policy.body or m.organisation, m.now)
    return f"《{name}》政策解读"


def chosen(m: Material) -> dict[str, int]:
    """The policy that the text explains, for `Draft.about`."""
    policy = m.policy or cited(m)
    return {"policy": policy.id} if policy is not None else {}


def cited(m: Material) -> Policy | None:
    """The policy whose number most verified facts of the issue name as their source."""
    numbers = [normal_number(fact.source) for fact in m.facts]
    ranked = sorted({n for n in numbers if n}, key=lambda n: (-numbers.count(n), n))
    return next((found for n in ranked if (found := by_number(m.session, n))), None)


class Headings:
    """Questions as headings, numbered as they are needed: what the file says nothing of is a gap, no empty heading."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._count = 0

    def open(self, question: str) -> Writer:
        """Write the next heading; returns the writer for what stands under it."""
        self.writer.paragraph()
        self.writer.frame(f"{'一二三四五六七八九十'[self._count]}、{question}")
        self.writer.paragraph()
        self._count += 1
        return self.writer


def _background(heads: Headings, policy: Policy, told: set[int]) -> None:
    w = heads.open("为什么出台？依据是什么？")
    first = policy.clauses[0] if policy.clauses else None
    issued = f"{citation(policy)}" + (f"由{policy.body}" if policy.body else "")
    if policy.dated and first is not None:
        year, month, day = (int(part) for part in policy.dated.split("-"))
        w.clause(f"{issued}于{year}年{month}月{day}日印发。", first)
    aims = of_kind(policy, "aims")
    match = (
        re.match(
            r"为了?(?P<aim>.{4,80}?)，(?:根据(?P<basis>.{2,60}?)，)?(?:结合.{2,20}，)?(?:制定本|提出如下|现)",
            bare(aims[0]),
        )
        if aims
        else None
    )
    if match and aims:
        told.add(aims[0].id)
        w.clause(f"制定的目的，是{opened(match['aim'])}（{aims[0].path}）。", aims[0])
        if match["basis"]:
            w.clause(f"制定的依据，是{match['basis']}。", aims[0])
        else:
            w.gap("background")
    else:
        w.gap("background")
        w.gap("aims")
    w.paragraph()


def _section(heads: Headings, question: str, part: str, clauses: Sequence[Clause], told: set[int]) -> None:
    """One question answered from clauses not told yet; the gap, and no heading, where the policy says nothing of the kind."""
    fresh = [clause for clause in clauses if clause.id not in told][:6]
    if not clauses:
        heads.writer.gap(part)
    if not fresh:
        return
    w = heads.open(question)
    for clause in fresh:
        told.add(clause.id)
        w.clause(f"{_told(clause)}（{clause.path}）。", clause)
    w.paragraph()


def _terms(w: Writer, policy: Policy, told: set[int]) -> None:
    for clause in of_kind(policy, "terms"):
        if clause.id not in told:
            told.add(clause.id)
            w.clause(f"{_told(clause)}（{clause.path}）。", clause)
            w.paragraph()


def _content(heads: Headings, policy: Policy) -> None:
    w = heads.open("主要内容有哪些？")
    headings = list(dict.fromkeys(c.heading for c in policy.clauses if c.heading))
    body = [c for c in policy.clauses if not c.path.startswith("前言")]
    if not body:
        w.gap("content")
    elif headings and all(len(h.split(" ", 1)[-1]) <= LONGEST_HEADING for h in headings):
        named = [h.split(" ", 1)[-1] for h in headings]
        special = [name for name in named if name not in ("总则", "附则")] or named
        w.clause(f"全文主要规定了{joined(special)}{_count(special)}方面的内容。", *body)
    else:
        w.clause(f"全文自{body[0].path}至{body[-1].path}，主要内容见以下各题。", body[0], body[-1])
    w.paragraph()


def _count(names: Sequence[str]) -> str:
    return f"{'一两三四五六七八九十'[len(names) - 1]}个" if 1 < len(names) <= 10 else ""


def _worked(w: Writer, policy: Policy) -> None:
    """Examples after what people get, each from the numbers of its clauses."""
    for example in examples(policy.clauses):
        w.clause(example.text, *example.clauses)
        w.paragraph()


def _changes(m: Material, heads: Headings, policy: Policy) -> None:
    old = m.old_policy or _older(m, policy)
    changed = (
        [c for c in compare(old, policy) if c.kind == "changed" and c.new and c.old]
        if old is not None
        else []
    )
    if not changed:
        heads.writer.gap("changes")
        return
    w = heads.open("与原来的规定相比，变化在哪里？")
    for change in sorted(changed, key=lambda c: not c.figures)[:4]:
        assert change.new is not None
        assert change.old is not None
        w.clause(f"原来：{_told(change.old)}（原规定{change.old.path}）。", change.old)
        w.clause(f"现在：{_told(change.new)}（现规定{change.new.path}）。", change.new)
        w.paragraph()


def _older(m: Material, policy: Policy) -> Policy | None:
    from sqlalchemy import select

    return m.session.scalars(select(Policy).where(Policy.replaced_by == policy.id)).first()


class Nearest:
    """The clause of a policy that is nearest to a question; its clauses are read once."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._ranker = Ranker([(c, bare(c)) for c in policy.clauses if not c.path.startswith("前言")])

    def clause(self, question: str) -> Clause | None:
        """None where no clause has NEAR of the question's words."""
        near = self._ranker.search(question, 1)
        return near[0][0] if near and overlap(question, near[0][0].text) >= NEAR else None


def _misread(m: Material, heads: Headings, policy: Policy) -> None:
    """What people ask of it, answered by a verified fact where one answers, else by the clause that is nearest."""
    asked = [q for row in m.questions if usable(q := str(row["question"]))][:6]
    w = heads.writer
    opened_it = False
    nearest = Nearest(policy)
    for question in asked:
        answers = evidence.answered(question, m.facts)[:2]
        near = nearest.clause(question)
        if not answers and near is None:
            continue
        if not opened_it:
            heads.open("大家关心的几个问题")
            opened_it = True
        w.question(f"问：{question}")
        w.paragraph()
        if answers:
            w.fact("答：" + "".join(closed(f.text) for f in answers), *answers)
        elif near is not None:
            w.clause(f"答：{_told(near)}（{near.path}）。", near)
        w.paragraph()


def _next(m: Material, heads: Headings, policy: Policy) -> None:
    closing = [c for c in policy.clauses if _closing(c)]
    w = heads.open("什么时候开始施行？" if closing else "如有疑问，向谁咨询？")
    for clause in closing[-2:]:
        w.clause(f"{_told(clause)}（{clause.path}）。", clause)
    if not closing:
        w.gap("next")
    contact(m, w, "next")


def _told(clause: Clause) -> str:
    """A clause as told by another text: “本办法” becomes “《办法》”, and a subject that only its chapter names is said."""
    text = re.sub(r"本(办法|规定|细则|意见|条例|通知|预案|方案)", r"《\1》", opened(bare(clause)))
    found = None if _GENERAL.search(clause.heading) else unnamed(clause.policy, clause)
    return f"{found[0]}方面，{text}" if found is not None else text


def _closing(clause: Clause) -> bool:
    return (
        bool(re.search("施行|废止", clause.text))
        and (len(clause.text) < 120 or bool(dates(clause.text)))
        and "施行前" not in clause.text
    )

"""辟谣公告 (rumour rebuttal): the fact first, the claim once and never in the headline, how it was checked, the fact again."""

from __future__ import annotations

import re

from huiyin.records import Fact, Rumour
from response_kits import evidence
from response_kits.drafts._material import Material
from response_kits.drafts._writer import Writer
from response_kits.drafts.notice import contact, titled
from response_kits.library.policies import bare_title
from response_kits.wording import closed, joined, moment, opened, sentences
from response_kits.words import overlap

KIND = "rebuttal"
TOLD = 0.6
"""Shared words from which a sentence counts as told already."""
_CALLS = re.compile("欢迎|线索|一经查实|敬请|请以")
"""Asks for something and states nothing."""
_ORDER = {"deaths": 0, "injured": 1, "condition": 2, "missing": 3}


def write(m: Material, w: Writer) -> str:
    """Fill the writer; returns the title. Without a verdict it says that the claim is being checked, and nothing more."""
    title = f"关于{titled(m.subject)}说明"
    rumour = m.rumour
    if rumour is None or rumour.verdict == "待核":
        _not_yet(m, w, rumour)
        return title
    against, support = _sides(rumour, m.facts)
    headline = _headline(m, rumour, against, support)
    if not w.facts(headline) and not _library_fact(w, rumour):
        w.gap("fact_first")
    w.paragraph()
    _claim(w, rumour, against, support)
    w.paragraph()
    _check(m, w, headline)
    _why(m, w, rumour, against)
    w.paragraph()
    _again(m, w, rumour, [f for f in headline if f in against or f.slot in _ORDER] or headline)
    contact(m, w, "again")
    w.signature(m.organisation, m.now)
    return title


def chosen(m: Material) -> dict[str, int]:
    """The rumour that the text is about, for `Draft.about`."""
    return {"rumour": m.rumour.id} if m.rumour is not None else {}


def _sides(rumour: Rumour, facts: list[Fact]) -> tuple[list[Fact], list[Fact]]:
    """Verified facts against and for the claim or any of its wordings."""
    against, support = [], []
    for fact in facts:
        sides = {evidence.stance(said, fact.text)[0] for said in [rumour.claim, *map(str, rumour.variants)]}
        if "against" in sides:
            against.append(fact)
        elif "for" in sides or (fact.slot == "truth" and "about" in sides):
            support.append(fact)
    return against, support


def _headline(m: Material, rumour: Rumour, against: list[Fact], support: list[Fact]) -> list[Fact]:
    """The facts to open with: those that decide, led by what the same source says of the matter as a whole."""
    deciding = ((support or against) if rumour.verdict == "属实" else (against or support))[:2]
    sources = {fact.source for fact in deciding}
    slots = ["injured", "scale", "truth"]
    if any(fact.slot in ("deaths", "missing") for fact in deciding):
        slots = ["missing", *slots]  # nobody is missing: part of the answer to a claimed toll
    whole = [f for f in m.of(slots) if f.source in sources and f not in deciding][:2]
    return sorted(
        [*whole, *deciding],
        key=lambda fact: (fact.as_of.timestamp() if fact.as_of else 0.0, _ORDER.get(fact.slot, 9), fact.id),
    )


def _not_yet(m: Material, w: Writer, rumour: Rumour | None) -> None:
    w.facts(m.of(["what", "truth"])[:1])
    w.paragraph()
    matter = "网上有关说法" if rumour is None else "网上流传的有关说法"
    w.unknown(f"我们注意到{matter}，有关部门正在核查，核查结论形成后将及时公布。")
    w.gap("claim")
    w.gap("fact_first")
    w.paragraph()
    w.frame("请以官方发布的信息为准，不传播未经核实的信息。")
    w.signature(m.organisation, m.now)


def _library_fact(w: Writer, rumour: Rumour) -> bool:
    """The rebuttal of the library stands in for a fact where it was published with its source."""
    if not rumour.rebuttal.strip() or not (rumour.sources or rumour.state == "published"):
        return False
    said = _library_sentences(rumour)
    for sentence in said:
        w.rumour(sentence, rumour.id, "fact")
    return bool(said)


def _library_sentences(rumour: Rumour) -> list[str]:
    """What the library's rebuttal states, without the claim and without calls for leads."""
    found = []
    for sentence, _, _ in sentences(rumour.rebuttal):
        parts = [p for p in opened(sentence).split("；") if rumour.claim not in p and not _CALLS.search(p)]
        if parts:
            found.append(closed("；".join(parts)))
    return found


def _claim(w: Writer, rumour: Rumour, against: list[Fact], support: list[Fact]) -> None:
    said = opened(rumour.claim)
    if rumour.verdict == "不实":
        w.rumour(f"近日，网上流传“{said}”的说法。经核查，该说法不实，请勿轻信和传播。", rumour.id)
    elif rumour.verdict == "部分属实":
        w.rumour(f"近日，网上流传“{said}”的说法。经核查，该说法部分属实。", rumour.id)
        w.frame("其中，属实的是：")
        if not w.facts(support):
            w.gap("claim")
        w.frame("与事实不符的是：")
        if not w.facts(against):
            w.gap("claim")
    else:
        w.rumour(f"近日，网上有“{said}”的说法。经核查，情况属实。", rumour.id)


def _check(m: Material, w: Writer, headline: list[Fact]) -> None:
    steps = m.of(w.part("check")["slots"])
    if w.facts(steps):
        return
    bodies = joined(fact.source for fact in headline) or joined(
        f"《{bare_title(str(s['title']))}》"
        for s in (m.rumour.sources if m.rumour else ())
        if isinstance(s, dict) and s.get("title")
    )
    if bodies.startswith("《"):
        w.note(f"以上内容见{bodies}。", *headline)
    elif bodies:
        w.note(f"以上情况由{bodies}提供并核实。", *headline)
    w.gap("check")


def _why(m: Material, w: Writer, rumour: Rumour, against: list[Fact]) -> None:
    """Why it misleads: a verified fact of that slot, else the plain difference between the figures."""
    if w.facts(m.of(w.part("why")["slots"])):
        return
    for fact in against:
        side, reason = evidence.stance(rumour.claim, fact.text)
        if side == "against":
            numbers = reason.startswith("传言称")
            w.note(
                f"传言{'所称数字与实际情况不符' if numbers else '与上述实际情况相反'}，没有事实依据。", fact
            )
            break
    else:
        if not _reasons(w, rumour):
            if rumour.verdict == "不实" and rumour.rebuttal.strip():
                w.frame("传言与上述实际情况不符，没有事实依据。")
            w.gap("why")
        return
    _reasons(w, rumour)


def _reasons(w: Writer, rumour: Rumour) -> bool:
    """What the judged entry of the library says beyond what the text has told: where the misreading comes from."""
    if not (rumour.sources or rumour.state == "published"):
        return False
    told = [s for s, _, _ in sentences(w.said)]
    fresh = [
        s
        for s, _, _ in sentences(rumour.rebuttal.replace("；", "。"))
        if rumour.claim not in s
        and "截至" not in s
        and not _CALLS.search(s)
        and all(overlap(s, other) < TOLD for other in told)
    ]
    if fresh:
        w.rumour("实际情况是：" + closed("；".join(opened(s) for s in fresh[:2])), rumour.id, "fact")
    return bool(fresh)


def _again(m: Material, w: Writer, rumour: Rumour, headline: list[Fact]) -> None:
    if headline:
        until = f"截至{moment(headline[-1].as_of)}，" if headline[-1].as_of else ""
        again = [fact for fact in headline if fact.as_of == headline[-1].as_of][:2]
        w.fact(f"再次说明：{until}{closed('，'.join(opened(f.text) for f in again))}", *again)
    elif rumour.rebuttal.strip():
        said = _library_sentences(rumour)
        if said:
            w.rumour(f"再次说明：{said[0]}", rumour.id, "fact")
    w.frame(f"有关信息请以{m.organisation}等官方渠道发布的为准。")

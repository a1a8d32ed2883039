"""情况通报 (situation notice): facts fast, causes with care; the unknown is said as 正在核查 (RULES 7)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from huiyin.records import Fact
from response_kits import evidence
from response_kits import facts as fact_records
from response_kits.asking import plain
from response_kits.drafts import _told
from response_kits.drafts._material import Material
from response_kits.drafts._writer import Writer
from response_kits.figures import figures
from response_kits.wording import joined, moment, opened
from response_kits.words import words

KIND = "notice"
OFTEN = 3
"""Askers from which on an open question is spoken of in the notice."""
INCIDENT = re.compile("事故|火灾|爆炸|爆裂|泄漏|坍塌|死鱼|不适|呕吐|中毒|伤亡|停水|停电|下坠|下滑")
"""What has a cause that people wait for; a fraud case or a rule has none."""
_MATTERS = {
    "deaths": "人员伤亡", "injured": "人员伤亡", "missing": "失联人员", "condition": "伤病人员救治", "scale": "影响范围",
    "loss": "经济损失", "test": "检测结果", "accountability": "责任追究", "price": "有关费用",
}  # fmt: skip
"""Open questions by the name of their matter. Cause, measures, contact and next steps have sentences of their own."""
_PEOPLE_FIRST = ("deaths", "injured", "condition", "missing")
_REMINDS = re.compile("不会[^，。]{0,16}(?:索要|要求|收取)|请勿|谨防|切勿")
_ENDS_WELL = re.compile(
    "(?:事故|事件|案件|火灾|问题|团伙|工作|项目|征收|摇号|规定|情况|不适|呕吐|腹泻|中毒|停水|爆管|下坠|决定)$"
)


def write(m: Material, w: Writer) -> str:
    """Fill the writer; returns the title."""
    _lead(m, w)
    w.paragraph()
    told = [fact for fact in m.of(_PEOPLE_FIRST) if fact not in reminders(m)]
    told += [
        f
        for f in m.of(w.part("facts")["slots"])
        if f not in told and f.slot != "rule" and f not in reminders(m)
    ]
    # Rules are for interpretations; here only where nothing else is known.
    if not w.facts(told, by_time=True) and not w.facts(m.of(["rule"])):
        w.gap("facts")
    _condole(w, told)
    w.paragraph()
    _measures(m, w)
    w.paragraph()
    _investigation(m, w)
    w.paragraph()
    w.facts(m.of(w.part("accountability")["slots"]))
    _open_questions(m, w)
    w.paragraph()
    next_steps(m, w)
    contact(m, w)
    w.signature(m.organisation, m.now)
    return f"关于{titled(m.subject)}通报"


def titled(subject: str) -> str:
    """The matter as a title takes it: 甲事故的情况; 河段死鱼有关情况的."""
    return f"{subject}的情况" if _ENDS_WELL.search(subject) else f"{subject}有关情况的"


def _lead(m: Material, w: Writer) -> None:
    opening = m.of(["what"])
    told = _told.account(m)
    if opening:
        w.facts(opening[:1], lead=False)
        first = opening[0].text
        w.facts([f for f in m.of(["time", "place", "unit"]) if opened(f.value or f.text) not in first])
    elif told is not None:
        within = [fact for fact in m.facts if _within(fact, told.text)]
        w.statement(told.text, told.statement, *within)
    elif not w.facts(m.of(["time", "place", "unit"]), lead=False):
        w.gap("lead")
        matter = m.subject.removesuffix("有关情况") or m.subject
        w.frame(f"近来，{matter}受到社会关注，感谢广大市民和网民的关心与监督。")
        w.frame("现将已核实的情况通报如下：")
        return
    w.frame("此事受到社会关注，感谢广大市民和网民的关心与监督。")
    w.frame("现将已核实的情况通报如下：")


def _condole(w: Writer, facts: Sequence[Fact]) -> None:
    """Where people died or were hurt, by verified facts, the office says so before anything else it has done (RULES 9)."""
    dead, hurt = _some(facts, "deaths"), _some(facts, "injured")
    if dead:
        others = "和受伤人员" if hurt else ""
        w.frame(f"对遇难人员表示沉痛哀悼，向遇难人员家属{others}表示诚挚慰问。")
    elif hurt and any("受伤" in fact.text for fact in facts):
        w.frame("向受伤人员及其家属表示诚挚慰问。")


def _some(facts: Sequence[Fact], what: str) -> bool:
    """Does a verified fact count people who are dead (or hurt)? “无人死亡” and the number of another count are none."""
    return any(
        figure.what == what and figure.value > 0
        for fact in facts
        if fact.slot in _PEOPLE_FIRST
        for figure in figures(fact.text)
    )


def _within(fact: Fact, told: str) -> bool:
    """Does a sentence say all that a fact says: each of its words and figures?"""
    said = {(f.value, f.unit) for f in figures(told)}
    return all((f.value, f.unit) in said for f in figures(fact.text)) and set(words(fact.text)) <= set(
        words(told)
    )


def _measures(m: Material, w: Writer) -> None:
    """What was done: verified facts, then what our own notices told of it."""
    done = [fact for fact in m.of(w.part("measures")["slots"]) if fact.id not in w.used]
    told = _told.measures(m, w.said + "\n".join(f.text for f in m.facts))
    if len(done) + len(told) > 1:
        w.frame("目前，已采取以下措施：")
    elif done or told:
        w.frame("处置进展：")
    for at, row in enumerate(told):
        if at == 0 and done and INCIDENT.search(m.subject + w.said):
            w.frame("事发后，")
        w.statement(row.text, row.statement)
    if told and done:
        w.as_of = None  # what followed has its own time
    w.facts(done, lead=bool(told) or len(done) == 1)
    if not done and not told and not m.of(["accountability"]):
        w.gap("measures")


def _investigation(m: Material, w: Writer) -> None:
    going_on, causes = m.of(["investigation"]), m.of(["cause"])
    w.facts(going_on, lead=False)
    w.facts(causes)
    told = _told.inquiry(m, w.said) if not going_on else []
    for row in told:
        w.statement(row.text, row.statement)
    if causes or any("原因" in row.text for row in told):
        return
    if going_on or told:
        if INCIDENT.search(m.subject + w.said):
            w.unknown("有关原因正在核查，结论形成后将依法公布。")
    elif INCIDENT.search(m.subject + w.said):
        w.gap("investigation")
    elif not m.of(["accountability", "truth", "check", "rule"]):
        w.gap("investigation", silent=True)


def _open_questions(m: Material, w: Writer) -> None:
    """What people ask and no verified fact answers, by the name of the matter: a question's own words may carry a rumour."""
    known = {_MATTERS.get(fact.slot) for fact in m.facts}
    rows = m.questions[:6]
    asked = [fact_records.slot_by_rule(str(q["question"])) for q in rows
             if int(q.get("count", 1)) >= 2 and not evidence.answered(str(q["question"]), m.facts)]  # fmt: skip
    asked += [fact.slot for fact in m.open_facts]
    matters = [name for slot in dict.fromkeys(asked) if (name := _MATTERS.get(slot)) and name not in known]
    often = [str(row["question"]) for row in rows if int(row.get("count", 1)) >= OFTEN]
    open_ones = [q for q in often if plain(q) and not evidence.answered(q, m.facts)]
    if matters or open_ones:
        w.paragraph()
        # A notice does not repeat what people suspect; the question itself stands in the press lines.
        listed = f"{joined(matters)}等情况" if matters else "其他问题"
        w.unknown(f"对大家关心的{listed}，有关部门正在核查，核实后及时公布。")


def next_steps(m: Material, w: Writer) -> None:
    """Next steps, and the time of the next release where one was set; else the gap."""
    w.facts(m.of(["next"]), lead=False)
    remind = [fact for fact in reminders(m) if fact.id not in w.used]
    if remind:
        w.frame("特别提醒：")
        w.facts(remind, lead=False)
    if m.next_update is not None:
        w.frame(f"下一次情况通报计划于{moment(m.next_update)}前发布。")
    else:
        w.frame("后续进展将及时发布。")
        w.gap("next")


def reminders(m: Material) -> list[Fact]:
    """Verified facts that warn people (no official asks for a code by telephone): they stand at the end."""
    return [fact for fact in m.facts if fact.slot != "rule" and _REMINDS.search(fact.text)]


def contact(m: Material, w: Writer, part: str = "contact") -> None:
    """Where people can ask: a verified fact, else the directory's entry of the body on duty; else the gap of that part."""
    known: list[Fact] = m.of(["contact"])
    duty = m.duty()
    if known:
        w.facts(known, lead=False)
    elif duty.contact:
        w.frame(f"如需咨询或者反映情况，可联系{duty.ask}，电话：{duty.contact}。")
    else:
        w.gap(part)

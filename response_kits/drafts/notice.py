"""情况通报 (situation notice): facts fast, causes with care; the unknown is said as 正在核查 (RULES 7)."""

from __future__ import annotations

import re

from huiyin.records import Fact
from response_kits import evidence
from response_kits import facts as fact_records
from response_kits.drafts._material import Material
from response_kits.drafts._writer import Writer
from response_kits.figures import figures
from response_kits.wording import joined, moment, opened, sentences

KIND = "notice"
OFTEN = 3
"""Askers from which on a question is named in the notice in its own words."""
WHEN = re.compile(
    r"(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:凌晨|清晨|早上|上午|中午|下午|傍晚|晚上|晚|夜间)?(?:\d{1,2}时(?:\d{1,2}分)?)?(?:许|左右)?"
)
"""A day, and the time of day where one is named."""


def write(m: Material, w: Writer) -> str:
    """Fill the writer; returns the title."""
    _lead(m, w)
    w.paragraph()
    if not w.facts(m.of(w.part("facts")["slots"])):
        w.gap("facts")
    w.paragraph()
    done = m.of(w.part("measures")["slots"])
    if done:
        w.frame("目前，已采取以下措施：")
        w.facts(done, lead=False)
    else:
        w.gap("measures")
    w.paragraph()
    _investigation(m, w)
    w.paragraph()
    w.facts(m.of(w.part("accountability")["slots"]))
    _open_questions(m, w)
    w.paragraph()
    next_steps(m, w)
    contact(m, w)
    w.signature(m.organisation, m.now)
    return f"关于{m.subject}的情况通报"


def _lead(m: Material, w: Writer) -> None:
    opening = m.of(["what"])
    if opening:
        w.facts(opening[:1], lead=False)
        told = opening[0].text
        w.facts(
            [fact for fact in m.of(["time", "place", "unit"]) if opened(fact.value or fact.text) not in told]
        )
    else:
        told_before = account(m)
        if told_before is not None:
            w.statement(*told_before)
        elif not w.facts(m.of(["time", "place", "unit"]), lead=False):
            w.gap("lead")
    w.frame("此事受到社会关注，感谢广大市民和网民的关心与监督。")
    w.frame("现将已核实的情况通报如下：")


def account(m: Material) -> tuple[str, int] | None:
    """What happened, as our earliest standing statement told it: its first sentence with a date, and the statement's id."""
    for statement in m.statements:
        if statement.state == "standing":
            for sentence, _, _ in sentences(statement.text):
                if WHEN.search(sentence) and len(sentence) <= 140 and sentence.endswith("。"):
                    return sentence, statement.id
    return None


def _investigation(m: Material, w: Writer) -> None:
    going_on, causes = m.of(["investigation"]), m.of(["cause"])
    w.facts(going_on, lead=False)
    w.facts(causes)
    if not causes:
        if going_on:
            w.unknown("有关原因正在核查，结论形成后将依法公布。")
        else:
            w.gap("investigation")


def _open_questions(m: Material, w: Writer) -> None:
    """What people ask and no verified fact answers, by the name of the matter: a question's own words may carry a rumour."""
    known = {fact.slot for fact in m.facts}
    questions = [str(row.get("question", "")) for row in m.questions[:6]]
    asked = [fact_records.slot_by_rule(q) for q in questions if not evidence.answered(q, m.facts)]
    asked += [fact.slot for fact in m.open_facts]
    skipped = ("other", "cause", "contact", "next", "measure")
    names = fact_records.slots()
    matters = [
        names[slot]
        for slot in dict.fromkeys(asked)
        if slot in names and slot not in known and slot not in skipped
    ]
    often = [str(row["question"]) for row in m.questions[:6] if int(row.get("count", 1)) >= OFTEN]
    plain = [q.strip("？?。 ") for q in often if _plain(q) and not evidence.answered(q, m.facts)]
    if matters or plain:
        w.paragraph()
        listed = joined([*matters, *(f"“{q}”" for q in plain[:3])])
        w.unknown(f"对大家关心的{listed}等情况，有关部门正在核查，核实后及时公布。")


def _plain(question: str) -> bool:
    """May a question be repeated as it was asked? Not where it carries a number, a casualty or another charge."""
    charged = ("死", "瞒", "毒", "内幕", "黑", "骗", "贪", "强", "赔", "伤")
    return (
        len(question) <= 24
        and fact_records.slot_by_rule(question) == "other"
        and not figures(question)
        and not any(word in question for word in charged)
    )


def next_steps(m: Material, w: Writer) -> None:
    """Next steps, and the time of the next release where one was set; else the gap."""
    w.facts(m.of(["next"]), lead=False)
    if m.next_update is not None:
        w.frame(f"下一次情况通报计划于{moment(m.next_update)}前发布。")
    else:
        w.frame("后续进展将及时发布。")
        w.gap("next")


def contact(m: Material, w: Writer, part: str = "contact") -> None:
    """Where people can ask: a verified fact, else the directory's entry; else the gap of that part."""
    known: list[Fact] = m.of(["contact"])
    entry = m.contact()
    if known:
        w.facts(known, lead=False)
    elif entry is not None:
        w.frame(f"如有情况反映或者需要咨询，可联系{entry.name}，电话：{entry.contact}。")
    else:
        w.gap(part)

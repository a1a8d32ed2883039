"""发布会口径与问答 (press lines and Q&A): three core messages, and answers to what people really ask, graded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from huiyin.records import Clause, Fact, Rumour
from response_kits.answers import Answer, Answers
from response_kits.asking import of_one, usable
from response_kits.drafts import _hard
from response_kits.drafts._material import Material
from response_kits.drafts._told import inquiry, measures
from response_kits.drafts._writer import Writer
from response_kits.drafts.interpretation import Nearest, cited
from response_kits.drafts.notice import reminders
from response_kits.facts import slot_by_rule
from response_kits.library import rumours as rumour_library
from response_kits.library.compare import bare
from response_kits.library.policies import citation
from response_kits.wording import closed, joined, moment, opened

KIND = "press"
MOST = 12
"""Questions of the public in one pool."""
UNANSWERED = 3
"""Questions asked once that nothing answers yet."""
_MESSAGES = (
    (
        "事实",
        (
            "what",
            "deaths",
            "injured",
            "condition",
            "missing",
            "scale",
            "truth",
            "test",
            "rule",
            "price",
            "other",
            "cause",
        ),
    ),
    ("行动", ("measure", "accountability", "check")),
    ("下一步", ("investigation", "next", "trend")),
)
_USUAL = (
    ("目前人员伤亡情况如何？", ("deaths", "injured", "missing", "condition")),
    ("已经采取了哪些措施？", ("measure",)),
    ("原因是什么？", ("cause", "investigation")),
    ("有关责任怎样处理？", ("accountability",)),
    ("检测结果如何？", ("test",)),
    ("文件是怎样规定的？", ("rule",)),
)
"""What is asked at every press conference; added where a verified fact answers it and nobody among the public asked it so."""
_NOT = {
    "deaths": "不估计数字，不透露遇难者身份", "injured": "不透露伤者姓名和病历", "cause": "不推测原因，不评价责任",
    "accountability": "不评价个人，以主管机关公布为准", "": "不说尚未核实的数字、原因和承诺",
}  # fmt: skip


def write(m: Material, w: Writer) -> str:
    """Fill the writer; returns the title."""
    w.frame("一、核心信息")
    w.paragraph()
    told = [_message(m, w, name, slots) for name, slots in _MESSAGES]
    if not all(told):
        w.gap("messages")
    w.frame("二、问答")
    w.paragraph()
    policy = m.policy or cited(m)
    nearest = Nearest(policy) if policy is not None else None
    pool = _pool(m, nearest)
    for asked in pool:
        _answer(m, w, asked, nearest)
    _usual(m, w, {slot_by_rule(str(asked.row["question"])) for asked in pool})
    _hard_ones(m, w)
    if not pool:
        w.gap("questions")
    return f"{m.subject}新闻发布口径"


def _usual(m: Material, w: Writer, asked: set[str]) -> None:
    for question, slots in _USUAL:
        facts = m.of(slots)[:4]
        if facts and not asked & set(slots):
            w.question(f"问（常规）：{question}")
            w.paragraph()
            w.fact("答：" + "".join(closed(fact.text) for fact in facts), *facts)
            w.paragraph()
            w.note(_basis(facts), *facts)
            w.paragraph()
            _rules(m, w, slots[0], known=True)


def _hard_ones(m: Material, w: Writer) -> None:
    for question, slot, answer in _hard.rows(m):
        w.question(f"问（尖锐）：{question}")
        w.paragraph()
        known = answer(m, w)
        if not known:
            w.unknown("答：这个问题有关部门正在核查，核实后及时公布。")
            w.gap("questions")
        w.paragraph()
        _rules(m, w, slot, known=known)


def _rules(m: Material, w: Writer, slot: str, *, known: bool) -> None:
    """What may and may not be said, who is responsible, who approved which version."""
    may = "可以说：上述已核实内容" if known else "可以说：正在核查、核实后公布"
    w.frame(f"{may}；不可以说：{_NOT.get(slot, _NOT['']).removeprefix('不说')}。" if _NOT.get(slot, _NOT[""]).startswith("不说")
            else f"{may}；{_NOT[slot]}。")  # fmt: skip
    w.frame(f"责任单位：{m.duty().unit or '待定'}；审定：待审签；版本：第1版。")
    w.paragraph()


def _message(m: Material, w: Writer, name: str, slots: tuple[str, ...]) -> bool:
    """One core message: at most three facts; False where nothing is verified for it."""
    chosen = [fact for fact in m.of(slots) if fact.id not in w.used and fact not in reminders(m)][:3]
    known = w.said + "\n".join(fact.text for fact in m.facts)
    told = {"行动": measures, "下一步": inquiry}[name](m, known)[: 3 - len(chosen)] if name != "事实" else []
    if not chosen and not told:
        if name == "下一步":
            w.frame("下一步：后续进展将及时发布。")
            w.paragraph()
        return False
    w.frame(f"{name}：")
    for row in told:
        w.statement(row.text, row.statement)
    w.facts(chosen)
    w.paragraph()
    return True


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question of the pool (a row of questions_of) and what answers it: facts or texts, a judged rumour, a clause."""

    row: dict[str, Any]
    answer: Answer | None
    judged: Rumour | None
    near: Clause | None


def _pool(m: Material, nearest: Nearest | None) -> list[_Asked]:
    """What people ask, with its answer: what is asked often or can be answered; of single questions that nothing answers only a
    few, and none that is one asker's own case, or the hall would hear 正在核查 twelve times."""
    from response_kits.kit import questions_of

    rumours = rumour_library.listing(m.session, issue_id=m.issue.id)
    answers = Answers(m.facts, m.statements, m.subject)
    found: list[_Asked] = []
    open_ones = 0
    for row in questions_of(m.issue, m.facts, rumours):
        question = str(row["question"])
        if not usable(question):
            continue
        answer = answers.find(question)
        judged = next((rumour for rumour in rumours if rumour.id in row["rumours"]), None)
        near = None if answer or judged or nearest is None else nearest.clause(question)
        if not (answer or judged or near) and int(row["count"]) < 2:
            if of_one(question) or open_ones >= UNANSWERED:
                continue
            open_ones += 1
        found.append(_Asked(row, answer, judged, near))
        if len(found) == MOST:
            break
    return found


def _answer(m: Material, w: Writer, asked: _Asked, nearest: Nearest | None) -> None:
    question, answer, judged, near = str(asked.row["question"]), asked.answer, asked.judged, asked.near
    w.question(f"问（{asked.row['grade_name']}）：{question}")
    w.paragraph()
    if judged is not None and (answer is None or not answer.whole):
        w.rumour(f"答：{closed(judged.rebuttal)}", judged.id, "fact")
    elif answer is not None:
        _say(w, answer)
    elif near is not None and nearest is not None:
        w.clause(f"答：{opened(bare(near))}（{citation(nearest.policy, near)}）。", near)
    else:
        w.unknown("答：这个问题有关部门正在核查，核实后及时公布。")
        w.gap("questions")
    w.paragraph()
    _rules(m, w, slot_by_rule(question), known=bool(answer or judged or near))


def _say(w: Writer, answer: Answer) -> None:
    """The answer in the words of its facts or of our own text, what it leaves open, and its basis."""
    if answer.facts:
        w.fact("答：" + "".join(closed(fact.text) for fact in answer.facts), *answer.facts)
    for one in answer.told:
        w.statement(f"答：{one.text}", one.statement)
    if not answer.whole:
        w.unknown("其他情况有关部门正在核查，核实后及时公布。")
        w.gap("questions")
    if answer.facts:
        w.paragraph()
        w.note(_basis(answer.facts), *answer.facts)


def _basis(answers: list[Fact]) -> str:
    times = [fact.as_of for fact in answers if fact.as_of]
    until = f"；截至{moment(max(times))}" if times else ""
    return f"来源：{joined(fact.source for fact in answers)}{until}。"

"""发布会口径与问答 (press lines and Q&A): three core messages, and answers to what people really ask, graded."""

from __future__ import annotations

from typing import Any

from huiyin.records import Clause, Fact, Policy
from response_kits.drafts._material import Material
from response_kits.drafts._writer import Writer
from response_kits.drafts.interpretation import cited
from response_kits.library import rumours as rumour_library
from response_kits.library.compare import bare
from response_kits.library.policies import citation
from response_kits.wording import closed, joined, moment, opened
from response_kits.words import Ranker

KIND = "press"
_MESSAGES = (
    (
        "事实",
        ("what", "deaths", "missing", "injured", "condition", "scale", "truth", "test", "rule", "price"),
    ),
    ("行动", ("measure", "accountability", "check")),
    ("下一步", ("investigation", "next", "cause", "trend")),
)
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
    rows = _asked(m)
    for row in rows:
        _answer(m, w, row)
    if not rows:
        w.gap("questions")
    return f"{m.subject}新闻发布口径"


def _message(m: Material, w: Writer, name: str, slots: tuple[str, ...]) -> bool:
    """One core message: at most three facts; False where nothing is verified for it."""
    chosen = [fact for fact in m.of(slots) if fact.id not in w.used][:3]
    if not chosen:
        return False
    w.frame(f"{name}：")
    w.facts(chosen)
    w.paragraph()
    return True


def _asked(m: Material) -> list[dict[str, Any]]:
    from response_kits.kit import questions_of

    return questions_of(m.issue, m.facts, rumour_library.listing(m.session, issue_id=m.issue.id))


def _answer(m: Material, w: Writer, row: dict[str, Any]) -> None:
    from response_kits.facts import slot_by_rule

    w.question(f"问（{row['grade_name']}）：{row['question']}")
    w.paragraph()
    answers = [fact for fact in m.facts if fact.id in row["facts"]][:3]
    judged = [r for r in rumour_library.listing(m.session, issue_id=m.issue.id) if r.id in row["rumours"]][:1]
    if answers:
        w.fact("答：" + "".join(closed(fact.text) for fact in answers), *answers)
        w.paragraph()
        w.note(_basis(answers), *answers)
    elif judged:
        w.rumour(f"答：{closed(judged[0].rebuttal)}", judged[0].id, "fact")
    elif (near := _clause(m, str(row["question"]))) is not None:
        w.clause(f"答：{opened(bare(near[1]))}（{citation(*near)}）。", near[1])
    else:
        w.unknown("答：这个问题有关部门正在核查，核实后及时公布。")
        w.gap("questions")
    w.paragraph()
    slot = slot_by_rule(str(row["question"]))
    w.frame(f"可以说：上述内容。不可以说：{_NOT.get(slot, _NOT[''])}。")
    w.frame(f"责任单位：{m.issue.unit or '待定'}；审定：待审签。")
    w.paragraph()


def _clause(m: Material, question: str) -> tuple[Policy, Clause] | None:
    """The clause of the policy at issue that is nearest to a question."""
    policy = m.policy or cited(m)
    if policy is None:
        return None
    near = Ranker([(c, bare(c)) for c in policy.clauses]).search(question, 1)
    return (policy, near[0][0]) if near else None


def _basis(answers: list[Fact]) -> str:
    times = [fact.as_of for fact in answers if fact.as_of]
    until = f"；截至{moment(max(times))}" if times else ""
    return f"来源：{joined(fact.source for fact in answers)}{until}。"

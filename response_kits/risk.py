"""Risk assessment before a policy is published (12号): who is affected, which clauses will be misread, dimensions, plan, Q&A.

Rule-based and explained: each point of a clause has its reason. Points and words: huiyin/rules/contents.toml, `assessment`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.records import Clause, Issue, Policy, Rumour
from huiyin.rules import load
from response_kits.figures import Figure, figures
from response_kits.library.compare import Change, bare, compare, unnamed
from response_kits.library.policies import bare_title, citation
from response_kits.office import Document
from response_kits.words import overlap, words
from response_kits.workdays import after_working_days

_LEVELS = ((4, "高"), (3, "中"), (0, "低"))
_HARD = ("困难", "残疾", "低保", "特困", "老年", "未成年", "农民工", "患者")


@dataclass
class Misread:
    """A clause that people may take wrongly: points, the reasons in words, a question that they will ask, and its answer."""

    path: str
    heading: str
    text: str
    clause_id: int
    points: int
    reasons: list[str] = field(default_factory=list)
    question: str = ""
    answer: str = ""


@dataclass
class Assessment:
    """The whole assessment as plain values (`as_dict`)."""

    title: str
    number: str
    compared_with: str
    level: str
    groups: list[dict[str, Any]]
    clauses: list[Misread]
    dimensions: list[dict[str, Any]]
    similar: list[dict[str, Any]]
    plan: list[dict[str, str]]
    questions: list[dict[str, str]]
    plain: list[str]
    basis: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def assess(session: Session, policy: Policy, today: date, *, old: Policy | None = None) -> Assessment:
    """Assess a policy of the library, against `old` or the one that it replaces. Nothing is stored."""
    table = load("contents")["assessment"]
    older = old or session.scalars(select(Policy).where(Policy.replaced_by == policy.id)).first()
    changes = {c.new.id: c for c in compare(older, policy) if c.new is not None} if older else {}
    past = _past(session, policy)
    clauses = [
        _judge(policy, clause, changes.get(clause.id), older, past["rumours"], table)
        for clause in policy.clauses
    ]
    risky = sorted(
        (c for c in clauses if c.points >= table["middle"]), key=lambda c: (-c.points, c.clause_id)
    )
    groups = _groups(policy, table["groups"])
    dimensions = _dimensions(table, groups, clauses, risky, changes, older, past)
    worst = max(row["score"] for row in dimensions)
    level = next(name for least, name in _LEVELS if worst >= least)
    return Assessment(
        title=policy.title, number=policy.number, compared_with=citation(older) if older else "", level=level, groups=groups,
        clauses=risky, dimensions=dimensions, similar=past["issues"], plan=_plan(policy, level, risky, today),
        questions=[{"question": c.question, "answer": c.answer, "clause": c.path} for c in risky if c.question],
        plain=[c.answer for c in risky[:5] if c.answer], basis=table["basis"],
    )  # fmt: skip


def as_docx(made: Assessment) -> bytes:
    """The assessment as a document for the file."""
    page = Document(f"《{bare_title(made.title)}》舆情风险评估")
    page.text(
        f"文号：{made.number or '—'}　风险等级：{made.level}　依据：{made.basis}　对照：{made.compared_with or '无原规定'}"
    )
    page.heading("一、五个维度")
    page.table(
        ("维度", "看什么", "分（1—5）", "理由"),
        [(d["name"], d["says"], str(d["score"]), d["reason"]) for d in made.dimensions],
    )
    page.heading("二、涉及人群")
    page.table(
        ("人群", "条款", "困难群体"),
        [(g["group"], "、".join(g["clauses"]), "是" if g["vulnerable"] else "") for g in made.groups],
    )
    page.heading("三、可能被误读的条款")
    page.table(
        ("条款", "内容", "分", "理由"),
        [(c.path, c.text, str(c.points), "；".join(c.reasons)) for c in made.clauses],
    )
    page.heading("四、发布、解读和回应的整体方案")
    page.table(("时间", "谁", "做什么"), [(step["when"], step["who"], step["what"]) for step in made.plan])
    page.heading("五、问答和通俗文本")
    for row in made.questions:
        page.text(f"问：{row['question']}\n答：{row['answer']}")
    return page.data()


def _judge(
    policy: Policy,
    clause: Clause,
    change: Change | None,
    older: Policy | None,
    rumours: Sequence[Rumour],
    table: dict[str, Any],
) -> Misread:
    text, points = bare(clause), table["points"]
    made = Misread(clause.path, clause.heading, clause.text, clause.id, 0)
    numbers = [f for f in figures(text) if f.unit in ("年", "元", "%", "倍", "个月", "个工作日", "天", "日")]
    if numbers and not _closing(text):
        _add(made, points["number"], f"有数字门槛：{'、'.join(f.text for f in numbers[:4])}")
        if any(f.unit == "年" and f.value >= 10 for f in numbers):
            longest = max(f.value for f in numbers if f.unit == "年")
            _add(made, points["large_number"] * (2 if longest >= 20 else 1), "年限长，容易单独流传")
    shared = _unnamed(policy, clause) if numbers else ""
    if shared:
        _add(made, points["unnamed"], shared)
    if clause.path.startswith("前言") or clause.heading.endswith("总则"):
        return Misread(clause.path, clause.heading, clause.text, clause.id, 0)
    for word in [w for w in table["loss_words"] if w in text][:2]:
        _add(made, points["loss"], f"有减损或限制性用语“{word}”")
    for word in [w for w in table["vague_words"] if w in text][:2]:
        _add(made, points["vague"], f"有概括性用语“{word}”，未写明依据")
    if change is not None and change.kind == "changed" and change.figures:
        _add(
            made,
            points["changed"],
            "与原规定数字不同：" + "；".join(f"{a or '无'}→{b or '无'}" for a, b in change.figures[:3]),
        )
    elif change is not None and change.kind == "added" and not _closing(text):
        _add(made, points["added"], "原规定没有的条款")
    heard = next((r for r in rumours if _speaks_of(r.claim, text, numbers, policy)), None)
    if heard is not None:
        _add(made, points["asked_before"], f"辟谣库有相近说法：“{heard.claim}”")
    if made.points:
        made.question, made.answer = _question(clause, numbers, change, older)
    return made


def _speaks_of(claim: str, text: str, numbers: Sequence[Figure], policy: Policy) -> bool:
    """Does a claim speak of this clause: one of its numbers, or its words beyond those of the policy's own name?"""
    if {(f.value, f.unit) for f in figures(claim)} & {(f.value, f.unit) for f in numbers}:
        return True
    own = set(words(claim)) - set(words(policy.title))
    return bool(own) and len(own & set(words(text))) / len(own) >= 0.3


def _add(made: Misread, points: int, reason: str) -> None:
    made.points += points
    made.reasons.append(reason)


def _closing(text: str) -> bool:
    return bool(re.search("(起施行|同时废止|有效期)", text)) and len(text) < 120


def _unnamed(policy: Policy, clause: Clause) -> str:
    """A clause that will be taken for another chapter's (compare.unnamed): the reason in words, or ""."""
    found = unnamed(policy, clause)
    if found is None:
        return ""
    subject, other, common = found
    return (f"本条没有写明所指（“{subject}”只在章名里），而{other.path}（{other.heading.split(' ', 1)[-1]}）也讲“{common}”，"
            "离开上下文容易张冠李戴")  # fmt: skip


def _question(
    clause: Clause, numbers: Sequence[Figure], change: Change | None, older: Policy | None
) -> tuple[str, str]:
    subject = clause.heading.split(" ", 1)[-1] if clause.heading else ""
    told = bare(clause).rstrip("。")
    scope = (
        f"{clause.path}说的是{subject}："
        if subject and subject not in ("总则", "附则")
        else f"{clause.path}："
    )
    answer = f"{scope}{told}。"
    if not numbers:
        return f"{clause.path}“{told[:24]}”是什么意思，对我有什么影响？", answer
    numbers_told = "、".join(f.text for f in numbers[:2])
    same = _same_before(numbers, older)
    if same is not None:
        answer += f"这一数字原规定{same.path}已有，不是新增。"
    elif change is not None and change.kind == "changed" and change.figures and change.old is not None:
        answer += f"原规定{change.old.path}为：{bare(change.old).rstrip('。')}。"
    return f"{clause.path}里的“{numbers_told}”指什么，是不是比原来多了？", answer


def _same_before(numbers: Sequence[Figure], older: Policy | None) -> Clause | None:
    """A clause of the older text that has all these numbers."""
    wanted = {(f.value, f.unit) for f in numbers}
    for clause in older.clauses if older else ():
        if wanted <= {(f.value, f.unit) for f in figures(clause.text)}:
            return clause
    return None


def _past(session: Session, policy: Policy) -> dict[str, Any]:
    """Rumours and issues of the record that speak of what the policy speaks of."""
    name = bare_title(policy.title)
    rumours = [r for r in session.scalars(select(Rumour).where(Rumour.state != "withdrawn")) if overlap(r.claim, name) >= 0.4
               or any(overlap(r.claim, bare(c)) >= 0.6 for c in policy.clauses)]  # fmt: skip
    issues = [{"id": i.id, "title": i.title, "state": i.state, "documents": i.documents}
              for i in session.scalars(select(Issue).where(Issue.merged_into == "").order_by(Issue.last.desc()).limit(1000))
              if overlap(i.title, name) >= 0.5]  # fmt: skip
    return {"rumours": rumours, "issues": issues[:5]}


def _groups(policy: Policy, names: Sequence[str]) -> list[dict[str, Any]]:
    """Who is affected: the groups that the text names, with the clauses that name them, most named first."""
    found = []
    for name in names:
        paths = [c.path for c in policy.clauses if name in c.text]
        if paths:
            found.append({"group": name, "clauses": paths, "vulnerable": any(word in name for word in _HARD)})
    return sorted(found, key=lambda row: -len(row["clauses"]))


def _dimensions(
    table: dict[str, Any], groups: Sequence[dict[str, Any]], clauses: Sequence[Misread], risky: Sequence[Misread],
    changes: dict[int, Change], older: Policy | None, past: dict[str, Any],
) -> list[dict[str, Any]]:  # fmt: skip
    """Five stated dimensions, each 1 to 5 with its reason; no blended score."""
    losses = [c for c in clauses if any("减损" in reason for reason in c.reasons)]
    hard = [g["group"] for g in groups if g["vulnerable"]]
    changed = [c for c in changes.values() if c.kind in ("changed", "added")]
    high = [c for c in risky if c.points >= table["high"]]
    scored = {
        "reach": (1 + min(2, len(groups) // 2) + 2 * bool(hard), f"涉及{len(groups)}类人群" + (f"，其中困难群体：{'、'.join(hard)}" if hard else "")),
        "interest": (1 + min(4, len(losses)), f"{len(losses)}条含减损、限制或处罚内容" + (f"：{'、'.join(c.path for c in losses[:4])}" if losses else "")),
        "clarity": (1 + min(2, len(risky)) + min(2, len(high)), f"{len(risky)}条可能被误读" + (f"，首要是{risky[0].path}" if risky else "")),
        "transition": (3 if older is None else 1 + min(4, len(changed) // 3), "没有可对照的原规定" if older is None else f"与原规定相比，{len(changed)}条有变化或新增"),
        "climate": (1 + min(2, len(past["rumours"])) + min(2, len(past["issues"])), f"同类传言{len(past['rumours'])}条、事件{len(past['issues'])}起"),
    }  # fmt: skip
    return [{"key": row["key"], "name": row["name"], "says": row["says"], "score": scored[row["key"]][0], "reason": scored[row["key"]][1]}
            for row in table["dimension"]]  # fmt: skip


def _plan(policy: Policy, level: str, risky: Sequence[Misread], today: date) -> list[dict[str, str]]:
    """发布、解读和回应的整体方案: who does what by when."""
    from datetime import datetime

    from response_kits.workdays import ZONE

    limit = after_working_days(datetime(today.year, today.month, today.day, tzinfo=ZONE), 3)
    paths = "、".join(c.path for c in risky[:4]) or "主要条款"
    steps = [
        ("发布前", "起草部门", f"修改或加注易误读条款（{paths}）：写明所指、依据和与原规定的关系"),
        ("发布前", "起草部门、新闻办公室", "备齐解读材料、问答和通俗文本，12345 热线与窗口先行培训"),
        ("发布时", "起草部门", f"解读材料与文件同步发布，至迟{limit.at.astimezone(ZONE):%m月%d日}前（三个工作日，国办发〔2016〕80号，待核实）"),
        ("发布后 48 小时", "新闻办公室", f"监测{paths}相关提问和传言，误读出现即回应"),
    ]  # fmt: skip
    if level == "高":
        steps.insert(
            1, ("发布前", "起草部门", "听取受影响人群代表意见；必要时分步发布，起草部门负责人出面解读")
        )
    return [{"when": when, "who": who, "what": what} for when, who, what in steps]

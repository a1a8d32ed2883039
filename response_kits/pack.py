"""The spokesperson's pack (发言人资料包): one page of facts, three messages, hard questions with answers, what may not be said and
why, all with sources. DOCX to work on, PDF for paper, PDF in the width of a phone; one content for the three."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from huiyin.settings import Settings
from response_kits import drafts, kit
from response_kits.briefs.typeset import compile_with
from response_kits.office import Document
from response_kits.wording import moment, stamp

PAPERS = ("a4", "phone")
UNSAID = 8
"""Most open points that the page of what may not be said names."""
_QUESTION = re.compile(r"^问（(?P<grade>[^）]+)）：(?P<text>.+)$")


@dataclass
class Block:
    """One piece: a heading, paragraphs, a table, or questions ({grade, question, answer, basis, rules})."""

    kind: Literal["heading", "text", "table", "questions"]
    text: str = ""
    head: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = field(default_factory=list)
    questions: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Pack:
    """`title`, `line` (office, time, for whom) and the blocks in order."""

    title: str
    line: str
    blocks: list[Block]


def build(session: Session, issue_id: str, settings: Settings, now: datetime) -> bytes:
    """The pack of an issue as DOCX. Everything in it comes from the kit and the press lines of this moment."""
    pack = content(session, issue_id, settings, now)
    page = Document(pack.title)
    page.text(pack.line)
    for block in pack.blocks:
        if block.kind == "heading":
            page.heading(block.text)
        elif block.kind == "table":
            page.table(block.head, block.rows)
        elif block.kind == "questions":
            for row in block.questions:
                lines = (
                    f"问（{row['grade']}）：{row['question']}",
                    f"答：{row['answer']}",
                    row["basis"],
                    row["rules"],
                )
                page.text("\n".join(line for line in lines if line))
        else:
            page.text(block.text)
    return page.data()


def pdf(session: Session, issue_id: str, settings: Settings, now: datetime, paper: str = "a4") -> bytes:
    """The same as PDF; `paper`: a4, or phone (a page as wide as a hand). Raises HuiyinError where fonts are missing."""
    pack = content(session, issue_id, settings, now)
    data = {
        "title": pack.title,
        "line": pack.line,
        "paper": paper,
        "blocks": [vars(block) for block in pack.blocks],
    }
    return compile_with("pack.typ", data)[0]


def content(session: Session, issue_id: str, settings: Settings, now: datetime) -> Pack:
    """What the pack says, from the kit and the press lines of this moment."""
    made = kit.build(session, issue_id, now, settings)
    press = drafts.compose(session, issue_id, "press", settings, now)
    messages, questions = read_press(press.text)
    hard = [row for row in questions if row["grade"] == "尖锐"]
    blocks = [
        Block("heading", "一、事实一页"),
        Block(
            "table",
            head=("事实", "来源", "截至"),
            rows=[_fact(row) for row in made.known] or [("尚无已核实事实", "", "")],
        ),
        Block("heading", "二、三条核心信息"),
        Block("text", "\n".join(messages) or "尚无可公开的核心信息，先核实事实。"),
        Block("heading", "三、尖锐问题"),
        Block("questions", questions=hard) if hard else Block("text", "未见需要专门准备的尖锐问题。"),
        Block("heading", "四、不能说的和原因"),
        Block("table", head=("不能说", "原因"), rows=_unsaid(made)),
        Block("heading", "五、公众在问"),
    ]
    asked = [row for row in questions if row["grade"] != "尖锐"]
    blocks += [Block("questions", questions=asked)] if asked else [Block("text", "尚未收集到公众提问。")]
    blocks += [Block("heading", "六、在传什么")]
    blocks += [Block("table", head=("说法", "篇数", "结论"), rows=[(c["text"], str(c["count"]), c["verdict_name"]) for c in made.claims] or [("无", "", "")])]  # fmt: skip
    blocks += [Block("heading", "七、依据")]
    blocks += [Block("table", head=("文件和条款", "内容", "效力"), rows=[(c["citation"], c["text"], c["reason"]) for c in made.clauses] or [("无", "", "")])]  # fmt: skip
    blocks += [Block("heading", "八、怎么说、时限和责任"), Block("text", _how(made))]
    blocks += [Block("table", head=("时限", "状态", "依据"), rows=[(c["name"], c["words"], c["basis"]) for c in made.clocks] or [("无", "", "")])]  # fmt: skip
    line = f"{settings.organisation}　{stamp(now)}　内部使用，不对外发布"
    return Pack(f"{made.issue['title']} 发言人资料包", line, blocks)


def read_press(text: str) -> tuple[list[str], list[dict[str, str]]]:
    """(core messages, questions with answer, basis and rules) of press lines as drafts.press writes them."""
    messages: list[str] = []
    questions: list[dict[str, str]] = []
    for line in text.split("\n"):
        if found := _QUESTION.match(line):
            questions.append(
                {"grade": found["grade"], "question": found["text"], "answer": "", "basis": "", "rules": ""}
            )
        elif questions:
            key = (
                "basis" if line.startswith("来源：") else "rules" if line.startswith("可以说：") else "answer"
            )
            questions[-1][key] += line.removeprefix("答：")
        elif line.startswith(("事实：", "行动：", "下一步：")):
            messages.append(line)
    return messages, questions


def _unsaid(made: kit.Kit) -> list[tuple[str, ...]]:
    """What is not verified, and what the strategy warns of, each with its reason."""
    rows: list[tuple[str, ...]] = [
        (str(row["text"]), f"尚未核实，问到时只说正在核查；向{row['ask']}核实")
        for row in made.unknown[:UNSAID]
    ]
    rows += [
        (str(claim["text"]), f"传言，结论为{claim['verdict_name']}，不复述")
        for claim in made.claims
        if claim["verdict_name"] == "不实"
    ]
    reason = f"按“{made.strategy['name']}”的口径，这样说会伤公信"
    rows += [(str(words), reason) for words in made.strategy["avoid"]]
    rows.append((str(made.strategy["never"]), "否认最损公信，道歉与否认不能并用"))
    return rows


def _how(made: kit.Kit) -> str:
    strategy, who = made.strategy, made.responsible
    lines = [f"策略：{strategy['name']}。{strategy['reason']}"]
    lines += [f"先说：{words}" for words in strategy["first"]] + [
        f"要说：{words}" for words in strategy["do"]
    ]
    lines.append(
        f"责任主体：{who['unit'] or who['first']}；协调：{who['coordinates'] or '—'}（{who['basis']}）"
    )
    return "\n".join(lines)


def _fact(row: dict[str, Any]) -> tuple[str, ...]:
    until = moment(datetime.fromisoformat(row["as_of"])) if row["as_of"] else ""
    # A body that verified what it said itself is named once.
    other = row["verified_by"] and row["verified_by"] != row["source"]
    checked = f"（{row['verified_by']}核实）" if other else ""
    return row["text"], f"{row['source']}{checked}", until

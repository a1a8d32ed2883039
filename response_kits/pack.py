"""The spokesperson's pack (发言人资料包): core messages and Q&A, the facts with their sources, clauses, clocks, what not to say; DOCX."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from huiyin.settings import Settings
from response_kits import drafts, kit
from response_kits.office import Document
from response_kits.wording import moment, stamp


def build(session: Session, issue_id: str, settings: Settings, now: datetime) -> bytes:
    """The pack of an issue as DOCX. Everything in it comes from the kit and the press lines of this moment."""
    made = kit.build(session, issue_id, now, settings)
    press = drafts.compose(session, issue_id, "press", settings, now)
    page = Document(f"{made.issue['title']} 发言人资料包")
    page.text(f"{settings.organisation}　{stamp(now)}　内部使用，不对外发布")
    page.text(press.text)
    page.heading("三、事实与来源")
    page.table(
        ("编号", "事实", "来源", "截至", "核实人"),
        [_fact(row) for row in made.known] or [("—", "尚无已核实事实", "", "", "")],
    )
    page.heading("四、正在核查（问到时只说正在核查）")
    page.table(("内容", "向谁核实"), [(str(u["text"]), str(u["ask"])) for u in made.unknown] or [("无", "")])
    page.heading("五、在传什么")
    page.table(
        ("说法", "篇数", "结论"),
        [(c["text"], str(c["count"]), c["verdict_name"]) for c in made.claims] or [("无", "", "")],
    )
    page.heading("六、依据")
    page.table(
        ("文件和条款", "内容", "效力"),
        [(c["citation"], c["text"], c["reason"]) for c in made.clauses] or [("无", "", "")],
    )
    page.heading("七、怎么说、不能怎么说")
    page.text("\n".join([f"策略：{made.strategy['name']}。{made.strategy['reason']}", *(f"先说：{w}" for w in made.strategy["first"]),
                         *(f"要说：{w}" for w in made.strategy["do"]), *(f"不说：{w}" for w in made.strategy["avoid"]), made.strategy["never"]]))  # fmt: skip
    page.heading("八、时限和责任")
    page.table(
        ("时限", "状态", "依据"),
        [(c["name"], c["words"], c["basis"]) for c in made.clocks] or [("无", "", "")],
    )
    who = made.responsible
    page.text(f"责任主体：{who['unit'] or who['first']}；协调：{who['coordinates'] or '—'}（{who['basis']}）")
    return page.data()


def _fact(row: dict[str, Any]) -> tuple[str, str, str, str, str]:
    until = moment(datetime.fromisoformat(row["as_of"])) if row["as_of"] else ""
    return str(row["id"]), row["text"], row["source"], until, row["verified_by"]

"""Fact records: entered, verified by a second person, superseded with their history kept. Drafts may state nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from huiyin.errors import Conflict, NotFound, UsageError
from huiyin.records import DocumentRow, Fact, Issue, IssueEvent, audit
from huiyin.rules import load
from response_kits.figures import figures, slot_of
from response_kits.library.identify import number
from response_kits.wording import closed, sentences
from response_kits.words import overlap
from response_kits.workdays import ZONE

STATES = {"unverified": "待核查", "verified": "已核实", "superseded": "已更新", "withdrawn": "已撤回"}
_AS_OF = re.compile(
    r"截至(?:目前|(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:(\d{1,2})(?:时|点|[:：])(?:(\d{1,2})分?)?)?)"
)


def slots() -> dict[str, str]:
    """Slot key → name in Chinese (contents.toml)."""
    found: dict[str, str] = load("contents")["slots"]
    return found


def add(
    session: Session,
    issue_id: str,
    text: str,
    *,
    slot: str = "",
    value: str = "",
    unit: str = "",
    source: str = "",
    source_url: str = "",
    as_of: datetime | None = None,
    document_id: str = "",
    span: tuple[int, int] | None = None,
    by: str,
    now: datetime,
) -> Fact:
    """Enter a fact, not yet verified. Slot, value, unit and 截至时间 are read from the text where not given.

    Raises NotFound (no such issue), UsageError (empty text, unknown slot).
    """
    issue = session.get(Issue, issue_id)
    if issue is None:
        raise NotFound(f"没有编号为 {issue_id} 的事件")
    sentence = closed(text)
    if len(sentence) < 3:
        raise UsageError("事实须是一句完整的话")
    if slot and slot not in slots():
        raise UsageError(f"没有“{slot}”这一类事实；可用：{'、'.join(slots())}")
    found = figures(sentence)
    chosen = slot or slot_by_rule(sentence)
    matching = [f for f in found if slot_of(f) == chosen] or found
    if not value and matching:
        value, unit = f"{matching[0].value:g}", matching[0].unit
    fact = Fact(
        issue_id=issue_id, slot=chosen, text=sentence, value=value, unit=unit, source=source, source_url=source_url,
        document_id=document_id, span=list(span or ()), as_of=as_of or read_as_of(sentence, now), state="unverified",
        entered_by=by, at=now,
    )  # fmt: skip
    session.add(fact)
    session.flush()
    audit.append(session, by, "fact.add", f"fact/{fact.id}", {"issue": issue_id, "text": sentence}, at=now)
    return fact


def verify(session: Session, fact_id: int, by: str, now: datetime, *, alone: bool = False) -> Fact:
    """Mark as verified; who entered and who verified are both kept.

    Raises Conflict where it is not open to this, and where the person who entered it verifies it: four eyes. `alone` lets one
    name do both (the sample's loader), and the audit chain records it as `same_person`.
    """
    fact = get(session, fact_id)
    if fact.state != "unverified":
        raise Conflict(f"事实 {fact_id} {STATES[fact.state]}，不能再核实")
    if by == fact.entered_by and not alone:
        raise Conflict(f"事实 {fact_id} 是您录入的，须由另一人核实")
    if not fact.source.strip():
        raise Conflict(f"事实 {fact_id} 没有写明来源，不能标为已核实")
    fact.state, fact.verified_by, fact.verified_at = "verified", by, now
    if fact.replaces is not None:
        old = session.get(Fact, fact.replaces)
        if old is not None and old.state in ("verified", "unverified"):
            old.state = "superseded"
    same = by == fact.entered_by
    audit.append(
        session,
        by,
        "fact.verify",
        f"fact/{fact_id}",
        {"entered_by": fact.entered_by, "same_person": same},
        at=now,
    )
    session.add(
        IssueEvent(
            issue_id=fact.issue_id,
            at=now,
            by=by,
            kind="fact",
            text=f"核实：{fact.text}",
            data={"fact": fact_id},
        )
    )
    return fact


def supersede(
    session: Session,
    fact_id: int,
    text: str,
    *,
    source: str,
    by: str,
    now: datetime,
    as_of: datetime | None = None,
) -> Fact:
    """Enter the newer state of a fact; the old one stays until the new one is verified, then becomes superseded."""
    old = get(session, fact_id)
    if old.state not in ("verified", "unverified"):
        raise Conflict(f"事实 {fact_id} {STATES[old.state]}；请更新最新的一条")
    new = add(session, old.issue_id, text, slot=old.slot, source=source, as_of=as_of or now, by=by, now=now)
    new.replaces = old.id
    session.flush()
    return new


def withdraw(session: Session, fact_id: int, by: str, reason: str, now: datetime) -> Fact:
    """Take a fact back, with the reason."""
    fact = get(session, fact_id)
    fact.state = "withdrawn"
    audit.append(session, by, "fact.withdraw", f"fact/{fact_id}", {"reason": reason}, at=now)
    return fact


def get(session: Session, fact_id: int) -> Fact:
    fact = session.get(Fact, fact_id)
    if fact is None:
        raise NotFound(f"没有编号为 {fact_id} 的事实")
    return fact


def of_issue(session: Session, issue_id: str, *, states: tuple[str, ...] = ("verified",)) -> list[Fact]:
    """Facts of an issue in these states, in the order of entering."""
    return list(
        session.scalars(
            select(Fact).where(Fact.issue_id == issue_id, Fact.state.in_(states)).order_by(Fact.id)
        )
    )


def history(session: Session, fact_id: int) -> list[Fact]:
    """The fact and all that it replaced, newest first."""
    chain, current = [], session.get(Fact, fact_id)
    while current is not None and current not in chain:
        chain.append(current)
        current = session.get(Fact, current.replaces) if current.replaces else None
    return chain


def read_as_of(text: str, now: datetime) -> datetime | None:
    """The 截至时间 that a sentence states; a date without a year is the latest such day that is not after `now`."""
    match = _AS_OF.search(text)
    if match is None or match[2] is None:
        return None
    local = now.astimezone(ZONE)
    year = number(match[1]) if match[1] else local.year
    try:
        moment = datetime(
            year or local.year,
            int(match[2]),
            int(match[3]),
            int(match[4] or 23) % 24,
            int(match[5] or 0),
            tzinfo=ZONE,
        )
    except ValueError:
        return None
    return (
        moment.replace(year=moment.year - 1)
        if match[1] is None and moment > local.replace(hour=23, minute=59)
        else moment
    )


_SLOT_CUES = (
    ("cause", ("原因是", "原因为", "病因为", "原因系", "系因", "认定为", "由于", "引发的原因")),
    ("accountability", ("立案", "停职", "免职", "处分", "问责", "追责", "刑事拘留", "行政处罚", "罚款", "吊销", "依法控制", "强制措施", "抓获")),
    ("investigation", ("调查组", "正在调查", "成立调查", "送检", "介入调查", "正在核查", "调查仍在")),
    ("check", ("经核查", "经查", "核查了", "调取", "比对", "走访", "查阅")),
    ("test", ("检测", "检验", "化验", "采样", "合格", "达标", "超标", "监测", "检出", "溶解氧", "断面水质")),
    ("deaths", ("死亡", "遇难", "身亡")),
    ("missing", ("失联", "下落不明", "失踪")),
    ("condition", ("生命体征", "情况稳定", "病情", "无生命危险", "出院", "在院", "重症")),
    ("injured", ("受伤", "就医", "送医", "就诊", "住院", "不适", "呕吐")),
    ("loss", ("直接经济损失", "过火面积")),
    ("next", ("下一步", "将于", "下次", "将继续", "后续")),
    ("contact", ("电话", "热线", "12345", "咨询", "邮箱")),
    ("measure", ("已采取", "封存", "停用", "停止", "疏散", "救治", "排查", "组织", "责令", "派出", "开展", "安排", "退还", "恢复", "转移", "减免", "无害化", "追回", "解除", "清偿", "支付到位", "全面检查", "邀请")),
    ("price", ("元",)),
    ("rule", ("规定", "办法", "条例", "标准", "缴费", "待遇")),
    ("scale", ("涉及", "影响", "共有", "多少人", "多少户", "多大范围", "当班")),
)  # fmt: skip


_UNLESS = {
    "contact": re.compile("(?:不会|不要|切勿|谨防)[^，。]{0,8}(?:电话|热线)|(?:电话|热线)(?:索要|诈骗)"),
    "injured": re.compile(r"住院(?:楼|部|费|收费|账单|患者可|\d+天总)"),
    "test": re.compile(r"检验[^，。]{0,8}(?:\d元|收费)|检验\d+(?:\.\d+)?元"),
}
"""Where a cue misleads: a warning of telephones is no telephone to call, a hospital's bill is no injury."""


def slot_by_rule(text: str) -> str:
    """The slot that a sentence most likely fills, from its words; `other` where none fits."""
    for slot, cues in _SLOT_CUES:
        if any(cue in text for cue in cues) and not (slot in _UNLESS and _UNLESS[slot].search(text)):
            return slot
    return "other"


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate fact in a document or report: its sentence, slot, span, and the report item it came under."""

    text: str
    slot: str
    item: str
    start: int
    end: int


def from_report(text: str) -> list[Found]:
    """Candidate facts of an accident report, sorted into the six items (事故报告六项, contents.toml `accident`).

    Headings of the six items decide where the report has them; else the words of each sentence do. Nothing is verified.
    """
    items = load("contents")["accident"]["items"]
    found: list[Found] = []
    current = ""
    for sentence, start, end in sentences(text):
        head = next((item for item in items if _is_heading(sentence, item)), None)
        if head is not None:
            current = head["name"]
            continue
        item = current or next(
            (i["name"] for i in items if any(cue in sentence for cue in i["cues"])), items[-1]["name"]
        )
        slot = slot_by_rule(sentence)
        if slot == "other":
            slot = next((i["slot"] for i in items if i["name"] == item), "other")
        found.append(Found(closed(sentence), slot, item, start, end))
    return found


def _is_heading(sentence: str, item: dict[str, str]) -> bool:
    """“四、伤亡人数和直接经济损失”: a short numbered line without a closing mark whose words are mostly those of the item."""
    match = re.fullmatch(r"[（(]?[一二三四五六\d]+[）)]?[、.．]?\s*(?P<name>[^。；]{2,26})[：:]?", sentence)
    bare = match["name"] if match else ""
    return bool(bare) and (bare in item["name"] or item["name"] in bare or overlap(bare, item["name"]) >= 0.6)


def from_selection(
    session: Session,
    issue_id: str,
    document_id: str,
    start: int,
    end: int,
    *,
    source: str = "",
    by: str,
    now: datetime,
) -> Fact:
    """A fact from a passage that a person marked in a collected document; the span is kept. Raises NotFound, UsageError."""
    document = session.get(DocumentRow, document_id)
    if document is None:
        raise NotFound(f"没有编号为 {document_id} 的文档")
    if not 0 <= start < end <= len(document.text):
        raise UsageError(f"所选范围 [{start}, {end}] 不在文档正文之内（共 {len(document.text)} 字）")
    return add(
        session, issue_id, document.text[start:end], source=source or document.origin or document.source,
        source_url=document.url, as_of=document.published, document_id=document_id, span=(start, end), by=by, now=now,
    )  # fmt: skip

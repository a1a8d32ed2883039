"""初报, 续报, 终报 (internal reports): what is known item by item; what is not known is written as 待核."""

from __future__ import annotations

from response_kits.drafts._material import Material, earlier
from response_kits.drafts._told import WHEN, account, measures, place
from response_kits.drafts._writer import Writer
from response_kits.drafts.notice import INCIDENT
from response_kits.wording import closed, moment

KIND = "report_first"
KINDS = ("report_first", "report_follow", "report_final")


def write(m: Material, w: Writer) -> str:
    """Fill the writer for any of the three; returns the title."""
    if w.kind == "report_follow":
        return _follow(m, w)
    w.frame("现将有关情况报告如下：" if w.kind == "report_first" else "现将事件处置和调查情况报告如下：")
    if w.kind == "report_first":
        reported = m.issue.reported or m.issue.seen
        w.paragraph()
        w.frame(f"报告时间：{moment(m.now, year=True)}。接报（发现）时间：{moment(reported, year=True)}。")
    for row in w.parts:
        if row["key"] == "casualties" and _nobody_hurt(m):
            continue
        w.paragraph()
        w.frame(f"{row['name']}：")
        known = row["key"] in ("measures", "aftermath") and _derived(m, w, row["key"])
        known = w.facts(m.of(row.get("slots", []))) or known
        if not known and not _derived(m, w, row["key"]):
            if not row.get("unknown"):
                w.unknown("正在核查。")
            w.gap(row["key"])
    w.signature(m.organisation, m.now)
    return f"关于{m.subject}的{'初报' if w.kind == 'report_first' else '终报'}"


def _nobody_hurt(m: Material) -> bool:
    """A matter of rules, fees or manners in which nobody claims that anyone was hurt: 伤亡正在核查 would alarm for nothing."""
    claimed = any((m.issue.casualties or {}).get(key) for key in ("deaths", "injured", "missing"))
    return not (claimed or m.of(["deaths", "injured", "condition", "missing"]) or INCIDENT.search(m.subject))


def _derived(m: Material, w: Writer, key: str) -> bool:
    """What the record itself shows: how the office learnt of it, and the time that the verified account names."""
    if key == "source":
        w.frame("承办单位报告。" if m.issue.reported else "舆情监测发现。")
        return True
    if key == "time":
        for fact in m.of(["what"]):
            match = WHEN.search(fact.text)
            if match:
                w.fact(f"{match[0]}。", fact)
                w.used.discard(fact.id)  # its account is still to be told
                return True
    told = account(m)
    if key in ("time", "place", "nature") and told is not None:
        when = WHEN.search(told.text)
        words = {"time": when[0] if when else "", "place": place(told.text), "nature": told.text}[key]
        if words:
            w.statement(closed(words), told.statement)
        return bool(words)
    if key in ("measures", "aftermath"):
        rows = measures(m, "\n".join(f.text for f in m.facts))
        for row in rows:
            w.statement(row.text, row.statement)
        return bool(rows)
    return False


def _follow(m: Material, w: Writer) -> str:
    """Progress only: facts verified after the last report, numbered on from it."""
    before = earlier(m.session, m.issue.id, "report_first") + earlier(m.session, m.issue.id, "report_follow")
    number = int(m.about.get("number") or sum(1 for d in before if d.kind == "report_follow") + 1)
    since = max((d.published or d.changed for d in before), default=None)
    fresh = [f for f in m.facts if since is None or (f.verified_at or f.at) > since]
    w.frame(f"继前次报告（{moment(since)}）之后，新核实的情况如下：" if since else "新核实的情况如下：")
    w.paragraph()
    if not w.facts(fresh):
        w.unknown("暂无新核实的情况，有关工作正在进行。")
        w.gap("progress")
    w.signature(m.organisation, m.now)
    return f"关于{m.subject}的续报{number}"

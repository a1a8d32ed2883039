"""回复 (answer to a citizen's message): received and thanked, what was found, on which basis, what comes next, whom to ask."""

from __future__ import annotations

from response_kits.drafts._material import Material
from response_kits.drafts._writer import Writer
from response_kits.drafts.notice import contact, reminders
from response_kits.library.policies import citation
from response_kits.wording import opened

KIND = "reply"


def write(m: Material, w: Writer) -> str:
    """Fill the writer; returns the title. `about["message"]` is the message's subject, where it is one message."""
    w.frame("您好！")
    subject = str(m.about.get("message") or m.subject)
    matter = opened(subject)
    tail = "" if matter.endswith("问题") else "的问题"
    w.frame(f"您反映的关于{matter}{tail}已收悉，感谢您对我们工作的关心和支持。现将核实的情况答复如下：")
    w.paragraph()
    later = {"measure", "next", "contact", "accountability"}
    remind = reminders(m)
    known = w.facts(
        [fact for fact in m.facts if fact.slot not in later and fact.slot != "rule" and fact not in remind],
        by_time=True,
    )
    known = w.facts(m.of(["rule"])) or known
    w.paragraph()
    for policy, clause in m.clauses[:3]:
        w.clause(f"根据{citation(policy, clause)}，{_bare(clause.text)}", clause)
    if not known and not m.clauses:
        w.unknown("您反映的情况，承办部门正在核查，核实后将向您答复。")
        w.gap("facts")
    w.paragraph()
    if not w.facts(m.of(["measure", "accountability", "next"]), lead=not known):
        w.gap("measures")
    w.facts(remind, lead=False)
    w.frame("如有新的进展，将及时公布。")
    w.paragraph()
    contact(m, w)
    w.frame("感谢您的来信。")
    w.signature(m.organisation, m.now)
    return f"关于{m.subject}的答复"


def _bare(text: str) -> str:
    """A clause's words without its number."""
    import re

    return re.sub(
        r"^(第[一二三四五六七八九十百零〇0-9]+条|[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）)\s*",
        "",
        text.replace("\n", ""),
    )

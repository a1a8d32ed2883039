"""Which of the sentences that people write are questions that an answer can repeat, and which may stand in a notice in quotes."""

from __future__ import annotations

import re

from response_kits.figures import figures

_ASKS = re.compile(
    "吗[？?]?$|呢[？?]?$|谁|可否|行不行|什么|怎么|怎样|多少|几[点时天个人]|哪[里儿些个天]|何时|何处|如何|是否|能不能|会不会|有没有|要不要|是不是|算不算|为何"
)
_WANTS = re.compile("^(?:请求|要求|建议|希望|恳请|请(?:政府|有关|尽快|立即|公开|公布))")
_CHATTER = re.compile(
    "[女儿妈爸丝]问|阿婆|摆摊|给个说法|朋友|懂行|懂的|又又|中文吗|博主|来源吗|数学|谁认识|你[爸妈]|求证|刚看到|指路|兄弟|老铁|姐妹|楼[上下]|听我说|你们?敢|甩锅|凭什么|骗谁|装[傻睡]|气没|科普|这个意思|呵呵|笑死|那个[“‘]|[“‘]那个|说说|求转"
)
_BROKEN = re.compile(r"^[一二三四五六七八九十\d]+[、.]|^[（(]|[；;：:、，~～]$|^问|[#@【]|^.{1,4}：")
_POINTING = re.compile("^(?:这|那)(?:句话|个意思|么说|样说)|^(?:所以|但是|可是|不过|而且|然后)")
"""Leans on what stood before it: nobody knows what is asked."""
_PERSONAL = re.compile("我|你|她|他|咱|自家|孩子爸")
_CHARGED = ("死", "瞒", "毒", "内幕", "黑", "骗", "贪", "强", "赔", "伤", "偷", "假", "敢")
LONGEST = 40
PLAIN = 20


def usable(text: str) -> bool:
    """One whole question or request of at most LONGEST characters, no chatter, no piece of a list: fit for a Q&A."""
    said = text.strip()
    whole = not re.search(r"[。！!\s]", said.rstrip("。！!？? "))
    return (
        4 <= len(said) <= LONGEST
        and whole
        and said.count("，") <= 2
        and bool(_ASKS.search(said) or _WANTS.search(said))
        and not _CHATTER.search(said)
        and not _BROKEN.search(said)
        and not _POINTING.search(said)
    )


def cut(text: str) -> str:
    """A sentence without what follows its last asking clause: 电梯为何下滑，检验机构正在拆检。 → 电梯为何下滑？"""
    said = text.strip().rstrip("。；;，, ")
    clauses = re.split("[，,]", said)
    asking = [at for at, clause in enumerate(clauses) if _ASKS.search(clause)]
    if asking and asking[-1] < len(clauses) - 1 and not said.endswith(("？", "?")):
        return "，".join(clauses[: asking[-1] + 1]) + "？"
    return said


def of_one(text: str) -> bool:
    """Speaks of somebody's own case or to somebody in particular: one asker's words, no question for a whole hall."""
    return bool(_PERSONAL.search(text.replace("我们", "").replace("我市", "").replace("其他", "")))


def plain(text: str) -> bool:
    """May a public notice repeat it in quotes? A short question by itself: nobody's own case, no number, no charge."""
    from response_kits.facts import slot_by_rule

    return (
        usable(text)
        and len(text) <= PLAIN
        and not _WANTS.search(text)
        and not _PERSONAL.search(text)
        and slot_by_rule(text) == "other"
        and not figures(text)
        and not any(word in text for word in _CHARGED)
        and not re.search("那个|这个|那边|[“”‘’]", text)
    )

"""Checkable sentences of a text: those that state a figure, casualties, or an act at a place or time.

Opinions, questions to an office and bare appeals are no claims. A claim is a mapping with `text`, `who`, `what`, `where`,
`when`, `how_many` (strings as written, empty where the sentence does not say) and `span` ([start, end], character offsets).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from huiyin.document import Place
from nlp.stages import places

LIMIT = 8
"""Most claims of one text: the first ones, in order."""

_HOW_MANY = re.compile(
    r"[0-9０-９一二两三四五六七八九十百千数][0-9０-９,.一二两三四五六七八九十百千]{0,11}(?:多|余|几)?(?:亿|万|千|百)?(?:多|余)?"
    r"(?:人(?![民大])|名|元|块钱|吨|例|户|亩|公里|平方米|平米|辆|起|次|倍|%|％|头|只|家|栋|岁|天|个月|小时|所|个)"
)
# Two patterns, each with a plain first sign, so that the engine need not try every place.
_DATE = re.compile(
    r"[0-9]{1,4}(?:年(?:[0-9]{1,2}月(?:[0-9]{1,2}[日号])?)?|月(?:[0-9]{1,2}[日号])?|[./-][0-9]{1,2}[./-][0-9]{1,2}日?|日(?=上午|中午|下午|晚|凌晨|[0-9]))"
    r"(?:上午|中午|下午|晚上?|凌晨|清晨|早上)?(?:[0-9]{1,2}[时点:：](?:[0-9]{1,2}分?)?)?"
)
_DAY = re.compile(
    r"今天|今日|今晨|今晚|今早|昨天|昨日|昨晚|前天|今年|去年|上周|本周|上月|本月|近日|日前|目前|凌晨"
)
_ACT = re.compile(
    r"发生|造成|导致|死亡|遇难|身亡|受伤|失踪|确诊|感染|爆炸|起火|坍塌|泄漏|中毒|拖欠|收取|收费|强拆|拆除|贪污|受贿|挪用|套取|殴打|打死|打伤|抓获|拘留|查处|关闭|停工|停水|停电|"
    r"停课|封城|涨价|降价|出台|实施|取消|宣布|通报|证实|要求|规定|禁止|允许|排放|污染|倒闭|跑路|举报|倒塌|拐卖|绑架|撞|出现|发现|检出|超标|批准|开工|完工|承诺|发布|致癌|含有|添加"
)
_SAYING = ("通报", "证实", "发布", "宣布", "举报")
_SOURCE = re.compile(r"据([^，。,：:]{2,14}?)(?:消息|通报|报道|称|介绍|透露|统计|了解)")
_BODY_END = re.compile(
    r"公司|医院|学校|小学|中学|大学|幼儿园|派出所|公安局|政府|村委会|委员会|卫健委|物业|开发商|工厂|集团|法院|教育局|城管|管理局|办事处|银行"
)
_NAME = re.compile(r"[\u4e00-\u9fffA-Z0-9]{0,10}$")
_OPINION = re.compile(
    r"^(?:希望|建议|请|望|恳请|祝|愿|感谢|谢谢|求|呼吁|难道|为什么|怎么|如何|是不是|您好|尊敬)"
)
Located = Sequence[tuple[int, Place]]
_SENTENCE = re.compile(r"[^。！？!?\n；;]{6,300}[。！？!?\n；;]?")


def find(text: str, located: Located | None = None) -> tuple[dict[str, Any], ...]:
    """The first LIMIT checkable sentences of `text`, in order; `located`: its `places.mentions`, where known."""
    first = _ACT.search(text)
    if first is None:
        return ()
    if located is None:
        located = places.mentions(text)
    out: list[dict[str, Any]] = []
    for match in _SENTENCE.finditer(text):
        if match.end() <= first.start():
            continue
        act = _ACT.search(text, match.start(), match.end())
        if act is None:
            continue
        claim = _claim(match, act, located)
        if claim is not None:
            out.append(claim)
            if len(out) == LIMIT:
                break
    return tuple(out)


def _claim(match: re.Match[str], act: re.Match[str], located: Located) -> dict[str, Any] | None:
    raw = match[0]
    sentence = raw.strip(" \t\r\n\u3000")
    if _OPINION.match(sentence) or (
        sentence.endswith("？") and "网传" not in sentence and len(sentence) > 40
    ):
        return None
    # 据消防部门通报 is the source of the claim, not what it claims.
    if act[0] in _SAYING:
        others = _ACT.finditer(match.string, *match.span())
        act = next((other for other in others if other[0] not in _SAYING), act)
    counted = _HOW_MANY.search(sentence)
    when = _DATE.search(sentence) or _DAY.search(sentence)
    who = _who(sentence)
    begin, end = match.span()
    where = next((place.name for offset, place in located if begin <= offset < end), "")
    # One anchor besides the act makes a sentence checkable: a figure, a time, a place, or a named body.
    if not (counted or when or where or who):
        return None
    start = match.start() + len(raw) - len(raw.lstrip(" \t\r\n\u3000"))
    return {
        "text": sentence,
        "who": who,
        "what": _clause_around(sentence, act, start),
        "where": where,
        "when": when[0] if when else "",
        "how_many": counted[0] if counted else "",
        "span": [start, start + len(sentence)],
    }


def _who(sentence: str) -> str:
    """The source that the sentence names (据…通报), else the first public or private body; empty where there is none."""
    if source := _SOURCE.search(sentence):
        return source[1]
    if not (end := _BODY_END.search(sentence)):
        return ""
    before = _NAME.search(sentence, max(0, end.start() - 10), end.start())
    return (before[0] if before else "") + end[0]


def _clause_around(sentence: str, act: re.Match[str], start: int) -> str:
    """The clause that holds the act, without its time."""
    place = act.start() - start
    left = max((sentence.rfind(sign, 0, place) for sign in "，,：:、"), default=-1) + 1
    ends = [found for sign in "，,。；！？" if (found := sentence.find(sign, place)) != -1]
    return sentence[left : min(ends, default=len(sentence))].strip()

"""Numbers in Chinese text: value, unit, and what is counted; full-width and Chinese digits, 万 and 亿, 多 and 余."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from response_kits.library.identify import number as whole_number

_UNITS = (
    "万元|亿元|元|人|名|例|户|家|所|起|件|处|台|辆|条|批次|批|份|项|次|岁|倍|个百分点|个工作日|个小时|个月|个区|个|小时|分钟|天|日|周|年|年级|公里|千米"
    "|米|毫米|平方米|平方公里|亩|公顷|吨|公斤|千克|克|毫克|升|立方米|度|%|％|℃|mg/L"
)
_FIGURE = re.compile(
    r"(?P<about>近|约|逾|超过|超|至少|不足|不到|最多)?"
    r"(?:(?P<arabic>\d+(?:,\d{3})*(?:\.\d+)?)|(?P<chinese>[一二两三四五六七八九十百千零〇]{1,8}))"
    r"(?P<more>多|余|几|来)?(?P<scale>万|亿|千|百)?(?P<more2>多|余)?\s*(?P<unit>" + _UNITS + r")"
)
_PERCENT_WORDS = re.compile(r"百分之(?P<n>[一二两三四五六七八九十百零〇点\d.]+)")
_SCALES = {"": 1.0, "百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}
# What a number of people (or 例, 名) counts: the nearest cue around it decides. Order is the order of trying.
_COUNTS = (
    ("deaths", ("死亡", "遇难", "身亡", "丧生", "死了", "罹难", "不治", "去世", "抢救无效")),
    ("missing", ("失联", "下落不明", "失踪", "被困")),
    ("severe", ("重伤", "重症", "危重", "病危")),
    ("hospital", ("住院", "留观", "收治")),
    ("discharged", ("出院", "离院", "返家", "回家")),
    ("injured", ("受伤", "轻伤", "伤者", "送医", "就医", "就诊", "不适", "呕吐", "烧伤", "感染", "发病")),
    ("paid", ("支付", "发放", "兑付", "到账", "退还", "退费")),
    ("owed", ("拖欠", "欠薪", "欠款")),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `value` in the base unit (万元 → 元), `what` a key of what it counts or "", `vague` for 多, 余, 约, 近."""

    value: float
    unit: str
    what: str
    vague: bool
    text: str
    start: int
    end: int


def figures(text: str) -> list[Figure]:
    """All numbers with a unit, in order. Dates (11月24日, 2026年) and ordinals (第3小学) are no figures."""
    plain = (
        unicodedata.normalize("NFKC", text) if len(unicodedata.normalize("NFKC", text)) == len(text) else text
    )
    return [f for f in _scan(plain) if f is not None]


def _scan(text: str) -> Iterator[Figure | None]:
    for match in _FIGURE.finditer(text):
        before = text[max(0, match.start() - 2) : match.start()]
        unit = match["unit"].replace("％", "%")
        if before.endswith("第") or _is_date(text, match, unit):
            continue
        value = _value(match)
        if value is None:
            continue
        if unit in ("万元", "亿元"):
            value, unit = value * _SCALES[unit[0]], "元"
        if unit in ("名", "例"):
            unit = "人"
        vague = bool(match["about"] or match["more"] or match["more2"])
        yield Figure(round(value, 6), unit, _counted(text, match.start(), match.end(), unit), vague, match[0],
                     match.start(), match.end())  # fmt: skip


def _value(match: re.Match[str]) -> float | None:
    if match["arabic"]:
        base: float | None = float(match["arabic"].replace(",", ""))
    else:
        found = whole_number(match["chinese"])
        base = float(found) if found is not None else None
    return None if base is None else base * _SCALES[match["scale"] or ""]


def _is_date(text: str, match: re.Match[str], unit: str) -> bool:
    """年 and 日 after a month or as a calendar year, 一个 and 一次 as mere articles."""
    if unit == "年" and match["arabic"] and len(match["arabic"]) == 4:
        return True
    if unit == "日" and text[max(0, match.start() - 1) : match.start()] == "月":
        return True
    return match[0] in (
        "一个",
        "一次",
        "一条",
        "一份",
        "一件",
        "一起",
        "一家",
        "一项",
        "一度",
        "十分",
        "一处",
        "一天",
        "一日",
    )


def _counted(text: str, start: int, end: int, unit: str) -> str:
    if unit == "人" and _ROLE.match(text, end):
        return ""  # one of the staff is no casualty
    left = max(text.rfind(mark, 0, start) for mark in "，。；！？：\n、（") + 1
    rights = [at for mark in "，。；！？：\n、（）" if (at := text.find(mark, end)) >= 0]
    right = min(rights, default=len(text))
    best, nearest = "", 99
    for key, cues in _COUNTS:
        money = key in ("paid", "owed")
        if money != (unit == "元") or (not money and unit not in ("人", "个")):
            continue
        for cue in cues:
            for at in (text.find(cue, end, right), text.rfind(cue, left, start)):
                if at >= 0:
                    gap = at - end if at >= end else start - (at + len(cue))
                    if gap < nearest:
                        best, nearest = key, gap
    # Villagers who went home were moved, not treated.
    return "" if best == "discharged" and _MOVED.search(text, left, right) else best


_ROLE = re.compile(r"(?:帮厨|厨师|工作|管理|从业|医护|值班|执法)人?员?")
_MOVED = re.compile("转移|疏散|撤离|安置")
_UNKNOWN_SLOT = {
    "deaths": "deaths",
    "missing": "missing",
    "injured": "injured",
    "severe": "injured",
    "hospital": "injured",
}


def slot_of(figure: Figure) -> str:
    """The fact slot (contents.toml) that a figure belongs to, or ""."""
    return _UNKNOWN_SLOT.get(figure.what, "")


def same(left: Figure, right: Figure) -> bool:
    """Do two figures that count the same thing say the same? A vague one agrees within a tenth."""
    if left.vague or right.vague:
        return abs(left.value - right.value) <= 0.1 * max(left.value, right.value)
    return left.value == right.value

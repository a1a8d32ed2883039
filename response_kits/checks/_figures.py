"""Figures, dates, times, document numbers and codes of a folded text as typed items that can be compared across spellings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nlp.reading.numbers import value as whole

_CN = "零〇一二两三四五六七八九十百千"
_N = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|[{_CN}]+(?:点[{_CN}]+)?|半)"
_CLOCK = r"(?P<half>凌晨|清晨|早上|早晨|早|上午|中午|下午|傍晚|晚上|晚间|晚|夜间|夜里|深夜)?"
# The longest form that fits decides.
_BEFORE = {
    "least": ("至少", "最少", "起码", "不少于", "不低于", "不小于", "不得少于", "不得低于", "不足的至少"),
    "most": ("至多", "最多", "不超过", "不高于", "不多于", "不大于", "不得超过", "不得高于"),
    "above": ("超过", "超", "超出", "高于", "多于", "大于", "突破", "逾", "高出", "未低于", "没有低于"),
    "below": (
        "低于",
        "少于",
        "小于",
        "不足",
        "不到",
        "不满",
        "未满",
        "未超过",
        "没有超过",
        "未超出",
        "没有超出",
    ),
    "near": ("近", "接近", "将近"),
    "about": ("约", "大约", "大概", "约为", "约有", "大致"),
}
_AFTER = {
    "over": ("余", "多"), "up": ("以上", "及以上", "之上"), "down": ("以下", "及以下"),
    "about": ("左右", "上下", "许"),
}  # fmt: skip
_LEXICAL = re.compile(
    r"[上下]半年|一(?:些|定|直|样|般|方面|旦|律|致|体|并|站|下|时|带|度(?!电)|切|概|如|经|向|贯|系列|线|步|旁|边|同|共|手|心|气|味|路(?!口)|把|批|点|番|股|卡|网|窗)"
    r"|(?:统|唯|同|逐|之|万|进|单|专|划|第)一(?![条批中小实附高次届人医期项轮季]|季度)|十分(?!钟)|千方|百姓|四周|三峡|百年|万一|五一|十一(?=黄金|长假)|两岸|两侧|两边|两旁|二次|二手|三方|双一流|八一|九龙|四川|三亚|一百一|七一|百货|千瓦(?!时)|百强|两会"
)


@dataclass(frozen=True, slots=True)
class Item:
    """`kind`: num, date, time, doc, code, rel. `key` by kind: (value, unit), (year, month, day), (hour, minute, half of the day), (year, serial,
    code before it), (letters,), (word,). `about`: "", about, near, over (余), above (超过), below, least (至少), most, up (以上), down (以下)."""

    kind: str
    key: tuple[object, ...]
    start: int
    end: int
    about: str = ""
    ordinal: bool = False


@cache
def units() -> dict[str, tuple[str, float]]:
    rows = (Path(__file__).with_name("units.tsv")).read_text("utf-8").splitlines()
    return {
        name: (base, float(factor))
        for name, base, factor in (r.split("\t") for r in rows if r and r[0] != "#")
    }


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    unit = "|".join(re.escape(u) for u in sorted(units(), key=len, reverse=True))
    year = r"(?:\d{4}|[零〇一二三四五六七八九]{4})"
    two = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
    return (
        ("link", re.compile(r"https?://[\w./?=&%#-]+|www\.[\w./?=&%#-]+|[\w.]{1,64}@[\w.]{1,255}")),
        ("doc", re.compile(r"(?P<code>[\u4e00-\u9fff]{0,8})[〔\[(【]\s*(?P<y>\d{4})\s*年?[〕\])】]\s*第?\s*(?P<s>\d{1,5})\s*号")),
        ("pct", re.compile(rf"百分之(?P<n>{_N})|(?P<n2>{_N})%|(?P<n3>{_N})个百分点")),
        ("part", re.compile(rf"(?P<d>{_N})分之(?P<n>{_N})")),
        ("none", _LEXICAL),
        ("code", re.compile(r"(?<![\da-z])[a-z]+\d+")),
        ("code", re.compile(r"(?<!\d)0\d{2,3}[- ]{1,2}\d{5,8}(?!\d)|(?<![\d.])(?:1[3-9]\d{9}|\d{7,}|\d{6}(?!\d|[\u4e00-\u9fff])|400-?\d{3}-?\d{4})(?![\d.,]|\s*(?:元|平|个|人|户))|\d{4}-\d{7,8}")),
        ("iso", re.compile(r"(?<!\d)(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d\d(?=\d{1,2}[时点:])|\d{1,2}(?!\d))")),
        ("date", re.compile(rf"(?<!\d)(?P<y>{year})\s*年度?(?!级)\s*(?:(?P<m>{two})\s*月份?(?:\s*(?P<d>{two})\s*(?:日|号(?!线|楼|店|院|公告|文)))?)?")),
        ("date", re.compile(rf"(?<![\d个{_CN}.])(?P<y>)(?P<m>{two})\s*月份?(?:\s*(?P<d>{two})\s*(?:日|号(?!线|楼|店|院)))?")),
        ("date", re.compile(rf"(?<![\d{_CN}])(?P<y>)(?P<m>{two})(?P<d>)(?=[至到~-]{two}月)")),
        ("day", re.compile(rf"(?<![\d月{_CN}./续期共达满近])(?P<d>{two})日(?!内|后|以|左右|之内|游|均|常|元|照)")),
        ("time", re.compile(_CLOCK + rf"\s*(?<![\d.])(?P<h>{two})(?:时(?!间|候|段)|点(?!多|零?[一二三四五六七八九]?[^\d分半整一二三四五六七八九]*%)(?=[\d分半整至到-]|[一二三四五六七八九十零]{{1,3}}分|许|左右|钟|，|。|前|后|以|开|在|的|$|[^\d个]))\s*(?:(?P<mi>{two}|零[一二三四五六七八九]|\d\d)分?|(?P<hf>半)|整)?")),
        ("time", re.compile(_CLOCK + r"\s*(?<![\d:])(?P<h>\d{1,2}):(?P<mi>\d\d)(?::\d\d)?(?!\d)(?P<hf>)")),
        ("rel", re.compile(r"今年|去年|明年|前年|今日|今天|昨日|昨天|昨晚|昨夜|今晚|明日|明天|前天|后天|本月|上月|下月|上个月|下个月|本周|上周|下周|当日|当天|次日|(?:星期|周|礼拜)[一二三四五六日天](?!期|边|围)")),
        ("times", re.compile(r"翻一番|翻番|翻两番|减半|一半")),
        ("num", re.compile(rf"(?P<ord>第)?(?P<n>{_N})(?P<more>余|多|几|来)?(?P<scale>万亿|千万|百万|十万|[十百千万亿])?(?P<more2>余|多)?\s*(?P<unit>{unit})?(?P<more3>余|多)?")),
        ("code", re.compile(r"[a-z]+\d*[a-z]*")),
    )  # fmt: skip


def read(text: str) -> list[Item]:
    """Items of a folded text, in order, without overlaps."""
    taken = bytearray(len(text))
    found: list[Item] = []
    for name, pattern in _patterns():
        for match in pattern.finditer(text):
            if any(taken[match.start("y") if name == "doc" else match.start() : match.end()]):
                continue
            item = Item("", (), *match.span()) if name == "none" else _item(name, match, text)
            if item is not None:
                taken[item.start : item.end] = b"\1" * (item.end - item.start)
                if item.kind:
                    found.append(item)
    return sorted(found, key=lambda item: item.start)


def _item(name: str, m: re.Match[str], text: str) -> Item | None:
    start, end = m.span()
    if name == "link":
        return Item("code", (m[0].rstrip("/"),), start, end)
    if name == "code":
        return Item("code", (re.sub(r"[\s-]", "", m[0]),), start, end)
    if name == "doc":
        return Item("doc", (int(m["y"]), int(m["s"]), m["code"]), m.end("code"), end)
    if name in ("iso", "date", "day"):
        return _date(name, m)
    if name == "time":
        return _time(m)
    if name == "rel":
        return Item(
            "rel",
            (_REL.get(m[0], m[0].replace("星期", "周").replace("礼拜", "周").replace("周天", "周日")),),
            start,
            end,
        )
    if name == "times":
        value, unit = {"翻一番": (2.0, "倍"), "翻番": (2.0, "倍"), "翻两番": (4.0, "倍")}.get(
            m[0], (50.0, "%")
        )
        return Item("num", (value, unit), start, end)
    if name == "part":
        over, under = number(m["n"]), number(m["d"])
        return (
            Item("num", (round(100 * over / under, 6), "%"), start, end, _about(text, start, end))
            if over and under
            else None
        )
    if name == "pct":
        value_ = number(m["n"] or m["n2"] or m["n3"])
        return (
            None
            if value_ is None
            else Item("num", (value_, "百分点" if m["n3"] else "%"), start, end, _about(text, start, end))
        )
    return _number(m, text)


_REL = {
    "今天": "今日",
    "昨天": "昨日",
    "明天": "明日",
    "当天": "当日",
    "上个月": "上月",
    "下个月": "下月",
    "昨夜": "昨晚",
}


def _date(name: str, m: re.Match[str]) -> Item | None:
    groups = m.groupdict()
    year = _year(groups.get("y") or "")
    month = _small(groups.get("m"))
    day = _small(groups.get("d"))
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31) or year == 0:
        return None
    if name == "date" and year is None and month is None:
        return None
    return Item("date", (year, month, day), m.start(), m.end())


def _year(text: str) -> int | None:
    if not text:
        return None
    digits = "".join(
        str("零一二三四五六七八九".index(c.replace("〇", "零"))) if not c.isdigit() or c in "〇零" else c
        for c in text
    )
    value_ = int(digits)
    return value_ if 1800 <= value_ <= 2200 else 0


def _small(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if text.isdigit() and text.isascii() else whole(text)


def _time(m: re.Match[str]) -> Item | None:
    hour = _small(m["h"])
    minute = 30 if m["hf"] else _small((m["mi"] or "").lstrip("零") or None) or 0
    if hour is None or hour > 24 or minute > 59:
        return None
    half = m["half"] or ""
    if (
        half in ("下午", "傍晚", "晚上", "晚间", "晚", "夜间", "夜里", "深夜")
        and 1 <= hour < 12
        and not (half in ("深夜", "夜间", "夜里") and hour < 5)
    ):
        hour += 12
    if half == "中午" and hour in (1, 2):
        hour += 12
    side = (
        "am"
        if half in ("凌晨", "清晨", "早上", "早晨", "早", "上午")
        else "pm"
        if half and half != "中午"
        else ""
    )
    return Item("time", (hour, minute, side), m.start(), m.end())


_SCALES = {
    "": 1.0,
    "十": 1e1,
    "百": 1e2,
    "千": 1e3,
    "万": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "万亿": 1e12,
}


def number(written: str | None) -> float | None:
    """The value of a number in digits or Chinese: 1,200.5, 十二, 三点五, 半; None where it is none."""
    if not written:
        return None
    if written == "半":
        return 0.5
    if written[0].isdigit() and written[0].isascii():
        return float(written.replace(",", ""))
    head, _, tail = written.partition("点")
    base = whole(head) if head else 0
    if base is None:
        return None
    if not tail:
        return float(base)
    return float(
        f"{base}."
        + "".join(
            str("零一二三四五六七八九".find(c.replace("〇", "零").replace("两", "二")))
            for c in tail
            if c not in "十百千"
        )
    )


def _number(m: re.Match[str], text: str) -> Item | None:
    raw, unit_text = m["n"], m["unit"] or ""
    chinese = not raw[0].isascii()
    if (
        chinese
        and not unit_text
        and not m["ord"]
        and (len(raw) < 2 or not m["scale"])
        and not (len(raw) >= 2 and set(raw) & set("十百千"))
    ):
        return None
    if chinese and raw in "十百千" and not m["scale"] and not unit_text:
        return None
    value_ = number(raw)
    if value_ is None:
        return None
    base, factor = units().get(unit_text, ("", 1.0))
    value_ = round(value_ * _SCALES[m["scale"] or ""] * factor, 6)
    about = "over" if m["more"] or m["more2"] or m["more3"] else _about(text, m.start(), m.end())
    if m["more"] in ("几", "来"):
        about = "about"
    return Item("num", (value_, base), m.start(), m.end(), about, bool(m["ord"]))


_FAR = re.compile(r"(至少|最少|不少于|至多|最多)[\u4e00-\u9fff]{1,4}$")


def _about(text: str, start: int, end: int) -> str:
    before, after = text[max(0, start - 4) : start].rstrip(), text[end : end + 4].lstrip()
    for words, side in ((_AFTER, after), (_BEFORE, before)):
        best = ("", 0)
        for name, forms in words.items():
            for form in forms:
                fits = side.startswith(form) if words is _AFTER else side.endswith(form)
                if fits and form == "约" and before[-2:-1] and before[-2] in "签预合节制违履公条特邀契":
                    continue
                if fits and len(form) > best[1]:
                    best = (name, len(form))
        if best[1]:
            return best[0]
    far = _FAR.search(text, max(0, start - 8), start)
    return ("least" if far[1] in _BEFORE["least"] else "most") if far else ""


def items_between(items: list[Item], start: int, end: int) -> Iterator[Item]:
    """Those that lie within a span."""
    return (item for item in items if start <= item.start and item.end <= end)

"""When a page was published: by-line, meta tags, JSON-LD, <time>, address; absolute or relative; always aware."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_CLOCK = r"(?P<half>上午|下午|晚上|晚|早上|凌晨|中午|am|pm)?\s*(?P<H>[012]?\d)\s*(?:[:：]\s*(?P<M>[0-5]\d)(?:\s*[:：]\s*(?P<S>[0-5]\d))?(?:[.,]\d{1,9})?(?:\s*(?P<after>[ap]m)\b)?|[时点](?:\s*(?P<M2>[0-5]?\d)\s*分)?(?:\s*(?P<S2>[0-5]?\d)\s*秒)?)"
_ZONE = r"(?:\s*(?P<zone>Z|UTC|GMT|[+-][01]\d:?[0-5]\d)(?![\w]))?"
_GAP = r"(?:\s*日)?[\sT,，|·\-—]*(?:[(（]?(?:星期|周|礼拜)[一二三四五六日天][)）]?)?[\s,，|·]*"
_ABSOLUTE = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)\s*(?:(?:[-/.]|(?<=\s)(?=\d\d?\s*/))\s*(?P<m>[01]?\d)\s*[-/.]\s*(?P<d>[0-3]?\d)(?!\d)|年\s*(?P<m2>[01]?\d)\s*月\s*(?P<d2>[0-3]?\d)\s*日?)"
    rf"(?:{_GAP}(?<![0-9]){_CLOCK}{_ZONE})?|(?<!\d)(?P<y3>20\d\d)(?P<m3>[01]\d)(?P<d3>[0-3]\d)T(?P<H3>[0-2]\d):?(?P<M3>[0-5]\d)",
    re.IGNORECASE,
)
_NO_YEAR = re.compile(
    rf"(?<![\d\-/.年])(?P<m>[01]?\d)\s*(?:月\s*(?P<d>[0-3]?\d)\s*日|[-/]\s*(?P<d2>[0-3]\d)(?![\d\-/]))(?:{_GAP}{_CLOCK})?",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    rf"\b(?:(?P<mon>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+|(?P<d2>\d{{1,2}})\s+(?P<mon2>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?,?\s+)"
    rf"(?P<y>(?:19|20)\d\d)(?:[\s,]*(?:at\s+)?{_CLOCK}{_ZONE})?",
    re.IGNORECASE,
)
_HAN = re.compile(
    r"(?P<y>[二一][〇○零О0一二三四五六七八九]{3})年(?P<m>[一二三四五六七八九十]{1,2})月(?P<d>[一二三四五六七八九十]{1,3})日"
)
_AGO = re.compile(
    r"(?P<n>\d{1,3}|半|[一二两三四五六七八九十])\s*个?(?P<unit>秒钟?|分钟?|小时|天|日|周|星期|月)(?:之?前)"
)
_DAY = re.compile(rf"(?P<day>今天|今日|昨天|昨日|前天)(?:\s*{_CLOCK})?", re.IGNORECASE)
_NOW = re.compile(r"刚刚|刚才|just now", re.IGNORECASE)
_URL = re.compile(r"(?<!\d)(20\d\d)[-/_]?([01]\d)[-/_]?([0-3]\d)(?!\d)")
_LABEL = re.compile(
    r"(?:发布|发表|发文|发稿|成文|刊发|公布|上网|录入|信息)?(?:时间|日期)\s*[:：]|发布于|发表于|publish",
    re.IGNORECASE,
)
_UPDATED = re.compile(r"更新|修改|updated|modified|截至|截止|访问|登录", re.IGNORECASE)
_MONTHS = {
    m: i
    for i, m in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_DIGITS = {
    **{c: i for i, c in enumerate("〇一二三四五六七八九")},
    "零": 0,
    "○": 0,
    "О": 0,
    "0": 0,
    "两": 2,
    "十": 10,
    "半": 0,
}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as found. `precise`: it states a clock time, not the day alone; `position` in the text it came from."""

    when: datetime
    precise: bool
    position: int = 0
    relative: bool = False


def local(now: datetime | None) -> datetime:
    """`now`, or the present, in Asia/Shanghai."""
    if now is None:
        return datetime.now(SHANGHAI)
    return now.replace(tzinfo=SHANGHAI) if now.tzinfo is None else now.astimezone(SHANGHAI)


def _zone(text: str | None) -> tzinfo:
    if not text:
        return SHANGHAI
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _clock(groups: dict[str, str | None]) -> tuple[int, int, int] | None:
    if groups.get("H3"):
        return int(groups["H3"] or 0), int(groups["M3"] or 0), 0
    if not groups.get("H"):
        return None
    hour = int(groups["H"] or 0)
    half = (groups.get("half") or groups.get("after") or "").lower()
    if half in ("下午", "晚上", "晚", "pm") and hour < 12:
        hour += 12
    return hour, int(groups.get("M") or groups.get("M2") or 0), int(groups.get("S") or groups.get("S2") or 0)


def _moment(year: int, month: int, day: int, match: re.Match[str], now: datetime) -> Moment | None:
    groups = match.groupdict()
    clock = _clock(groups)
    try:
        when = datetime(year, month, day, *(clock or (0, 0, 0)), tzinfo=_zone(groups.get("zone")))
    except ValueError:  # the 31st of June, hour 25: not a time
        return None
    if when > now + timedelta(days=2):
        return None
    return Moment(when, clock is not None, match.start())


def absolute(text: str, now: datetime) -> Iterator[Moment]:
    """Times with a year in `text`, in order; later than `now` plus two days are passed over."""
    for match in _ABSOLUTE.finditer(text):
        g = match.groupdict()
        year, month, day = (g["y"] or g["y3"], g["m"] or g["m2"] or g["m3"], g["d"] or g["d2"] or g["d3"])
        found = _moment(int(year), int(month), int(day), match, now)
        if found:
            yield found
    for match in _ENGLISH.finditer(text):
        g = match.groupdict()
        found = _moment(
            int(g["y"]), _MONTHS[(g["mon"] or g["mon2"]).lower()[:3]], int(g["d"] or g["d2"]), match, now
        )
        if found:
            yield found
    for match in _HAN.finditer(text):
        year = int("".join(str(_DIGITS[c]) for c in match["y"]))
        found = _moment(year, _han(match["m"]), _han(match["d"]), match, now)
        if found:
            yield found


def _han(text: str) -> int:
    """一 … 三十一 as a number."""
    if "十" not in text:
        return _DIGITS.get(text, 0)
    tens, _, ones = text.partition("十")
    return (
        _DIGITS.get(tens, 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)
        if tens
        else 10 + (_DIGITS.get(ones, 0) if ones else 0)
    )


def relative(text: str, now: datetime) -> Iterator[Moment]:
    """刚刚, 5分钟前, 3小时前, 昨天 12:30, and dates without a year (this year's, or last year's where it is not yet)."""
    if match := _NOW.search(text):
        yield Moment(now, True, match.start(), True)
    for match in _AGO.finditer(text):
        yield _ago(match, now)
    for match in _DAY.finditer(text):
        back = {"今": 0, "昨": 1, "前": 2}[match["day"][0]]
        day = now - timedelta(days=back)
        clock = _clock(match.groupdict())
        if clock is None and len(text) > 12:
            continue  # 今天 in a sentence says nothing of the page
        found = _moment(day.year, day.month, day.day, match, now + timedelta(days=1))
        if found:
            yield Moment(found.when, clock is not None, match.start(), True)
    for match in _NO_YEAR.finditer(text):
        month, date = int(match["m"]), int(match["d"] or match["d2"])
        found = _moment(now.year, month, date, match, now) or _moment(now.year - 1, month, date, match, now)
        if found:
            yield Moment(found.when, found.precise, match.start(), True)


def _ago(match: re.Match[str], now: datetime) -> Moment:
    count: float = (
        0.5
        if match["n"] == "半"
        else float(_DIGITS[match["n"]])
        if match["n"] in _DIGITS
        else float(match["n"])
    )
    unit = match["unit"][0]
    seconds = {
        "秒": 1,
        "分": 60,
        "小": 3600,
        "天": 86400,
        "日": 86400,
        "周": 604800,
        "星": 604800,
        "月": 2592000,
    }[unit]
    return Moment(now - timedelta(seconds=count * seconds), unit in "秒分小", match.start(), True)


def from_url(url: str, now: datetime) -> Moment | None:
    """The day that an address states: /2026-11/24/, /20261124/, t20261124_, /2026/11/24/."""
    for match in _URL.finditer(url):
        year, month, day = map(int, match.groups())
        found = _moment(year, month, day, match, now)
        if found:
            return found
    return None


def stamp(value: str, now: datetime) -> Moment | None:
    """A time from a meta tag, JSON-LD or a datetime attribute: ISO, Chinese, or seconds since 1970."""
    value = value.strip()
    if re.fullmatch(r"1\d{9}(?:\d{3})?", value):
        when = datetime.fromtimestamp(int(value[:10]), SHANGHAI)
        return Moment(when, True) if when <= now + timedelta(days=2) else None
    if match := re.fullmatch(
        r"(20\d\d)([01]\d)([0-3]\d)(?P<H>[0-2]\d)?(?P<M>[0-5]\d)?(?P<S>[0-5]\d)?", value
    ):
        return _moment(int(match[1]), int(match[2]), int(match[3]), match, now)
    return next(absolute(value, now), None) or next(relative(value, now), None)


def in_line(text: str, now: datetime) -> tuple[float, Moment] | None:
    """The likeliest time of publication in one line, with how much it looks like a by-line (higher is better)."""
    found = list(absolute(text, now)) or list(relative(text, now))
    best: tuple[float, Moment] | None = None
    for moment in found:
        if moment.relative and not moment.precise and len(text) > 30:
            continue  # 11月19日 in a sentence is the day of what it tells
        before = text[max(0, moment.position - 14) : moment.position]
        rating = 1.0 + moment.precise * 1.0 - moment.relative * 0.3 - len(text) / 200
        labels = list(_LABEL.finditer(before))
        if labels:
            rating += 1.0
        if _UPDATED.search(before[-9:]):
            rating -= 0.9
        if best is None or rating > best[0]:
            best = (rating, moment)
    return best


def choose(
    visible: Iterable[tuple[float, Moment]],
    stated: Iterable[Moment | None],
    url: Moment | None,
    signature: Moment | None,
) -> datetime | None:
    """The time of publication from by-lines (rated), head tags (best first), address and signature."""
    shown = sorted(visible, key=lambda pair: -pair[0])
    told = [moment for moment in stated if moment]
    best = shown[0][1] if shown else None
    if best and best.precise:
        return best.when
    precise = next((moment for moment in told if moment.precise), None)
    if best is None:
        for moment in (precise, told[0] if told else None, url, signature):
            if moment:
                return moment.when
        return None
    if (
        precise
        and abs(precise.when - best.when) < timedelta(days=2)
        and precise.when.astimezone(SHANGHAI).date() == best.when.date()
    ):
        return precise.when
    return best.when

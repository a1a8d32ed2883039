"""Who issued a document, under which number, on which day: read from its text. Also numbers and dates in any text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

_DIGITS = {
    c: i
    for i, cs in enumerate(("零〇○OＯ", "一", "二两", "三", "四", "五", "六", "七", "八", "九"))
    for c in cs
}
_CJK = "\u4e00-\u9fff"
_OPEN, _CLOSE = r"[〔\[（(【［﹝〈<]", r"[〕\]）)】］﹞〉>]"
_NUMBER = re.compile(
    rf"([{_CJK}]{{2,14}})\s*{_OPEN}\s*([0-9０-９]{{4}})\s*{_CLOSE}\s*第?\s*([0-9０-９]{{1,5}})\s*号"
)
_ORDER = re.compile(
    rf"(?:中华人民共和国)?([{_CJK}]{{2,14}}?(?:令|公告))\s*[（(]?第\s*([0-9０-９一二三四五六七八九十百零〇]{{1,8}})\s*号"
)
# Words that stand before a cited number and are no part of it.
_BEFORE = re.compile(
    r"^.*(?:根据|依据|按照|依照|执行|印发|关于|参见|详见|文号|字号|以及|[见和及与的以由按第])"
)
_DATE = re.compile(
    r"([0-9０-９]{4}|[一二三四五六七八九零〇○OＯ]{4})\s*年\s*([0-9０-９]{1,2}|[一二三四五六七八九十]{1,3})\s*月"
    r"\s*([0-9０-９]{1,2}|[一二三四五六七八九十]{1,3})\s*日"
)
_TITLE_END = re.compile(
    r"(通知|意见|办法|决定|条例|规定|方案|要点|公告|通告|解读|细则|规则|纲要|规划|计划|法|令|批复|答复)(?:（[^）]{1,20}）)?$"
)
_BODIES = {"国办发": "国务院办公厅", "国办函": "国务院办公厅", "国发": "国务院", "国函": "国务院"}
_ISSUER_END = (
    r"(?:人民政府办公厅|人民政府办公室|人民政府|办公厅|办公室|委员会|管理局|监督局|局|部|厅|署|院|中心)"
)


def number(text: str) -> int | None:
    """A whole number in Arabic (full width too) or Chinese digits under 10,000; None where it is none."""
    plain = unicodedata.normalize("NFKC", text.strip())
    if re.fullmatch(r"[0-9]+", plain):
        return int(plain)
    if not plain:
        return None
    if all(c in _DIGITS for c in plain):
        return int("".join(str(_DIGITS[c]) for c in plain))
    total, unit_value = 0, 0
    for c in plain:
        if c in _DIGITS:
            unit_value = _DIGITS[c]
        elif c in "十百千":
            total += (unit_value or 1) * {"十": 10, "百": 100, "千": 1000}[c]
            unit_value = 0
        else:
            return None
    return total + unit_value


def dates(text: str) -> list[tuple[str, int, int]]:
    """Every full date in the text: (ISO date, start, end). 二○一四年三月十七日 and 2014年3月17日 are the same day."""
    found = []
    for match in _DATE.finditer(text):
        year, month, day = (number(match[i]) for i in (1, 2, 3))
        try:
            moment = date(year or 0, month or 0, day or 0)
        except ValueError:
            continue
        found.append((moment.isoformat(), match.start(), match.end()))
    return found


def numbers(text: str) -> list[tuple[str, int, int]]:
    """Every document number in the text in its normal form (国办发〔2014〕12号, 国务院令第493号): (form, start, end)."""
    found: list[tuple[str, int, int]] = []
    for match in _NUMBER.finditer(text):
        code, cut = _code(match[1])
        if code:
            year, serial = (unicodedata.normalize("NFKC", match[i]) for i in (2, 3))
            found.append((f"{code}〔{year}〕{int(serial)}号", match.start() + cut, match.end()))
    for match in _ORDER.finditer(text):
        code, cut = _code(match[1])
        serial_number = number(match[2])
        if code and serial_number:
            found.append((f"{code}第{serial_number}号", match.start(1) + cut, match.end()))
    return sorted(found, key=lambda row: row[1])


def _code(run: str) -> tuple[str, int]:
    """The issuing code at the end of a run of characters, and how many characters before it were cut off."""
    match = _BEFORE.match(run)
    cut = match.end() if match else 0
    return run[cut:], cut


def normal_number(text: str) -> str:
    """A document number in its normal form, or "" where the text holds none."""
    found = numbers(text)
    return found[0][0] if found else ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a document says of itself. Dates are ISO or ""; `expires` is the last day in force where it names one."""

    title: str
    body: str
    number: str
    dated: str
    effective: str
    expires: str


def identify(text: str, name: str = "") -> Identity:
    """Read title, issuing body, number, dates. `text` has one paragraph a line; `name` (of the file) helps where it is silent."""
    lines = text.split("\n")
    head = _head(lines)
    stem = re.sub(r"\.[A-Za-z]{2,5}$", "", name.rpartition("/")[2])
    title = _title(lines, stem)
    doc_number = _own_number(head, stem)
    body, signed = _signature(lines)
    named = max(re.findall(r"[（(](\d{4}-\d{2}-\d{2})[）)]", stem), default="")
    dated = signed or _labelled_date(head) or max(_preamble_date(head), named) or _last_date(lines[-6:])
    if not body:
        body = (
            _labelled_body(head)
            or _body_from_title(title)
            or _body_from_number(doc_number)
            or _body_of_law(head)
        )
    effective = _effective(text, head, dated)
    return Identity(title, body, doc_number, dated, effective, _expires(text, effective))


def _head(lines: list[str]) -> list[str]:
    """What stands before the first article or part, at most 40 lines."""
    head = []
    for line in lines[:40]:
        if re.match(r"^(#+ )?(第一[章条编]|一、)", line):
            break
        head.append(line)
    return head


def _title(lines: list[str], stem: str) -> str:
    for line in lines[:5]:
        if line.startswith("# "):
            return line[2:].strip()
    joined = ""
    for line in lines[:40]:
        if re.match(r"^(第一[章条]|一、)", line):
            break
        bare = line.strip("《》 ")
        if len(bare) > 90 or line.endswith(("。", "：", "，")) or _DATE.fullmatch(bare):
            joined = ""
            continue
        joined = bare if not joined or len(joined) > 30 else joined + bare
        if _TITLE_END.search(bare) and not numbers(bare) and len(bare) > 3:
            return joined if _TITLE_END.search(joined) and len(joined) <= 90 and "关于" in joined else bare
    after_number = re.sub(rf"^.*?号\s*[-—_ ]\s*(?=[{_CJK}0-9])", "", stem)
    return after_number or lines[0][:80]


def _own_number(head: list[str], stem: str) -> str:
    for line in head:
        found = numbers(line)
        if found and (
            found[0][2] - found[0][1] >= len(line.strip()) - 2 or re.search("(发文字号|文号|字号)", line)
        ):
            return found[0][0]
    from_name = normal_number(stem)
    if from_name:
        return from_name
    preamble = [form for line in head for form, _, _ in numbers(line) if re.search("公布|发布|修订|令", line)]
    return preamble[-1] if preamble else ""


def _signature(lines: list[str]) -> tuple[str, str]:
    """(issuing body, date) where a line with a body's name is followed by a line that is a date."""
    for i, line in enumerate(lines[:-1]):
        following = dates(lines[i + 1])
        if (
            following
            and following[0][2] - following[0][1] >= len(lines[i + 1].strip()) - 4
            and re.fullmatch(rf"[{_CJK} ]{{2,40}}{_ISSUER_END}|国务院", line.strip())
        ):
            return line.strip(), following[0][0]
    return "", ""


def _labelled_date(head: list[str]) -> str:
    for line in head:
        match = re.search(r"(成文日期|印发日期|发文日期)\s*[:：]?\s*(.{8,20})", line)
        if match and (found := dates(match[2])):
            return found[0][0]
        if match and (iso := re.search(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", match[2])):
            return f"{int(iso[1]):04d}-{int(iso[2]):02d}-{int(iso[3]):02d}"
    return ""


def _preamble_date(head: list[str]) -> str:
    """The latest date of passing, promulgation or revision that the preamble of a law or regulation names."""
    found = [
        iso
        for line in head
        if re.search("通过|公布|发布|修订|修正|印发", line)
        for iso, _, _ in dates(line)[:1]
    ]
    return max(found, default="")


def _last_date(lines: list[str]) -> str:
    found = [iso for line in lines if len(line) < 30 and "施行" not in line for iso, _, _ in dates(line)]
    return found[-1] if found else ""


def _labelled_body(head: list[str]) -> str:
    for line in head:
        match = re.search(rf"(发文机关|发布机构|制定机关|发文单位)\s*[:：]?\s*([{_CJK}]{{2,30}})", line)
        if match:
            return match[2]
    return ""


def _body_from_title(title: str) -> str:
    match = re.match(rf"([{_CJK}]{{2,30}}?{_ISSUER_END})关于", title)
    return match[1] if match else ""


def _body_from_number(doc_number: str) -> str:
    for code, body in _BODIES.items():
        if doc_number.startswith(code):
            return body
    match = re.match(rf"([{_CJK}]+?)(?:令|公告)第", doc_number)
    return match[1] if match else ""


def _body_of_law(head: list[str]) -> str:
    joined = "".join(head)
    if "全国人民代表大会常务委员会" in joined:
        return "全国人民代表大会常务委员会"
    if re.search("全国人民代表大会第.{1,6}次会议", joined):
        return "全国人民代表大会"
    match = re.search("(中共中央、国务院|国务院)(发布|公布|第.{1,6}次常务会议)", joined)
    return match[1] if match else ""


def _effective(text: str, head: list[str], dated: str) -> str:
    """The last “自…起施行” of the text: a revision's own date stands at its end."""
    for match in reversed(
        list(re.finditer(r"自(.{0,24}?)(?:起|开始)\s*(?:正式)?(?:施行|实施|执行|生效)", text))
    ):
        found = dates(match[1] if match[1].endswith("日") else match[0])
        if found:
            return found[0][0]
        if re.search("(公布|发布|印发|颁布)之日", match[0]):
            return dated
    for line in head:
        if "施行" in line and (found := dates(line)):
            return found[0][0]
    return ""


def _expires(text: str, effective: str) -> str:
    # Only the document's own term: 本办法自…起施行，有效期…; not that of a licence it speaks of.
    own = re.search(r"(?:本[\u4e00-\u9fff]{2,4}|施行)[^。\n]{0,40}?有效期[^。\n]{0,30}", text)
    if not own:
        return ""
    match = re.search(r"有效期(?:限)?(?:截止|至|到)(.{8,20}?日)", own[0])
    if match and (found := dates(match[1])):
        return found[0][0]
    match = re.search(r"有效期(?:为|限为)?\s*([0-9一二三四五六七八九十]{1,2})\s*年", own[0])
    years = number(match[1]) if match else None
    if years and effective:
        start = date.fromisoformat(effective)
        try:
            return start.replace(year=start.year + years).isoformat()
        except ValueError:  # 29 February
            return start.replace(year=start.year + years, day=28).isoformat()
    return ""

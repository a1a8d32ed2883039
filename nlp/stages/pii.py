"""Personal data in a text: phone, id_card, bank_card, plate, email, address, qq, wechat; found by rule, never guessed.

Numbers that carry a check digit are checked (GB 11643 for identity cards, Luhn for bank cards), so that order numbers
and amounts are not taken for people. Spans are character offsets into the text as given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

KINDS = ("phone", "id_card", "bank_card", "plate", "email", "address", "qq", "wechat")

# Five digits with at most a blank or a dash within: the least that a QQ number has.
_DIGITS = re.compile(r"[0-9０-９]{3}[- ]?[0-9０-９]{1,2}[- ]?[0-9０-９]")
_WIDE = re.compile(r"[０-９ＸｘＱＷ－＠．]")
_WECHAT_WORD = re.compile(r"微信|薇信|威信|VX|vx|Vx|weixin|wechat|WeChat")
_NUMBERED = re.compile(r"[0-9０-９一二三四五六七八九十A-Z](?:号|栋|幢|室|单元|座|弄|房)")
_RUN = re.compile(r"[0-9][0-9 ()（）-]{8,}[0-9Xx]")
"""Ten signs and more of digits: the least that a telephone, identity card or bank card number has."""
_QQ_WORD = re.compile(r"[Qq]{2}|扣扣|企鹅")
_PLATE_LIKE = re.compile(r"[A-HJ-NP-Z][·•. ]?[A-HJ-NP-Z0-9]{4}")
_TO_ASCII = str.maketrans("０１２３４５６７８９ＸｘＱＷ－＠．：", "0123456789XxQW-@.:")
_PROVINCE_LETTERS = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

_ID = re.compile(
    r"(?<![0-9])[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])[0-9]{3}[0-9Xx](?![0-9A-Za-z])"
)
_MOBILE = re.compile(
    r"(?<![0-9A-Za-z])(?:\+?86[- ]?)?1[3-9][0-9](?:[0-9]{8}|[- ][0-9]{4}[- ][0-9]{4})(?![0-9])"
)
_LANDLINE = re.compile(r"(?<![0-9-])(?:0[0-9]{2,3}[- )）]?|[(（]0[0-9]{2,3}[)）] ?)[2-9][0-9]{6,7}(?![0-9])")
_CARD = re.compile(r"(?<![0-9])(?:[3-6][0-9]{3}[ -]?(?:[0-9]{4}[ -]?){2,3}[0-9]{1,7})(?![0-9])")
_EMAIL = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,10}(?![A-Za-z])"
)
_PLATE = re.compile(
    rf"[{_PROVINCE_LETTERS}][A-HJ-NP-Z][·•. ]?(?:[DF][A-HJ-NP-Z0-9][0-9]{{4}}|[0-9]{{5}}[DF]|(?=[A-Z]*[0-9])[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9学警港澳挂])"
    r"(?![A-Za-z0-9])"
)
_QQ = re.compile(
    r"(?:[Qq]{2}|扣扣|企鹅)(?:群)?(?:号码?|联系)?[ ]?(?:是|为)?[:：]?[ ]?([1-9][0-9]{4,10})(?![0-9])"
)
_WECHAT = re.compile(
    r"(?:微信|薇信|威信|weixin|wechat|WeChat|VX|vx|Vx)(?:号码?|联系)?[ ]?(?:是|为|加)?[:：]?[ ]?([A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9][0-9]{9})(?![A-Za-z0-9_-])"
)
# A postal address that finds one household: a community, road or village, then a building, door or room number.
_DOOR = re.compile(
    r"(?:小区|花园|公寓|家园|苑|城|庭|村|路|街|巷|弄|道|大厦|新村|社区|宿舍|镇)"
    r"[0-9A-Z一二三四五六七八九十期区]{0,4}(?:[0-9一二三四五六七八九十]{1,4}(?:弄|号院|号楼|号|栋|幢|座|组)[之-]?[0-9]{0,3}"
    r"(?:[0-9一二三四五六七八九十]{0,3}(?:栋|幢|座|号楼|单元|楼|层)){0,3}[0-9]{0,4}(?:室|房|户|号(?!线|楼|公告|文))?)"
)
# What stands before is slow to look for: only where there is a door.
_ADDRESS = re.compile(r"[\u4e00-\u9fff0-9A-Z]{0,16}?" + _DOOR.pattern)
_HOUSEHOLD = re.compile(
    r"[0-9](?:室|房|户)$|单元|[路街巷弄村组][0-9]{1,4}(?:弄)?[0-9]*号|[栋幢座楼][0-9]{3,4}"
)
_LIVES = ("住址", "地址", "家住", "住在", "现住", "居住", "住户", "家庭", "收件", "送到")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def id_card_valid(number: str) -> bool:
    """Whether 18 characters carry the check character of GB 11643-1999 (ISO 7064, mod 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == number[17].upper()


def luhn_valid(number: str) -> bool:
    """Whether a run of digits carries the check digit of ISO/IEC 7812 (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def find(text: str) -> tuple[tuple[str, int, int], ...]:
    """Personal data in `text` as (kind, start, end), in order, without overlaps; kinds are those of KINDS."""
    digits = _DIGITS.search(text) is not None
    mail = "@" in text or "＠" in text
    wechat = _WECHAT_WORD.search(text) is not None
    door = ("住" in text or "址" in text or "收件" in text or "室" in text) and _NUMBERED.search(
        text
    ) is not None
    plate = _PLATE_LIKE.search(text) is not None
    if not (digits or mail or wechat or door or plate):
        return ()
    plain = text.translate(_TO_ASCII) if _WIDE.search(text) else text
    found: list[tuple[str, int, int]] = []
    if mail:
        _add(found, "email", ((m.start(), m.end()) for m in _EMAIL.finditer(plain)))
    long = digits and _RUN.search(plain) is not None
    if long:
        _add(found, "id_card", ((m.start(), m.end()) for m in _ID.finditer(plain) if id_card_valid(m[0])))
    if digits and _QQ_WORD.search(plain):
        _add(found, "qq", (m.span(1) for m in _QQ.finditer(plain)))
    if wechat:
        _add(found, "wechat", (m.span(1) for m in _WECHAT.finditer(plain)))
    if long:
        _add(found, "phone", ((m.start(), m.end()) for m in _MOBILE.finditer(plain)))
        _add(found, "phone", ((m.start(), m.end()) for m in _LANDLINE.finditer(plain)))
        _add(found, "bank_card", ((m.start(), m.end()) for m in _CARD.finditer(plain) if _card(m[0])))
    if plate:
        _add(found, "plate", ((m.start(), m.end()) for m in _PLATE.finditer(plain)))
    if door and (first := _DOOR.search(plain)):
        begin = max(0, first.start() - 16)
        _add(
            found,
            "address",
            (m.span() for m in _ADDRESS.finditer(plain, begin) if _household(plain, m)),
        )
    return tuple(sorted(found, key=lambda item: item[1]))


def mask(text: str) -> str:
    """`text` of the same length with personal data covered by `*`: phones keep 3+4 digits, other kinds their first sign."""
    found = find(text)
    if not found:
        return text
    signs = list(text)
    for kind, start, end in found:
        left, right = (3, 4) if kind == "phone" and end - start >= 11 else (1, 0)
        for place in range(start + left, end - right):
            signs[place] = "*"
    return "".join(signs)


def _card(number: str) -> bool:
    digits = number.replace(" ", "").replace("-", "")
    return 15 <= len(digits) <= 19 and len(set(digits)) > 2 and luhn_valid(digits)


def _household(text: str, match: re.Match[str]) -> bool:
    """A numbered door is personal where the text says that somebody lives there, or where it names the very room."""
    if not _HOUSEHOLD.search(match[0]):
        return False
    before = text[max(0, match.start() - 10) : match.end()]
    return any(word in before for word in _LIVES) or match[0].endswith(("室", "房", "户"))


def _add(found: list[tuple[str, int, int]], kind: str, spans: Iterable[tuple[int, int]]) -> None:
    for start, end in spans:
        if not any(start < other_end and other_start < end for _, other_start, other_end in found):
            found.append((kind, start, end))

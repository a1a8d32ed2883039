"""Chinese and Arabic counts: 三, 十二, 两百, 1.2万, 二十余, 数十, 近百."""

from __future__ import annotations

import re

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "俩": 2,
    "仨": 3,
}
_TENS = {"廿": 20, "卅": 30}
_UNITS = {"十": 10, "百": 100, "千": 1000}

# Traditional and full-width signs that the readers here look at; one sign for one, so that spans stay true.
_PLAIN = str.maketrans(
    "０１２３４５６７８９傷喪難蹤聯無員數餘兩萬個殉職燒毀殺殘溺災擊墜溫與總計為約達過驚亂濟極許僅確認謠闢實傳經搶戰現醫療當場國內電腦劇戲漢謂號歲條",
    "0123456789伤丧难踪联无员数余两万个殉职烧毁杀残溺灾击坠温与总计为约达过惊乱济极许仅确认谣辟实传经抢战现医疗当场国内电脑剧戏汉谓号岁条",
)

_OTHER_SIGNS = re.compile("[" + "".join(map(chr, _PLAIN)) + "]")

NUMBER = r"(?:[0-9一二两三四五六七八九十]+[余多几][百千万]+|[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?[十百千万]?万?|[零〇一二两俩仨三四五六七八九十百千万廿卅]+|[数几][十百千万]+|[成上][十百千万]+|十几|百[八]十|多)"
"""A count as written, without its words before (近, 至少) and after (余, 多)."""


def plain(text: str) -> str:
    """Full-width digits to half-width, the traditional signs of this field to simplified; same length."""
    return text.translate(_PLAIN) if _OTHER_SIGNS.search(text) else text


def value(written: str) -> int | None:
    """The count that `written` means; 数十 and 上百 give the order named (10, 100); None for 多 and what is no number."""
    written = written.replace(",", "")
    if not written or written == "多":
        return None
    if written[0] in "数几成上" and len(written) > 1:
        written = "一" + written[1:]
    written = re.sub("[余多几]", "", written)
    match = re.fullmatch(r"([0-9.]+)([十百千]?)(万?)", written)
    if match:
        scale = _UNITS.get(match[2], 1) * (10_000 if match[3] else 1)
        try:
            return round(float(match[1]) * scale)
        except ValueError:
            return None
    return _chinese(written)


def _chinese(written: str) -> int | None:
    total = section = digit = 0
    digits_in_row = 0
    for sign in written:
        if sign in _DIGITS:
            digits_in_row += 1
            digit = digit * 10 + _DIGITS[sign] if digits_in_row > 1 and sign not in "俩仨" else _DIGITS[sign]
            continue
        digits_in_row = 0
        if sign in _TENS:
            section += _TENS[sign]
        elif sign in _UNITS:
            section += (digit or 1) * _UNITS[sign]
        elif sign == "万":
            total += (section + digit or 1) * 10_000
            section = 0
        else:
            return None
        digit = 0
    return total + section + digit

"""Bytes → text. Strict UTF-8 first, then what is declared, then detection.

Chinese sites often declare wrongly: GBK pages under a `charset=utf-8` header, UTF-8 pages under `gb2312`. UTF-8 can be
told by its form alone, so it is tried before any declaration; gb2312 and gbk are read as their superset GB18030.
"""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

_DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:\-]{2,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9_.:\-]{2,40})""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:\-]{2,40})""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_GB = re.compile(r"^(x-)?(gb|gbk|gb2312|gb_2312|csgb|euc-?cn|cp936|ms936|936)", re.IGNORECASE)
_SINGLE_BYTE = re.compile(r"^(us-?ascii|ascii|iso-?8859-?1$|latin-?1|windows-?1252|cp1252)", re.IGNORECASE)
# The commonest characters of running text; a wrong decoding gives rare ones instead.
_COMMON = frozenset(
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说产种面而方后多定行学法所民得经"
    "十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全"
    "這個國來時們為對會動發說產種後學經進電裡現實體機當點從業應開還與關東車長門間問題無"
    "，。、：；！？“”（）《》「」"
)
_SAMPLE = 6_000
"""Characters beyond ASCII that are looked at to judge a decoding."""
_ASCII = re.compile(r"[\x00-\x7f]+")
_NO_TEXT = re.compile(r"[\ufffd\x01-\x08\x0b\x0e-\x1f]")


def decode(data: bytes, content_type: str = "") -> tuple[str, str]:
    """(text, name of the charset). Never raises: bytes that fit nowhere become U+FFFD.

    `content_type` is the HTTP header's value; it is believed only where the bytes allow it.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace"), name
    if _utf16_without_mark(data):
        name = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
        return data.decode(name, "replace"), name
    text = _utf8(data)
    if text is not None:
        return text, "utf-8"
    return _declared(data, content_type) or _detected(data)


def is_binary(text: str) -> bool:
    """Whether decoded bytes are no text at all: controls and U+FFFD make up more than a tenth. NUL alone does not count."""
    head = text[:20_000]
    return len(_NO_TEXT.findall(head)) * 10 > len(head)


def _utf16_without_mark(data: bytes) -> bool:
    head = data[:200]
    return len(head) > 20 and (head[1::2].count(0) > len(head) * 0.4 or head[::2].count(0) > len(head) * 0.4)


def _utf8(data: bytes) -> str | None:
    """The text where it is UTF-8: whole, cut at the end, or with a few characters that a CMS cut in two."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        return decoder.decode(data, final=False)
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    wide = len(text) - len(text.encode("ascii", "ignore"))
    bad = text.count("\ufffd")
    # GBK read as UTF-8 is nearly all bad; a UTF-8 page with some cut characters is nearly all good.
    return text if bad * 20 < wide else None


def _names(data: bytes, content_type: str) -> list[str]:
    found = [match.group(1) for match in [_HEADER.search(content_type)] if match]
    head = data[:8192]
    for pattern in (_XML, _DECLARED):
        found += [name.decode("ascii") for name in pattern.findall(head)[:3]]
    names: list[str] = []
    for name in found:
        codec = canonical(name)
        if codec and codec != "utf-8" and codec not in names:
            names.append(codec)
    return names


def canonical(name: str) -> str:
    """The codec to read `name` with, "" where it says nothing (unknown, or a single-byte default of some server)."""
    name = name.strip().lower()
    if _GB.match(name):
        return "gb18030"
    if name.startswith(("big5", "x-x-big5", "cn-big5", "cp950")):
        return "big5hkscs"
    if _SINGLE_BYTE.match(name):
        return ""
    try:
        return codecs.lookup(name).name
    except LookupError:
        return ""


def _damage(text: str) -> float:
    """Share of the non-ASCII characters that a wrong decoding gives: replaced, private use, half-width katakana, controls."""
    wide = _ASCII.sub("", text)[:_SAMPLE]
    if not wide:
        return 0.0
    bad = sum(
        1
        for c in wide
        if c == "\ufffd" or "\ue000" <= c <= "\uf8ff" or "\x80" <= c <= "\x9f" or "\uff61" <= c <= "\uff9f"
    )
    return bad / len(wide)


def _commonness(text: str) -> float:
    wide = _ASCII.sub("", text)[:_SAMPLE]
    return sum(1 for char in wide if char in _COMMON) / len(wide) if wide else 0.0


def _declared(data: bytes, content_type: str) -> tuple[str, str] | None:
    for name in _names(data, content_type):
        try:
            text = data.decode(name, "replace")
        except (LookupError, UnicodeError, ValueError):  # a codec that is no text encoding, such as "hex"
            continue
        if not isinstance(text, str) or _damage(text) > 0.02:
            continue
        if name in ("gb18030", "big5hkscs") and _commonness(text) < 0.12:
            continue
        return text, name
    return None


def _detected(data: bytes) -> tuple[str, str]:
    """GB18030 or Big5 by their commonest characters, else what charset-normalizer finds, else damaged UTF-8."""
    tries = []
    for name in ("gb18030", "big5hkscs"):
        text = data.decode(name, "replace")
        tries.append((_commonness(text) - 2 * _damage(text), name, text))
    best = max(tries)
    if best[0] > 0.15:
        return best[2], best[1]
    high = bytes(byte for byte in data[:180_000] if byte > 0x7F or byte == 0x20)
    if len(high) > 20:
        guess = from_bytes(data[:60_000]).best()
        if guess is not None and guess.encoding not in ("ascii", "utf_8"):
            return data.decode(guess.encoding, "replace"), guess.encoding.replace("_", "-")
    return data.decode("utf-8", "replace"), "utf-8"

"""Mask phone and identity numbers before a text is stored. Small on purpose: full detection with spans is a stage of nlp.

Masking keeps the length, so that spans into the text stay true, and is idempotent. Public numbers (12345, 110, 400-…,
area-code numbers of offices) stay: an answer needs them.
"""

from __future__ import annotations

import re

_MOBILE = re.compile(r"(?<![\d*])(?:(?:\+|00)?86[- ]?)?(1[3-9]\d)([- ]?)(\d{4})\2(\d{4})(?![\d*])")
_IDENTITY = re.compile(
    r"(?<![\dA-Za-z*])([1-9]\d{5})((?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx])(?![\dA-Za-z*])"
)
_OLD_IDENTITY = re.compile(
    r"(身份证[^\d\n]{0,8})([1-9]\d{5})(\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})(?!\d)"
)
_ACCOUNT = re.compile(r"((?:卡号|账号|账户|帐号)[^\d\n]{0,6})(\d{4})( ?\d[\d ]{7,18}\d)(?![\d*])")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


def _stars(text: str) -> str:
    return "".join("*" if char.isalnum() else char for char in text)


def mask(text: str) -> str:
    """`text` with mobile numbers (first three digits stay), identity numbers (first six stay: the district, no person)
    and bank accounts that are named as such (first four stay) starred out, length kept."""
    # Translation keeps positions, so full-width digits are found and masked as well.
    plain = text.translate(_FULL_WIDTH)
    if not any(char.isdigit() for char in plain):
        return text
    masked = _IDENTITY.sub(lambda m: m[1] + _stars(m[2]), plain)
    masked = _OLD_IDENTITY.sub(lambda m: m[1] + m[2] + _stars(m[3]), masked)
    masked = _ACCOUNT.sub(lambda m: m[1] + m[2] + _stars(m[3]), masked)
    masked = _MOBILE.sub(lambda m: m[0][: m.start(2) - m.start()] + f"{m[2]}****{m[2]}****", masked)
    # Digits that were not masked keep their own width.
    return "".join(old if new != "*" or old == "*" else "*" for old, new in zip(text, masked, strict=True))

"""One spelling for every text: NFKC, lower case, traditional → simplified; control characters become spaces.

Index and models read the same spelling, so it is made once. Long runs of ordinary characters go through one table of the
Basic Multilingual Plane, a batch at a time; only texts with characters whose NFKC form is not one character (㈱, é written
as two, jamo, mathematical letters) take the slow road through `unicodedata`. Both roads give the same string.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint32]

_SLOW = np.uint32(0xFFFFFFFF)
_BMP = 0x10000
_SPACES = frozenset(range(0x20)) - {0x0A} | {0x7F, 0xFEFF}
_LEXICON = Path(__file__).with_name("lexicons") / "t2s.txt"


@lru_cache(maxsize=1)
def simplified() -> dict[int, str]:
    """Traditional character (code point) → simplified character."""
    lines = _LEXICON.read_text("utf-8").splitlines()
    return {ord(pair[0]): pair[1] for line in lines if not line.startswith("#") for pair in line.split()}


@lru_cache(maxsize=1)
def _traditional() -> NDArray[np.bool_]:
    table = np.zeros(_BMP, dtype=bool)
    table[list(simplified())] = True
    return table


def in_simplified(texts: Sequence[str]) -> list[str]:
    """The texts with simplified characters, one for one, so that offsets stay; as given where written in them already.

    Fewer than three traditional signs are a name or a variant (著, 乾), no script.
    """
    result = list(texts)
    found = np.flatnonzero(_traditional().take(codes("".join(texts)).astype(np.intp), mode="clip"))
    if len(found):
        ends = np.cumsum([len(text) for text in texts])
        counts = np.bincount(np.searchsorted(ends, found, side="right"), minlength=len(texts))
        for place in np.flatnonzero(counts >= 3).tolist():
            result[place] = texts[place].translate(simplified())
    return result


def normalise(text: str) -> str:
    """The one spelling of a text. Lone surrogates become U+FFFD, so that the result can always be encoded."""
    return normalise_many([text])[0]


def _slow(text: str) -> str:
    text = text.translate(_blanks())
    return unicodedata.normalize("NFKC", text).lower().translate(simplified())


@lru_cache(maxsize=1)
def _blanks() -> dict[int, str]:
    return dict.fromkeys(_SPACES, " ") | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


@lru_cache(maxsize=1)
def _table() -> Codes:
    """For each BMP code point its spelling, or `_SLOW` where it takes more than one character to know it."""
    table = np.arange(_BMP, dtype=np.uint32)
    t2s = simplified()
    for code in range(_BMP):
        if 0xD800 <= code <= 0xDFFF or 0xE000 <= code <= 0xF8FF:
            continue
        if 0x3400 <= code < 0x4DC0 or 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4:
            continue  # ideographs and syllables are their own NFKC form and have no case
        char = chr(code)
        form = unicodedata.normalize("NFKC", char).lower()
        if len(form) != 1 or unicodedata.category(char)[0] == "M" or 0x1100 <= code <= 0x11FF:
            table[code] = _SLOW
        else:
            table[code] = ord(t2s.get(ord(form), form))
    for code in t2s:
        if table[code] == code:
            table[code] = ord(t2s[code])
    table[0xD800:0xE000] = 0xFFFD
    table[sorted(_SPACES)] = 0x20
    return table


def codes(text: str) -> Codes:
    """Code points of a text as uint32, lone surrogates included."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def normalise_many(texts: Sequence[str]) -> list[str]:
    """`normalise` of each text; one pass over the table for all."""
    raw = codes("".join(texts))
    bmp = raw < _BMP
    mapped = _table().take(raw.astype(np.intp), mode="clip")
    if not bmp.all():
        mapped = np.where(bmp, mapped, raw)
    # Emoji and the rarer ideographs are their own form; any other astral character may fold (𝐀 → a).
    odd = mapped == _SLOW
    if not bmp.all():
        odd |= ~bmp & ((raw < 0x1F300) | ((raw >= 0x1FB00) & (raw < 0x20000)) | (raw >= 0x2F800))
    if not odd.any():
        joined = mapped.tobytes().decode("utf-32-le")
        return _slices(joined, texts)
    mapped[odd] = 0x20
    result = _slices(mapped.tobytes().decode("utf-32-le"), texts)
    ends = np.cumsum([len(text) for text in texts])
    for index in np.unique(np.searchsorted(ends, np.flatnonzero(odd), side="right")).tolist():
        result[index] = _slow(texts[index])
    return result


def _slices(joined: str, texts: Sequence[str]) -> list[str]:
    result, start = [], 0
    for text in texts:
        end = start + len(text)
        result.append(joined[start:end])
        start = end
    return result

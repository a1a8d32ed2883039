"""Articles that a page carries in its scripts only (server state of an application, articleBody in JSON-LD)."""

from __future__ import annotations

import json
import re

from crawler.extraction import body as bodies
from crawler.extraction.tree import parse, walk

_FIELD = re.compile(
    r'"(?:articleBody|content|articleContent|article_content|body|text|html|contentHtml|detail|rich_?content)"\s*:\s*(?="[^"]{80})',
    re.IGNORECASE,
)
_TRIES = 40
_LONGEST = 400_000
_DECODER = json.JSONDecoder(strict=False)


def article(source: str) -> str:
    """The longest running text in a JSON string of the page's scripts; "" where there is none of 80 characters or more."""
    best = ""
    for number, match in enumerate(_FIELD.finditer(source)):
        if number == _TRIES:
            break
        text = _text(source[match.end() : match.end() + _LONGEST])
        if len(text) > len(best):
            best = text
    return best if len(best) >= 80 else ""


def _text(opening: str) -> str:
    """The running text of the JSON string that `opening` starts with, as HTML where it is HTML."""
    try:
        value, _ = _DECODER.raw_decode(opening)
    except ValueError:  # a string of a script, not of JSON, or one longer than we read
        return ""
    if not isinstance(value, str):
        return ""
    root = parse(value if "<" in value else "".join(f"<p>{line}</p>" for line in value.split("\n")))
    if root is None:
        return ""
    lines = [block for block in walk(root).blocks if not bodies.is_furniture(block.text)]
    prose = sum(len(block.text) for block in lines if block.stops)
    return "\n".join(block.text for block in lines) if prose >= 60 else ""

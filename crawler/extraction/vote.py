"""A second and third opinion on the body, asked only where our own choice is unclear."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import trafilatura
from lxml import etree
from readability import Document

from crawler.extraction.body import is_furniture
from crawler.extraction.tree import clean, parse, walk

_SPACE = re.compile(r"\s+")


def decide(source: str, own: str) -> str:
    """`own`, or another extractor's text where two others agree with each other and not with it."""
    others = [text for text in (_trafilatura(source), _readability(source)) if len(text) >= 60]
    if len(others) < 2:
        return own
    first, second = others
    if similarity(first, second) < 0.8:
        return own
    if max(similarity(own, first), similarity(own, second)) >= 0.8:
        return own
    return "\n".join(line for line in first.split("\n") if line and not is_furniture(line))


def similarity(left: str, right: str) -> float:
    """F1 of the two texts as bags of characters, white space aside; 0 … 1."""
    a, b = Counter(_SPACE.sub("", left)), Counter(_SPACE.sub("", right))
    total = a.total() + b.total()
    return 2 * (a & b).total() / total if total else 1.0


def _trafilatura(source: str) -> str:
    # fast: without justext, whose time grows with the square of the number of paragraphs
    return trafilatura.extract(source, include_comments=False, fast=True) or ""


def _readability(source: str) -> str:
    try:
        html = Document(source).summary(html_partial=True)
    except (etree.LxmlError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        # readability raises Unparseable (a ValueError) and, on odd trees, others; it is only one voice here
        return ""
    root: Any = parse(html)
    if root is None:
        return ""
    return "\n".join(clean(block.text) for block in walk(root).blocks)

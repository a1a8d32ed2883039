"""A document's text → clauses that can be cited, with their spans. text[start:end] is the clause, always."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_NUM = "[一二三四五六七八九十百零〇0-9]"
_PART = re.compile(rf"^(?:#+\s*)?(第{_NUM}+[编章节])\s*(.*)$")
_ARTICLE = re.compile(rf"^(?:#+\s*|\*\*)?(第{_NUM}+条(?:之{_NUM}+)?)(?:\*\*)?\s*(.*)$")
_FIRST = re.compile(r"^(?:#+\s*)?([一二三四五六七八九十]{1,3})、\s*(.+)$")
_SECOND = re.compile(r"^(?:#+\s*)?([（(][一二三四五六七八九十]{1,3}[）)])\s*(.+)$")
_THIRD = re.compile(r"^(?:#+\s*)?(\d{1,2})[.．、](?!\d)\s*(.+)$")
_SIGNATURE = re.compile(
    r"^(?:[\u4e00-\u9fff ]{2,40}|.*\d{4}年\d{1,2}月\d{1,2}日|（此件.{2,10}）|.{4}年.{1,3}月.{1,3}日)$"
)
_PASSED = re.compile(r"(通过|公布|发布|修订|修正)[）)]?$|第.{1,6}次(修订|修正)")
CLAUSE_LIMIT = 20_000
"""Most clauses of one document."""


@dataclass(slots=True)
class Piece:
    """One clause: `path` such as 第五条第二款 or 二（三）1, the heading it stands under, and its span."""

    path: str
    heading: str
    start: int
    end: int
    items: bool = field(default=False)


def split(text: str) -> list[Piece]:
    """Clauses in order. Laws are cut into articles (条) and, where an article has several, its paragraphs (款) with their
    items; other documents into 一、（一）1. A document with no marks at all gives one clause a paragraph.
    """
    lines = _lines(text)
    articles = sum(1 for line, _ in lines if _ARTICLE.match(line))
    pieces = _articles(lines) if articles >= 3 else _outline(lines)
    if len(pieces) <= 1:
        pieces = [
            Piece(f"第{n}段", "", start, start + len(line))
            for n, (line, start) in enumerate(lines, 1)
            if len(line) > 10
        ]
    return pieces[:CLAUSE_LIMIT]


def _lines(text: str) -> list[tuple[str, int]]:
    found, at = [], 0
    for line in text.split("\n"):
        if line.strip():
            found.append((line, at))
        at += len(line) + 1
    return found


def _articles(lines: list[tuple[str, int]]) -> list[Piece]:
    pieces: list[Piece] = []
    heading, article = "", ""
    group: list[Piece] = []
    in_contents = False
    for line, start in lines:
        end = start + len(line)
        if part := _PART.match(line):
            pieces += _paragraphs(article, group)
            group, article = [], ""
            heading = f"{part[1]} {part[2].replace(' ', '')}".strip()
            in_contents = True
        elif found := _ARTICLE.match(line):
            pieces += _paragraphs(article, group)
            article, in_contents = found[1], False
            group = [Piece(article, heading, start, end)]
        elif group and not line.startswith("#"):
            if _SECOND.match(line) or _THIRD.match(line):
                group[-1].end, group[-1].items = end, True
            else:
                group.append(Piece(article, heading, start, end))
        elif line.startswith("#"):
            pieces += _paragraphs(article, group)
            group, article = [], ""
        elif not (in_contents or pieces or _PASSED.search(line)) and len(line) > 30 and line.endswith("。"):
            pieces.append(Piece("前言", "", start, end))
    return pieces + _paragraphs(article, _without_signature(group, lines))


def _paragraphs(article: str, group: list[Piece]) -> list[Piece]:
    if len(group) <= 1:
        return group
    return [
        Piece(f"{article}第{_chinese(n)}款", piece.heading, piece.start, piece.end, piece.items)
        for n, piece in enumerate(group, 1)
    ]


def _without_signature(group: list[Piece], lines: list[tuple[str, int]]) -> list[Piece]:
    """Drop what follows the last article (signature, date, publication note)."""
    texts = {start: line for line, start in lines}
    while len(group) > 1 and _SIGNATURE.match(texts.get(group[-1].start, "")):
        group = group[:-1]
    return group


def _chinese(n: int) -> str:
    digits = "零一二三四五六七八九"
    if n < 10:
        return digits[n]
    tens, ones = divmod(n, 10)
    return ("" if tens == 1 else digits[tens % 10]) + "十" + (digits[ones] if ones else "")


def _outline(lines: list[tuple[str, int]]) -> list[Piece]:
    pieces: list[Piece] = []
    first, second, heading = "", "", ""
    for line, start in lines:
        end = start + len(line)
        if found := _FIRST.match(line):
            first, second = found[1], ""
            heading = _heading(found[2])
            pieces.append(Piece(first, heading, start, end))
        elif found := _SECOND.match(line):
            second = found[1].replace("(", "（").replace(")", "）")
            _drop_bare_heading(pieces, first)
            pieces.append(Piece(first + second, heading, start, end))
        elif (found := _THIRD.match(line)) and first:
            pieces.append(Piece(f"{first}{second}{found[1]}", heading, start, end))
        elif not first:
            if len(line) > 30 and line.endswith("。"):
                pieces.append(Piece("前言", "", start, end))
        elif not (_SIGNATURE.match(line) and len(line) < 45):
            pieces[-1].end = end
    return _merge_preamble(pieces)


def _drop_bare_heading(pieces: list[Piece], first: str) -> None:
    """一、总体要求 with nothing but parts under it is a heading, no clause."""
    if pieces and pieces[-1].path == first and pieces[-1].end - pieces[-1].start <= 40:
        pieces.pop()


def _merge_preamble(pieces: list[Piece]) -> list[Piece]:
    """Several paragraphs before the first mark are numbered, so that no two clauses share a path."""
    count = sum(1 for piece in pieces if piece.path == "前言")
    if count > 1:
        n = 0
        for piece in pieces:
            if piece.path == "前言":
                n += 1
                piece.path = f"前言第{_chinese(n)}段"
    return pieces


def _heading(text: str) -> str:
    return re.split("[。：:]", text, maxsplit=1)[0][:60]

"""A plain DOCX of headings, paragraphs and tables, in the fonts of official documents (仿宋 for text, 黑体 for headings)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

_ILLEGAL = {c: None for c in range(32) if c not in (9, 10, 13)}

WIDTH = 16.5
"""Centimetres of a line between the margins of an A4 page."""


def widths(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Centimetres of each column, WIDTH in all: by the square root of its longest words, so that a long text does not push a number
    or a date into a column of one letter."""
    longest = [max(8, *(len(str(row[n])) for row in [head, *rows])) for n in range(len(head))]
    shares = [min(length, 120) ** 0.5 for length in longest]
    return [WIDTH * share / sum(shares) for share in shares]


class Document:
    """Write from top to bottom, then `data()`."""

    def __init__(self, title: str) -> None:
        import docx
        from docx.shared import Cm

        self._document = docx.Document()
        page = self._document.sections[0]
        page.page_width, page.page_height = Cm(21), Cm(29.7)
        page.left_margin = page.right_margin = Cm((21 - WIDTH) / 2)
        self._font(self._document.styles["Normal"], "仿宋", 12)
        self.title(title)

    def title(self, text: str) -> None:
        self._run(self._document.add_paragraph(), text, "黑体", 18).alignment = 1

    def heading(self, text: str) -> None:
        from docx.shared import Pt

        shape = self._run(self._document.add_paragraph(), text, "黑体", 14).paragraph_format
        shape.keep_with_next, shape.space_before = True, Pt(12)

    def text(self, text: str) -> None:
        for line in text.split("\n"):
            self._run(self._document.add_paragraph(), line, "仿宋", 12)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as their words need; the head again on each page, and no row over a page's end."""
        from docx.oxml import OxmlElement
        from docx.shared import Cm

        made = self._document.add_table(rows=1, cols=len(head))
        made.style, made.autofit = "Table Grid", False
        for cell, word in zip(made.rows[0].cells, head, strict=True):
            self._cell(cell, word, "黑体")
        for row in rows:
            for cell, word in zip(made.add_row().cells, row, strict=True):
                self._cell(cell, word, "仿宋")
        for column, width in zip(made.columns, widths(head, rows), strict=True):
            column.width = Cm(width)
            for cell in column.cells:
                cell.width = Cm(width)
        for row in made.rows:
            row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))

    def _cell(self, cell: Any, word: str, font: str) -> None:
        from docx.shared import Pt

        shape = self._run(cell.paragraphs[0], word, font, 10).paragraph_format
        shape.space_before = shape.space_after = Pt(2)

    def data(self) -> bytes:
        buffer = io.BytesIO()
        self._document.save(buffer)
        return buffer.getvalue()

    def _run(self, paragraph: Any, text: str, font: str, size: int) -> Any:
        # Word refuses control characters that texts from the web may hold.
        run = paragraph.add_run(str(text).translate(_ILLEGAL))
        self._font(run, font, size)
        return paragraph

    @staticmethod
    def _font(styled: Any, font: str, size: int) -> None:
        from docx.oxml.ns import qn
        from docx.shared import Pt

        styled.font.name, styled.font.size = font, Pt(size)
        styled.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)

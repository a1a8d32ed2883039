"""A plain DOCX of headings, paragraphs and tables, in the fonts of official documents (仿宋 for text, 黑体 for headings)."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

_ILLEGAL = {c: None for c in range(32) if c not in (9, 10, 13)}


class Document:
    """Write from top to bottom, then `data()`."""

    def __init__(self, title: str) -> None:
        import docx

        self._document = docx.Document()
        self._font(self._document.styles["Normal"], "仿宋", 12)
        self.title(title)

    def title(self, text: str) -> None:
        self._run(self._document.add_paragraph(), text, "黑体", 18).alignment = 1

    def heading(self, text: str) -> None:
        self._run(self._document.add_paragraph(), text, "黑体", 14)

    def text(self, text: str) -> None:
        for line in text.split("\n"):
            self._run(self._document.add_paragraph(), line, "仿宋", 12)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        made = self._document.add_table(rows=1, cols=len(head))
        made.style = "Table Grid"
        for cell, word in zip(made.rows[0].cells, head, strict=True):
            self._run(cell.paragraphs[0], word, "黑体", 10)
        for row in rows:
            for cell, word in zip(made.add_row().cells, row, strict=True):
                self._run(cell.paragraphs[0], word, "仿宋", 10)

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

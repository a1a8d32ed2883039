"""A brief as DOCX: A4, Chinese font names on every style, tables with a repeated head row whose rows do not break."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from response_kits.briefs.blocks import Block

WIDTH = 16.2
"""Usable width of the page in centimetres."""
LEVELS = {3: "B3261E", 2: "A84300", 1: "7A5C00", 0: "1F5FA8"}
SOFT = RGBColor(0x59, 0x63, 0x6E)


def write(shown: dict[str, Any], grade: dict[int, str], picture: Callable[[Block], bytes]) -> bytes:
    """The bytes of the document. `shown` as render.view gives it; `grade`: level → its word; `picture` draws a chart as PNG."""
    page = _Page(grade, picture)
    page.document.core_properties.title = f"{shown['title']} {shown['number']}"
    page.document.core_properties.author = shown["organisation"]
    page.centre(shown["title"], 20, bold=True)
    page.centre(f"{shown['number']}　{shown['span']}", 11)
    page.centre(
        f"{shown['organisation']}　数据截至 {shown['until']}{'' if shown['complete'] else '（本期尚未结束）'}",
        10,
    )
    if shown["sample"]:
        page.centre("本期含示例城市的虚构数据，仅供演示", 9)
    for block in shown["blocks"]:
        getattr(page, f"add_{block['kind']}")(block)
    page.right(f"{shown['organisation']}　{shown['made']}")
    target = io.BytesIO()
    page.document.save(target)
    return target.getvalue()


class _Page:
    def __init__(self, grade: dict[int, str], picture: Callable[[Block], bytes]) -> None:
        self.grade, self.picture = grade, picture
        self.document: Any = Document()
        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.4)
        section.top_margin = section.bottom_margin = Cm(2.2)
        sizes = {"Normal": 10.5, "Heading 1": 13.0, "Heading 2": 11.0, "List Bullet": 10.5}
        for name, size in sizes.items():
            style = self.document.styles[name]
            style.font.name, style.font.size = "Noto Sans CJK SC", Pt(size)
            style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "微软雅黑")
            style.font.color.rgb = RGBColor(0x1B, 0x1F, 0x24)
        self.document.styles["Normal"].paragraph_format.space_after = Pt(4)

    def centre(self, text: str, size: float, *, bold: bool = False) -> None:
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(2)
        run = paragraph.add_run(_clean(text))
        run.font.size, run.bold = Pt(size), bold

    def right(self, text: str) -> None:
        paragraph = self.document.add_paragraph(_clean(text))
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT

    def add_heading(self, block: Block) -> None:
        grade = block.get("grade")
        words = block["text"] if grade is None else f"{self.grade[grade]}　{block['text']}"
        self.document.add_heading(_clean(words), block["level"])

    def add_text(self, block: Block) -> None:
        for line in block["text"].split("\n"):
            self.document.add_paragraph(_clean(line))

    def add_bullets(self, block: Block) -> None:
        for item in block["items"]:
            self.document.add_paragraph(_clean(item), style="List Bullet")

    def add_chart(self, block: Block) -> None:
        title = self.document.add_paragraph(_clean(block["title"]))
        title.runs[0].bold = title.paragraph_format.keep_with_next = True
        shape = self.document.add_picture(io.BytesIO(self.picture(block)), width=Cm(WIDTH))
        shape._inline.docPr.set("descr", f"{block['title']}；数据见下表")
        if block["note"]:
            run = self.document.add_paragraph().add_run(_clean(block["note"]))
            run.font.size, run.font.color.rgb = Pt(8.5), SOFT

    def add_box(self, block: Block) -> None:
        table = self.document.add_table(rows=1, cols=1)
        table.style = "Table Grid"
        place = table.rows[0].cells[0]
        place.paragraphs[0].add_run(_clean(block["text"])).font.size = Pt(9.5)
        for item in block["items"]:
            place.add_paragraph(_clean(item), style="List Bullet").runs[0].font.size = Pt(9.5)
        self.document.add_paragraph()

    def add_table(self, block: Block) -> None:
        table = self.document.add_table(rows=1, cols=len(block["head"]))
        table.style, table.autofit = "Table Grid", False
        self._property(table.rows[0], "w:tblHeader")
        head = [{"text": word, "sub": "", "grade": None} for word in block["head"]]
        size = 9.0 if len(head) <= 8 else 7.5
        share = WIDTH / sum(block["widths"])
        for column, width in zip(table.columns, block["widths"], strict=True):
            column.width = Cm(width * share)  # Word reads the cells' widths, LibreOffice the grid's
        for number, row in enumerate([head, *block["rows"]]):
            line = table.rows[0] if number == 0 else table.add_row()
            self._property(line, "w:cantSplit")
            for at, value in enumerate(row):
                line.cells[at].width = Cm(block["widths"][at] * share)
                self._cell(
                    line.cells[at].paragraphs[0],
                    value,
                    size,
                    bold=number == 0,
                    right=block["align"][at] == "right",
                )
        self.document.add_paragraph()

    def _cell(self, paragraph: Any, value: dict[str, Any], size: float, *, bold: bool, right: bool) -> None:
        paragraph.paragraph_format.space_after = Pt(0)
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        grade = value["grade"]
        run = paragraph.add_run(
            _clean(self.grade[grade] + value["text"] if grade is not None else value["text"])
        )
        run.font.size, run.bold = Pt(size), bold or grade is not None
        if grade is not None:
            run.font.color.rgb = RGBColor.from_string(LEVELS[grade])
        if value["sub"]:
            below = paragraph.add_run(f"\n{_clean(value['sub'])}")
            below.font.size, below.font.color.rgb = Pt(size - 1), SOFT

    @staticmethod
    def _property(row: Any, name: str) -> None:
        properties = row._tr.get_or_add_trPr()
        properties.append(properties.makeelement(qn(name), {qn("w:val"): "true"}))


def _clean(text: str) -> str:
    """Without what XML forbids."""
    return "".join(
        char
        for char in str(text)
        if char in "\t\n" or " " <= char <= "\ud7ff" or "\ue000" <= char <= "\ufffd" or char > "\uffff"
    )

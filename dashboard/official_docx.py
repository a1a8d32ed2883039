"""A text as DOCX in the layout of official documents (after GB/T 9704-2012): A4, margins 37/35/28/26 mm, 22 lines a page,
title in 小标宋 二号, body in 仿宋 三号 with two characters of indent, signature and date at the right."""

from __future__ import annotations

import io
import re

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

MIME = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
BODY, TITLE, HEADING = "仿宋_GB2312", "方正小标宋简体", "黑体"
LINE = Pt(28.9)
_DATE = re.compile(r"\d{4}年\d{1,2}月\d{1,2}日(?:\d{1,2}时(?:\d{1,2}分)?)?")
_HEADING = re.compile(r"[一二三四五六七八九十]{1,3}、.{1,40}")
WIDE = 20
"""Characters of a title in one line: 22 points each on 156 mm."""
_KINDS = "有关情况的|情况通报|情况说明|政策解读|新闻发布口径|发言人资料包|通报$|说明$|答复$|初报$|续报|终报$"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def document(title: str, text: str, mark: str = "") -> bytes:
    """The file's bytes. `mark`: a line before the title (not signed); the last two lines, where they are a body and a date, are
    set as the signature."""
    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    made.core_properties.title = _CONTROL.sub("", title)
    made.core_properties.author = ""
    if mark:
        _line(made.add_paragraph(), mark, HEADING, 14)
    head = made.add_paragraph()
    head.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _line(head, broken(title), TITLE, 22)
    made.add_paragraph()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    signed = len(lines) > 1 and _DATE.fullmatch(lines[-1]) is not None and len(lines[-2]) <= 40
    for number, line in enumerate(lines):
        paragraph = made.add_paragraph()
        if signed and number >= len(lines) - 2:
            if number == len(lines) - 2:
                paragraph.paragraph_format.keep_with_next = True
                _line(paragraph, "", BODY, 16)  # one line is left free above the signature
                paragraph = made.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.right_indent = Pt(32)
            paragraph.paragraph_format.keep_with_next = number == len(lines) - 2
            _line(paragraph, line, BODY, 16)
        else:
            paragraph.paragraph_format.first_line_indent = Pt(32)
            heading = _HEADING.fullmatch(line) is not None and line[-1] not in "。；"
            # A signature never stands alone on a page: the last paragraph goes with it.
            paragraph.paragraph_format.keep_with_next = heading or (signed and number == len(lines) - 3)
            _line(paragraph, line, HEADING if heading else BODY, 16)
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def broken(title: str) -> str:
    """A title of more than one line broken where its words end, the lines of like length: before the kind of text, after 的,
    》 or 和. Nothing is broken that fits one line."""
    if len(title) <= WIDE:
        return title
    places = [m.end() for m in re.finditer("[》的]|有限公司|公司|人民政府", title)]
    places += [m.start() for m in re.finditer(_KINDS, title)]
    fitting = [
        at for at in places if 4 <= at <= WIDE and len(title) - at <= WIDE and title[at : at + 1] != "的"
    ]
    if not fitting:
        return title
    at = min(fitting, key=lambda at: abs(2 * at - len(title)))
    return f"{title[:at]}\n{title[at:]}"


def _line(paragraph: Paragraph, words: str, font: str, size: float) -> None:
    shape = paragraph.paragraph_format
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, LINE if size < 20 else Pt(35)
    shape.space_before = shape.space_after = Pt(0)
    run = paragraph.add_run(_CONTROL.sub("", words))
    run.font.name, run.font.size = "Times New Roman", Pt(size)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)

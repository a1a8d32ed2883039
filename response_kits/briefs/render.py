"""One model, three formats: HTML, PDF (typst), DOCX (python-docx). All print `view.view`."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from jinja2 import Environment, PackageLoader, select_autoescape

from huiyin.errors import UsageError
from huiyin.settings import Settings
from response_kits.briefs.typeset import compile_with
from response_kits.briefs.view import view

MIME = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
LEVEL = {3: "■ 红", 2: "▲ 橙", 1: "◆ 黄", 0: "● 蓝"}


def render(model: dict[str, Any], settings: Settings, format: str) -> bytes:
    """The brief as bytes. Raises UsageError for a format that is none of html, docx, pdf."""
    makers = {"html": _html, "pdf": _pdf, "docx": _docx}
    if format not in makers:
        raise UsageError(f"format {format!r}: choose html, docx or pdf")
    return makers[format](view(model, settings))


def _chart(shown: dict[str, Any], width_cm: float = 16.0) -> bytes:
    """The week's volume as a PNG, drawn by the same code as the PDF's chart."""
    data = {"daily": shown["volume"]["daily"], "width": width_cm}
    return compile_with("chart.typ", data, format="png", ppi=200)[0]


def _pdf(shown: dict[str, Any]) -> bytes:
    return compile_with("weekly.typ", shown)[0]


def _html(shown: dict[str, Any]) -> bytes:
    environment = Environment(
        loader=PackageLoader("response_kits.briefs"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("weekly.html").render(brief=shown, LEVEL=LEVEL, page=True).encode()


class _Word:
    """A DOCX in official style: Chinese font names on every run, tables with a repeated head row."""

    def __init__(self) -> None:
        self.document: Any = Document()
        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.4)
        section.top_margin = section.bottom_margin = Cm(2.2)
        for name in ("Normal", "Heading 1", "Heading 2", "Title", "List Bullet"):
            style = self.document.styles[name]
            style.font.name = "Noto Sans CJK SC"
            style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "微软雅黑")
            style.font.color.rgb = None
        self.document.styles["Normal"].font.size = Pt(10.5)
        self.document.styles["Heading 1"].font.size = Pt(13)
        self.document.styles["Heading 2"].font.size = Pt(11)

    def centre(self, text: str, size: float, *, bold: bool = False) -> None:
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_after = Pt(2)
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(size), bold

    def heading(self, text: str, level: int = 1) -> None:
        self.document.add_heading(text, level)

    def text(self, text: str) -> None:
        self.document.add_paragraph(text)

    def bullets(self, texts: list[str]) -> None:
        for text in texts:
            self.document.add_paragraph(text, style="List Bullet")

    def table(self, head: list[str], rows: list[list[str]], widths: list[float]) -> None:
        table = self.document.add_table(rows=1, cols=len(head))
        table.style, table.autofit = "Table Grid", False
        mark = table.rows[0]._tr.get_or_add_trPr()
        mark.append(mark.makeelement(qn("w:tblHeader"), {qn("w:val"): "true"}))
        for number, row in enumerate([head, *rows]):
            cells = table.rows[0].cells if number == 0 else table.add_row().cells
            for cell, value, width in zip(cells, row, widths, strict=True):
                cell.width = Cm(width)
                run = cell.paragraphs[0].add_run(value)
                run.font.size, run.bold = Pt(9), number == 0
        self.document.add_paragraph()


def _docx(shown: dict[str, Any]) -> bytes:
    word = _Word()
    word.document.core_properties.title = f"{shown['title']} {shown['number']}"
    word.document.core_properties.author = shown["organisation"]
    word.centre(shown["title"], 20, bold=True)
    word.centre(f"{shown['number']}　{shown['span']}", 11)
    word.centre(f"{shown['organisation']}　数据截至 {shown['until_words']}", 10)
    if shown["sample"]:
        word.centre("本期含示例城市的虚构数据，仅供演示", 9)
    word.heading("一、要情导读")
    word.text(shown["lead"])
    word.heading("二、本周概况")
    word.text(shown["volume_words"])
    picture = _chart(shown)
    word.document.add_picture(io.BytesIO(picture), width=Cm(16))
    if shown["topics"]:
        word.table(
            ["领域", "条数"], [[row["name"], f"{row['count']:,}"] for row in shown["topics"]], [11.0, 5.0]
        )
    word.heading("三、热点事件")
    _docx_events(word, shown)
    _docx_rest(word, shown)
    word.heading("九、监测覆盖")
    word.text(shown["coverage_words"])
    word.bullets([f"{row['title']}：{row['words']}" for row in shown["coverage"]["failed"]])
    word.text(f"{shown['organisation']}　{shown['made_words']}")
    target = io.BytesIO()
    word.document.save(target)
    return target.getvalue()


def _docx_events(word: _Word, shown: dict[str, Any]) -> None:
    rows = [
        [LEVEL[event["level"]], event["title"] + (f"\n{event['unit']}" if event["unit"] else ""), event["topic_words"], f"{event['count']:,}",
         event["change_words"], event["stance_words"], event["answer_words"]]
        for event in shown["events"]
    ]  # fmt: skip
    if rows:
        word.table(
            ["级别", "事件", "领域", "条数", "较上周", "倾向", "回应"],
            rows,
            [1.4, 5.6, 2.3, 1.3, 1.7, 1.7, 2.2],
        )
    else:
        word.text("本周没有形成事件的信息。")
    if shown["key_events"]:
        word.heading("四、重点事件")
        for event in shown["key_events"]:
            word.heading(f"{LEVEL[event['level']]}　{event['title']}", 2)
            word.text(event["summary"])
            word.bullets([f"{turn['at']}　{turn['text']}" for turn in event["turns"]])


def _docx_rest(word: _Word, shown: dict[str, Any]) -> None:
    word.heading("五、群众关切")
    if shown["concerns"]:
        rows = [[row["question"], row["title"], f"{row['count']:,}"] for row in shown["concerns"]]
        word.table(["在问什么", "所属事件", "条数"], rows, [7.4, 7.2, 1.6])
    else:
        word.text("本周没有归并出集中的提问和诉求。")
    word.heading("六、传言与辟谣")
    if shown["rumours"]:
        rows = [
            [row["claim"], row["verdict"], str(row["before"]), str(row["after"])] for row in shown["rumours"]
        ]
        word.table(["传言", "结论", "辟谣前", "辟谣后"], rows, [10.2, 2.0, 2.0, 2.0])
    else:
        word.text("本周没有匹配到传言库中的传言。")
    word.heading("七、回应时限")
    word.text(shown["clock_words"])
    if shown["clocks"]["rows"]:
        rows = [
            [row["title"], row["rule_words"], row["due_words"], row["state_words"]]
            for row in shown["clocks"]["rows"]
        ]
        word.table(["事件", "应做", "到期", "结果"], rows, [7.0, 4.6, 2.8, 1.8])
    word.heading("八、下周风险与建议")
    if shown["risks"] or shown["suggestions"]:
        word.bullets(shown["risks"])
        if shown["suggestions"]:
            word.heading("建议", 2)
            word.bullets(shown["suggestions"])
    else:
        word.text("没有由本周数据支持的风险提示。")

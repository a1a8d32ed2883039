"""Documents to work on: columns as their words need, rows and signatures that stay together."""

from __future__ import annotations

import io

from docx import Document as Read
from docx.oxml.ns import qn

from dashboard import official_docx
from response_kits.office import WIDTH, Document, widths


def test_columns_are_as_wide_as_their_words_need() -> None:
    rows = [("第八条", "达到法定退休年龄时，" * 12, "12")]
    found = widths(("条款", "内容", "分"), rows)
    assert abs(sum(found) - WIDTH) < 0.01
    assert found[1] > 2 * found[0]
    assert min(found) > 2  # four letters fit


def test_a_row_stays_on_its_page_and_the_head_comes_again() -> None:
    page = Document("评估")
    page.heading("一、条款")
    page.table(("条款", "内容"), [("第八条", "字\x07" * 400), ("第九条", "短")])
    made = Read(io.BytesIO(page.data()))
    table = made.tables[0]
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
    assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows] == [True, False, False]
    assert table.rows[1].cells[1].width > table.rows[1].cells[0].width
    assert abs(made.sections[0].page_width.cm - 21) < 0.01
    heading = next(p for p in made.paragraphs if p.text == "一、条款")
    assert heading.paragraph_format.keep_with_next


def test_a_signature_takes_the_last_paragraph_with_it() -> None:
    text = "第一段。\n最后一段。\n某市人民政府新闻办公室\n2026年11月24日15时30分"
    made = Read(io.BytesIO(official_docx.document("关于某事的通报", text)))
    kept = {p.text: bool(p.paragraph_format.keep_with_next) for p in made.paragraphs if p.text}
    assert not kept["第一段。"]
    assert kept["最后一段。"]
    assert kept["某市人民政府新闻办公室"]

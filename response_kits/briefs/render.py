"""One model, three formats: HTML, PDF (typst), DOCX (python-docx). All print the same blocks."""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from huiyin.errors import UsageError
from huiyin.settings import Settings
from response_kits.briefs.blocks import Block
from response_kits.briefs.kinds import kind
from response_kits.briefs.sections import at
from response_kits.briefs.typeset import compile_with
from response_kits.briefs.word import write

MIME = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
GRADE = {3: "■ 红", 2: "▲ 橙", 1: "◆ 黄", 0: "● 蓝"}
WIDTH = 16.0
"""Width of a chart's picture in centimetres."""


def view(model: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """What is printed: head lines and blocks (those that were signed, where it is signed)."""
    blocks: list[Block] = model.get("blocks") or kind(model["kind"]).blocks(model, settings)
    return {
        "title": model["title"], "number": model["number"], "organisation": model["organisation"], "span": model["span"],
        "until": at(model["until"], settings, "%Y-%m-%d %H:%M"), "made": at(model["made"], settings, "%Y年%m月%d日 %H:%M"),
        "sample": bool(model.get("sample")), "complete": bool(model["complete"]),
        "blocks": [block for block in blocks if not _empty(block)],
    }  # fmt: skip


def _empty(block: Block) -> bool:
    return (block["kind"] == "text" and not block["text"]) or (
        block["kind"] == "bullets" and not block["items"]
    )


def render(model: dict[str, Any], settings: Settings, format: str) -> bytes:
    """The brief as bytes. Raises UsageError for a format that is none of html, docx, pdf."""
    if format not in MIME:
        raise UsageError(f"format {format!r}: choose html, docx or pdf")
    shown = view(model, settings)
    if format == "pdf":
        return compile_with("brief.typ", shown)[0]
    if format == "docx":
        return write(shown, GRADE, picture)
    return (
        _environment()
        .get_template("brief.html")
        .render(brief=shown, GRADE=GRADE, picture=data_picture)
        .encode()
    )


def picture(block: Block) -> bytes:
    """A chart as PNG, drawn on the server with our own font."""
    return _picture(json.dumps({"block": block, "width": WIDTH}, ensure_ascii=False, sort_keys=True))


@lru_cache(maxsize=64)
def _picture(data: str) -> bytes:
    return compile_with("chart.typ", json.loads(data), format="png", ppi=160)[0]


def data_picture(block: Block) -> str:
    """A chart as an address that carries the picture: the page can be kept or mailed as one file."""
    return "data:image/png;base64," + base64.b64encode(picture(block)).decode()


def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("response_kits.briefs"),
        autoescape=select_autoescape(),
        trim_blocks=True,
        lstrip_blocks=True,
    )

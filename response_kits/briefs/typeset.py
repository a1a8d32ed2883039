"""Typst: source → PDF or PNG, with our fonts only, so that the result is the same on every machine."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, Literal

import typst

from huiyin.errors import HuiyinError
from response_kits.briefs.fonts import font_folder

FOLDER = Path(__file__).parent / "templates"


def compile_with(
    template: str, data: Any, *, format: Literal["pdf", "png"] = "pdf", ppi: float = 144.0
) -> list[bytes]:
    """Compile templates/<template> with `data` as data.json beside it. PDF: one file; PNG: one a page.

    The data reaches typst as JSON, never as source: nothing in a post can become markup or a program.
    """
    with tempfile.TemporaryDirectory(prefix="huiyin-typst-") as folder:
        root = Path(folder)
        for file in FOLDER.glob("*.typ"):
            (root / file.name).write_bytes(file.read_bytes())
        (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        try:
            # The stubs promise bytes; PNG of several pages gives a list of them.
            made: Any = typst.compile(
                root / template, root=root, font_paths=[font_folder()], ignore_system_fonts=True, format=format, ppi=ppi,
            )  # fmt: skip
        except (RuntimeError, ValueError, typst.TypstError) as error:
            raise HuiyinError(f"the page {template} could not be set: {str(error)[:300]}") from error
    return list(made) if isinstance(made, list) else [made]

"""The Chinese fonts of PDFs and pictures: Noto Sans SC and Noto Serif SC (OFL), as a PyPI package carries them."""

from __future__ import annotations

from pathlib import Path

import pylopdf_fonts_zh_cn

from huiyin.errors import HuiyinError

SANS, SERIF = "Noto Sans SC", "Noto Serif SC"


def font_folder() -> Path:
    """The folder with both fonts. Raises HuiyinError where they are missing: a PDF without them would be empty boxes."""
    folder = Path(pylopdf_fonts_zh_cn.__file__).parent
    missing = [
        name for name in ("NotoSansSC-Regular.otf", "NotoSerifSC-Regular.otf") if not (folder / name).exists()
    ]
    if missing:
        raise HuiyinError(f"fonts {', '.join(missing)} are missing; run `make install` again")
    return folder

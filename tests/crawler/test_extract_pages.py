"""Evidence: pages of the invented city 云江市, each with what must be read from it (`extract_pages/NAME.html` and `.json`)."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from crawler.extract import Page, extract

PAGES = sorted((Path(__file__).parent / "extract_pages").glob("*.json"))


def read(file: Path) -> tuple[dict[str, Any], Page]:
    """What is wanted and what is found. The page is kept as UTF-8 and encoded here as the site would send it."""
    wanted = json.loads(file.read_text("utf-8"))
    page = file.with_suffix(".html").read_text("utf-8").encode(wanted.get("encoding", "utf-8"))
    now = datetime.fromisoformat(wanted.get("now", "2026-11-24T12:00:00+08:00"))
    return wanted, extract(page, wanted.get("url", ""), content_type=wanted.get("content_type", ""), now=now)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_page(file: Path) -> None:
    wanted, page = read(file)
    found = page.as_dict()
    for name in ("title", "author", "origin", "kind", "charset", "next_page", "captions", "login_wall"):
        if name in wanted:
            assert found[name] == wanted[name], name
    if "published" in wanted:
        moment = wanted["published"] and datetime.fromisoformat(wanted["published"])
        assert page.published == moment
    for piece in wanted.get("text_has", ()):
        assert piece in page.text
    for piece in wanted.get("text_lacks", ()):
        assert piece not in page.text
    for url, text, when in wanted.get("links_has", ()):
        assert (url, text, datetime.fromisoformat(when)) in page.links


def test_every_page_has_its_expectation() -> None:
    names = {file.stem for file in PAGES}
    assert names == {file.stem for file in (Path(__file__).parent / "extract_pages").glob("*.html")}
    assert len(names) >= 12

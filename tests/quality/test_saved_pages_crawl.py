"""Saved real pages, served on the loopback, declared as one source and crawled: how many articles arrive right.

`python tests/quality/test_saved_pages_crawl.py` prints the figures. An article is right where its body's bag-of-characters F1
is at least 0.85 and its title is the gold's but for white space and punctuation.
"""

from __future__ import annotations

import json
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crawler import switch
from crawler.run import crawl
from crawler.source_run import RunResult
from huiyin import settings as settings_module
from huiyin.records import DocumentRow, Record

FOLDERS = ("gne", "cx163", "list_zh")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def do_GET(self) -> None:
        if not self.path.endswith("/index"):
            super().do_GET()
            return
        names = sorted(file.name for file in Path(self.translate_path(self.path)).parent.glob("*.html"))
        body = "".join(f'<a class=item href="{name}">{name}</a>' for name in names).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def f1(gold: str, found: str) -> float:
    a, b = Counter(re.sub(r"\s+", "", gold)), Counter(re.sub(r"\s+", "", found))
    total = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / total if total else 1.0


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def crawl_saved(pages: Path, home: Path) -> tuple[dict[str, RunResult], dict[tuple[str, str], DocumentRow]]:
    """Results by folder, and rows by (folder, file)."""
    with served(pages) as base:
        settings = settings_module.load(
            home=str(home), allow_private=base.removeprefix("http://"), environ={}
        )
        record = Record.open(settings)
        for folder in FOLDERS:
            name = f"saved-{folder.replace('_', '-')}"
            declaration = {
                "title": folder, "kind": "site", "start": [f"{base}/{folder}/index"], "legal_basis": "试验", "delay": 0.0,
                "list": {"links": "a.item", "pages": 1},
            }  # fmt: skip
            switch.add(record, name, declaration, by="test")
            switch.enable(record, name, by="test")
        results = {r.title: r for r in crawl(settings, record=record)}
        with record.session(write=False) as session:
            rows = {tuple(row.url.split("/")[-2:]): row for row in session.scalars(select(DocumentRow))}
        record.close()
    return results, rows  # type: ignore[return-value]


def score(pages: Path, rows: dict[tuple[str, str], DocumentRow]) -> dict[str, tuple[int, int]]:
    """Folder → (articles that came out right, articles with a known body)."""
    found: dict[str, tuple[int, int]] = {}
    for folder in ("gne", "cx163"):
        right = total = 0
        for line in (pages / folder / "manifest.jsonl").read_text("utf-8").splitlines():
            gold = json.loads(line)
            if gold["kind"] != "article" or not gold["body"]:
                continue
            total += 1
            row = rows.get((folder, gold["file"]))
            right += (
                row is not None
                and f1(gold["body"], row.text) >= 0.85
                and (not gold["title"] or _bare(gold["title"]) == _bare(row.title))
            )
        found[folder] = (right, total)
    return found


def test_saved_pages_arrive_right(shared_data: Path, tmp_path: Path) -> None:
    results, rows = crawl_saved(shared_data / "pages", tmp_path)
    scores = score(shared_data / "pages", rows)
    assert results["cx163"].broken == 0
    for folder, least in (("gne", 0.85), ("cx163", 0.95)):
        right, total = scores[folder]
        assert right / total >= least, scores
    assert not any("\ufffd" in row.text for (folder, _), row in rows.items() if folder == "cx163")


if __name__ == "__main__":
    pages = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "pages"
    with tempfile.TemporaryDirectory() as home:
        results, rows = crawl_saved(pages, Path(home))
        for result in results.values():
            print(result)
        print(score(pages, rows))

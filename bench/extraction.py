"""Page extraction against its peers: body F1, title, date, kind, ms a page, all in one run.

Body F1 is the F1 of the two texts as bags of characters, white space aside, averaged over pages. Titles are equal where
they are equal without white space and punctuation. Dates are equal to the minute where the gold states a time, else to the
day. Each of the two sets of articles is shown, then both pooled. Peers get the page as text, decoded with its true charset; we
get the bytes and have to find out.

    python bench/extraction.py [--data ../shared/data/pages] [--half first|second] [--peers-python VENV/bin/python] [--errors]
"""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("trafilatura", "readability", "gne", "newspaper", "resiliparse")
Result = dict[str, Any]


def f1(gold: str, found: str) -> float:
    """Bag-of-characters F1 without white space."""
    a, b = Counter(re.sub(r"\s+", "", gold)), Counter(re.sub(r"\s+", "", found))
    total = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / total if total else 1.0


def same_title(gold: str, found: str) -> bool:
    return re.sub(r"[\W_]+", "", gold).lower() == re.sub(r"[\W_]+", "", found or "").lower()


def same_date(gold: str, found: str | None) -> bool:
    """`gold`: 2026-11-24, with or without a time in Asia/Shanghai; `found`: ISO 8601."""
    moments = re.findall(r"\d+", found or "")
    wanted = re.findall(r"\d+", gold)
    if len(moments) < 3:
        return False
    size = 5 if len(wanted) >= 5 else 3
    return [int(n) for n in moments[:size]] == [int(n) for n in wanted[:size]]


def read_rows(data: Path, half: str) -> list[dict[str, Any]]:
    """Rows of the manifests with their folder; a half is every other page of the sorted names."""
    found = []
    for folder in ("gne", "cx163", "list_zh"):
        lines = (data / folder / "manifest.jsonl").read_text("utf-8").splitlines()
        rows = sorted((json.loads(line) for line in lines), key=lambda row: str(row["file"]))
        for number, row in enumerate(rows):
            if half == "all" or (number % 2 == 0) == (half == "first"):
                found.append({**row, "folder": folder, "path": str(data / folder / row["file"])})
    return [row for row in found if row["kind"] != "excluded" and (row["kind"] != "article" or row["body"])]


def ours(page: bytes, text: str, url: str) -> Result:
    from crawler.extract import extract

    return extract(page, url).as_dict()


def trafilatura(page: bytes, text: str, url: str) -> Result:
    import trafilatura as library

    found: Any = library.bare_extraction(text, url=url or None, include_comments=False, with_metadata=True)
    return {} if found is None else {"title": found.title, "published": found.date, "text": found.text}


def readability(page: bytes, text: str, url: str) -> Result:
    from lxml import html
    from readability import Document

    document = Document(text)
    return {"title": document.short_title(), "text": html.fromstring(document.summary()).text_content()}


def gne(page: bytes, text: str, url: str) -> Result:
    from gne import GeneralNewsExtractor  # type: ignore[import-not-found]

    found = GeneralNewsExtractor().extract(text)
    return {"title": found["title"], "published": found["publish_time"], "text": found["content"]}


def newspaper(page: bytes, text: str, url: str) -> Result:
    from newspaper import Article  # type: ignore[import-not-found]

    # fetch_images would look up every picture's size over the network
    article = Article(url or "http://example.com/", language="zh", fetch_images=False)
    article.download(input_html=text)
    article.parse()
    date = article.publish_date
    return {"title": article.title, "published": date.isoformat() if date else None, "text": article.text}


def resiliparse(page: bytes, text: str, url: str) -> Result:
    from resiliparse.extract.html2text import extract_plain_text  # type: ignore[import-not-found]
    from resiliparse.parse.html import HTMLTree  # type: ignore[import-not-found]

    tree = HTMLTree.parse(text)
    return {"title": tree.title, "text": extract_plain_text(tree, main_content=True)}


def measure(name: str, run: Callable[[bytes, str, str], Result], rows: list[dict[str, Any]]) -> list[Result]:
    """One result a row: the extractor's fields and `ms`. A peer that raises gives an empty result, as it would in use."""
    results = []
    for row in rows:
        page = Path(row["path"]).read_bytes()
        text = page.decode(row["actual_enc"], "replace")
        start = time.perf_counter()
        try:
            result = run(page, text, row["url"] or "")
        except Exception as error:
            if name == "ours":
                raise
            result = {"error": repr(error)[:80]}
        result["ms"] = (time.perf_counter() - start) * 1000
        results.append(result)
    return results


SETS = (("gne",), ("cx163",), ("gne", "cx163"))
"""The two sets of articles as they are, and both together (pooled: each page counts once)."""


def table(name: str, rows: list[dict[str, Any]], results: list[Result]) -> str:
    """One line: body, title, date of each set and of both together, then kind and time."""
    cells = [f"{name:<14}"]
    for folders in SETS:
        pairs = [(r, o) for r, o in zip(rows, results, strict=True) if r["folder"] in folders and r["body"]]
        bodies = [f1(r["body"], o.get("text") or "") for r, o in pairs]
        titles = [same_title(r["title"], o.get("title") or "") for r, o in pairs if r["title"]]
        dates = [same_date(r["date"], o.get("published")) for r, o in pairs if r["date"]]
        cells += [f"{sum(v) / len(v):7.3f}" if v else "      –" for v in (bodies, titles, dates)]
    kinds = [
        ("kind" in o) and (o["kind"] == "article") == (r["kind"] == "article")
        for r, o in zip(rows, results, strict=True)
    ]
    cells.append(f"{sum(kinds) / len(kinds):7.3f}" if any("kind" in o for o in results) else "      –")
    articles = [o["ms"] for r, o in zip(rows, results, strict=True) if r["body"]]
    cells.append(f"{sum(articles) / len(articles):8.1f}")
    return " ".join(cells)


def show_errors(rows: list[dict[str, Any]], results: list[Result]) -> None:
    for row, found in zip(rows, results, strict=True):
        name = f"{row['folder']}/{row['file']}"
        if row["body"]:
            score = f1(row["body"], found["text"])
            if score < 0.95:
                print(
                    f"body  {score:.3f} {name}: {len(row['body'])} characters wanted, {len(found['text'])} found"
                )
            if row["title"] and not same_title(row["title"], found["title"]):
                print(f"title {name}: {row['title']!r}, found {found['title']!r}")
            if row["date"] and not same_date(row["date"], found["published"]):
                print(f"date  {name}: {row['date']!r}, found {found['published']!r}")
        if (row["kind"] == "article") != (found["kind"] == "article"):
            print(f"kind  {name}: {row['kind']}, found {found['kind']}")


def peers(rows: list[dict[str, Any]], python: str, data: Path, half: str) -> dict[str, list[Result]]:
    """Results of the installed peers, from this interpreter or from another one that has them."""
    if python:
        command = [python, __file__, "--data", str(data), "--half", half, "--worker"]
        output = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT)
        found: dict[str, list[Result]] = json.loads(output.stdout.splitlines()[-1])
        return found
    return {name: measure(name, globals()[name], rows) for name in PEERS if importlib.util.find_spec(name)}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "pages")
    parser.add_argument("--half", choices=("first", "second", "all"), default="all")
    parser.add_argument(
        "--peers-python", default="", metavar="PYTHON", help="an interpreter that has more peers installed"
    )
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--errors", action="store_true", help="list what we got wrong")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    rows = read_rows(args.data, args.half)
    if args.worker:
        print(json.dumps(peers(rows, "", args.data, args.half)))
        return 0
    sys.path.insert(0, str(ROOT))
    print(f"run of {dt.date.today()}, {len(rows)} pages, half: {args.half}")
    heads = "".join(f"{name:>11}: body title date" for name in ("gne", "cx163", "both"))
    print(f"{'':<14}{heads}    kind  ms/page")
    measure("ours", ours, rows[:2])  # imports and pattern caches
    results = measure("ours", ours, rows)
    print(table("ours", rows, results))
    if not args.no_peers:
        for name, found in peers(rows, args.peers_python, args.data, args.half).items():
            print(table(name, rows, found))
    if args.errors:
        show_errors(rows, results)
    return 0


if __name__ == "__main__":
    sys.exit(main())

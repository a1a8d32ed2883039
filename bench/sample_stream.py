"""The sample city as a stream for `huiyin replay` and `huiyin group`: JSONL in order of time on standard output.

    python bench/sample_stream.py [--now 2026-11-24T20:00+08:00] > city.jsonl

Fields: id, text, title, published, source, author, kind, parent (where it reposts), event (as `crawler.sample_city.truth`;
null for noise, which no alarm should come from). Policies are left out: they go to the library, not into issues.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from crawler.sample_city import Item, build
from huiyin import jsonl

KINDS = {"notice": "notice", "gov_atom": "notice", "paper": "article", "news_rss": "article", "mailbox": "message", "hot": "hot"}  # fmt: skip


def row(item: Item) -> dict[str, Any]:
    """One document as the crawler would store it."""
    return {
        "id": item.key, "text": item.text, "title": item.title, "published": item.local.isoformat(),
        "source": f"sample-{item.where}", "author": item.author, "kind": KINDS.get(item.where, "post"),
        "parent": item.repost_of, "event": None if item.story == "noise" else item.story,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--now", type=datetime.fromisoformat, help="when the city is built (default: now)")
    args = parser.parse_args()
    items = sorted(build(args.now).out(), key=lambda item: (item.published, item.key))
    jsonl.write(row(item) for item in items if item.where != "policy")


if __name__ == "__main__":
    main()

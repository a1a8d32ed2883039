"""List sources, switch them on and off, or try an address as a new one.

list [WORD]: states and names. enable NAME [--base URL]: by a person, who takes it as lawful. disable NAME [--reason WHY].
try URL [--save NAME]: finds feeds and lists, shows five articles, writes the declaration; --save keeps it, switched off.
"""

from __future__ import annotations

import argparse
import getpass
import json

from huiyin.errors import HuiyinError
from huiyin.records import Record
from huiyin.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """The four actions."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="all sources, or those whose name or title holds a word")
    listing.add_argument("word", nargs="?", default="")
    listing.add_argument("--json", action="store_true", help="one object a line")
    enable = actions.add_parser("enable", help="switch sources on")
    enable.add_argument("names", nargs="+", metavar="NAME")
    enable.add_argument(
        "--base", default="", metavar="URL", help="base address of a source that needs one (RSSHub)"
    )
    disable = actions.add_parser("disable", help="switch sources off")
    disable.add_argument("names", nargs="+", metavar="NAME")
    disable.add_argument("--reason", default="", help="why; kept with the decision")
    trying = actions.add_parser("try", help="look at an address as a source")
    trying.add_argument("url", metavar="URL")
    trying.add_argument(
        "--save", default="", metavar="NAME", help="keep the declaration under this name, switched off"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    """One action; raises UsageError for unknown names."""
    from crawler import catalogue

    record = Record.open(settings)
    try:
        catalogue.sync(record, catalogue.load())
        if args.action == "list":
            return _list(record, args.word, as_json=args.json)
        if args.action == "try":
            return _try(record, settings, args.url, args.save)
        return _switch(record, args)
    finally:
        record.close()


def _list(record: Record, word: str, *, as_json: bool) -> int:
    from datetime import datetime

    from crawler.health import health
    from crawler.tables import show
    from huiyin import jsonl

    found = [h for h in health(record, datetime.now().astimezone()) if word in h.name or word in h.title]
    if as_json:
        jsonl.write(
            {
                "name": h.name, "title": h.title, "kind": h.kind, "enabled": h.enabled, "state": h.state, "reason": h.reason,
                "last_new": h.last_new.isoformat() if h.last_new else None, "success": h.success, "silent": h.silent,
                "quarantined": h.quarantined, "legal_basis": h.legal_basis, "notes": h.notes,
            }
            for h in found
        )  # fmt: skip
        return 0
    rows = [
        [
            "on" if h.enabled else "off", h.name, h.kind, h.state, "" if h.success is None else f"{h.success:.0%}",
            h.last_new.astimezone().strftime("%m-%d %H:%M") if h.last_new else "", h.title,
        ]
        for h in found
    ]  # fmt: skip
    print(show(["", "name", "kind", "state", "good", "last new", "title"], rows))
    for h in found:
        for remark in (h.silent, h.reason if h.state in ("broken", "blocked") else ""):
            if remark:
                print(f"{h.name}: {remark}")
    return 0


def _switch(record: Record, args: argparse.Namespace) -> int:
    from crawler.switch import disable, enable

    by = getpass.getuser()
    for name in args.names:
        if args.action == "enable":
            row = enable(record, name, by=by, base=args.base)
            print(f"{row.name} is on: {row.title}. {row.legal_basis}. {row.notes}".rstrip())
        else:
            print(f"{disable(record, name, by=by, reason=args.reason).name} is off")
    return 0


def _try(record: Record, settings: Settings, url: str, save: str) -> int:
    from crawler.switch import add
    from crawler.try_source import try_source

    result = try_source(url, settings)
    for problem in result.problems:
        print(f"! {problem}")
    for article in result.articles:
        when = (
            article.published.astimezone(settings.zone).strftime("%Y-%m-%d %H:%M")
            if article.published
            else "no time"
        )
        print(
            f"- {article.title or article.text[:30]}  [{when}] {article.origin} {article.url}\n  {article.text[:80]}"
        )
    if not result.declaration:
        raise HuiyinError(f"nothing to collect was found at {url}")
    print(json.dumps(result.declaration, ensure_ascii=False, indent=2))
    if save:
        add(record, save, result.declaration, by=getpass.getuser())
        print(f"kept as {save}, switched off: huiyin source enable {save}")
    return 0

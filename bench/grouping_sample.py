"""Grouping on the sample city against its truth, with what the pipeline knows and with the texts alone.

    python bench/grouping_sample.py [--now 2026-11-24T20:00+08:00] [--show STORY]

Every document that is out goes, in order of time, through the grouper as `nlp.issues` feeds it (policies go to the library
and are left out), the slow pass runs every few hours as in the worker. Scores without and with the slow pass; entries: issues with two
or more documents that belong mostly to the story. Rows: everything (parents, authors), parents only, text alone.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from time import process_time

from grouping_score import scores

from crawler.sample_city import Item, build
from nlp.corpus.consolidate import settle
from nlp.corpus.grouping import Context, Grouper


def event(item: Item) -> str:
    """What grouping should find, as `crawler.sample_city.truth` has it."""
    return item.story if item.story != "noise" else item.repost_of or item.key.split("~")[0]


def context(item: Item, known: str) -> Context:
    """What the pipeline knows of a document beside its text."""
    if known == "text":
        return Context()
    if known == "parents":
        return Context(parent=item.repost_of)
    return Context(parent=item.repost_of, author=item.author)


def grouped(items: list[Item], known: str, slow: timedelta | None) -> tuple[Grouper, int]:
    """The grouper after all items, and how many proposals of the slow pass it took; `slow`: time between two passes, None: none."""
    grouper, taken = Grouper(), 0
    due = items[0].published
    spoken: list[Item] = []
    for item in items:
        grouper.add(item.key, item.text, item.title, item.published, context=context(item, known))
        if known == "all" and item.comments:
            spoken.append(item)
        if slow and item.published >= due:
            for one in spoken:  # what is said under it by now
                grouper.hear(
                    one.key, [said.text for said in one.comments if said.published <= item.published]
                )
            taken += settle(grouper)
            due = item.published + slow
    return grouper, taken + (settle(grouper) if slow else 0)


def show(title: str, items: list[Item], grouper: Grouper) -> list[str]:
    labels = [grouper.issue_of(item.key) or "" for item in items]
    got = scores([event(item) for item in items], labels)
    print(f"{title:34}" + "  ".join(f"{key} {value:.3f}" for key, value in got.items()))
    return labels


def stories(items: list[Item], labels: list[str]) -> None:
    """Per story: documents, size and purity of its main issue, entries of two or more documents."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for item, label in zip(items, labels, strict=True):
        groups[label][item.story] += 1
    for story, size in sorted(Counter(item.story for item in items).items()):
        if story == "noise":
            continue
        main = max(groups.values(), key=lambda group: group[story])
        entries = sum(
            sum(group.values()) >= 2 and group.most_common(1)[0][0] == story for group in groups.values()
        )
        alone = sum(group[story] for group in groups.values() if sum(group.values()) == 1)
        print(
            f"  {story}: {size:4} documents, main issue {main[story]:4} of {sum(main.values()):4}, {entries:3} entries, {alone:3} alone"
        )


def listing(story: str, items: list[Item], labels: list[str]) -> None:
    """The originals of one story under the issues that hold them."""
    by_group: dict[str, list[Item]] = defaultdict(list)
    for item, label in zip(items, labels, strict=True):
        by_group[label].append(item)
    mine = [group for group in by_group.values() if any(item.story == story for item in group)]
    for group in sorted(mine, key=len, reverse=True):
        print(f"-- {len(group)} documents")
        for item in group:
            if not item.generated:
                print(
                    f"   {'' if item.story == story else item.story + ' '}{item.where} {item.author} | {item.title} | {item.text[:60]!r}"
                )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--now", type=datetime.fromisoformat, help="when the city is built (default: now)")
    parser.add_argument("--show", metavar="STORY", help="list the issues that hold this story's documents")
    parser.add_argument("--known", default="all,parents,text", help="which rows (default: all,parents,text)")
    parser.add_argument("--hours", type=float, default=6.0, help="between two slow passes (default: 6)")
    args = parser.parse_args()
    items = sorted(build(args.now).out(), key=lambda item: (item.published, item.key))
    items = [item for item in items if item.where != "policy"]
    for known in args.known.split(","):
        show(f"{known}, one pass", items, grouped(items, known, None)[0])
        start = process_time()
        grouper, taken = grouped(items, known, timedelta(hours=args.hours))
        labels = show(f"{known}, {taken} steps of the slow pass", items, grouper)
        print(f"  {len(items):,} documents, {process_time() - start:.1f} s CPU")
        stories(items, labels)
        if args.show:
            listing(args.show, items, labels)


if __name__ == "__main__":
    main()

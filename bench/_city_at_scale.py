"""A record and an index of any size, filled in bulk from the sample city's texts through our own tables, analysis and index.

The texts are analysed once each by the real models; every copy gets a place, a number and a second speaker of its own, so that
ids, words and hashes differ. Times are spread over DAYS with a day's rhythm, issues have Zipf-distributed sizes.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import insert

from crawler.rows import content_hash
from crawler.sample_city import Item, build
from huiyin.document import Analysis, Document
from huiyin.progress import progress
from huiyin.records import (
    AnalysisRow,
    Clock,
    DocumentRow,
    Issue,
    IssueDocument,
    Record,
    Rumour,
    RumourMatch,
    Source,
    utcnow,
)
from huiyin.search import Entry, Index
from nlp.analyse import Analyser
from nlp.segment import words as segment

DAYS = 60
BLOCK = 5_000
KINDS = {"notice": "notice", "gov_atom": "notice", "paper": "article", "news_rss": "article", "mailbox": "message", "hot": "hot"}  # fmt: skip
STREETS = (
    "解放路",
    "滨江大道",
    "建设路",
    "青年路",
    "东湖路",
    "学府街",
    "人民路",
    "望江路",
    "工业一路",
    "花园街",
)
PLACES = (
    "云江市",
    "杭州市",
    "成都市",
    "武汉市",
    "西安市",
    "长沙市",
    "沈阳市",
    "南宁市",
    "台北市",
    "拉萨市",
    "",
)


@dataclass(frozen=True, slots=True)
class Told:
    """One text of the pool with what the models say of it."""

    item: Item
    analysis: Analysis
    data: dict[str, Any]


def items() -> list[Item]:
    """The sample city's texts, policies left out."""
    return [item for item in build().out() if item.where != "policy"]


def pool() -> list[Told]:
    """The sample city's texts, each analysed once."""
    texts = items()
    rows = [{"id": item.key, "text": item.text, "title": item.title} for item in texts]
    return [
        Told(item, made, made.as_dict()) for item, made in zip(texts, Analyser.load().many(rows), strict=True)
    ]


def vary(item: Item, number: int) -> tuple[str, str]:
    """(id, text) of the pool's text as somebody else would tell it."""
    return name_of(number), f"{item.text}（{STREETS[number % 10]}{number % 997}号，{number}号楼住户）"


def name_of(number: int) -> str:
    return hashlib.sha256(f"scale-{number}".encode()).hexdigest()[:32]


def coming(start: int) -> Iterator[Document]:
    """Documents without end, each of the moment at which it is asked for, as a crawl would hand them to the intake."""
    texts, number = items(), start
    while True:
        item, now = texts[number * 7919 % len(texts)], utcnow()
        name, text = vary(item, number)
        yield Document(
            id=name, source=f"scale-{item.where}", text=text, title=item.title, fetched=now, published=now, kind=KINDS.get(item.where, "post"),
            author=f"人{number % 50_021}", url=f"https://scale.example/{name}",
        )  # fmt: skip
        number += 1


def moments(count: int, now: datetime, chance: np.random.Generator) -> list[datetime]:
    """Times over the last DAYS in order, few at night."""
    day = np.sort(chance.random(count)) * DAYS
    hour = (np.clip(chance.normal(15, 5, count), 0, 23.99)) / 24
    ages = np.sort(DAYS - (np.floor(day) + hour))[::-1]
    return [now - timedelta(days=float(max(age, 0.0))) for age in ages]


def sizes(count: int, chance: np.random.Generator) -> list[int]:
    """Sizes of issues that hold about half of the documents; the largest has 2 % of all."""
    found: list[int] = [count // 50]
    while sum(found) < count // 2:
        found.append(int(min(chance.zipf(1.7) + 1, count // 50)))
    return found


def fill(record: Record, index: Index, count: int) -> None:
    """Put `count` documents with analyses and issues into an empty record and its index."""
    chance, draw, now = np.random.default_rng(7), random.Random(7), utcnow()
    texts = pool()
    with record.session() as session:
        for where in sorted({told.item.where for told in texts}):
            session.add(
                Source(
                    name=f"scale-{where}",
                    title=f"规模测试 {where}",
                    kind="push",
                    enabled=True,
                    state="ok",
                    last_new=now,
                    legal_basis="虚构",
                )
            )
    when = moments(count, now, chance)
    member = _memberships(count, chance)
    _issues(record, member, when, texts, now, draw)
    for start in progress(range(0, count, BLOCK), "documents", total=-(-count // BLOCK)):
        block = range(start, min(start + BLOCK, count))
        _block(record, index, block, when, member, texts, now)
    _rumours(record, count, when)
    with record.engine.connect() as connection:
        connection.exec_driver_sql(
            "ANALYZE" if connection.dialect.name == "postgresql" else "PRAGMA optimize=0x10002"
        )


def _memberships(count: int, chance: np.random.Generator) -> list[int]:
    """Issue number of each document in order of time, -1 for none: an issue's documents lie close together."""
    member = np.full(count, -1)
    for number, size in enumerate(sizes(count, chance)):
        centre, spread = chance.integers(count), max(size * 2.0, count / DAYS)
        at = np.unique(np.clip(chance.normal(centre, spread, size), 0, count - 1).astype(int))
        member[at] = number
    return [int(one) for one in member]


def _issues(
    record: Record,
    member: Sequence[int],
    when: Sequence[datetime],
    texts: Sequence[Told],
    now: datetime,
    draw: random.Random,
) -> None:
    rows: dict[int, list[datetime]] = {}
    for number, moment in zip(member, when, strict=True):
        if number >= 0:
            rows.setdefault(number, []).append(moment)
    made, clocks = [], []
    for number, times in rows.items():
        told = texts[number * 31 % len(texts)]
        level = draw.choices((0, 1, 2, 3), (80, 14, 5, 1))[0]
        made.append({
            "id": f"scale-{number}", "title": f"{STREETS[number % 10]}{told.item.heading[:24]}", "summary": told.item.text[:80], "topic": told.analysis.topic,
            "place": PLACES[number % len(PLACES)], "unit": "云江市规模测试局", "keywords": list(told.analysis.keywords[:6]),
            "concerns": [{"question": "什么时候能解决？", "kind": "question", "count": len(times) // 9, "examples": []}],
            "timeline": [{"at": times[0].isoformat(), "kind": "first", "text": "首次出现", "document": ""}], "must_answer": [],
            "hourly": [sum(1 for t in times[-400:] if hour <= (now - t).total_seconds() / 3600 < hour + 1) for hour in range(71, -1, -1)],
            "first": times[0], "last": times[-1], "seen": times[0], "documents": len(times), "folded": max(1, len(times) * 3 // 4),
            "sources": min(9, len(times)), "authors": len(times), "heat": len(times) / (1 + (now - times[-1]).days), "last_hour": 0, "level": level,
            "level_parts": {}, "sentiment": -0.3, "rumour": 0.1, "casualties": {}, "state": "new" if (now - times[-1]).days < 3 else "closed", "dirty": False, "version": 1,
        })  # fmt: skip
        if level >= 2:
            clocks.append(
                {
                    "issue_id": f"scale-{number}",
                    "rule": "respond",
                    "start": times[0],
                    "due": times[0] + timedelta(hours=48),
                    "state": "running" if number % 3 else "met",
                    "met_at": None if number % 3 else times[0] + timedelta(hours=9),
                }
            )
    with record.session() as session:
        session.execute(insert(Issue), made)
        if clocks:
            session.execute(insert(Clock), clocks)


def _block(
    record: Record,
    index: Index,
    block: range,
    when: Sequence[datetime],
    member: Sequence[int],
    texts: Sequence[Told],
    now: datetime,
) -> None:
    documents, analyses, members, entries = [], [], [], []
    first = ""
    for number in block:
        told = texts[
            (member[number] * 31 + number % 7 if member[number] >= 0 else number * 7919) % len(texts)
        ]
        name, text = vary(told.item, number)
        copy = first if number % 4 == 3 else ""
        first = name if not copy else first
        where = f"scale-{told.item.where}"
        extra = f"{STREETS[number % 10]} {number % 997}号"
        words = (*told.analysis.words, *segment(extra))
        place = PLACES[number * 7 % len(PLACES)]
        kind = KINDS.get(told.item.where, "post")
        documents.append({
            "id": name, "source": where, "kind": kind, "url": f"https://scale.example/{name}", "title": told.item.title, "text": text, "author": f"人{number % 50_021}",
            "published": when[number], "fetched": when[number], "when": when[number], "likes": number % 40, "reposts": number % 11, "replies": number % 5,
            "comments": [], "extra": {}, "content_hash": content_hash(told.item.title, text), "duplicate_of": copy, "state": "grouped", "indexed": True,
        })  # fmt: skip
        analyses.append({
            "document_id": name, "topic": told.analysis.topic, "sentiment": told.analysis.sentiment, "urgency": told.analysis.urgency,
            "respond": told.analysis.respond, "rumour_score": told.analysis.rumour_score, "place": place, "words": " ".join(words),
            "data": told.data, "model": "scale", "made": now,
        })  # fmt: skip
        if member[number] >= 0:
            members.append(
                {
                    "document_id": name,
                    "issue_id": f"scale-{member[number]}",
                    "score": 0.9,
                    "reason": "",
                    "when": when[number],
                    "at": now,
                }
            )
        entries.append(Entry(
            name, when[number], words, tuple(segment(told.item.title)),
            {"source": where, "kind": kind, "topic": told.analysis.topic, "place": place, "urgency": str(told.analysis.urgency), "sentiment": str(told.analysis.sentiment),
             "respond": str(told.analysis.respond).lower(), "duplicate": str(bool(copy)).lower(), "sample": "false"},
        ))  # fmt: skip
    with record.session() as session:
        session.execute(insert(DocumentRow), documents)
        session.execute(insert(AnalysisRow), analyses)
        if members:
            session.execute(insert(IssueDocument), members)
    index.add(entries)


def _rumours(record: Record, count: int, when: Sequence[datetime]) -> None:
    with record.session() as session:
        session.add_all(
            Rumour(
                id=number,
                claim=f"网传{STREETS[number % 10]}第{number}种说法",
                verdict="不实",
                state="published",
                published=when[count // 2],
            )
            for number in range(1, 41)
        )
        session.flush()
        session.execute(insert(RumourMatch), [
            {"rumour_id": number % 40 + 1, "document_id": name_of(at), "score": 0.9, "decision": "auto", "when": when[at], "at": when[at]}
            for number, at in enumerate(range(0, count, 50))
        ])  # fmt: skip

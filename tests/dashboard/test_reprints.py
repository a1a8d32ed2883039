"""Chains of reprints are shown: who published first, who copied, how much later, with which change of title."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from answering_city import ISSUE, City, words

from dashboard import reprints
from huiyin.records import DocumentRow, IssueDocument, Source


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = City(tmp_path)
    with made.session() as session:
        session.add(Source(name="daily", title="云江日报"))
        session.add(Source(name="portal", title="某门户"))
        session.flush()
        for name, source, title, minutes, first in (
            ("c0", "daily", "东湖路昨晚停水抢修完成", 0, ""),
            ("c1", "portal", "突发！东湖路昨晚停水", 95, "c0"),
            ("c2", "portal", "东湖路昨晚停水 抢修完成", 3 * 24 * 60, "c0"),
            ("c3", "daily", "", 5, "c0"),
        ):
            when = made.now - timedelta(days=4) + timedelta(minutes=minutes)
            session.add(
                DocumentRow(id=name, source=source, title=title, text="东湖路昨晚停水，抢修已完成。", when=when, published=when, fetched=when, duplicate_of=first, state="grouped")
            )  # fmt: skip
            session.flush()
            session.add(IssueDocument(document_id=name, issue_id=ISSUE, when=when))
    yield made
    made.close()


def test_a_document_shows_its_chain(city: City) -> None:
    page = city.client("zhang").get("/documents/c1")
    text = words(page)
    assert "3 次转载，2 个来源，1 次改了标题" in text
    assert "<ins>突发！</ins>东湖路昨晚停水<del>抢修完成</del>" in page
    order = [text.index(word) for word in ("云江日报", "晚 5 分钟", "晚 1 小时", "晚 3 天")]
    assert order == sorted(order)
    assert text.index("首发") < text.index("晚 5 分钟")
    assert "标题未改" in text  # spacing is no change of title
    assert "本文" in text
    assert "转载链" in words(city.client("zhang").get("/documents/c0"))


def test_an_issue_shows_who_published_first_and_who_copied(city: City) -> None:
    text = words(city.client("zhang").get(f"/issues/{ISSUE}"))
    assert "首发：云江日报；转载 3 条，1 次改了标题" in text


def test_a_first_text_that_is_gone_leaves_the_earliest_in_front(city: City) -> None:
    with city.session() as session:
        session.delete(session.get_one(DocumentRow, "c0"))
    with city.session() as session:
        chain = reprints.chain_of(session, session.get_one(DocumentRow, "c1"))
    assert [link.row.id for link in chain.links] == ["c3", "c1", "c2"]
    assert chain.links[0].first


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("停水通报", "停水 通报！", False),
        ("停水通报", "", False),
        ("", "停水通报", False),
        ("停水通报", "停水情况通报", True),
    ],
)
def test_what_counts_as_another_title(before: str, after: str, changed: bool) -> None:
    pieces = reprints.change(before, after)
    assert bool(pieces) is changed
    if pieces:
        assert "".join(text for kind, text in pieces if kind != "gone") == after
        assert "".join(text for kind, text in pieces if kind != "new") == before

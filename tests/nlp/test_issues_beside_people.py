"""On PostgreSQL: a person merges an issue at the moment that the writer puts a document into it; nothing hangs on what is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from huiyin.records import DocumentRow, Issue, IssueDocument, Record
from huiyin.settings import Settings
from nlp.analyse import Analyser
from nlp.issues import IssueKeeper
from nlp.regroup import merge
from nlp.work import analyse_pending
from tests.postgres import fresh_database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
WATER = "幸福里小区自来水连续停了三天，水厂热线打不通，楼下送水车一天只来一趟，居民要求公布恢复供水时间。"
LIGHT = "光明路路灯熄灭一个多月，下夜班的人摔进施工坑，骑车的学生撞上护栏，没有人维修。"


@pytest.fixture
def record(tmp_path: Path) -> Iterator[Record]:
    with fresh_database() as address:
        made = Record.open(Settings(home=str(tmp_path), database=address))
        yield made
        made.close()


def arrive(record: Record, analyser: Analyser, *texts: str) -> None:
    with record.session() as session:
        for number, text in enumerate(texts):
            session.add(
                DocumentRow(
                    id=f"{len(text)}-{time.monotonic_ns()}",
                    source="s",
                    text=text,
                    when=NOW + timedelta(minutes=number),
                )
            )
    assert analyse_pending(record, analyser, "w") == len(texts)


def test_no_document_joins_an_issue_that_is_merged_away_at_that_moment(record: Record) -> None:
    analyser, settings = Analyser.load(), Settings()
    arrive(record, analyser, WATER, LIGHT)
    keeper = IssueKeeper(record, settings)
    assert keeper.group_pending() == 2
    with record.session(write=False) as session:
        issues = {row.text: member.issue_id for member, row in session.execute(
            select(IssueDocument, DocumentRow).join(DocumentRow, DocumentRow.id == IssueDocument.document_id)
        )}  # fmt: skip
    assert len(set(issues.values())) == 2
    arrive(record, analyser, LIGHT + "请尽快处理。")
    grouped: list[int] = []
    writer = threading.Thread(target=lambda: grouped.append(keeper.group_pending()))
    with record.session() as session:  # the person's transaction is open while the writer begins
        merge(session, issues[WATER], [issues[LIGHT]], "zhang", NOW)
        session.flush()
        writer.start()
        time.sleep(0.7)
    writer.join(30)
    assert grouped == [0]  # it saw that a person spoke, and follows with the next round
    assert keeper.group_pending() == 1
    with record.session(write=False) as session:
        gone = set(session.scalars(select(Issue.id).where(Issue.merged_into != "")))
        assert gone == {issues[LIGHT]}
        assert not gone & set(session.scalars(select(IssueDocument.issue_id)))

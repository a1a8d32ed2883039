"""Pushing documents: all or nothing, once for each key, pseudonymised before it is stored."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from answering_city import City
from api_city import PUSH, Api, open_city
from sqlalchemy import func, select

from dashboard.api._fields import MOST_ROWS
from dashboard.api._push import MOST_BYTES
from huiyin.document import document_id
from huiyin.records import DocumentRow, Fetch, IdempotencyKey, Record, Source


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    made = open_city(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A program that pushes to a city in which nothing is ever stored: shared by the tests of refusals."""
    made = open_city(tmp_path_factory.mktemp("untouched"))
    yield Api(made, "push")
    made.close()


@pytest.fixture(autouse=True)
def rested(request: pytest.FixtureRequest) -> None:
    """Let the shared program ask afresh: its hundred tests are faster than its rate."""
    if "untouched" in request.fixturenames:
        request.getfixturevalue("untouched").city.app.extensions["huiyin"].cache.pop("api-limiter", None)


def stored(city: City) -> list[DocumentRow]:
    with city.record.session(write=False) as session:
        return list(
            session.scalars(select(DocumentRow).where(DocumentRow.source == PUSH).order_by(DocumentRow.id))
        )


ROW: dict[str, Any] = {
    "id": "W-2026-1", "text": "我家住幸福里小区，自来水连续三天发黄，电话13800138000，请尽快处理。", "title": "自来水发黄", "author": "王小明",
    "published": "2026-11-20T08:00:00", "url": "https://hotline.example.org/1?utm_source=x", "likes": 3,
    "comments": ["我家也是", {"text": "找李大力 13900139000", "author": "赵某某", "published": "2026-11-20 09:00"}],
}  # fmt: skip


def test_what_is_acknowledged_is_on_disk_masked_and_pseudonymised(city: City) -> None:
    answer = Api(city, "push").push([ROW])
    assert (answer["accepted"], answer["counts"]["new"]) == (1, 1)
    assert answer["ids"] == [document_id(PUSH, "W-2026-1")]
    other = Record.open(city.settings, migrate=False)  # another connection, as another process would see it
    with other.session(write=False) as session:
        row = session.get_one(DocumentRow, answer["ids"][0])
    other.close()
    assert row.published is not None
    assert row.published.isoformat() == "2026-11-20T00:00:00+00:00"  # no zone means the office's
    assert (row.kind, row.state, row.sample) == ("message", "stored", False)
    whole = json.dumps([row.text, row.author, row.comments, row.extra], ensure_ascii=False)
    for private in ("13800138000", "13900139000", "王小明", "赵某某"):
        assert private not in whole
    assert row.author.startswith("u")
    assert len(row.comments) == 2


def test_the_same_key_gets_the_same_answer_and_stores_nothing(city: City) -> None:
    api = Api(city, "push")
    first = api.push([ROW, {**ROW, "id": "2", "text": "另一件事情，路灯不亮已经一个月。"}], key="k-1")
    again = api.push([ROW, {**ROW, "id": "2", "text": "另一件事情，路灯不亮已经一个月。"}], key="k-1")
    assert again == first
    assert first["counts"]["new"] == 2
    api.push([ROW], 422, key="k-1")
    assert len(stored(city)) == 2
    assert (
        Api(city, "push").push([ROW], key="k-1")["counts"]["new"] == 0
    )  # another token's key is another key
    with city.record.session(write=False) as session:
        assert session.scalar(select(func.count()).select_from(IdempotencyKey)) == 2


def test_without_a_key_the_ids_keep_it_from_doubling(city: City) -> None:
    api = Api(city, "push")
    assert api.push([ROW])["counts"]["new"] == 1
    assert api.push([ROW])["counts"]["unchanged"] == 1
    assert (
        api.push([{**ROW, "text": "水质已经恢复，但是水压很低，请继续处理，谢谢。"}])["counts"]["changed"]
        == 1
    )
    assert [row.version for row in stored(city)] == [2]


def test_two_at_once_with_one_key(city: City) -> None:
    api, answers = Api(city, "push"), []
    rows = [{"id": str(n), "text": f"第{n}条不同的内容，说的是第{n}号路口的事情"} for n in range(30)]

    def go() -> None:
        answer = city.app.test_client().post(
            f"/api/v1/documents?source={PUSH}", json=rows, headers={**api.headers, "Idempotency-Key": "race"}
        )
        answers.append((answer.status_code, answer.get_data()))

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1
    assert answers[0][0] == 200
    assert len(stored(city)) == 30


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"), ({"text": "  \n"}, "text"), ({"text": 5}, "text"), ({"text": None}, "text"), ({"text": "x" * 500_001}, "text"),
        ({"id": ""}, "id"), ({"id": 7}, "id"), ({"id": "\ud800"}, "id"), ({"title": "x" * 501}, "title"), ({"url": "javascript:alert(1)"}, "url"),
        ({"url": "http://a b"}, "url"), ({"published": "昨天大概"}, "published"), ({"published": True}, "published"), ({"published": 10**30}, "published"),
        ({"published": "2999-01-01"}, "published"), ({"kind": "rumour"}, "kind"), ({"kind": ["post"]}, "kind"), ({"likes": -1}, "likes"), ({"likes": 1.5}, "likes"),
        ({"likes": True}, "likes"), ({"comments": "x"}, "comments"), ({"comments": [{"author": "x"}]}, "comments"), ({"comments": [1]}, "comments"),
        ({"comments": [{"text": "x", "phone": "1"}]}, "comments"), ({"comments": [{"text": "x", "kind": ["a"]}]}, "comments"), ({"phone": "13800138000"}, "phone"),
    ],
)  # fmt: skip
def test_a_bad_field_is_named_and_nothing_is_stored(
    untouched: Api, change: dict[str, Any], field: str
) -> None:
    error = untouched.push([ROW, {**ROW, "id": "good"}, {**ROW, **change}], 422)["error"]
    assert [(problem["row"], problem["field"]) for problem in error["problems"]] == [(2, field)]
    assert f"row 2, {field}" in error["message"]
    assert stored(untouched.city) == []


def test_a_missing_field_and_a_row_that_is_none(untouched: Api) -> None:
    problems = untouched.push([{"id": "1"}, "text", None, {}], 422)["error"]["problems"]
    assert [(p["row"], p["field"]) for p in problems] == [
        (0, "text"),
        (1, ""),
        (2, ""),
        (3, "id"),
        (3, "text"),
    ]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 400), (b"{}", "application/json", 400), (b"[]", "application/json", 400), (b"[{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400), (b"[" * 100_000, "application/json", 400), (b"x=1", "application/x-www-form-urlencoded", 415),
        (b"[]", "", 415), (b"\n\n", "application/x-ndjson", 400), (b'{"id": "1", "text": "x"}\n{', "application/x-ndjson", 400),
        (b" " * (MOST_BYTES + 1), "application/json", 413), (json.dumps([{"id": str(n), "text": "x"} for n in range(MOST_ROWS + 1)]), "application/json", 413),
    ],
)  # fmt: skip
def test_bodies_that_are_none(untouched: Api, body: bytes, kind: str, status: int) -> None:
    error = untouched.push(body, status, kind=kind)["error"]
    assert error["status"] == status
    assert error["message"]
    assert stored(untouched.city) == []


def test_lines_are_taken_as_well(city: City) -> None:
    rows = [{"id": str(n), "text": f"第{n}号楼的电梯坏了，一直没有人来修理"} for n in range(3)]
    body = "\ufeff" + "\r\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n"
    assert Api(city, "push").push(body.encode(), kind="application/x-ndjson")["accepted"] == 3
    assert len(stored(city)) == 3


def test_a_source_must_be_registered_and_switched_on(city: City) -> None:
    api = Api(city, "push")
    assert "接口令牌" in api.push([ROW], 404, source="push-nobody")["error"]["message"]
    assert (
        api.push([ROW], 404, source="forum")["error"]["status"] == 404
    )  # a crawled source is no push source
    assert api.push([ROW], 403, source="push-off")["error"]["status"] == 403
    assert "source" in api.push([ROW], 400, source="")["error"]["message"]


def test_the_source_page_sees_the_pushes(city: City) -> None:
    api = Api(city, "push")
    api.push([ROW])
    api.push([{**ROW, "id": "2", "text": "公交车站牌被撞坏了，学生在路边等车很危险。"}])
    with city.record.session(write=False) as session:
        runs = list(session.scalars(select(Fetch).where(Fetch.source == PUSH)))
        source = session.get_one(Source, PUSH)
    assert [(run.state, run.fetched, run.new) for run in runs] == [("ok", 2, 2)]
    assert source.state == "ok"
    assert source.last_new is not None


def test_reposts_point_to_what_they_answer(city: City) -> None:
    Api(city, "push").push(
        [ROW, {"id": "R-1", "text": "已派人到现场，正在冲洗管网。", "kind": "reply", "parent": "W-2026-1"}]
    )
    answer = next(row for row in stored(city) if row.kind == "reply")
    assert answer.parent == document_id(PUSH, "W-2026-1")

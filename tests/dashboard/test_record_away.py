"""A record that cannot be written answers 503 and stores nothing; what is our own fault stays a 500 with a number."""

from __future__ import annotations

from pathlib import Path

from api_city import Api, open_city
from sqlalchemy import event, text


def test_a_record_without_room_says_try_again_later(tmp_path: Path) -> None:
    city = open_city(tmp_path)
    api = Api(city, "push")
    with city.record.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    def limit(connection: object, _record: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA max_page_count={pages}")
        cursor.close()

    event.listen(city.record.engine, "checkout", lambda connection, record, _: limit(connection, record))
    rows = [{"id": str(n), "text": f"第{n}号楼的电梯坏了，一直没有人来修理。" * 400} for n in range(80)]
    error = api.push(rows, 503)["error"]
    assert "没有保存" in error["message"]
    with city.record.session(write=False) as session:
        assert (
            session.execute(text("SELECT count(*) FROM documents WHERE source = 'push-12345'")).scalar_one()
            == 0
        )
    city.close()


def test_a_fault_of_ours_is_no_503(tmp_path: Path) -> None:
    city = open_city(tmp_path)
    api = Api(city, "push")
    with city.record.engine.begin() as connection:
        connection.execute(text("ALTER TABLE visits RENAME TO visited"))
        connection.execute(text("ALTER TABLE fetches RENAME TO fetched"))
    error = api.push([{"id": "1", "text": "路灯不亮已经一个月，没有人管。"}], 500)["error"]
    assert "编号" in error["message"]
    city.close()

"""An installation under load, and the count afterwards: what was acknowledged against record, index, issues, audit chain."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select

from dashboard import accounts
from dashboard.api._tokens import make
from huiyin.document import document_id
from huiyin.records import AnalysisRow, DocumentRow, Fetch, Issue, IssueDocument, Record, Source
from huiyin.records.audit import append, verify
from huiyin.search import Query, open_index
from huiyin.settings import Settings
from tests.crash.processes import Running, Zygote
from tests.crash.servers import free_port

PUSH = "push-load"
THINGS = (
    "自来水连续停了三天，水厂热线打不通，楼下送水车一天只来一趟", "变压器烧坏以后整片停电，冰箱里的药全坏了，电力抢修没有时间表",
    "路灯熄灭一个多月，下夜班的人摔进施工坑，骑车的学生撞上护栏", "电梯运行中突然下坠，被困四十分钟，维保公司说没有配件",
    "食堂饭菜里有异味，十几名学生呕吐腹泻送医，家长要求公布食材来源", "工地凌晨两点还在打桩，噪声超标，居民整夜睡不着",
    "垃圾堆满楼道无人清运，苍蝇老鼠到处跑，物业和环卫互相推诿", "公交线路突然取消，老人买菜看病要走四公里，站牌上没有任何公告",
    "河水变成黑色并漂着死鱼，气味刺鼻，上游化工厂夜里偷排", "民办学校学费一次涨了四千元，没有听证，拒绝退费",
    "井盖丢失三处，昨天有电动车翻倒，骑车人骨折", "供暖第十天室内只有十二度，换热站压力不够，孩子老人感冒发烧",
)  # fmt: skip
PLACES = (
    "东湖街道",
    "西城小区",
    "南门外大街",
    "北岸新村",
    "幸福里",
    "光明路",
    "第三小学",
    "人民医院",
    "老火车站",
    "滨江花园",
)
ENDS = (
    "请有关部门尽快处理",
    "打了三次电话都没有人来",
    "希望给个说法",
    "已经影响老人和孩子",
    "大家都很着急",
    "到底归谁管",
    "问了物业说不知道",
)


def sentence(rng: random.Random, number: int, again: int = 0) -> str:
    """A complaint; every seventh repeats an earlier one word for word."""
    place, thing, end = rng.choice(PLACES), rng.choice(THINGS), rng.choice(ENDS)
    return f"{place}{thing}，{end}。（第{number}号）" + (f"补充第{again}次。" if again else "")


@dataclass
class World:
    """One installation: its settings, the processes' environment, what was acknowledged so far."""

    zygote: Zygote
    home: Path
    database: str = ""
    queue: str = ""
    search: str = ""
    port: int = field(default_factory=free_port)
    token: str = ""
    pushed: dict[str, str] = field(default_factory=dict)  # acknowledged: native id → text
    imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with closing(Record.open(self.settings)) as record, record.session() as session:
            accounts.add(session, "loader", "admin", by="test")
            session.add(Source(name=PUSH, title="压力", kind="push", enabled=True, legal_basis="测试"))
            self.token = make(session, "压力", ("push",), user="loader", by="test")

    @classmethod
    def restored(cls, other: World, home: Path) -> World:
        """An empty folder on the same fork server, for a backup to be put into."""
        made = cls.__new__(cls)
        made.__dict__.update(
            {**other.__dict__, "home": home, "port": free_port(), "pushed": {}, "imported": {}}
        )
        return made

    @property
    def settings(self) -> Settings:
        return Settings(home=str(self.home), database=self.database, search=self.search, queue=self.queue)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HUIYIN_DATABASE": self.database, "HUIYIN_QUEUE": self.queue, "HUIYIN_SEARCH": self.search,
            "HUIYIN_DOWNLOAD_DELAY": "0", "HUIYIN_PORT": str(self.port),
        }  # fmt: skip

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> Running:
        return self.zygote.start("--home", str(self.home), *words, env={**self.environment, **(env or {})})

    def web(self) -> Running:
        """The dashboard alone: it takes the pushes."""
        return self.start("up", "--web", "--no-sample")

    def pending(self) -> int:
        """Documents that some step still has to take up."""
        with (
            closing(Record.open(self.settings, migrate=False)) as record,
            record.session(write=False) as session,
        ):
            open_ = or_(DocumentRow.state.in_(("stored", "analysed")), DocumentRow.indexed.is_(False))
            dirty = session.scalar(select(func.count()).where(Issue.dirty, Issue.merged_into == "")) or 0
            count = session.scalar(select(func.count()).select_from(DocumentRow).where(open_)) or 0
        return count + dirty

    def settle(self, patience: float = 240.0) -> None:
        """Wait until nothing is pending: somebody is working."""
        end = time.monotonic() + patience
        while count := self.pending():
            assert time.monotonic() < end, f"{count} still pending after {patience} s"
            time.sleep(1)

    def drain(self) -> None:
        """Let one worker finish what is pending: the recovery on one machine."""
        worker = self.start("work", "--once")
        assert worker.wait(300) == 0, worker.tail()


class Pusher:
    """A program that pushes to the API, a few documents at a time, and repeats each body with its key until it is acknowledged."""

    def __init__(self, world: World, seed: int, pause: float = 0.4, size: int = 40) -> None:
        self.world, self.pause, self.size = world, pause, size
        self.rng = random.Random(seed)
        self.asked = self.refused = 0
        self._stop = threading.Event()
        self._numbers = itertools.count()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.failure: BaseException | None = None

    def __enter__(self) -> Pusher:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def wait_for(self, least: int, patience: float = 120.0) -> None:
        """Until so many documents are acknowledged: before that there is nothing to lose."""
        end = time.monotonic() + patience
        while len(self.world.pushed) < least:
            assert self.failure is None, self.failure
            assert time.monotonic() < end, f"{len(self.world.pushed)} acknowledged after {patience} s"
            time.sleep(0.05)

    def finish(self, patience: float = 120.0) -> None:
        """Stop after the body under way was acknowledged. Raises where it never is."""
        self._stop.set()
        self._thread.join(patience)
        assert not self._thread.is_alive(), "the last push was never acknowledged"
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                rows = [self._row() for _ in range(self.size)]
                answer = self._until_acknowledged(rows, f"key-{next(self._numbers)}")
                assert set(answer["ids"]) == {document_id(PUSH, row["id"]) for row in rows}
                self.world.pushed.update({row["id"]: row["text"] for row in rows})
                self._stop.wait(self.pause)
        except BaseException as error:
            self.failure = error

    def _row(self) -> dict[str, Any]:
        number = next(self._numbers)
        if self.world.pushed and self.rng.random() < 0.1:  # an earlier one was edited
            native = self.rng.choice(list(self.world.pushed))
            text = sentence(self.rng, number, again=number)
        else:
            native, text = (
                f"n{number}",
                sentence(self.rng, number - number % 7 if number % 7 == 3 else number),
            )
        return {
            "id": native,
            "text": text,
            "author": f"网友{number % 90}",
            "published": f"2026-11-{number % 20 + 1:02}T08:00:00",
        }

    def _until_acknowledged(self, rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
        body = json.dumps(list({row["id"]: row for row in rows}.values())).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.world.port}/api/v1/documents?source={PUSH}", data=body,
            headers={"Authorization": f"Bearer {self.world.token}", "Content-Type": "application/json", "Idempotency-Key": key},
        )  # fmt: skip
        rows[:] = json.loads(body)
        end = time.monotonic() + 300
        while True:
            self.asked += 1
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    found: dict[str, Any] = json.load(answer)
                    return found
            except urllib.error.HTTPError as error:
                said = error.read()[:300]
                if error.code < 500 and error.code != 429:
                    raise AssertionError(f"{error.code}: {said!r}") from error
            except (OSError, ValueError):
                pass  # killed before or while it answered: whether it was stored we cannot know, so we ask again
            self.refused += 1
            assert time.monotonic() < end, "a push was refused for five minutes"
            time.sleep(0.1)


@dataclass
class Count:
    """What is there after recovery."""

    documents: int
    pushed: int
    imported: int
    indexed: int
    grouped: int
    issues: int
    failed: int
    audit: int


def count(world: World) -> Count:
    """Compare everything that was acknowledged with what is there. Raises AssertionError naming what is lost or doubled."""
    with (
        closing(Record.open(world.settings)) as record,
        closing(open_index(world.settings)) as index,
        record.session(write=False) as session,
    ):
        rows = {row.id: row for row in session.scalars(select(DocumentRow))}
        _nothing_lost(rows, world)
        states = {row.state for row in rows.values()}
        assert states <= {"grouped"}, {
            row.id: (row.state, row.failures) for row in rows.values() if row.state != "grouped"
        }
        analysed = set(session.scalars(select(AnalysisRow.document_id)))
        assert analysed == set(rows), f"{len(set(rows) - analysed)} without analysis"
        entries = _entries(index)
        assert len(entries) == len(set(entries)), "an entry stands twice in the index"
        assert set(entries) == set(rows), (
            f"index lacks {len(set(rows) - set(entries))}, has {len(set(entries) - set(rows))} too many"
        )
        members = {member.document_id: member.issue_id for member in session.scalars(select(IssueDocument))}
        wanted = {row.id for row in rows.values() if row.kind != "policy"}
        assert set(members) == wanted, (
            f"{len(wanted - set(members))} in no issue, {len(set(members) - wanted)} wrongly in one"
        )
        issues = {issue.id: issue for issue in session.scalars(select(Issue))}
        assert all(not issues[name].merged_into for name in members.values()), (
            "a document hangs on an issue that was merged away"
        )
        sizes: dict[str, int] = {}
        for name in members.values():
            sizes[name] = sizes.get(name, 0) + 1
        # An issue that the last late merge touched is worked out by the next round: `dirty` says so.
        wrong = {
            name for name, size in sizes.items() if not issues[name].dirty and issues[name].documents != size
        }
        assert not wrong, f"{len(wrong)} issues' sizes are not those of their documents"
        audited, problem = verify(session)
        assert not problem, problem
        runs = session.scalar(select(func.count()).select_from(Fetch).where(Fetch.source == PUSH)) or 0
        assert runs or not world.pushed
    return Count(
        len(rows), len(world.pushed), len(world.imported), len(entries), len(members), len(sizes),
        sum(row.state == "failed" for row in rows.values()), audited,
    )  # fmt: skip


def _nothing_lost(rows: Mapping[str, DocumentRow], world: World) -> None:
    for source, accepted in ((PUSH, world.pushed), ("load", world.imported)):
        expected = {document_id(source, native): text for native, text in accepted.items()}
        there = {name: row.text for name, row in rows.items() if row.source == source}
        assert not set(expected) - set(there), (
            f"{source}: {len(set(expected) - set(there))} acknowledged documents are lost"
        )
        assert not set(there) - set(expected), (
            f"{source}: {len(set(there) - set(expected))} documents that nobody sent"
        )
        stale = [name for name, text in expected.items() if there[name] != text]
        assert not stale, f"{source}: {len(stale)} documents are not as they were last acknowledged"


def _entries(index: Any) -> list[str]:
    found: list[str] = []
    while True:
        page = index.search(Query(order="oldest", limit=1000, offset=len(found)))
        found += page.ids
        if not page.ids:
            assert page.total == len(found)
            return found


def import_file(folder: Path, number: int, size: int = 600) -> tuple[Path, dict[str, str]]:
    """A file to import and what is in it."""
    rng, file = random.Random(number), folder / f"import-{number}.jsonl"
    texts = {f"f{number}-{row}": sentence(rng, 100_000 + number * size + row) for row in range(size)}
    lines = [
        json.dumps(
            {"id": native, "text": text, "published": f"2026-11-{row % 20 + 1:02} 09:00:00"},
            ensure_ascii=False,
        )
        for row, (native, text) in enumerate(texts.items())
    ]
    file.write_text("\n".join(lines), "utf-8")
    return file, texts


def audited(world: World) -> None:
    """Something that a person did, so that the chain grows while processes die."""
    with closing(Record.open(world.settings, migrate=False)) as record, record.session() as session:
        append(session, "loader", "look", "crash-suite")

"""p95 of overview, issue page and search at 10 concurrent users while 200 documents a second come in, over 10,000 and 1,000,000 documents.

    python bench/dashboard_scale.py [--documents 10000 1000000] [--users 10] [--rate 200] [--seconds 90] [--think 1.0] [--home DIR]

One server process pair (`huiyin up`: pages and worker) on SQLite and tantivy. The record is filled in bulk (bench/_city_at_scale.py) unless
DIR already has it. A third process plays the crawl: it hands `rate` documents a second to the intake. A user opens one page after
the other, `think` seconds apart (0: without a pause); pages, issues and words are drawn at random, large issues more often. Times are
from the first byte asked to the last byte received on loopback, signed in, uncompressed. Also shown: what came in, what was analysed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _city_at_scale import coming, fill
from sqlalchemy import func, select

from dashboard.auth import COOKIE, hash_password, start_session
from huiyin.records import DocumentRow, Issue, Record, User, utcnow
from huiyin.search import open_index
from huiyin.settings import Settings, load

WORDS = (
    "电梯",
    "食堂",
    "停水",
    "欠薪",
    "解放路",
    "学校",
    "火灾",
    "社保",
    "居民 投诉",
    '"滨江大道"',
    "老人 医院",
    "工地 噪音",
)
WARM = 12.0
"""Seconds of the same load before times are kept."""


def feed(home: str, rate: int) -> None:
    """Hand documents to the intake, `rate` a second, in batches of half a second, until ended."""
    from crawler.intake import Intake

    settings = load(environ={}, home=home)
    record = Record.open(settings, migrate=False)
    intake, source = Intake(record, settings), coming(int(time.time()) * 1000)
    batch = max(1, rate // 2)
    intake.store([next(source) for _ in range(batch)])  # builds the fold index over 30 days
    print("ready", flush=True)
    due = time.monotonic()
    while True:
        intake.store([next(source) for _ in range(batch)])
        due += batch / rate
        time.sleep(max(0.0, due - time.monotonic()))


def prepare(home: Path, count: int) -> Settings:
    """A filled home, made where it is missing."""
    settings = load(environ={}, home=str(home))
    record, index = Record.open(settings), open_index(settings)
    if not _documents(record):
        began = time.monotonic()
        fill(record, index, count)
        print(f"filled {count:,} documents in {time.monotonic() - began:.0f} s", file=sys.stderr)
    index.close()
    record.close()
    return settings


def _documents(record: Record) -> int:
    with record.session(write=False) as session:
        return session.scalar(select(func.count()).select_from(DocumentRow)) or 0


def sign_in(settings: Settings) -> str:
    record = Record.open(settings)
    with record.session() as session:
        user = session.merge(
            User(name="bench", role="analyst", password=hash_password("not used here"), must_change=False)
        )
        secret = start_session(session, user)
    record.close()
    return secret


@contextmanager
def running(settings: Settings, port: int) -> Iterator[int]:
    """`huiyin up` without the sample: pages and scheduler in one process, the worker in the other."""
    words = [
        sys.executable,
        "-m",
        "huiyin.cli",
        "--home",
        settings.home,
        "up",
        "--port",
        str(port),
        "--no-sample",
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "is ready" in line:
                break
        yield process.pid
    finally:
        process.terminate()
        process.wait(60)


class Visitors(threading.Thread):
    """One user: pages one after the other on a kept-alive connection; keeps (kind, seconds, status)."""

    def __init__(
        self, port: int, cookie: str, issues: list[str], think: float, seed: int, stop: threading.Event
    ) -> None:
        super().__init__(daemon=True)
        self.port, self.cookie, self.issues, self.think = port, cookie, issues, think
        self.draw, self.stop, self.kept = random.Random(seed), stop, list[tuple[str, float, int, float]]()

    def run(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        while not self.stop.is_set():
            kind, path = self.page()
            began = time.perf_counter()
            try:
                line.request("GET", path, headers={"Cookie": f"{COOKIE}={self.cookie}"})
                answer = line.getresponse()
                answer.read()
                status = answer.status
            except (
                OSError
            ):  # no answer within the patience of a person: counted as wrong, with the time that it took
                status = 0
                line.close()
            self.kept.append((kind, time.perf_counter() - began, status, time.monotonic()))
            if self.think:
                self.stop.wait(self.draw.uniform(0.5, 1.5) * self.think)

    def page(self) -> tuple[str, str]:
        kind = self.draw.choice(("overview", "issue", "search"))
        if kind == "overview":
            return kind, f"/overview?days={self.draw.choice((1, 7, 7, 21))}"
        if kind == "issue":
            place = int(len(self.issues) * self.draw.random() ** 3)  # the largest first
            return kind, f"/issues/{self.issues[place]}" + self.draw.choice(("", "", "?tab=documents"))
        return (
            kind,
            f"/search?{urllib.parse.urlencode({'q': self.draw.choice(WORDS), 'page': self.draw.choice((1, 1, 1, 2))})}",
        )


def processor(process: int) -> float:
    """Seconds of processor time that a process has used (Linux): what pages cost, however busy the machine is with other work."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def counts(record: Record) -> dict[str, int]:
    with record.session(write=False) as session:
        newest = session.scalar(
            select(func.count()).where(
                DocumentRow.id.is_not(None),
                DocumentRow.fetched > utcnow().replace(hour=0, minute=0, second=0),
            )
        )
        waiting = session.scalar(
            select(func.count()).select_from(DocumentRow).where(DocumentRow.state == "stored")
        )
    return {"today": int(newest or 0), "waiting": int(waiting or 0)}


def measure(settings: Settings, args: argparse.Namespace, port: int) -> dict[str, Any]:
    """The figures of one size."""
    cookie = sign_in(settings)
    record = Record.open(settings, migrate=False)
    with record.session(write=False) as session:
        issues = list(
            session.scalars(
                select(Issue.id).where(Issue.merged_into == "").order_by(Issue.documents.desc()).limit(400)
            )
        )
    with running(settings, port) as server:
        feeder = None
        if args.rate:
            feeder = subprocess.Popen(
                [sys.executable, __file__, "--feed", settings.home, "--rate", str(args.rate)],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert feeder.stdout is not None
            if feeder.stdout.readline().strip() != "ready":
                raise SystemExit("the process that hands documents in did not start")
        stop = threading.Event()
        users = [Visitors(port, cookie, issues, args.think, seed, stop) for seed in range(args.users)]
        for user in users:
            user.start()
        time.sleep(WARM)
        before, began, used = counts(record), time.monotonic(), processor(server)
        time.sleep(args.seconds)
        after, spent, used = counts(record), time.monotonic() - began, processor(server) - used
        stop.set()
        for user in users:
            user.join(90)
        if feeder:
            feeder.terminate()
            feeder.wait()
    record.close()
    rows = [row for user in users for row in user.kept if row[3] >= began]
    came = (after["today"] - before["today"]) / spent
    return {"pages": {kind: _row([row for row in rows if row[0] == kind]) for kind in ("overview", "issue", "search")},
            "processor": 1000 * used / max(1, len(rows)), "came": came, "analysed": came - (after["waiting"] - before["waiting"]) / spent}  # fmt: skip


def _row(rows: list[tuple[str, float, int, float]]) -> dict[str, float]:
    if not rows:
        raise SystemExit("no page was answered in the time; give it more --seconds")
    times = sorted(row[1] * 1000 for row in rows)
    return {"count": len(times), "p50": statistics.median(times), "p95": times[int(0.95 * (len(times) - 1))], "max": times[-1],
            "wrong": sum(row[2] != 200 for row in rows)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--think", type=float, default=1.0)
    parser.add_argument("--port", type=int, default=8231)
    parser.add_argument("--home", help="folder for the filled records; a temporary one where it is not given")
    parser.add_argument("--feed", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.feed:
        feed(args.feed, args.rate)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(args.home or temporary)
        found: dict[int, dict[str, Any]] = {}
        print(
            "| documents | page | requests | p50 ms | p95 ms | max ms | not 200 | came in /s | analysed /s | processor ms a page |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
        )
        for count in args.documents:
            found[count] = measure(prepare(folder / str(count), count), args, args.port)
            for kind, row in found[count]["pages"].items():
                print(
                    f"| {count:,} | {kind} | {row['count']} | {row['p50']:.0f} | {row['p95']:.0f} | {row['max']:.0f} | {row['wrong']} | {found[count]['came']:.0f} | {found[count]['analysed']:.0f} | {found[count]['processor']:.0f} |",
                    flush=True,
                )
        if len(found) > 1:
            first, last = found[min(found)]["pages"], found[max(found)]["pages"]
            print(
                "growth of p95: "
                + ", ".join(f"{kind} ×{last[kind]['p95'] / first[kind]['p95']:.1f}" for kind in first)
            )
        print(json.dumps(found))


if __name__ == "__main__":
    main()

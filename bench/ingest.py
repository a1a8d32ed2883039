"""Documents a second from the intake until they stand in an issue and in the index, on both pairs of record and index, with 1, 2 and 3 workers.

    python bench/ingest.py [--documents 3000] [--workers 1 2 3] [--postgres URL] [--elasticsearch URL]

One process hands the sample city's texts, each told anew, to the intake as fast as it takes them; N processes analyse (as the part
`analyse` of `huiyin worker` does), one more groups, tends issues and fills the index (as the part `group`). All are ready, models
loaded, before the clock starts; it stops when every document is grouped and the index has it. Record and index are empty at each start.
Where the machine has fewer cores than processes, these share them: the table says how many there are, and beside the speeds stands what
our own processes used of the processor (not the servers), which does not depend on what else the machine does. URLs are HUIYIN_TEST_POSTGRES and
HUIYIN_TEST_ELASTICSEARCH where they are not given; a pair whose servers are not there is left out.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing.synchronize import Barrier, Event
from typing import Any

from _city_at_scale import coming
from sqlalchemy import create_engine, func, make_url, select, text

from crawler.intake import Intake
from huiyin.records import DocumentRow, Record
from huiyin.search import open_index
from huiyin.settings import Settings

PART = 200
PATIENCE = 900.0


def analyse(settings: Settings, ready: Barrier, stop: Event, spent: Any) -> None:
    from nlp.tasks import Analysing

    work = Analysing(settings)
    ready.wait()
    begun = time.process_time()
    while not stop.is_set():
        work()
        time.sleep(0.25)
    spent.put(("analyse", time.process_time() - begun))


def group(settings: Settings, ready: Barrier, stop: Event, spent: Any) -> None:
    from nlp.work import Done
    from response_kits.rounds import Rounds

    with closing(Record.open(settings, migrate=False)) as record:
        rounds = Rounds(record, settings, open_index(settings))
        ready.wait()
        begun = time.process_time()
        while not stop.is_set():
            if not rounds.round(Done()):
                time.sleep(0.05)
        spent.put(("group", time.process_time() - begun))


def run(settings: Settings, count: int, workers: int) -> tuple[list[float], dict[str, float]]:
    """Seconds until all are stored, until all are analysed, until all are grouped and indexed; processor seconds by part."""
    record = Record.open(settings)
    context = multiprocessing.get_context("spawn")  # no connection or thread of ours is inherited
    ready, stop, spent = context.Barrier(workers + 2), context.Event(), context.Queue()
    children = [context.Process(target=analyse, args=(settings, ready, stop, spent)) for _ in range(workers)]
    children.append(context.Process(target=group, args=(settings, ready, stop, spent)))
    for child in children:
        child.start()
    try:
        intake = Intake(record, settings)
        source = list(islice(coming(0), count))
        ready.wait(120)
        start, begun = time.monotonic(), time.process_time()
        for first in range(0, count, PART):
            intake.store(source[first : first + PART])
        stored, used = time.monotonic() - start, {"store": time.process_time() - begun}
        analysed = _until(record, start, count, DocumentRow.state.in_(("analysed", "grouped")))
        done = _until(record, start, count, DocumentRow.indexed & (DocumentRow.state == "grouped"))
        stop.set()
        for _ in children:
            part, seconds = spent.get(timeout=60)
            used[part] = used.get(part, 0.0) + seconds
    finally:
        stop.set()
        for child in children:
            child.join(60)
            if child.is_alive():
                child.kill()
    with closing(open_index(settings)) as index:
        if index.count() != count:
            raise SystemExit(f"the index has {index.count():,} of {count:,} documents")
    record.close()
    return [stored, analysed, done], used


def _until(record: Record, start: float, count: int, condition: object) -> float:
    while True:
        with record.session(write=False) as session:
            reached = session.scalar(select(func.count()).select_from(DocumentRow).where(condition)) or 0  # type: ignore[arg-type]
        passed = time.monotonic() - start
        if reached >= count:
            return passed
        if passed > PATIENCE:
            raise SystemExit(f"only {reached:,} of {count:,} documents after {passed:.0f} s")
        time.sleep(0.1)


@contextmanager
def sqlite_and_tantivy() -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as home:
        yield Settings(home=home)


@contextmanager
def postgres_and_elasticsearch(postgres: str, elasticsearch: str) -> Iterator[Settings]:
    name = f"bench_{secrets.token_hex(6)}"
    url = make_url(postgres)
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    address = url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    try:
        with tempfile.TemporaryDirectory() as home:
            settings = Settings(home=home, database=address, search=f"{elasticsearch}?index=bench-ingest")
            with closing(open_index(settings)) as index:
                index.clear()
                yield settings
                index.clear()
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, default=3_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--postgres", default=os.environ.get("HUIYIN_TEST_POSTGRES", ""))
    parser.add_argument("--elasticsearch", default=os.environ.get("HUIYIN_TEST_ELASTICSEARCH", ""))
    args = parser.parse_args()
    print(f"{args.documents:,} documents, {os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}\n")
    print(
        "| record and index | workers | stored a second | analysed a second | grouped and indexed a second "
        "| processor ms a document: store | analyse | group and index |"
    )
    print("| --- |" + " --- |" * 7, flush=True)
    for workers in args.workers:  # by turns: what else the machine does weighs on both pairs
        pairs = {"SQLite and tantivy": sqlite_and_tantivy()}
        if args.postgres and args.elasticsearch:
            pairs["PostgreSQL and Elasticsearch"] = postgres_and_elasticsearch(
                args.postgres, args.elasticsearch
            )
        for name, pair in pairs.items():
            with pair as settings:
                passed, used = run(settings, args.documents, workers)
            cells = [f"{args.documents / seconds:,.0f}" for seconds in passed]
            cells += [f"{used[part] / args.documents * 1000:.1f}" for part in ("store", "analyse", "group")]
            print(f"| {name} | {workers} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

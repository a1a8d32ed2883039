"""`huiyin worker`: its parts as processes of their own, the two seats, and what is said of them."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable

from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from huiyin.errors import Unavailable, UsageError
from huiyin.queue.broker import TASKS, consume, make_app, waiting
from huiyin.queue.lease import FencedRecord, LeaseLost, living, process_name
from huiyin.queue.seat import Seat
from huiyin.records import DocumentRow, Record
from huiyin.settings import Settings

log = logging.getLogger("huiyin.worker")
GRACE = 30.0
"""Seconds that the parts may take to end before they are killed: the record knows what they had not finished."""
LOOK = 2.0
"""Seconds between two looks at a seat that another holds."""
PATIENCE = 20
"""Rounds that may fail one after the other before the process gives up and its supervisor starts a new one."""


def supervise(parts: tuple[str, ...], processes: int, settings: Settings) -> int:
    """Run each part in a process of its own, started again where it ends, until SIGTERM or SIGINT."""
    from dashboard.commands.up import Child
    from dashboard.jobs import command

    stop = _stopping()
    record = Record.open(settings)
    if "crawl" in parts:
        need_keys(record, settings)
    children = [
        Child(command(settings, "worker", "--processes", str(processes), "--part", name)) for name in parts
    ]
    present = Seat(record, f"worker:{process_name()}", about=", ".join(parts))
    print(f"worker {process_name()} takes: {', '.join(parts)}", flush=True)
    try:
        while not stop.wait(0.5):
            for child in children:
                child.tend()
            present.progress()
            if not present.held:
                present.take()
    finally:
        print("stopping…", flush=True)
        _end([child.process for child in children if child.process is not None])
        present.leave()
    return 0


def need_keys(record: Record, settings: Settings) -> None:
    """Raise UsageError where this machine has no keys but the record has documents: with keys of its own it would give authors
    other pseudonyms than the other machines do, and not know who asked to be left out."""
    folder = settings.home_path / "secrets"
    if (folder / "author.key").exists() and (folder / "opt-out.key").exists():
        return
    with record.session(write=False) as session:
        if session.scalar(select(DocumentRow.id).limit(1)) is None:
            return
    raise UsageError(
        f"{folder} lacks author.key and opt-out.key: copy the folder secrets from a machine that works for this record"
    )


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    end = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def part(name: str, processes: int, settings: Settings) -> int:
    """Be one part until told to stop, or until the supervisor is gone."""
    if name in TASKS:
        return consume(settings, name, processes)
    record = Record.open(settings)
    return _lead(record, name, {"group": _group, "schedule": _schedule}[name], settings)


def _stopping() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _lead(
    record: Record, name: str, work: Callable[[Seat, Settings, Callable[[], bool]], None], settings: Settings
) -> int:
    """Wait for the seat, work while it is held, wait again where it was lost."""
    stop, parent = _stopping(), os.getppid()

    def ended() -> bool:
        return stop.is_set() or os.getppid() != parent

    seat = Seat(record, name)
    while not ended():
        if not seat.take():
            stop.wait(LOOK)
            continue
        log.warning("the seat %s is ours", name)
        try:
            work(seat, settings, ended)
        except LeaseLost as error:
            log.warning("%s; waiting for the seat again", error)
        finally:
            seat.leave()
    return 0


def _group(seat: Seat, settings: Settings, ended: Callable[[], bool]) -> None:
    """The writer of issues, for as long as the seat is held; what it writes is kept only with the newest token."""
    from huiyin.search import open_index
    from nlp.work import Done
    from response_kits.rounds import Rounds

    record = FencedRecord(seat.record, seat.lease)
    index, rounds, failed = open_index(settings), None, 0
    try:
        while seat.held and not ended():
            done = Done()
            try:
                rounds = rounds or Rounds(record, settings, index)
                rounds.round(done)
                failed = 0
                seat.progress()
            except LeaseLost:
                raise
            except (Unavailable, SQLAlchemyError) as error:
                # A person changed the same issue, or record or index do not answer: the record says what is still to be done.
                failed += 1
                log.warning("a round failed (%s: %s); it is repeated", type(error).__name__, str(error)[:300])
                if failed == PATIENCE:
                    raise
                rounds = None
            if not done:
                time.sleep(1.0)
    finally:
        index.close()


def _schedule(seat: Seat, settings: Settings, ended: Callable[[], bool]) -> None:
    from dashboard import spread
    from huiyin import schedule

    running = schedule.start(settings, spread.JOBS)
    try:
        while seat.held and not ended():
            seat.progress()
            time.sleep(0.5)
    finally:
        running.shutdown(wait=False)


def alive(settings: Settings) -> int:
    """0 where a worker of this machine lives."""
    host = f"worker:{socket.gethostname()[:40]}-"
    with Record.open(settings, migrate=False).session(write=False) as session:
        found = living(session, host)
    print(", ".join(lease.holder for lease in found) or "no worker of this machine lives")
    return 0 if found else 1


def status(settings: Settings) -> int:
    """Print who does what and what waits; 1 where a seat is empty, no worker lives, or the queue is silent."""
    with Record.open(settings, migrate=False).session(write=False) as session:
        leases = living(session)
        pending = session.scalar(select(func.count()).where(DocumentRow.state == "stored")) or 0
        ungrouped = session.scalar(select(func.count()).where(DocumentRow.state == "analysed")) or 0
        lacking = session.scalar(
            select(func.count()).where(or_(DocumentRow.indexed.is_(False)), DocumentRow.state != "stored")
        )
    wrong = 0
    for name in ("schedule", "group"):
        holder = next((lease for lease in leases if lease.name == name), None)
        wrong += holder is None
        print(
            f"{name:<9} {f'{holder.holder} since {holder.since:%Y-%m-%d %H:%M:%S} UTC' if holder else 'NOBODY'}"
        )
    workers = [lease for lease in leases if lease.name.startswith("worker:")]
    wrong += not workers
    for lease in workers:
        print(f"worker    {lease.holder}: {lease.about}")
    for lease in leases:
        if lease.name.startswith("crawl:"):
            print(f"crawling  {lease.name.removeprefix('crawl:')} by {lease.holder}")
    print(f"pending   {pending:,} to analyse, {ungrouped:,} to group, {lacking or 0:,} to index")
    try:
        app = make_app(settings)
        print("queue     " + ", ".join(f"{waiting(app, name):,} {name}" for name in TASKS) + " waiting")
    except Unavailable as error:
        wrong += 1
        print(f"queue     SILENT: {error}")
    return 1 if wrong else 0

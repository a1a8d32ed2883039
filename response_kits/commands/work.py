"""analyse, index, group and tend issues as documents arrive; `huiyin up` runs it, `--once` drains what is pending

A worker may be killed at any time: what it held is taken over when its claim expires, or by itself at the next start.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import time

from huiyin import logs
from huiyin.settings import Settings

log = logging.getLogger("huiyin.work")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="stop when nothing is pending")
    parser.add_argument(
        "--idle",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="pause between looks when nothing is pending",
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    from huiyin.errors import Unavailable
    from huiyin.lock import only_one
    from huiyin.queue.lease import LeaseLost
    from huiyin.queue.seat import only_writer
    from huiyin.records import Record
    from huiyin.search import open_index
    from nlp.analyse import Analyser
    from nlp.work import Done, analyse_pending, release, release_dead, worker_name
    from response_kits.rounds import Rounds

    logs.configure(settings)
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopping.append(number))
    parent = os.getppid()
    with only_one(settings.home_path, "work"), only_writer(Record.open(settings)) as (record, progress):
        index, worker = open_index(settings), worker_name()
        (release if record.engine.dialect.name == "sqlite" else release_dead)(record)
        analyser, rounds, total = Analyser.load(), Rounds(record, settings, index), Done()
        while not stopping and (args.once or os.getppid() == parent):
            done = Done()
            try:
                done.analysed = analyse_pending(record, analyser, worker)
                rounds.round(done)
                progress()
            except LeaseLost:
                raise
            except Unavailable as error:
                log.warning("%s; trying again", error)
                time.sleep(5)
            total = Done(*(a + b for a, b in zip(total.counts(), done.counts(), strict=True)))
            if not done:
                if args.once and not rounds.unindexed:
                    rounds.tend()
                    break
                time.sleep(args.idle)
    print(
        f"analysed {total.analysed:,}, grouped {total.grouped:,}, indexed {total.indexed:,}, issues refreshed {total.refreshed:,}"
    )
    return 0

"""Starts `huiyin …` in forks of one process that has imported everything, so that a kill costs a fraction of a second.

Run as a program. A line of JSON on standard input: {"argv", "env", "out"}; answers on standard output: {"pid"} at once, {"pid",
"status"} when a process ends. Each fork is a real process of its own group and runs `huiyin.cli.main`, as the command does.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import select
import signal
import sys
import traceback
from typing import Any

PRELOAD = (
    "celery.apps.worker", "celery.concurrency.prefork", "kombu.transport.redis", "crawler.run", "crawler.tasks", "crawler.import_file",
    "dashboard", "dashboard.commands.up", "dashboard.commands.worker", "dashboard.jobs", "dashboard.sample", "dashboard.spread", "dashboard.workers",
    "huiyin.cli", "huiyin.search.tantivy", "huiyin.queue.broker", "nlp.analyse", "nlp.tasks", "response_kits.commands.work",
    "response_kits.rounds", "apscheduler.schedulers.background", "psycopg", "sqlalchemy.dialects.postgresql.psycopg",
)  # fmt: skip


def answer(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def become(order: dict[str, Any]) -> None:
    """In the fork: be `huiyin …` and nothing else."""
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    null, out = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
    )
    os.dup2(null, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.stdout = os.fdopen(1, "w", buffering=1, closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.environ.update(order["env"])
    random.seed()
    status = 70
    try:
        from huiyin.cli import main

        status = main(order["argv"])
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def serve() -> None:
    for name in PRELOAD:
        importlib.import_module(name)
    answer({"ready": True})
    rest = b""
    while True:
        ready, _, _ = select.select([0], [], [], 0.05)
        if ready:
            part = os.read(0, 65_536)
            if not part:
                return
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                pid = os.fork()
                if pid == 0:
                    become(json.loads(line))
                answer({"pid": pid})
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            answer({"pid": pid, "status": os.waitstatus_to_exitcode(status)})


if __name__ == "__main__":
    serve()

"""a worker of several: crawl, analyse, group, schedule, on as many machines as are needed; `--status` says who does what

One machine needs none of this: `huiyin up` does everything. For several, set `database` to PostgreSQL, `search` to
Elasticsearch and `queue` to Redis on each, run `huiyin up --web` where people look, and `huiyin worker` on the others.

Parts: analyse and crawl run wherever they are named; of group (the one writer of issues) and schedule one process works and
the others wait, and take over within seconds where it ends, hangs or is cut off. The record says what is to be done, Redis
only wakes: neither a worker that is killed nor an emptied Redis loses anything. SIGTERM ends what is under way first.
"""

from __future__ import annotations

import argparse

from huiyin import logs
from huiyin.settings import Settings

PARTS = ("analyse", "crawl", "group", "schedule")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parts",
        default=",".join(PARTS),
        metavar="NAMES",
        help=f"what this worker does, separated by commas (default: {','.join(PARTS)})",
    )
    parser.add_argument(
        "--processes",
        type=int,
        default=1,
        metavar="N",
        help="processes for each of analyse and crawl (default: 1; about one a core, 1 GB each)",
    )
    parser.add_argument(
        "--status",
        action="store_true",
        help="who schedules, who groups, which workers live, what waits; exit 1 where a seat is empty or the queue is silent",
    )
    parser.add_argument(
        "--alive", action="store_true", help="exit 0 where a worker of this machine lives (for health checks)"
    )
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)  # one part, in a child of ours


def run(args: argparse.Namespace, settings: Settings) -> int:
    from dashboard import workers
    from huiyin.errors import UsageError
    from huiyin.queue.broker import make_app

    parts = tuple(dict.fromkeys(name.strip() for name in args.parts.split(",") if name.strip()))
    if unknown := [name for name in parts if name not in PARTS]:
        raise UsageError(f"no part {unknown[0]!r}; choose from {', '.join(PARTS)}")
    if not parts or args.processes < 1:
        raise UsageError("a worker needs at least one part and one process")
    if settings.database_url.startswith("sqlite"):
        raise UsageError(
            "the record is SQLite, a file for one machine, where `huiyin up` does all work; "
            "for workers on several machines set database to PostgreSQL"
        )
    make_app(settings)  # fails here, in a sentence, where no queue is set
    logs.configure(settings)
    if args.alive:
        return workers.alive(settings)
    if args.status:
        return workers.status(settings)
    if args.part:
        return workers.part(args.part, args.processes, settings)
    return workers.supervise(parts, args.processes, settings)
